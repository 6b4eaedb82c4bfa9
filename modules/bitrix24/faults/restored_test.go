package faults_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
)

// restoring are the options of tests about a restored database: an answer that was lost is looked for at once.
func restoring(s *bitrix24test.Setup) { s.Options.Settle = 50 * time.Millisecond }

// somebody is a customer of his own, with that name.
func somebody(name string, n int) func(d apptest.JSON) {
	return bitrix24test.Set("Client", apptest.JSON{
		"FirstName": name, "Email": fmt.Sprintf("somebody%d@example.ru", n), "Phone": fmt.Sprintf("+7912345%04d", n),
	})
}

// waiting places an order that nobody sees to yet.
func waiting(x *bitrix24test.Pair, name string) *orders.Order {
	x.T.Helper()
	ctx, by := x.T.Context(), staff.Module("test", "Проверка")
	email := name + "@example.ru"
	client, err := x.Host().Clients.Register(ctx, by, clients.Client{FirstName: name, Email: &email})
	x.Must(err)
	shops, err := x.Host().Sites.All(ctx)
	x.Must(err)
	o, err := x.Host().Orders.Place(ctx, orders.Draft{
		By: by, SiteID: shops[0].ID, ClientID: client.ID, Items: []orders.Item{{Name: "Визитки", Quantity: 2, Price: 450_00}},
	})
	x.Must(err)
	return o
}

// contactName is the first name on the contact of a deal or lead.
func contactName(x *bitrix24test.Pair, record map[string]any) any {
	x.T.Helper()
	for _, c := range x.State().Contacts {
		if c["ID"] == record["CONTACT_ID"] {
			return c["NAME"]
		}
	}
	x.T.Fatalf("no contact %v", record["CONTACT_ID"])
	return nil
}

// told checks what the banner says, and how many strays «Сверка» lists.
func told(x *bitrix24test.Pair, banner string, listed int) {
	x.T.Helper()
	page := x.As(staff.Administrator).Get("/admin/bitrix24/compare")
	if banner == "" {
		page.Want(x.T, http.StatusOK).Lacks(x.T, "восстановлена из копии:")
	} else {
		page.Want(x.T, http.StatusOK, "База восстановлена из копии: "+banner)
	}
	if listed == 0 {
		page.Lacks(x.T, "Заказов нет в базе")
	} else {
		page.Want(x.T, http.StatusOK, fmt.Sprintf("Заказов нет в базе: %d", listed))
	}
}

func TestRestored_whoGetsALostNumberGetsNothingElseOfIt(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Place(somebody("Первая", 1))
		restore := x.CopyDatabase()
		lost := x.Place(somebody("Потерянный", 2))
		lostDeal, before := x.Deal(lost)
		restore()
		order := x.Place(somebody("Новая", 3))
		x.Settle()
		bitrix24test.Equal(t, "number of the next order", order, lost)
		deal, record := x.Deal(order)
		if deal == lostDeal {
			t.Fatal("the order has the lost order's deal")
		}
		bitrix24test.Equal(t, "contact of its deal", contactName(x, x.DealsOf(order)[0]), any("Новая"))
		bitrix24test.Equal(t, "deals", len(x.State().Deals), 3)
		bitrix24test.Equal(t, "contacts", len(x.State().Contacts), 3)
		told(x, "1 сделка осталась без заказа", 1)
		x.As(staff.Administrator).Get("/admin/bitrix24/compare").
			Want(t, http.StatusOK, fmt.Sprintf("/crm/deal/details/%d/", lostDeal), before["TITLE"])

		// What people do with the lost deal is nothing to the order that has its number now.
		x.Must(x.Portal.MoveDeal(lostDeal, "WON"))
		x.Do("edit_contact", emulator.Args{"id": before["CONTACT_ID"], "fields": map[string]any{"NAME": "Чужой"}})
		x.Reconcile()
		x.Settle()
		bitrix24test.Equal(t, "status", x.Order(order).Value("Status"), orders.Placed)
		client := int64(x.Order(order).Number("UserId"))
		bitrix24test.Equal(t, "name of its client", x.Client(client).Value("FirstName"), "Новая")
		_, now := x.Deal(order)
		bitrix24test.Equal(t, "stage of its deal", now["STAGE_ID"], record["STAGE_ID"])

		x.As(staff.Administrator).Post("/admin/bitrix24/strays/away").Want(t, http.StatusSeeOther)
		told(x, "", 1)
	}, restoring)
}

