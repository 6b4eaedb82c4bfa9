package bitrix24_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

func TestLostAnswer_isToldWhileTheRecordIsLookedFor(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		x.fail(emulator.Fault{Fault: "late", Method: "crm.item.add", Count: 1, DelayMS: 1500})
		operator := x.As(staff.Operator)
		order := x.place()
		operator.Get(page(order)).Want(t, http.StatusOK, "ждёт", "соединение не установлено или прервано")
		x.Hurry()
		x.Drain()
		// The portal answers again, but the record may yet appear: only it waits.
		operator.Get(page(order)).Want(t, http.StatusOK, "ждёт", "ответ Битрикс24 потерян")
		x.recover()
		x.complete(1)
		x.As(staff.Administrator).Get("/admin/bitrix24/journal").Want(t, http.StatusOK, "связан")
	}, func(a *arranged) { a.options.Settle = 3 * time.Second })
}

func TestLostAnswerToAChange_isNotTakenForAChangeOfThePortals(t *testing.T) {
	for name, f := range map[string]emulator.Fault{
		"done": {Fault: "lost_response", Method: "crm.item.update", Count: 1},
		"late": {Fault: "late", Method: "crm.item.update", Count: 1, DelayMS: 60},
		"not":  {Fault: "error_500", Method: "crm.item.update", Count: 1},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, x *exchange) {
				client := x.employee()
				organization := x.organization(client).ID()
				order := x.place(by(client), set("OrganizationId", organization))
				x.settle()
				change := func(what, value string) {
					switch what {
					case "client":
						x.Call("PATCH", fmt.Sprintf("/api/clients/%d", client), apptest.JSON{"FirstName": value}).Want(t, http.StatusOK)
					case "organization":
						x.Call("PATCH", fmt.Sprintf("/api/organizations/%d", organization), apptest.JSON{"Name": value}).Want(t, http.StatusOK)
					}
				}
				for _, what := range []string{"client", "organization"} {
					x.fail(f)
					change(what, "Первое")
					change(what, "Второе")
					x.recover()
				}
				x.fail(f)
				x.setStatus(order, orders.PrintingInProgress)
				x.setStatus(order, orders.Fulfilled)
				x.recover()

				equal(t, "the client's name", x.client(client).Value("FirstName"), "Второе")
				s := x.state()
				equal(t, "the contact's name", s.Contacts[0]["NAME"], "Второе")
				equal(t, "the company's name", s.Companies[0]["TITLE"], "Второе")
				equal(t, "status", x.order(order).Value("Status"), orders.Fulfilled)
				_, deal := x.deal(order)
				equal(t, "stage", deal["STAGE_ID"], "FINAL_INVOICE")
				x.journalHas("с обеих сторон", 0)
				x.journalHas("обе стороны", 0)
			}, func(a *arranged) { a.options.Settle = 150 * time.Millisecond })
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
			each(t, func(t *testing.T, x *exchange) {
				order := x.place()
				deal, _ := x.deal(order)
				x.settle()
				f.Method = "crm.timeline.comment.add"
				x.fail(f)
				x.Call("DELETE", fmt.Sprintf("/api/orders/%d", order), nil).Want(t, http.StatusOK)
				x.Drain()
				x.As(staff.Operator).Get(page(order)).Want(t, http.StatusOK, "ждёт")
				x.recover()
				var notes []string
				for _, c := range x.state().Comments {
					if fmt.Sprint(c["ENTITY_ID"]) == fmt.Sprint(deal) {
						notes = append(notes, fmt.Sprint(c["COMMENT"]))
					}
				}
				equal(t, "notes", notes, []string{fmt.Sprintf("Заказ № %d удалён в панели управления", order)})
				x.deal(order)
			}, func(a *arranged) {
				a.options.Settle, a.options.Timeout = 150*time.Millisecond, 400*time.Millisecond
			})
		})
	}
}

func TestLostAnswerAboutALead_everythingIsInItOnce(t *testing.T) {
	for _, method := range []string{"crm.item.add", "crm.item.update", "crm.item.productrow.set"} {
		for _, fault := range []string{"lost_response", "half_body", "late"} {
			t.Run(method+" "+fault, func(t *testing.T) {
				eachWithLeads(t, func(t *testing.T, x *exchange) {
					x.reference()
					x.fail(emulator.Fault{Fault: fault, Method: method, Count: 1, DelayMS: 60})
					first := x.place()
					client := int64(x.order(first).Number("UserId"))
					second := x.place(by(client))
					x.recover()
					for _, key := range []string{clientLead(client), orderLead(second)} {
						id, lead := x.lead(key, 2)
						equal(t, "amount", kopecks(t, fmt.Sprint(lead["OPPORTUNITY"])), orders.Money(1149_75))
						equal(t, "sum of rows", x.leadSum(id), orders.Money(1149_75))
						equal(t, "number of rows", len(x.state().Rows[fmt.Sprintf("L%d", id)]), 3)
					}
					x.compare()
					equal(t, "both sides", x.found(), "2 0 0 0")
				}, func(a *arranged) {
					a.options.Settle, a.options.Timeout = 150*time.Millisecond, 400*time.Millisecond
					a.only = alternately(method, fault)
				})
			})
		}
	}
}
