package exchange_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// phoneOf is what changes the only phone of a contact or company of the portal's state.
func phoneOf(t testing.TB, record map[string]any, value string) []any {
	t.Helper()
	return []any{map[string]any{"ID": leadValue(t, record, "PHONE"), "VALUE": value, "VALUE_TYPE": "MOBILE"}}
}

// A manager corrects the contact before the panel has noticed the conversion, while the panel changes other fields.
func TestContactChangedBeforeItsConversionIsNoticed_bothSidesAreKept(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		client := int64(x.Order(order).Number("UserId"))
		x.Settle()
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 1)
		x.WithoutEvents(func() {
			made := x.Do("convert_lead", emulator.Args{"id": lead})
			x.Do("edit_contact", emulator.Args{"id": made["contact"], "fields": map[string]any{
				"LAST_NAME": "Орлова", "PHONE": phoneOf(t, x.State().Contacts[0], "+79120000002"),
			}})
		})
		x.Call("PATCH", fmt.Sprintf("/api/clients/%d", client), apptest.JSON{"FirstName": "Марья", "Email": "new@example.ru"}).
			Want(t, http.StatusOK)
		x.Reconcile()
		x.Recover()
		here := x.Call("GET", fmt.Sprintf("/api/clients/%d", client), nil)
		contact := x.State().Contacts[0]
		for field, want := range map[string]string{
			"LastName": "Орлова", "Phone": "+79120000002", "FirstName": "Марья", "Email": "new@example.ru",
		} {
			bitrix24test.Equal(t, field+" here", here.Value(field), want)
		}
		bitrix24test.Equal(t, "there", fmt.Sprint(contact["NAME"], " ", contact["LAST_NAME"]), "Марья Орлова")
		bitrix24test.Equal(t, "phone there", multi(t, contact, "PHONE"), "MOBILE +79120000002")
		bitrix24test.Equal(t, "e-mail there", multi(t, contact, "EMAIL"), "HOME new@example.ru")
		x.WholeDeal(order)
		x.AtRest()
	}, bitrix24test.WithLeads)
}

// Both have changed the same field: the portal's wins, as with any contact.
func TestContactChangedOnBothSidesBeforeItsConversionIsNoticed_thePortalsWins(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		client := int64(x.Order(order).Number("UserId"))
		x.Settle()
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 1)
		x.WithoutEvents(func() {
			made := x.Do("convert_lead", emulator.Args{"id": lead})
			x.Do("edit_contact", emulator.Args{"id": made["contact"], "fields": map[string]any{"LAST_NAME": "Орлова"}})
		})
		x.Call("PATCH", fmt.Sprintf("/api/clients/%d", client), apptest.JSON{"LastName": "Синицына"}).Want(t, http.StatusOK)
		x.Reconcile()
		x.Recover()
		here := x.Call("GET", fmt.Sprintf("/api/clients/%d", client), nil)
		bitrix24test.Equal(t, "last name here", here.Value("LastName"), "Орлова")
		bitrix24test.Equal(t, "last name there", x.State().Contacts[0]["LAST_NAME"], "Орлова")
		x.AtRest()
	}, bitrix24test.WithLeads)
}

// The company is corrected before the panel has noticed the conversion of the employee's lead. It was made with his
// phone, which does not become the organization's.
func TestCompanyChangedBeforeItsConversionIsNoticed_isTakenOver(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := x.NewClient()
		organization := x.NewOrganization(client).ID()
		x.Settle()
		path := fmt.Sprintf("/api/organizations/%d", organization)
		phone := x.Call("GET", path, nil).Value("Phone")
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 2)
		x.WithoutEvents(func() {
			made := x.Do("convert_lead", emulator.Args{"id": lead, "company": true})
			x.Do("edit_company", emulator.Args{"id": made["company"], "fields": map[string]any{"TITLE": "ООО Переименовано"}})
		})
		x.Reconcile()
		x.Recover()
		here := x.Call("GET", path, nil)
		bitrix24test.Equal(t, "name here", here.Value("Name"), "ООО Переименовано")
		bitrix24test.Equal(t, "phone here", here.Value("Phone"), phone)
		bitrix24test.Equal(t, "name there", x.State().Companies[0]["TITLE"], "ООО Переименовано")
		x.Do("edit_company", emulator.Args{"id": bitrix24test.Number(t, fmt.Sprint(x.State().Companies[0]["ID"])), "fields": map[string]any{
			"PHONE": phoneOf(t, x.State().Companies[0], "+79120000003"),
		}})
		x.Settle()
		bitrix24test.Equal(t, "phone here", x.Call("GET", path, nil).Value("Phone"), "+79120000003")
		x.AtRest()
	}, bitrix24test.WithLeads)
}

