package exchange_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

func TestEveryEmployeesLeadRejected_theOrganizationsStaysOpenAndThePageSaysSo(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := x.NewClient()
		organization := x.NewOrganization(client).ID()
		x.Settle()
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 2)
		x.Do("reject_lead", emulator.Args{"id": lead})
		x.Settle()
		_, own := x.Lead(organizationLead(organization), 2)
		bitrix24test.Equal(t, "the organization's lead", own["STATUS_ID"], "NEW")
		bitrix24test.Equal(t, "companies", len(x.Portal.IDs("company")), 0)
		x.As(staff.Operator).Get(fmt.Sprintf("/admin/organizations/%d", organization)).Want(t, http.StatusOK, "лиды всех сотрудников отклонены")
	}, bitrix24test.WithLeads)
}

func TestLeadRejected_isShownOnTheOrderAndMayComeBack(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		client := int64(x.Order(order).Number("UserId"))
		x.Settle()
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 1)
		x.Do("reject_lead", emulator.Args{"id": lead})
		x.Settle()
		x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "Лид отклонён в Битрикс24")
		x.SetStatus(order, "Pending")
		x.Settle()
		bitrix24test.Equal(t, "deals of a rejected lead", len(x.Portal.IDs("deal")), 0)
		x.Do("edit_lead", emulator.Args{"id": lead, "fields": map[string]any{"STATUS_ID": "IN_PROCESS"}})
		x.Settle()
		x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "Заказ в лиде").Lacks(t, "Лид отклонён")
		x.Do("convert_lead", emulator.Args{"id": lead, "deal": true, "contact": true})
		x.Settle()
		x.WholeDeal(order)
	}, bitrix24test.WithLeads)
}

func TestLeadDeleted_thePageSaysSoAndNothingIsMadeUnasked(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		client := int64(x.Order(order).Number("UserId"))
		x.Settle()
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 1)
		x.Do("delete_lead", emulator.Args{"id": lead})
		x.Settle()
		x.SetStatus(order, "Pending")
		x.Settle()
		bitrix24test.Equal(t, "leads", len(x.State().Leads), 0)
		bitrix24test.Equal(t, "deals", len(x.Portal.IDs("deal")), 0)
		operator := x.As(staff.Operator)
		operator.Get(bitrix24test.Page(order)).
			Want(t, http.StatusOK, "Лид удалён в Битрикс24", "Создать заново", "Привязать другой", "Не синхронизировать")
		operator.Get(fmt.Sprintf("/admin/clients/%d", client)).Want(t, http.StatusOK, "Отправить в Битрикс24")
	}, bitrix24test.WithLeads)
}

func TestLeadDeletedUnnoticed_aChangeOfTheOrderFindsOut(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		client := int64(x.Order(order).Number("UserId"))
		x.Settle()
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 1)
		x.WithoutEvents(func() { x.Do("delete_lead", emulator.Args{"id": lead}) })
		x.Call(
			"POST", fmt.Sprintf("/api/orders/%d/comments", order),
			apptest.JSON{"Text": "Добавьте рамку", "VisibleToClient": true},
		).Want(t, http.StatusOK)
		x.Settle()
		x.Hurry()
		x.Settle()
		x.AtRest()
		x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "Лид удалён в Битрикс24", "Создать заново")
	}, bitrix24test.WithLeads)
}

func TestLeadDeletedUnnoticed_theNextOrderIsNotLost(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := x.NewClient()
		x.Settle()
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 1)
		x.WithoutEvents(func() { x.Do("delete_lead", emulator.Args{"id": lead}) })
		order := x.Place(bitrix24test.By(client))
		x.Settle()
		x.Hurry()
		x.Settle()
		x.AtRest()
		s := x.State()
		bitrix24test.Equal(t, "leads and deals", len(s.Leads)+len(s.Deals), 1)
		x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "отправлен")
	}, bitrix24test.WithLeads)
}
