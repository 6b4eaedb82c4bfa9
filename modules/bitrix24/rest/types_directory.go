package rest

// Semantics is what a stage means («crm-status-list»).
type Semantics string

// The meanings of stages.
const (
	InProgress Semantics = "P"
	Success    Semantics = "S"
	Failure    Semantics = "F"
)

// UnmarshalJSON reads none as InProgress: a status in progress has no semantics.
func (s *Semantics) UnmarshalJSON(data []byte) error {
	text, err := scalar(data)
	*s = Semantics(text)
	if text == "" {
		*s = InProgress
	}
	return err
}

// Category is a funnel: crm.category.list {entityTypeId} («category/crm-category-list»).
type Category struct {
	ID           ID   `json:"id"` // 0 is the default one
	Name         Text `json:"name"`
	Sort         ID   `json:"sort"`
	EntityTypeID ID   `json:"entityTypeId"`
	IsDefault    Bool `json:"isDefault"`
}

// Categories is the result of crm.category.list: the funnels that the webhook's owner may read.
type Categories struct {
	Categories List[Category] `json:"categories"`
}

// Status is an entry of a directory, a stage for one: crm.status.list {filter: {ENTITY_ID}}
// («status/crm-status-list»).
type Status struct {
	ID         ID        `json:"ID"`
	EntityID   Text      `json:"ENTITY_ID"` // DEAL_STAGE, DEAL_STAGE_9, STATUS, SOURCE, COMPANY_TYPE, CONTACT_TYPE …
	StatusID   Text      `json:"STATUS_ID"` // with its funnel's prefix: C9:NEW
	Name       Text      `json:"NAME"`
	Sort       ID        `json:"SORT"`
	Color      Text      `json:"COLOR"`
	Semantics  Semantics `json:"SEMANTICS"`
	CategoryID ID        `json:"CATEGORY_ID"`
}

// Stage is a Status of a funnel.
type Stage = Status

// Currency is one of crm.currency.list («currency/crm-currency-list»).
type Currency struct {
	Code     Text `json:"CURRENCY"`
	Base     Bool `json:"BASE"`
	FullName Text `json:"FULL_NAME"`
	Decimals ID   `json:"DECIMALS"`
}

// The results of crm.settings.mode.get: how the portal's CRM works.
const (
	ModeClassic = 1 // with leads
	ModeSimple  = 2 // a lead becomes a deal at once
)

// Profile is the webhook's owner: profile («users/profile»). Always allowed, so it proves a webhook.
type Profile struct {
	ID       ID   `json:"ID"`
	Admin    Bool `json:"ADMIN"`
	Name     Text `json:"NAME"`
	LastName Text `json:"LAST_NAME"`
	TimeZone Text `json:"TIME_ZONE"`
}

// User is an employee: user.get, user.current («user/user-get»). Needs the scope `user`.
type User struct {
	ID       ID   `json:"ID"`
	Active   Bool `json:"ACTIVE"`
	Name     Text `json:"NAME"`
	LastName Text `json:"LAST_NAME"`
	Email    Text `json:"EMAIL"`
	Position Text `json:"WORK_POSITION"`
}

// UserField describes a custom field: crm.deal.userfield.list («user-defined-fields/crm-deal-userfield-list»). Labels
// come only with filter.LANG.
type UserField struct {
	ID         ID                  `json:"ID"`
	EntityID   Text                `json:"ENTITY_ID"` // CRM_DEAL, CRM_LEAD …
	FieldName  Text                `json:"FIELD_NAME"`
	UserTypeID Text                `json:"USER_TYPE_ID"` // string, double, enumeration …
	XMLID      Text                `json:"XML_ID"`
	Sort       ID                  `json:"SORT"`
	Multiple   Bool                `json:"MULTIPLE"`
	Mandatory  Bool                `json:"MANDATORY"`
	FormLabel  Text                `json:"EDIT_FORM_LABEL"`
	List       List[UserFieldItem] `json:"LIST"` // of an enumeration
}

// UserFieldItem is a value that an enumeration may have.
type UserFieldItem struct {
	ID    ID   `json:"ID"`
	Value Text `json:"VALUE"`
	Sort  ID   `json:"SORT"`
	XMLID Text `json:"XML_ID"`
}

// Duplicates are the records with a phone or e-mail: crm.duplicate.findbycomm
// («duplicates/crm-duplicate-find-by-comm»), ids by LEAD, CONTACT, COMPANY.
type Duplicates = Map[List[ID]]

// Lines are the telephone lines by their ids: voximplant.line.get («voximplant/lines/voximplant-line-get»).
type Lines = Map[Text]

// Callback is the result of voximplant.callback.start: a call that the portal makes through one of its lines.
type Callback struct {
	Started Bool `json:"RESULT"`
	CallID  Text `json:"CALL_ID"`
}