// Neighbour: the second lead of a client, made for an order alone, is converted first and its contact corrected.
func TestContactOfAnOrdersOwnLeadChangedUnnoticed_isTakenOver(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := int64(x.Order(x.Place()).Number("UserId"))
		x.Settle()
		second := x.Place(bitrix24test.By(client))
		x.Settle()
		lead, _ := x.Lead(bitrix24test.OrderLead(second), 2)
		x.WithoutEvents(func() {
			made := x.Do("convert_lead", emulator.Args{"id": lead})
			x.Do("edit_contact", emulator.Args{"id": made["contact"], "fields": map[string]any{"LAST_NAME": "Орлова"}})
		})
		x.Reconcile()
		x.Recover()
		bitrix24test.Equal(t, "last name here", x.Call("GET", fmt.Sprintf("/api/clients/%d", client), nil).Value("LastName"), "Орлова")
		x.WholeDeal(second)
		x.AtRest()
	}, bitrix24test.WithLeads)
}

// Neighbour: the exchange was switched off while the lead was converted, its deal moved and the order changed.
func TestLeadConvertedWhileTheExchangeWasOff_endsAsIfItHadBeenNoticed(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		client := int64(x.Order(order).Number("UserId"))
		x.Settle()
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 1)
		x.SaveSettings("enabled", "")
		made := x.Do("convert_lead", emulator.Args{"id": lead})
		x.Do("edit_contact", emulator.Args{"id": made["contact"], "fields": map[string]any{"LAST_NAME": "Орлова"}})
		x.SetStatus(order, orders.Pending)
		onlyItem(x, order)
		x.Settle()
		x.SaveSettings("enabled", "on")
		x.Reconcile()
		x.Recover()
		id, deal := x.Deal(order)
		bitrix24test.Equal(t, "deal", id, made["deal"])
		bitrix24test.Equal(t, "title", deal["TITLE"], fmt.Sprintf("Заказ № %d", order))
		bitrix24test.Equal(t, "stage", deal["STAGE_ID"], "PREPARATION")
		bitrix24test.Equal(t, "amount", bitrix24test.Kopecks(t, deal["OPPORTUNITY"]), orders.Money(500_00))
		bitrix24test.Equal(t, "sum of rows", x.RowsSum(id), orders.Money(500_00))
		bitrix24test.Equal(t, "last name here", x.Call("GET", fmt.Sprintf("/api/clients/%d", client), nil).Value("LastName"), "Орлова")
		x.AtRest()
	}, bitrix24test.WithLeads)
}

// Neighbour: rejected, and deleted, unnoticed.
func TestLeadRejectedOrDeletedUnnoticed_thePageSaysSo(t *testing.T) {
	for deed, words := range map[string]string{"reject_lead": "Лид отклонён в Битрикс24", "delete_lead": "Лид удалён в Битрикс24"} {
		t.Run(deed, func(t *testing.T) {
			bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
				order := x.Place()
				x.Settle()
				lead, _ := x.Lead(bitrix24test.ClientLead(int64(x.Order(order).Number("UserId"))), 1)
				x.WithoutEvents(func() { x.Do(deed, emulator.Args{"id": lead}) })
				x.Reconcile()
				checkDeleted(x)
				x.Recover()
				x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, words)
				x.AtRest()
			}, bitrix24test.WithLeads)
		})
	}
}
