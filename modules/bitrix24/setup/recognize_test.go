package setup_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// counted are the portal's deals, leads, contacts and companies.
func counted(x *bitrix24test.Pair) [4]int {
	s := x.State()
	return [4]int{len(s.Deals), len(s.Leads), len(s.Contacts), len(s.Companies)}
}

// renamed saves the portal under another address.
func renamed(x *bitrix24test.Pair) string {
	x.T.Helper()
	address := at(x, x.Portal)
	x.SaveSettings("portal_url", address)
	return address
}

func TestPortalRenamed_keepsTheLinksOfAShopWithLeadsOnly(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		x.Settle()
		client := int64(x.Order(order).Number("UserId"))
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 1)
		renamed(x)
		x.ChangeOrder(order, func(o *orders.Order) { o.Items[0].Quantity++ })
		x.Recover()
		id, _ := x.Lead(bitrix24test.ClientLead(client), 1)
		bitrix24test.Equal(t, "lead", id, lead)
		bitrix24test.Equal(t, "sum of its rows", x.LeadSum(lead),
			bitrix24test.Kopecks(t, x.Order(order).Value("TotalPrice")))
		x.Place(bitrix24test.By(client))
		x.Recover()
		bitrix24test.Equal(t, "deals, leads, contacts, companies", counted(x), [4]int{0, 2, 0, 0})
	}, bitrix24test.WithLeads)
}

func TestPortalRenamed_keepsTheLinksOfEveryKindOfRecord(t *testing.T) {
	send := func(x *bitrix24test.Pair, kind string, id int64) {
		x.T.Helper()
		path := fmt.Sprintf("/admin/%s/%d/actions/bitrix24.send", kind, id)
		x.As(staff.Operator).Post(path).Want(x.T, http.StatusSeeOther)
		x.Settle()
	}
	for name, c := range map[string]struct {
		leads bool
		make  func(x *bitrix24test.Pair) (kind string, id int64)
	}{
		"a client's contact": {make: func(x *bitrix24test.Pair) (string, int64) {
			return "clients", x.NewClient()
		}},
		"an organization's company": {make: func(x *bitrix24test.Pair) (string, int64) {
			return "organizations", x.NewOrganization(x.NewClient()).ID()
		}},
		"a client's lead": {leads: true, make: func(x *bitrix24test.Pair) (string, int64) {
			return "clients", x.NewClient()
		}},
	} {
		t.Run(name, func(t *testing.T) {
			bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
				kind, id := c.make(x)
				if !c.leads {
					send(x, kind, id)
				}
				x.Settle()
				before := counted(x)
				renamed(x)
				bitrix24test.Equal(t, "portals", x.Count("bitrix24_portals"), 1)
				x.Recover()
				bitrix24test.Equal(t, "deals, leads, contacts, companies", counted(x), before)
			}, func(s *bitrix24test.Setup) { s.Leads = c.leads })
		})
	}
}

func TestPortalRenamed_itsFormerAddressCanBeSavedAgain(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		deal, _ := x.Deal(order)
		renamed(x)
		x.SaveSettings("portal_url", x.PortalURL)
		x.SetStatus(order, orders.WaitingForPayment)
		id, record := x.Deal(order)
		bitrix24test.Equal(t, "deal", id, deal)
		bitrix24test.Equal(t, "stage", record["STAGE_ID"], "PREPAYMENT_INVOICE")
	})
}

// The new address is typed while the portal does not answer, so nobody can tell that it is the same one. It is told by
// the next save, and what was linked under either address is kept.
func TestPortalRenamed_whileItDidNotAnswer(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		first := x.Place()
		client := int64(x.Order(first).Number("UserId"))
		deal, _ := x.Deal(first)
		x.Fail(emulator.Fault{Fault: "down"})
		address := renamed(x)
		x.Fail(emulator.Fault{Fault: "none"})
		second := x.Place(bitrix24test.By(client))
		x.Recover()
		former, _ := x.Deal(second)

		x.SaveSettings()
		for _, next := range []string{"", x.PortalURL, address} {
			if next != "" {
				x.SaveSettings("portal_url", next)
			}
			for order, want := range map[int64]int64{first: deal, second: former} {
				status := orders.WaitingForPayment
				if x.Order(order).Value("Status") == string(status) {
					status = orders.PrintingInProgress
				}
				x.SetStatus(order, status)
				x.Settle()
				id, record := x.Deal(order)
				bitrix24test.Equal(t, "deal", id, want)
				bitrix24test.Equal(t, "stage", record["STAGE_ID"], map[orders.Status]string{
					orders.WaitingForPayment: "PREPAYMENT_INVOICE", orders.PrintingInProgress: "EXECUTING",
				}[status])
			}
		}
		bitrix24test.Equal(t, "links of the orders", x.Number(`SELECT count(*) FROM bitrix24_links l
			JOIN bitrix24_portals p ON p.id = l.portal_id WHERE l.entity = 'deal' AND p.address NOT LIKE '%#%'`), 2)
	})
}

// Both addresses are known as portals of their own; each of them was the present one once.
func TestPortalRenamed_toAnAddressThatIsKnownAsAnotherPortal(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		first := x.Place()
		client := int64(x.Order(first).Number("UserId"))
		deal, _ := x.Deal(first)
		x.Fail(emulator.Fault{Fault: "down"})
		address := renamed(x)
		x.SaveSettings("portal_url", x.PortalURL)
		x.Fail(emulator.Fault{Fault: "none"})
		x.Recover()

		x.Fail(emulator.Fault{Fault: "moved", To: address, Count: 1})
		x.Place(bitrix24test.By(client))
		admin := x.As(staff.Administrator)
		admin.Post(bitrix24test.SettingsPage+"/bitrix24/actions/moved").Want(t, http.StatusSeeOther)
		admin.Get(bitrix24test.SettingsPage).Want(t, http.StatusOK, "Новый адрес портала сохранён")
		x.SetStatus(first, orders.WaitingForPayment)
		x.Recover()
		id, record := x.Deal(first)
		bitrix24test.Equal(t, "deal", id, deal)
		bitrix24test.Equal(t, "stage", record["STAGE_ID"], "PREPAYMENT_INVOICE")
		x.Complete(2)
	})
}

// A name on bitrix24.ru that one portal gave up may be another's later.
func TestPortalRenamed_toTheFormerAddressOfAnotherPortal(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		client := int64(x.Order(order).Number("UserId"))
		deal, _ := x.Deal(order)
		another := emulator.New(emulator.Options{UserID: 1, Code: bitrix24test.WebhookCode, Control: true, Seed: 2})
		t.Cleanup(func() { _ = another.Close() })
		var there atomic.Pointer[emulator.Portal]
		there.Store(another)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			there.Load().ServeHTTP(w, r)
		}))
		t.Cleanup(server.Close)
		x.SaveSettings("portal_url", server.URL)
		x.Place(bitrix24test.By(client))
		x.Recover()
		x.SaveSettings("portal_url", x.PortalURL)
		x.As(staff.Administrator).Get(bitrix24test.SettingsPage).Want(t, http.StatusOK, "прежние связи с ним снова действуют")

		there.Store(x.Portal)
		x.SaveSettings("portal_url", server.URL)
		x.SetStatus(order, orders.WaitingForPayment)
		x.Recover()
		id, record := x.Deal(order)
		bitrix24test.Equal(t, "deal", id, deal)
		bitrix24test.Equal(t, "stage", record["STAGE_ID"], "PREPAYMENT_INVOICE")
	})
}
