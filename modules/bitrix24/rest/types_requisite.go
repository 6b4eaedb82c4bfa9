package rest

// Preset is a template of requisites: crm.requisite.preset.list («requisites/presets»). Its id differs by portal:
// choose by XMLID or name.
type Preset struct {
	ID        ID   `json:"ID"`
	Name      Text `json:"NAME"`
	XMLID     Text `json:"XML_ID"`
	CountryID ID   `json:"COUNTRY_ID"`
	Active    Bool `json:"ACTIVE"`
	Sort      ID   `json:"SORT"`
}

// Requisite is a legal entity of a company or contact: crm.requisite.get and list («requisites/universal»).
type Requisite struct {
	ID              ID   `json:"ID"`
	EntityTypeID    ID   `json:"ENTITY_TYPE_ID"` // TypeContact or TypeCompany
	EntityID        ID   `json:"ENTITY_ID"`
	PresetID        ID   `json:"PRESET_ID"`
	Name            Text `json:"NAME"`
	XMLID           Text `json:"XML_ID"` // the external key
	OriginatorID    Text `json:"ORIGINATOR_ID"`
	Active          Bool `json:"ACTIVE"`
	AddressOnly     Bool `json:"ADDRESS_ONLY"`
	INN             Text `json:"RQ_INN"`
	KPP             Text `json:"RQ_KPP"`
	OGRN            Text `json:"RQ_OGRN"`
	OGRNIP          Text `json:"RQ_OGRNIP"`
	CompanyName     Text `json:"RQ_COMPANY_NAME"`
	CompanyFullName Text `json:"RQ_COMPANY_FULL_NAME"`
	Director        Text `json:"RQ_DIRECTOR"`
	FirstName       Text `json:"RQ_FIRST_NAME"`
	SecondName      Text `json:"RQ_SECOND_NAME"`
	LastName        Text `json:"RQ_LAST_NAME"`
	DateModify      Time `json:"DATE_MODIFY"`
}

// BankDetail is an account of a requisite: crm.requisite.bankdetail.get and list («requisites/bank-detail»).
type BankDetail struct {
	ID            ID   `json:"ID"`
	EntityID      ID   `json:"ENTITY_ID"` // the requisite
	Name          Text `json:"NAME"`
	XMLID         Text `json:"XML_ID"`
	OriginatorID  Text `json:"ORIGINATOR_ID"`
	Active        Bool `json:"ACTIVE"`
	BankName      Text `json:"RQ_BANK_NAME"`
	BankAddress   Text `json:"RQ_BANK_ADDR"`
	BIK           Text `json:"RQ_BIK"`
	Account       Text `json:"RQ_ACC_NUM"`
	Correspondent Text `json:"RQ_COR_ACC_NUM"`
	Currency      Text `json:"RQ_ACC_CURRENCY"`
	Comments      Text `json:"COMMENTS"`
}

// Address is an address of a requisite: crm.address.list («requisites/addresses»). It has no id: type and owner are
// its key.
type Address struct {
	TypeID       ID   `json:"TYPE_ID"`
	EntityTypeID ID   `json:"ENTITY_TYPE_ID"` // TypeRequisite or TypeLead
	EntityID     ID   `json:"ENTITY_ID"`
	Address1     Text `json:"ADDRESS_1"`
	Address2     Text `json:"ADDRESS_2"`
	City         Text `json:"CITY"`
	PostalCode   Text `json:"POSTAL_CODE"`
	Region       Text `json:"REGION"`
	Province     Text `json:"PROVINCE"`
	Country      Text `json:"COUNTRY"`
}

// Types of addresses («crm-enum-address-type»).
const (
	AddressActual       = 1
	AddressRegistration = 4
	AddressLegal        = 6
	AddressMailing      = 8
	AddressDelivery     = 11
)

// ContactLink is a contact of a deal, lead or company: crm.deal.contact.items.get («deals/contacts»).
type ContactLink struct {
	ContactID ID   `json:"CONTACT_ID"`
	Sort      ID   `json:"SORT"`
	IsPrimary Bool `json:"IS_PRIMARY"`
}

// CompanyLink is a company of a contact: crm.contact.company.items.get («contacts/company»).
type CompanyLink struct {
	CompanyID ID   `json:"COMPANY_ID"`
	Sort      ID   `json:"SORT"`
	IsPrimary Bool `json:"IS_PRIMARY"`
}

// Product is an entry of the catalogue: crm.product.get and list («outdated/products»), which the scope `crm` covers.
type Product struct {
	ID         ID    `json:"ID"`
	Name       Text  `json:"NAME"`
	Code       Text  `json:"CODE"`
	XMLID      Text  `json:"XML_ID"`
	Active     Bool  `json:"ACTIVE"`
	Price      Money `json:"PRICE"`
	CurrencyID Text  `json:"CURRENCY_ID"`
	SectionID  ID    `json:"SECTION_ID"`
}

// TimelineComment is a note in a record's timeline: crm.timeline.comment.list («timeline/comments»). It has no
// external key.
type TimelineComment struct {
	ID         ID   `json:"ID"`
	EntityID   ID   `json:"ENTITY_ID"`
	EntityType Text `json:"ENTITY_TYPE"` // deal, lead, contact, company
	Created    Time `json:"CREATED"`
	Comment    Text `json:"COMMENT"`
	AuthorID   ID   `json:"AUTHOR_ID"`
}
