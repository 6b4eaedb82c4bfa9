package faults_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

func TestLostAnswer_whoseOrderHasOtherItemsByThenLeavesNoRowBehind(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		for i := range 3 {
			x.Fail(emulator.Fault{Fault: "half_body", Method: "crm.item.add", Count: 1})
			id := x.Place(bitrix24test.Set("Comment", fmt.Sprint(i)))
			x.Call(
				"PUT", fmt.Sprintf("/api/orders/%d/items", id),
				apptest.JSON{"Items": []apptest.JSON{{"Name": "Другое", "Quantity": 7, "ItemPrice": "33.33"}}},
			)
			x.Recover()
			deal, record := x.Deal(id)
			bitrix24test.Equal(t, "amount", bitrix24test.Kopecks(t, record["OPPORTUNITY"]), orders.Money(7*33_33-50_50+300_25))
			bitrix24test.Equal(t, "sum of rows", x.RowsSum(deal), orders.Money(7*33_33-50_50+300_25))
			bitrix24test.Equal(t, "number of rows", len(x.Portal.Rows(deal)), 2)
		}
	}, func(s *bitrix24test.Setup) { s.Options.Settle = 50 * time.Millisecond })
}

func TestDealMovedBeforeItsLostAnswerIsMadeUpFor_theStageIsTaken(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Fail(emulator.Fault{Fault: "lost_response", Method: "crm.item.add", Count: 1})
		order := x.Place()
		x.Must(x.Portal.MoveDeal(x.Portal.IDs("deal")[0], "EXECUTING"))
		x.Recover()
		x.Settle()
		bitrix24test.Equal(t, "status", x.Order(order).Value("Status"), "PrintingInProgress")
	})
}

func TestLostAnswer_isToldWhileTheRecordIsLookedFor(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Fail(emulator.Fault{Fault: "late", Method: "crm.item.add", Count: 1, DelayMS: 1500})
		operator := x.As(staff.Operator)
		order := x.Place()
		operator.Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "ждёт", "соединение не установлено или прервано")
		x.Hurry()
		x.Drain()
		// The portal answers again, but the record may yet appear: only it waits.
		operator.Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "ждёт", "ответ Битрикс24 потерян")
		x.Recover()
		x.Complete(1)
		x.As(staff.Administrator).Get("/admin/bitrix24/journal").Want(t, http.StatusOK, "связан")
	}, func(s *bitrix24test.Setup) { s.Options.Settle = 3 * time.Second })
}

func TestLostAnswerToAChange_isNotTakenForAChangeOfThePortals(t *testing.T) {
	for name, f := range map[string]emulator.Fault{
		"done": {Fault: "lost_response", Method: "crm.item.update", Count: 1},
		"late": {Fault: "late", Method: "crm.item.update", Count: 1, DelayMS: 60},
		"not":  {Fault: "error_500", Method: "crm.item.update", Count: 1},
	} {
		t.Run(name, func(t *testing.T) {
			bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
				client := x.NewClient()
				organization := x.NewOrganization(client).ID()
				order := x.Place(bitrix24test.By(client), bitrix24test.Set("OrganizationId", organization))
				x.Settle()
				change := func(what, value string) {
					switch what {
					case "client":
						x.Call("PATCH", fmt.Sprintf("/api/clients/%d", client), apptest.JSON{"FirstName": value}).Want(t, http.StatusOK)
					case "organization":
						x.Call("PATCH", fmt.Sprintf("/api/organizations/%d", organization), apptest.JSON{"Name": value}).Want(t, http.StatusOK)
					}
				}
				for _, what := range []string{"client", "organization"} {
					x.Fail(f)
					change(what, "Первое")
					change(what, "Второе")
					x.Recover()
				}
				x.Fail(f)
				x.SetStatus(order, orders.PrintingInProgress)
				x.SetStatus(order, orders.Fulfilled)
				x.Recover()

				bitrix24test.Equal(t, "the client's name", x.Client(client).Value("FirstName"), "Второе")
				s := x.State()
				bitrix24test.Equal(t, "the contact's name", s.Contacts[0]["NAME"], "Второе")
				bitrix24test.Equal(t, "the company's name", s.Companies[0]["TITLE"], "Второе")
				bitrix24test.Equal(t, "status", x.Order(order).Value("Status"), orders.Fulfilled)
				_, deal := x.Deal(order)
				bitrix24test.Equal(t, "stage", deal["STAGE_ID"], "FINAL_INVOICE")
				x.JournalHas("с обеих сторон", 0)
				x.JournalHas("обе стороны", 0)
			}, func(s *bitrix24test.Setup) { s.Options.Settle = 150 * time.Millisecond })
		})
	}
}

