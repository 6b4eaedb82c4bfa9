package exchange_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// waitForCompany has echoes wait for company as they do in the product. The portal's clock stands, so that everything
// happens in the same second.
func waitForCompany(s *bitrix24test.Setup) {
	now := time.Now().Truncate(time.Second)
	s.Options.EchoWait = time.Hour // as long as the test likes
	s.Portal.Clock = func() time.Time { return now }
}

// come has the portal's events arrive.
func come(x *bitrix24test.Pair) {
	x.T.Helper()
	x.Must(x.Portal.Flush(x.T.Context()))
}

// knownClient is a client whose contact is on the portal, with nothing left to look at.
func knownClient(x *bitrix24test.Pair) int64 {
	x.T.Helper()
	client := int64(x.Order(x.Place()).Number("UserId"))
	come(x)
	x.PassEchoWait()
	x.Drain()
	return client
}

func TestSixtyOrdersInARow_takeOneRequestEachAndTheEchoesRideAlong(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := knownClient(x)
		got := x.Requests(func() {
			for range 60 {
				x.Place(bitrix24test.By(client))
				come(x)
				x.Drain()
			}
			x.PassEchoWait()
			x.Drain()
		})
		bitrix24test.Equal(t, "requests for sixty orders and their echoes", got, 61)
		x.AtRest()
	}, waitForCompany)
}

// A person moves a deal in the very second in which we made it.
func TestChangeInTheSecondOfOurWrite_isAPersons(t *testing.T) {
	for name, c := range map[string]struct {
		before func(x *bitrix24test.Pair)               // of the portal's events
		told   func(x *bitrix24test.Pair, client int64) // how the panel comes to know
		want   int                                      // requests for that
	}{
		"read with the next order": {
			told: func(x *bitrix24test.Pair, client int64) { come(x); x.Drain(); x.Place(bitrix24test.By(client)) }, want: 1,
		},
		"read by itself when nothing else leaves": {
			told: func(x *bitrix24test.Pair, _ int64) { come(x); x.Drain(); x.PassEchoWait(); x.Drain() }, want: 1,
		},
		"told twice": {
			before: func(x *bitrix24test.Pair) { x.Fail(emulator.Fault{Fault: "double_events"}) },
			told:   func(x *bitrix24test.Pair, client int64) { come(x); x.Place(bitrix24test.By(client)) }, want: 1,
		},
		"told late": {
			before: func(x *bitrix24test.Pair) { x.Fail(emulator.Fault{Fault: "drop_events"}) },
			told: func(x *bitrix24test.Pair, _ int64) {
				come(x)
				long := bitrix24test.Now().Add(-time.Minute)
				x.Must(x.Host().DB.From(x.T.Context()).Exec("UPDATE bitrix24_links SET created_at = ?, sent_at = ?", long, long).Error)
				deal := slices.Max(x.Portal.IDs("deal"))
				x.Event(bitrix24test.AsForm, bitrix24test.FormEvent("ONCRMDEALUPDATE", deal, bitrix24test.PortalToken))
				x.Drain()
			}, want: 1,
		},
		"lost": {
			before: func(x *bitrix24test.Pair) { x.Fail(emulator.Fault{Fault: "drop_events"}) },
			told:   func(x *bitrix24test.Pair, _ int64) { come(x); x.Drain(); x.Reconcile() }, want: 2,
		},
		"what it should ride with is refused": {
			told: func(x *bitrix24test.Pair, client int64) {
				come(x)
				x.Fail(emulator.Fault{Fault: "operating", Method: "crm.item.add"})
				x.Place(bitrix24test.By(client))
				x.PassEchoWait()
				x.Drain()
			}, want: 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
				client := knownClient(x)
				if c.before != nil {
					c.before(x)
				}
				order := x.Place(bitrix24test.By(client))
				deal, _ := x.Deal(order)
				x.Must(x.Portal.MoveDeal(deal, "EXECUTING"))
				got := x.Requests(func() { c.told(x, client) })
				bitrix24test.Equal(t, "status", x.Order(order).Value("Status"), orders.PrintingInProgress)
				bitrix24test.Equal(t, "requests", got, c.want)
			}, waitForCompany)
		})
	}
}

// beforeAnswers connects the panel to a portal whose answers are held back until something else was done.
func beforeAnswers(x *bitrix24test.Pair, do func()) {
	x.T.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		x.Portal.ServeHTTP(answer, r)
		do()
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	}))
	x.T.Cleanup(server.Close)
	x.PortalURL = server.URL
	x.Connect()
}

// A person moves a deal after our change of it was carried out, and before we have its answer.
func TestChangeWhileOurWriteIsUnderWay_isAPersons(t *testing.T) {
	for _, lost := range []bool{false, true} {
		t.Run(fmt.Sprintf("event lost %v", lost), func(t *testing.T) {
			bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
				var move atomic.Int64
				beforeAnswers(x, func() {
					if deal := move.Swap(0); deal != 0 {
						x.Must(x.Portal.MoveDeal(deal, "EXECUTING"))
						come(x)
					}
				})
				client := knownClient(x)
				order := x.Place(bitrix24test.By(client))
				come(x)
				x.PassEchoWait()
				x.Drain()
				deal, _ := x.Deal(order)
				if lost {
					x.Fail(emulator.Fault{Fault: "drop_events"})
				}
				move.Store(deal)
				x.ChangeOrder(order, func(o *orders.Order) { o.Comment = "Срочно"; o.DeliveryPrice = 0 })
				x.Drain()
				come(x)
				x.PassEchoWait()
				x.Drain()
				if lost {
					x.Reconcile()
				}
				bitrix24test.Equal(t, "the deal was moved", move.Load(), 0)
				bitrix24test.Equal(t, "status", x.Order(order).Value("Status"), orders.PrintingInProgress)
				x.AtRest()
			}, bitrix24test.Unconnected, waitForCompany)
		})
	}
}

func TestReconciliation_doesNotReadAgainWhatWasSeen(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := knownClient(x)
		order := x.Place(bitrix24test.By(client))
		come(x)
		x.PassEchoWait()
		x.Drain()
		bitrix24test.Equal(t, "requests, read in the second of the write", x.Requests(x.Reconcile), 2)
		x.Fail(emulator.Fault{Fault: "clock", OffsetS: 2})
		x.Reconcile()
		bitrix24test.Equal(t, "requests, read later", x.Requests(x.Reconcile), 1)

		deal, _ := x.Deal(order)
		x.WithoutEvents(func() { x.Must(x.Portal.MoveDeal(deal, "EXECUTING")) })
		x.Reconcile()
		bitrix24test.Equal(t, "status", x.Order(order).Value("Status"), orders.PrintingInProgress)
	}, waitForCompany)
}
