package rest

// The records of this file read from both families of methods, crm.item.* (entityTypeId …, names in camelCase) and the
// old crm.deal.* and its like (NAMES_IN_CAPITALS). Their members are what the exchange uses, not all there is.

// Deal is a deal: crm.item.* with TypeDeal, crm.deal.get and list («crm-deal-get», «crm-item-get»).
type Deal struct {
	ID                  ID        `json:"id"`
	Title               Text      `json:"title"`
	TypeID              Text      `json:"typeId"`
	CategoryID          ID        `json:"categoryId"` // 0 is the default funnel
	StageID             Text      `json:"stageId"`
	StageSemanticID     Semantics `json:"stageSemanticId"`
	Closed              Bool      `json:"closed"`
	IsRecurring         Bool      `json:"isRecurring"` // a template, no deal
	Opened              Bool      `json:"opened"`
	Opportunity         Money     `json:"opportunity"`
	IsManualOpportunity Bool      `json:"isManualOpportunity"`
	TaxValue            Money     `json:"taxValue"`
	CurrencyID          Text      `json:"currencyId"`
	CompanyID           ID        `json:"companyId"`
	ContactID           ID        `json:"contactId"`  // the primary one
	ContactIDs          List[ID]  `json:"contactIds"` // crm.item.* only
	LeadID              ID        `json:"leadId"`     // the lead it was made from
	AssignedByID        ID        `json:"assignedById"`
	BeginDate           Time      `json:"begindate"`
	CloseDate           Time      `json:"closedate"`
	Comments            Text      `json:"comments"` // BB code
	AdditionalInfo      Text      `json:"additionalInfo"`
	SourceID            Text      `json:"sourceId"`
	SourceDescription   Text      `json:"sourceDescription"`
	Origin
	Changes
	UTM
	MovedTime Time `json:"movedTime"` // when the stage was changed
	MovedBy   ID   `json:"movedBy"`

	Custom Custom `json:"-"`
}

// UnmarshalJSON accepts the names of both families.
func (d *Deal) UnmarshalJSON(data []byte) error {
	type plain Deal
	*d = Deal{}
	return decodeRecord(data, itemNames, (*plain)(d), &d.Custom)
}

// Lead is a lead: crm.item.* with TypeLead, crm.lead.get and list («crm-lead-get»).
type Lead struct {
	ID                  ID          `json:"id"`
	Title               Text        `json:"title"`
	StageID             Text        `json:"stageId"` // STATUS_ID of the old family
	StageSemanticID     Semantics   `json:"stageSemanticId"`
	Name                Text        `json:"name"`
	SecondName          Text        `json:"secondName"`
	LastName            Text        `json:"lastName"`
	CompanyTitle        Text        `json:"companyTitle"`
	CompanyID           ID          `json:"companyId"` // filled by a conversion
	ContactID           ID          `json:"contactId"`
	ContactIDs          List[ID]    `json:"contactIds"` // crm.item.* only
	Opportunity         Money       `json:"opportunity"`
	IsManualOpportunity Bool        `json:"isManualOpportunity"`
	CurrencyID          Text        `json:"currencyId"`
	AssignedByID        ID          `json:"assignedById"`
	Opened              Bool        `json:"opened"`
	Comments            Text        `json:"comments"`
	SourceID            Text        `json:"sourceId"`
	SourceDescription   Text        `json:"sourceDescription"`
	DateClosed          Time        `json:"dateClosed"`
	Multifields         Multifields `json:"fm"`
	Origin
	Changes
	UTM
	MovedTime Time `json:"movedTime"`
	MovedBy   ID   `json:"movedBy"`

	Custom Custom `json:"-"`
}

// Stages of leads that every portal has («leads/index»).
const (
	LeadConverted = "CONVERTED"
	LeadJunk      = "JUNK"
)

// UnmarshalJSON accepts the names of both families.
func (l *Lead) UnmarshalJSON(data []byte) error {
	type plain Lead
	*l = Lead{}
	return decodeRecord(data, itemNames, (*plain)(l), &l.Custom)
}

