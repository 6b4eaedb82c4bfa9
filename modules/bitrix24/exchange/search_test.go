package exchange_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// unawaited has nobody wait for the portal, and echoes wait for company.
func unawaited(s *bitrix24test.Setup) { s.Options.AwaitSite, s.Options.EchoWait = 0, time.Hour }

// newcomer orders as somebody who was never here before.
func newcomer(n int) func(d apptest.JSON) {
	return bitrix24test.Set("Client", apptest.JSON{
		"FirstName": fmt.Sprintf("Клиент %d", n), "Email": fmt.Sprintf("client%d@example.ru", n), "Phone": fmt.Sprintf("+7912%07d", n),
	})
}

func TestFiftyNewcomers_areLookedForInGroups(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		for n := range 50 {
			x.Place(newcomer(n))
		}
		before := x.Portal.Stats().Commands
		x.Drain()
		after := x.Portal.Stats().Commands
		// A phone is looked for in two spellings: ten phones or twenty e-mails fill a command.
		bitrix24test.Equal(t, "searches by phone and e-mail", after["crm.duplicate.findbycomm"]-before["crm.duplicate.findbycomm"], 5+3)
		bitrix24test.Equal(t, "lists by key", after["crm.item.list"]-before["crm.item.list"], 1)
		bitrix24test.Equal(t, "contacts", len(x.Portal.IDs("contact")), 50)
	}, unawaited)
}

func TestFiveHundredNewcomersWaiting_takeThirtyFiveRequests(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		for n := range 500 {
			x.Place(newcomer(n))
		}
		got := x.Requests(func() {
			x.Drain()
			come(x)
			x.PassEchoWait()
			x.Drain()
		})
		bitrix24test.Equal(t, "requests, echoes included", got, 35)
		bitrix24test.Equal(t, "deals", len(x.Portal.IDs("deal")), 500)
		x.AtRest()
	}, unawaited)
}

// Twenty-one contacts share an e-mail. A search for many values at once ends at the twentieth.
func TestInAGroup_eachFindsHisOwnContact(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		contact := func(kind, value string) any {
			return x.Do("create_contact", emulator.Args{"fields": map[string]any{
				"NAME": "Из портала", kind: []any{map[string]any{"VALUE": value, "VALUE_TYPE": "WORK"}},
			}})["id"]
		}
		first := contact("EMAIL", "client0@example.ru")
		for range 20 {
			contact("EMAIL", "client0@example.ru")
		}
		want := map[int]any{0: first, 1: contact("EMAIL", "Client1@example.ru"), 2: contact("PHONE", "8 (912) 000-00-02")}
		orders := map[int]int64{}
		for n := range 4 {
			orders[n] = x.Place(newcomer(n))
		}
		x.Drain()
		for n, id := range want {
			_, deal := x.Deal(orders[n])
			bitrix24test.Equal(t, fmt.Sprintf("contact of client %d", n), deal["CONTACT_ID"], id)
		}
		bitrix24test.Equal(t, "contacts", len(x.Portal.IDs("contact")), 24)
	}, unawaited)
}

func TestWhoeverIsWaitedFor_leavesAfterTheRequestThatIsUnderWay(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		var waiting, urgent atomic.Int64
		beforeAnswers(x, func() {
			if waiting.Swap(0) > 0 {
				urgent.Store(x.Place(newcomer(99)))
				x.Must(x.Host().DB.From(t.Context()).Exec("UPDATE jobs SET priority = ? WHERE key = ? AND state = 'waiting'",
					jobs.Awaited, fmt.Sprintf("order/%d", urgent.Load())).Error)
			}
		})
		for n := range 80 {
			x.Place(newcomer(n))
		}
		waiting.Store(1)
		x.Drain()
		deal, _ := x.Deal(urgent.Load())
		if earlier := len(lo.Filter(x.Portal.IDs("deal"), func(id int64, _ int) bool { return id < deal })); earlier > 25 {
			t.Errorf("%d deals were made before that of the order that somebody waits for", earlier)
		}
		bitrix24test.Equal(t, "deals", len(x.Portal.IDs("deal")), 81)
		bitrix24test.Equal(t, "contacts", len(x.Portal.IDs("contact")), 81)
		x.AtRest()
	}, unawaited, bitrix24test.Unconnected)
}
