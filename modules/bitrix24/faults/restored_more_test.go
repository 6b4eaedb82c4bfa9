package faults_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// A person converted the lead in the lost hours, and the module noticed.
func TestRestored_aLeadThatWasConvertedSinceIsConvertedOnce(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		x.Settle()
		client := int64(x.Order(order).Number("UserId"))
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 1)
		restore := x.CopyDatabase()
		x.Do("convert_lead", emulator.Args{"id": lead, "deal": true, "contact": true, "company": false})
		x.Reconcile()
		deal, _ := x.Deal(order)
		restore()
		x.Drain()
		x.Reconcile()
		x.SetStatus(order, orders.PrintingInProgress)
		x.Settle()
		again, record := x.Deal(order)
		bitrix24test.Equal(t, "its deal", again, deal)
		bitrix24test.Equal(t, "stage", record["STAGE_ID"], "EXECUTING")
		bitrix24test.Equal(t, "sum of rows", x.RowsSum(deal), orders.Money(1149_75))
		bitrix24test.Equal(t, "deals", len(x.State().Deals), 1)
		bitrix24test.Equal(t, "contacts", len(x.State().Contacts), 1)
		told(x, "", 0)
		x.AtRest()
		bitrix24test.Equal(t, "intents left", x.Count("bitrix24_intents"), int64(0))
	}, restoring, bitrix24test.WithLeads)
}

// An organization and its order waited in the copy. What was made of them in the lost hours is found whole.
func TestRestored_anOrganizationThatWaitedHasOneCompanyAndOneSetOfRequisites(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		o := waiting(x, "Сотрудник")
		organization := x.NewOrganization(o.ClientID).ID()
		x.ChangeOrder(o.ID, func(o *orders.Order) { o.OrganizationID = &organization })
		restore := x.CopyDatabase()
		x.Drain()
		deal, _ := x.Deal(o.ID)
		restore()
		x.Drain()
		again, record := x.Deal(o.ID)
		s := x.State()
		bitrix24test.Equal(t, "its deal", again, deal)
		bitrix24test.Equal(t, "companies", len(s.Companies), 1)
		bitrix24test.Equal(t, "requisites", len(s.Requisites), 2)
		bitrix24test.Equal(t, "bank details", len(s.Bankdetails), 1)
		bitrix24test.Equal(t, "contacts", len(s.Contacts), 1)
		x.WholeCompany(record)
	}, restoring)
}

// The next organization gets the number of a lost one, and its legal entities those of the lost one's.
func TestRestored_anOrganizationGetsNothingOfALostOne(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := func(name, inn string, n int) (int64, int64) {
			id := x.Place(somebody(name, n))
			client := int64(x.Order(id).Number("UserId"))
			organization := x.Call("POST", "/api/organizations", map[string]any{
				"Name": name, "LegalEntities": []map[string]any{{"Name": name, "Inn": inn}},
				"Employees": []map[string]any{{"ClientId": client, "Role": "Administrator"}},
			}).Want(t, http.StatusCreated).ID()
			return x.Place(bitrix24test.By(client), bitrix24test.Set("OrganizationId", organization)), organization
		}
		restore := x.CopyDatabase()
		_, lost := order("Потерянная", "6671234567", 1)
		x.Drain()
		restore()
		x.Drain()
		x.Fail(emulator.Fault{Fault: "lost_response", Method: "crm.requisite.add", Count: 1})
		id, organization := order("Новая", "6670123450", 2)
		x.Recover()
		bitrix24test.Equal(t, "number of the next organization", organization, lost)
		_, deal := x.Deal(id)
		s := x.State()
		bitrix24test.Equal(t, "companies", len(s.Companies), 2)
		bitrix24test.Equal(t, "requisites", len(s.Requisites), 2)
		for _, c := range s.Companies {
			if fmt.Sprint(c["ID"]) == deal["COMPANY_ID"] {
				bitrix24test.Equal(t, "company", c["TITLE"], any("Новая"))
			}
		}
		for _, r := range s.Requisites {
			want := map[any]any{"6671234567": "Потерянная", "6670123450": "Новая"}[r["RQ_INN"]]
			bitrix24test.Equal(t, "name on the requisite", r["NAME"], want)
		}
	}, restoring)
}

