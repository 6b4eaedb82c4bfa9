package emulator

// The modes of the CRM: with leads, and without.
const (
	classicMode = 1
	simpleMode  = 2
)

// data is what /control/reset throws away: all records of the portal.
type data struct {
	leads, deals, contacts, companies *entity

	requisites, banks, addresses, presets *table
	products, currencies                  *table
	statuses, categories                  *table
	userfields, users, comments           *table

	rows      *rowStore
	comm      map[string]map[commKey]bool // see duplicates.go
	files     map[int64]file
	calls     []phoneCall
	line      string // the default telephone line
	mode      int64
	lastMulti int64
	lastFile  int64
	lastEnum  int64
}

// newData makes empty tables.
func newData() *data {
	return &data{
		leads: newEntity(
			typeLead, "LEAD", "L", "Лид", leadFields, newLinks("CONTACT_ID"), "ORIGIN_ID", "COMPANY_ID", "CONTACT_ID",
			"STATUS_ID",
		),
		deals: newEntity(typeDeal, "DEAL", "D", "Сделка", dealFields, newLinks("CONTACT_ID"),
			"ORIGIN_ID", "LEAD_ID", "CONTACT_ID", "COMPANY_ID", "STAGE_ID", "CATEGORY_ID"),
		contacts: newEntity(
			typeContact, "CONTACT", "C", "Контакт", contactFields, newLinks("COMPANY_ID"), "ORIGIN_ID", "LEAD_ID", "COMPANY_ID",
		),
		companies:  newEntity(typeCompany, "COMPANY", "CO", "Компания", companyFields, nil, "ORIGIN_ID", "LEAD_ID"),
		requisites: newTable("requisite", parseSchema(requisiteFields), "ENTITY_ID", "RQ_INN", "XML_ID"),
		banks:      newTable("bankdetail", parseSchema(bankFields), "ENTITY_ID", "XML_ID"),
		addresses:  newTable("address", parseSchema(addressTable), "ENTITY_ID"),
		presets:    newTable("preset", parseSchema(presetFields)),
		products:   newTable("product", parseSchema(productFields), "XML_ID"),
		currencies: newTable("currency", parseSchema(currencyFields), "CURRENCY"),
		statuses:   newTable("status", parseSchema(statusFields), "ENTITY_ID"),
		categories: newTable("category", parseSchema(categoryFields)),
		userfields: newTable("userfield", parseSchema(userfieldFields), "ENTITY_ID"),
		users:      newTable("user", parseSchema(userFields)),
		comments:   newTable("comment", parseSchema(commentFields), "ENTITY_ID"),
		rows:       newRowStore(),
		comm:       map[string]map[commKey]bool{},
		files:      map[int64]file{},
		line:       "reg150907",
		mode:       classicMode,
	}
}