func TestRestored_whatWaitedInTheCopyIsNotSentTwice(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Place()
		o := waiting(x, "Ждущая")
		restore := x.CopyDatabase()
		x.Drain()
		deal, _ := x.Deal(o.ID)
		x.Must(x.Portal.MoveDeal(deal, "EXECUTING"))
		restore()
		x.Drain()
		x.Reconcile()
		again, record := x.Deal(o.ID)
		bitrix24test.Equal(t, "its deal", again, deal)
		bitrix24test.Equal(t, "number of rows", len(x.Portal.Rows(deal)), 1)
		bitrix24test.Equal(t, "sum of rows", x.RowsSum(deal), o.Total)
		bitrix24test.Equal(t, "amount", bitrix24test.Kopecks(t, record["OPPORTUNITY"]), o.Total)
		bitrix24test.Equal(t, "deals", len(x.State().Deals), 2)
		bitrix24test.Equal(t, "contacts", len(x.State().Contacts), 2)
		told(x, "", 0)
		x.AtRest()
		bitrix24test.Equal(t, "intents left", x.Count("bitrix24_intents"), int64(0))
	}, restoring)
}

func TestRestored_whatWaitedForALeadIsNotSentTwice(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		o := waiting(x, "Ждущая")
		restore := x.CopyDatabase()
		x.Drain()
		lead, _ := x.Lead(bitrix24test.ClientLead(o.ClientID), 1)
		restore()
		x.Drain()
		x.Reconcile()
		x.Recover() // the order waits until the lead has been read
		again, _ := x.Lead(bitrix24test.ClientLead(o.ClientID), 1)
		bitrix24test.Equal(t, "the lead", again, lead)
		bitrix24test.Equal(t, "sum of its rows", x.LeadSum(lead), o.Total)
		bitrix24test.Equal(t, "number of its rows", len(x.State().Rows[fmt.Sprint("L", lead)]), 1)
		bitrix24test.Equal(t, "deals", len(x.State().Deals), 0)
		told(x, "", 0)
		x.AtRest()
	}, restoring, bitrix24test.WithLeads)
}

// The job of an order that was linked waited with a new item, which was sent in the lost hours.
func TestRestored_aRowThatWaitedIsNotAddedTwice(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		x.Settle()
		x.ChangeOrder(order, func(o *orders.Order) {
			o.Items = append(o.Items, orders.Item{Name: "Рама", Quantity: 1, Price: 100_00})
			o.Recount()
		})
		restore := x.CopyDatabase()
		x.Drain()
		restore()
		x.Drain()
		deal, record := x.Deal(order)
		bitrix24test.Equal(t, "number of rows", len(x.Portal.Rows(deal)), 4)
		bitrix24test.Equal(t, "sum of rows", x.RowsSum(deal), orders.Money(1249_75))
		bitrix24test.Equal(t, "amount", bitrix24test.Kopecks(t, record["OPPORTUNITY"]), orders.Money(1249_75))
	}, restoring)
}

// Nobody had enqueued the order when the copy was made, so no job says that it may have been sent since.
func TestRestored_anOrderThatWasSentLaterFindsItsDeal(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.SaveSettings("auto", "-")
		o := waiting(x, "Ручная")
		restore := x.CopyDatabase()
		x.As(staff.Operator).Post(fmt.Sprintf("/admin/orders/%d/actions/bitrix24.send", o.ID)).Want(t, http.StatusSeeOther)
		deal, _ := x.Deal(o.ID)
		restore()
		x.Drain()
		again, _ := x.Deal(o.ID)
		bitrix24test.Equal(t, "its deal", again, deal)
		x.SetStatus(o.ID, orders.PrintingInProgress)
		x.Settle()
		_, record := x.Deal(o.ID)
		bitrix24test.Equal(t, "stage", record["STAGE_ID"], "EXECUTING")
		bitrix24test.Equal(t, "number of rows", len(x.Portal.Rows(deal)), 1)
		told(x, "", 0)
	}, restoring)
}

func TestRestored_aLostAnswerIsNotMadeUpForByAnothersRecord(t *testing.T) {
	for _, fault := range []string{"lost_response", "error_500"} {
		for _, leads := range []bool{false, true} {
			t.Run(fmt.Sprint(fault, " leads ", leads), func(t *testing.T) {
				bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
					x.Place(somebody("Первая", 1))
					restore := x.CopyDatabase()
					lost := x.Place(somebody("Потерянный", 2), bitrix24test.Set("Comment", "Чужое"))
					x.Settle()
					restore()
					x.Drain()
					before := x.State()
					x.Fail(emulator.Fault{Fault: fault, Method: "crm.item.add", Count: 1})
					order := x.Place(somebody("Новая", 3))
					x.Recover()
					x.Reconcile()
					bitrix24test.Equal(t, "number of the next order", order, lost)
					now := x.State()
					made := append(now.Deals[len(before.Deals):], now.Leads[len(before.Leads):]...)
					if len(made) != 1 {
						t.Fatalf("%d records made, want 1", len(made))
					}
					for i, d := range append(before.Deals, before.Leads...) {
						same := append(now.Deals[:len(before.Deals):len(before.Deals)], now.Leads[:len(before.Leads)]...)[i]
						for _, field := range []string{"TITLE", "OPPORTUNITY", "COMMENTS", "NAME", "CONTACT_ID", "ORIGIN_ID", "STAGE_ID"} {
							bitrix24test.Equal(t, field+" of a former record", same[field], d[field])
						}
					}
					if leads {
						bitrix24test.Equal(t, "name", made[0]["NAME"], any("Новая"))
						told(x, "1 лид остался без заказа", 1)
					} else {
						bitrix24test.Equal(t, "contact", contactName(x, made[0]), any("Новая"))
						told(x, "1 сделка осталась без заказа", 1)
					}
				}, restoring, func(s *bitrix24test.Setup) { s.Leads = leads })
			})
		}
	}
}