// An order was deleted in the panel and the note about it waited; it was left in the lost hours.
func TestRestored_theNoteOfADeletedOrderIsLeftOnce(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		x.Settle()
		x.ChangeOrder(order, func(o *orders.Order) { o.Status = orders.Deleted })
		restore := x.CopyDatabase()
		x.Drain()
		bitrix24test.Equal(t, "notes", len(x.State().Comments), 1)
		restore()
		x.Drain()
		bitrix24test.Equal(t, "notes", len(x.State().Comments), 1)
	}, restoring)
}

// Twice in a row: the strays of the first time are not told again when they were put away.
func TestRestored_twice(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Place(somebody("Первая", 1))
		restore := x.CopyDatabase()
		x.Place(somebody("Вторая", 2))
		restore()
		x.Drain()
		told(x, "1 сделка осталась без заказа", 1)
		x.Place(somebody("Третья", 3))
		restore()
		x.Drain()
		told(x, "2 сделки остались без заказа", 2)
		x.Place(somebody("Четвёртая", 4))
		x.CopyDatabase()
		x.Drain()
		told(x, "2 сделки остались без заказа", 2)
		bitrix24test.Equal(t, "deals", len(x.State().Deals), 4)
	}, restoring)
}

// Orders and clients that are older than their tokens keep the keys that their records on the portal carry.
func TestKeysWithoutTokens_stayThoseOfOlderRecords(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		o := waiting(x, "Прежняя")
		ctx := t.Context()
		for _, table := range []string{"orders", "clients"} {
			x.Must(x.Host().DB.From(ctx).Exec("UPDATE " + table + " SET token = ''").Error)
		}
		x.Fail(emulator.Fault{Fault: "lost_response", Method: "crm.item.add", Count: 1})
		x.Recover()
		deal, record := x.Deal(o.ID)
		bitrix24test.Equal(t, "key", record["ORIGIN_ID"], fmt.Sprintf("order:%d", o.ID))
		bitrix24test.Equal(t, "key of the contact", x.State().Contacts[0]["ORIGIN_ID"], any(fmt.Sprintf("client:%d", o.ClientID)))

		x.Settle()
		x.Do("delete_deal", emulator.Args{"id": deal})
		x.Settle()
		x.Do("restore_deal", emulator.Args{"id": deal})
		x.Settle()
		x.Reconcile()
		restored, _ := x.Deal(o.ID)
		bitrix24test.Equal(t, "link of the order", x.Number("SELECT remote_id FROM bitrix24_links WHERE entity = 'deal'"), restored)
	}, restoring)
}

// A deal that comes out of the portal's recycle bin is not adopted by the order that has its number by now.
func TestRestored_aDealOutOfTheBinIsNotTheNextOrders(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		restore := x.CopyDatabase()
		lost := x.Place(somebody("Потерянный", 1))
		lostDeal, _ := x.Deal(lost)
		x.Do("delete_deal", emulator.Args{"id": lostDeal})
		restore()
		order := x.Place(somebody("Новая", 2))
		bitrix24test.Equal(t, "number of the next order", order, lost)
		own, _ := x.Deal(order)
		x.Do("delete_deal", emulator.Args{"id": own})
		x.Must(x.Host().DB.From(t.Context()).Exec("UPDATE bitrix24_links SET state = 'deleted' WHERE entity = 'deal'").Error)
		x.Do("restore_deal", emulator.Args{"id": lostDeal})
		x.Reconcile()
		bitrix24test.Equal(t, "links to deals", x.Number("SELECT count(*) FROM bitrix24_links WHERE entity = 'deal' AND state = ''"), 0)
		x.Do("restore_deal", emulator.Args{"id": own})
		x.Reconcile()
		restored, _ := x.Deal(order)
		bitrix24test.Equal(t, "link of the order", x.Number("SELECT remote_id FROM bitrix24_links WHERE entity = 'deal'"), restored)
	}, restoring)
}