// A comment has no external key: after a lost answer only the timeline itself can tell.
func TestLostAnswerToTheNoteOfADeletedOrder_itIsWrittenOnce(t *testing.T) {
	for name, f := range map[string]emulator.Fault{
		"lost":       {Fault: "lost_response", Count: 1},
		"lost twice": {Fault: "lost_response", Count: 2},
		"late":       {Fault: "late", Count: 1, DelayMS: 60},
		"half body":  {Fault: "half_body", Count: 1},
		"not done":   {Fault: "error_500", Count: 1},
	} {
		t.Run(name, func(t *testing.T) {
			bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
				order := x.Place()
				deal, _ := x.Deal(order)
				x.Settle()
				f.Method = "crm.timeline.comment.add"
				x.Fail(f)
				x.Call("DELETE", fmt.Sprintf("/api/orders/%d", order), nil).Want(t, http.StatusOK)
				x.Drain()
				x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "ждёт")
				x.Recover()
				var notes []string
				for _, c := range x.State().Comments {
					if fmt.Sprint(c["ENTITY_ID"]) == fmt.Sprint(deal) {
						notes = append(notes, fmt.Sprint(c["COMMENT"]))
					}
				}
				bitrix24test.Equal(t, "notes", notes, []string{fmt.Sprintf("Заказ № %d удалён в панели управления", order)})
				x.Deal(order)
			}, func(s *bitrix24test.Setup) {
				s.Options.Settle, s.Options.Timeout = 150*time.Millisecond, 400*time.Millisecond
			})
		})
	}
}

func TestLostAnswerAboutALead_everythingIsInItOnce(t *testing.T) {
	for _, method := range []string{"crm.item.add", "crm.item.update", "crm.item.productrow.set"} {
		for _, fault := range []string{"lost_response", "half_body", "late"} {
			t.Run(method+" "+fault, func(t *testing.T) {
				bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
					reference(x)
					x.Fail(emulator.Fault{Fault: fault, Method: method, Count: 1, DelayMS: 60})
					first := x.Place()
					client := int64(x.Order(first).Number("UserId"))
					second := x.Place(bitrix24test.By(client))
					x.Recover()
					for _, key := range []string{bitrix24test.ClientLead(client), bitrix24test.OrderLead(second)} {
						id, lead := x.Lead(key, 2)
						bitrix24test.Equal(t, "amount", bitrix24test.Kopecks(t, fmt.Sprint(lead["OPPORTUNITY"])), orders.Money(1149_75))
						bitrix24test.Equal(t, "sum of rows", x.LeadSum(id), orders.Money(1149_75))
						bitrix24test.Equal(t, "number of rows", len(x.State().Rows[fmt.Sprintf("L%d", id)]), 3)
					}
					x.Compare()
					bitrix24test.Equal(t, "both sides", x.LastComparison(), "2 0 0 0")
				}, bitrix24test.WithLeads, func(s *bitrix24test.Setup) {
					s.Options.Settle, s.Options.Timeout = 150*time.Millisecond, 400*time.Millisecond
					s.Only = bitrix24test.Alternately(method, fault)
				})
			})
		}
	}
}

func TestLostAnswerAboutManyRows_addsNoneTwice(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		items := make([]apptest.JSON, 120)
		for i := range items {
			items[i] = apptest.JSON{"MaterialId": i + 1, "Name": fmt.Sprintf("Открытка %d", i), "Quantity": 1, "ItemPrice": 10}
		}
		x.Fail(emulator.Fault{Fault: "lost_response", Method: "crm.item.productrow.set", Count: 1})
		order := x.Place(bitrix24test.Set("Items", items))
		x.Recover()
		id, _ := x.Deal(order)
		bitrix24test.Equal(t, "rows", len(x.Portal.Rows(id)), 121)
		bitrix24test.Equal(t, "sum of rows", fmt.Sprint(x.RowsSum(id)), fmt.Sprint(bitrix24test.Kopecks(t, x.Order(order).Value("TotalPrice"))))
	})
}