// Contact is a person: crm.item.* with TypeContact, crm.contact.get and list («crm-contact-get»). A list holds its
// Multifields only when asked for them.
type Contact struct {
	ID                ID          `json:"id"`
	Name              Text        `json:"name"`
	SecondName        Text        `json:"secondName"`
	LastName          Text        `json:"lastName"`
	Post              Text        `json:"post"`
	TypeID            Text        `json:"typeId"`
	CompanyID         ID          `json:"companyId"` // the primary one
	LeadID            ID          `json:"leadId"`
	AssignedByID      ID          `json:"assignedById"`
	Opened            Bool        `json:"opened"`
	Comments          Text        `json:"comments"`
	SourceID          Text        `json:"sourceId"`
	SourceDescription Text        `json:"sourceDescription"`
	Multifields       Multifields `json:"fm"`
	Origin
	Changes
	UTM

	Custom Custom `json:"-"`
}

// UnmarshalJSON accepts the names of both families.
func (c *Contact) UnmarshalJSON(data []byte) error {
	type plain Contact
	*c = Contact{}
	return decodeRecord(data, itemNames, (*plain)(c), &c.Custom)
}

// Company is an organization: crm.item.* with TypeCompany, crm.company.get and list («crm-company-get»).
type Company struct {
	ID           ID          `json:"id"`
	Title        Text        `json:"title"`
	TypeID       Text        `json:"typeId"` // COMPANY_TYPE of the old family
	IsMyCompany  Bool        `json:"isMyCompany"`
	LeadID       ID          `json:"leadId"`
	AssignedByID ID          `json:"assignedById"`
	Opened       Bool        `json:"opened"`
	Comments     Text        `json:"comments"`
	CurrencyID   Text        `json:"currencyId"`
	Multifields  Multifields `json:"fm"`
	Origin
	Changes
	UTM

	Custom Custom `json:"-"`
}

// UnmarshalJSON accepts the names of both families.
func (c *Company) UnmarshalJSON(data []byte) error {
	type plain Company
	*c = Company{}
	return decodeRecord(data, itemNames, (*plain)(c), &c.Custom)
}

// Origin is the external key. The portal does not keep it unique.
type Origin struct {
	OriginatorID  Text `json:"originatorId"`
	OriginID      Text `json:"originId"`
	OriginVersion Text `json:"originVersion"` // contacts and companies
}

// Changes say who made a record, who changed it last and when, in whole seconds.
type Changes struct {
	CreatedTime Time `json:"createdTime"` // DATE_CREATE of the old family
	UpdatedTime Time `json:"updatedTime"` // DATE_MODIFY
	CreatedBy   ID   `json:"createdBy"`
	UpdatedBy   ID   `json:"updatedBy"`
}

// UTM are the marks of the advertisement a visitor came from.
type UTM struct {
	UTMSource   Text `json:"utmSource"`
	UTMMedium   Text `json:"utmMedium"`
	UTMCampaign Text `json:"utmCampaign"`
	UTMContent  Text `json:"utmContent"`
	UTMTerm     Text `json:"utmTerm"`
}

// ProductRow is a line of a deal or lead: crm.item.productrow.*, crm.deal.productrows.get («crm-item-productrow-set»).
type ProductRow struct {
	ID             ID     `json:"id"`
	OwnerID        ID     `json:"ownerId"`
	OwnerType      Text   `json:"ownerType"` // D or L
	ProductID      ID     `json:"productId"` // 0 is a free row
	ProductName    Text   `json:"productName"`
	Price          Money  `json:"price"` // of one, discount and tax included
	PriceExclusive Money  `json:"priceExclusive"`
	PriceNetto     Money  `json:"priceNetto"`
	PriceBrutto    Money  `json:"priceBrutto"`
	Quantity       Number `json:"quantity"`
	DiscountTypeID ID     `json:"discountTypeId"` // 1 absolute, 2 percent
	DiscountRate   Number `json:"discountRate"`
	DiscountSum    Money  `json:"discountSum"`
	TaxRate        Number `json:"taxRate"`
	TaxIncluded    Bool   `json:"taxIncluded"`
	MeasureCode    ID     `json:"measureCode"`
	MeasureName    Text   `json:"measureName"`
	Sort           ID     `json:"sort"`
	XMLID          Text   `json:"xmlId"`
}

// UnmarshalJSON accepts the names of both families.
func (p *ProductRow) UnmarshalJSON(data []byte) error {
	type plain ProductRow
	*p = ProductRow{}
	return decodeRecord(data, nil, (*plain)(p), nil)
}

// ProductRows is the result of crm.item.productrow.set and list.
type ProductRows struct {
	ProductRows List[ProductRow] `json:"productRows"`
}

// ProductRowItem is the result of crm.item.productrow.add, update and get.
type ProductRowItem struct {
	ProductRow ProductRow `json:"productRow"`
}