// The intent of a lost answer is in the copy: what it was about is found by the key, whatever was lost after it.
func TestRestored_anAnswerLostBeforeTheCopyIsMadeUpFor(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Fail(emulator.Fault{Fault: "lost_response", Method: "crm.item.add", Count: 1})
		order := x.Place(somebody("Первая", 1))
		restore := x.CopyDatabase()
		x.Recover()
		deal, _ := x.Deal(order)
		restore()
		x.Recover()
		again, _ := x.Deal(order)
		bitrix24test.Equal(t, "its deal", again, deal)
		bitrix24test.Equal(t, "contacts", len(x.State().Contacts), 1)
		told(x, "", 0)
	}, restoring)
}

// A customer whose registration was lost registers again: he is the same person, and found by his phone. The order that
// he had is not his new one's.
func TestRestored_whoeverRegistersAgainIsTheSamePerson(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		restore := x.CopyDatabase()
		x.Place(somebody("Вернувшийся", 7))
		restore()
		x.Place(somebody("Вернувшийся", 7))
		bitrix24test.Equal(t, "contacts", len(x.State().Contacts), 1)
		bitrix24test.Equal(t, "deals", len(x.State().Deals), 2)
		x.Drain()
		told(x, "1 сделка осталась без заказа", 1)
	}, restoring)
}

func TestRestarted_nothingIsSaidAndOneRequestIsMade(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.PlaceMany(3)
		x.Settle()
		usual := x.Requests(func() { x.Place(somebody("Первая", 1)) })
		x.Settle()
		bitrix24test.Equal(t, "requests of a restart", x.Requests(func() {
			x.CopyDatabase() // starts the panel again
			x.Drain()
		}), 1)
		told(x, "", 0)
		bitrix24test.Equal(t, "requests of a new order", x.Requests(func() { x.Place(somebody("Вторая", 2)) }), usual)
	}, restoring)
}

// One hundred orders and clients are lost, twenty wait in the copy and were sent in the lost hours. Then come a hundred
// others, who get the lost numbers.
func TestRestored_aBusyHour(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		many := func(name string, n int) (placed []*orders.Order) {
			for i := range n {
				placed = append(placed, waiting(x, fmt.Sprint(name, i)))
			}
			return placed
		}
		sent := many("sent", 5)
		x.Settle()
		waited := many("waited", 20)
		restore := x.CopyDatabase()
		x.Drain()
		lost := many("lost", 100)
		x.Drain()
		before := x.State()
		bitrix24test.Equal(t, "deals before", len(before.Deals), 125)
		restore()

		began := time.Now()
		n := x.Requests(x.Drain)
		t.Logf("found in %v, by %d requests", time.Since(began), n)
		told(x, "100 сделок остались без заказа", 100)
		placed := many("new", 100)
		bitrix24test.Equal(t, "number of the last order", placed[99].ID, lost[99].ID)
		x.Drain()
		x.Reconcile()

		now := x.State()
		bitrix24test.Equal(t, "deals", len(now.Deals), 225)
		bitrix24test.Equal(t, "contacts", len(now.Contacts), 225)
		deals := lo.GroupBy(now.Deals, func(d map[string]any) any { return d["ORIGIN_ID"] })
		contacts := lo.KeyBy(now.Contacts, func(c map[string]any) any { return c["ID"] })
		for name, group := range map[string][]*orders.Order{"sent": sent, "waited": waited, "lost": lost, "new": placed} {
			for i, o := range group {
				own := deals[mapping.OrderKey(o.ID, o.Token)]
				if len(own) != 1 {
					t.Errorf("%d deals of %s order %d, want 1", len(own), name, o.ID)
					continue
				}
				bitrix24test.Equal(t, "amount", bitrix24test.Kopecks(t, own[0]["OPPORTUNITY"].(string)), o.Total)
				bitrix24test.Equal(t, "contact", contacts[own[0]["CONTACT_ID"]]["NAME"], any(fmt.Sprint(name, i)))
				bitrix24test.Equal(t, "rows", len(now.Rows[fmt.Sprint("D", own[0]["ID"])]), 1)
			}
		}
		told(x, "100 сделок остались без заказа", 100)
		x.AtRest()
		bitrix24test.Equal(t, "intents left", x.Count("bitrix24_intents"), int64(0))
	}, restoring)
}
