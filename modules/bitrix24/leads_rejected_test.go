package bitrix24_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

func TestEveryEmployeesLeadRejected_theOrganizationsStaysOpenAndThePageSaysSo(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		client := x.employee()
		organization := x.organization(client).ID()
		x.settle()
		lead, _ := x.lead(clientLead(client), 2)
		x.do("reject_lead", emulator.Args{"id": lead})
		x.settle()
		_, own := x.lead(organizationLead(organization), 2)
		equal(t, "the organization's lead", own["STATUS_ID"], "NEW")
		equal(t, "companies", len(x.portal.IDs("company")), 0)
		x.As(staff.Operator).Get(fmt.Sprintf("/admin/organizations/%d", organization)).Want(t, http.StatusOK, "лиды всех сотрудников отклонены")
	})
}

func TestLeadRejected_isShownOnTheOrderAndMayComeBack(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		order := x.place()
		client := int64(x.order(order).Number("UserId"))
		x.settle()
		lead, _ := x.lead(clientLead(client), 1)
		x.do("reject_lead", emulator.Args{"id": lead})
		x.settle()
		x.As(staff.Operator).Get(page(order)).Want(t, http.StatusOK, "Лид отклонён в Битрикс24")
		x.setStatus(order, "Pending")
		x.settle()
		equal(t, "deals of a rejected lead", len(x.portal.IDs("deal")), 0)
		x.do("edit_lead", emulator.Args{"id": lead, "fields": map[string]any{"STATUS_ID": "IN_PROCESS"}})
		x.settle()
		x.As(staff.Operator).Get(page(order)).Want(t, http.StatusOK, "Заказ в лиде").Lacks(t, "Лид отклонён")
		x.do("convert_lead", emulator.Args{"id": lead, "deal": true, "contact": true})
		x.settle()
		x.wholeDeal(order)
	})
}

func TestLeadDeleted_thePageSaysSoAndNothingIsMadeUnasked(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		order := x.place()
		client := int64(x.order(order).Number("UserId"))
		x.settle()
		lead, _ := x.lead(clientLead(client), 1)
		x.do("delete_lead", emulator.Args{"id": lead})
		x.settle()
		x.setStatus(order, "Pending")
		x.settle()
		equal(t, "leads", len(x.state().Leads), 0)
		equal(t, "deals", len(x.portal.IDs("deal")), 0)
		operator := x.As(staff.Operator)
		operator.Get(page(order)).Want(t, http.StatusOK, "Лид удалён в Битрикс24", "Создать заново", "Привязать другой", "Не синхронизировать")
		operator.Get(fmt.Sprintf("/admin/clients/%d", client)).Want(t, http.StatusOK, "Отправить в Битрикс24")
	})
}

func TestLeadDeletedUnnoticed_aChangeOfTheOrderFindsOut(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		order := x.place()
		client := int64(x.order(order).Number("UserId"))
		x.settle()
		lead, _ := x.lead(clientLead(client), 1)
		x.unheard(func() { x.do("delete_lead", emulator.Args{"id": lead}) })
		x.Call("POST", fmt.Sprintf("/api/orders/%d/comments", order), apptest.JSON{"Text": "Добавьте рамку", "VisibleToClient": true}).Want(t, http.StatusOK)
		x.settle()
		x.Hurry()
		x.settle()
		x.atRest()
		x.As(staff.Operator).Get(page(order)).Want(t, http.StatusOK, "Лид удалён в Битрикс24", "Создать заново")
	})
}

func TestLeadDeletedUnnoticed_theNextOrderIsNotLost(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		client := x.employee()
		x.settle()
		lead, _ := x.lead(clientLead(client), 1)
		x.unheard(func() { x.do("delete_lead", emulator.Args{"id": lead}) })
		order := x.place(by(client))
		x.settle()
		x.Hurry()
		x.settle()
		x.atRest()
		s := x.state()
		equal(t, "leads and deals", len(s.Leads)+len(s.Deals), 1)
		x.As(staff.Operator).Get(page(order)).Want(t, http.StatusOK, "отправлен")
	})
}
