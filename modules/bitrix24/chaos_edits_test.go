package bitrix24_test

import (
	"fmt"
	"net/http"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
)

// What people do every day to an order on one side, and to its deal on the other.

const handMade = "Добавлено вручную"

var chaosStatuses = []orders.Status{
	orders.Pending, orders.WaitingForPayment, orders.PrintingInProgress, orders.Fulfilled, orders.Delivered, orders.Cancelled,
	orders.DesignInProgress, orders.Shipped, // no stage stands for these
}

var chaosStages = []string{"PREPARATION", "PREPAYMENT_INVOICE", "EXECUTING", "FINAL_INVOICE", "WON", "LOSE"}

// changeStatus is an employee's. The deal follows, if a stage stands for the status.
func changeStatus(w *chaosWorker, o *chaosOrder) bool {
	if !o.panelOnly && w.random.IntN(2) == 0 {
		return false // most of these stay the portal's
	}
	status := chaosStatuses[w.random.IntN(len(chaosStatuses))]
	w.call("POST", o.path()+"/status", apptest.JSON{"Status": status}, http.StatusOK)
	o.status = status
	if !o.panelOnly {
		o.status = "" // either side's may be the last
	}
	return true
}

// moveDeal is a manager's. The order follows.
func moveDeal(w *chaosWorker, o *chaosOrder) bool {
	deal := o.deal(w.chaos)
	if o.panelOnly || deal == 0 {
		return false
	}
	stage := chaosStages[w.random.IntN(len(chaosStages))]
	if _, ok := w.manage("move_deal", emulator.Args{"id": deal, "stage": stage}); !ok {
		return false
	}
	if o.status != "" {
		o.status = mapping.Proposal(stage)
	}
	return true
}

// writeComment writes to the client. The discussion has it once.
func writeComment(w *chaosWorker, o *chaosOrder) bool {
	text := fmt.Sprintf("Вопрос %d", len(o.comments))
	w.call("POST", o.path()+"/comments", apptest.JSON{"Text": text, "VisibleToClient": true}, http.StatusOK)
	o.comments = append(o.comments, text)
	return true
}

// changeItems replaces the items. Amount and rows follow, and what a manager added stays.
func changeItems(w *chaosWorker, o *chaosOrder) bool {
	if o.fixed {
		return false
	}
	items, _ := w.items()
	answer := w.call("PUT", o.path()+"/items", apptest.JSON{"Items": items}, http.StatusOK)
	if answer != nil {
		o.total = moneyOf(answer.Number("TotalPrice"))
	}
	return true
}

// pay pays all of it.
func pay(w *chaosWorker, o *chaosOrder) bool {
	if o.fixed {
		return false
	}
	w.call("POST", o.path()+"/payments", apptest.JSON{"Amount": o.total.String(), "Method": "Online"}, http.StatusOK)
	o.fixed = true
	if o.status == orders.WaitingForPayment || !o.panelOnly {
		o.status = "" // paid in full it moves on, if it stands there by now
	}
	return true
}

// addRow is a manager's, and stays.
func addRow(w *chaosWorker, o *chaosOrder) bool {
	deal := o.deal(w.chaos)
	if deal == 0 || o.byHand > 0 {
		return false
	}
	row := emulator.Args{"PRODUCT_NAME": handMade, "PRICE": 10, "QUANTITY": 1}
	_, ok := w.manage("add_row", emulator.Args{"deal": deal, "row": row})
	if ok {
		o.byHand++
	}
	return ok
}

// renameDeal gives the deal a title that stays.
func renameDeal(w *chaosWorker, o *chaosOrder) bool {
	deal, title := o.deal(w.chaos), fmt.Sprintf("Переговоры %d", w.random.IntN(1000))
	if deal == 0 {
		return false
	}
	_, ok := w.manage("edit_deal", emulator.Args{"id": deal, "fields": emulator.Args{"TITLE": title}})
	if ok {
		o.title = title
	}
	return ok
}
