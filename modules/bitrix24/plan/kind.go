package plan

import (
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// Local is a kind of record of the panel.
type Local string

// The kinds of records here.
const (
	Order        Local = "order"
	Client       Local = "client"
	Organization Local = "organization"
	LegalEntity  Local = "legal_entity"
)

// Entity is a kind of record of the portal.
type Entity string

// The kinds of records there.
const (
	Deal       Entity = "deal"
	Lead       Entity = "lead"
	Contact    Entity = "contact"
	Company    Entity = "company"
	Requisite  Entity = "requisite"
	BankDetail Entity = "bankdetail"
	Product    Entity = "product"
	Rows       Entity = "rows"
	Comment    Entity = "comment"
)

// TypeID is the entityTypeId of a deal, lead, contact or company in crm.item.*.
func (e Entity) TypeID() int {
	return map[Entity]int{
		Deal: rest.TypeDeal, Lead: rest.TypeLead, Contact: rest.TypeContact, Company: rest.TypeCompany,
	}[e]
}

// OwnerType is the ownerType of a deal or lead in crm.item.productrow.*.
func (e Entity) OwnerType() string {
	if e == Lead {
		return "L"
	}
	return "D"
}

// Title is what people call a deal, lead, contact or company; empty for what they never see.
func (e Entity) Title() string {
	return map[Entity]string{
		Deal: "Сделка", Lead: "Запись лида", Contact: "Карточка контакта", Company: "Компания",
	}[e]
}

// Choice is what was decided about one record, against the settings or beside them.
type Choice string

// The choices.
const (
	ChoiceNone   Choice = ""
	ChoiceSend   Choice = "send"   // «Отправить в Битрикс24»
	ChoiceIgnore Choice = "ignore" // «не синхронизировать»
	ChoiceLead   Choice = "lead"   // it registered while new clients were passed on as leads
)
