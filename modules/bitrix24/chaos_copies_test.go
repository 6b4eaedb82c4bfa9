package bitrix24_test

import (
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// Robots that copy deals, and managers who merge them: other deals may carry an order's key.

// copyDeal is the robot's, into any stage, and a copy may be moved on. None of that is about the order.
func copyDeal(w *chaosWorker, o *chaosOrder) bool {
	deal := o.deal(w.chaos)
	if deal == 0 {
		return false
	}
	stage := func() string { return chaosStages[w.random.IntN(len(chaosStages))] }
	made, ok := w.manage("copy_deal", emulator.Args{"id": deal, "stage": stage()})
	if !ok {
		return false
	}
	w.foreigner("deal", made["id"])
	if w.random.IntN(2) == 0 {
		w.manage("move_deal", emulator.Args{"id": made["id"], "stage": stage()})
	}
	return true
}

// mergeDeals joins a deal that a manager made into the order's. The order's is as before.
func mergeDeals(w *chaosWorker, o *chaosOrder) bool {
	ok, _ := w.merge(o, func(ours, other int64) (keep, drop int64) { return ours, other })
	return ok
}

// mergeDealAway joins the order's deal into one that a manager made. The order's deal is gone; the other is nobody's,
// though it has the key now.
func mergeDealAway(w *chaosWorker, o *chaosOrder) bool {
	if !w.mayDrop() {
		return false
	}
	ok, other := w.merge(o, func(ours, other int64) (keep, drop int64) { return other, ours })
	if ok {
		w.foreigner("deal", other)
		o.gone = true
	}
	return ok
}

func (w *chaosWorker) merge(o *chaosOrder, which func(ours, other int64) (keep, drop int64)) (ok bool, other int64) {
	deal := o.deal(w.chaos)
	if deal == 0 {
		return false, 0
	}
	stage := chaosStages[w.random.IntN(len(chaosStages))]
	made, ok := w.manage("create_deal", emulator.Args{"fields": emulator.Args{"TITLE": "По звонку", "STAGE_ID": stage}})
	if !ok {
		return false, 0
	}
	keep, drop := which(deal, made["id"])
	if _, ok = w.manage("merge_deals", emulator.Args{"keep": keep, "drop": drop}); !ok {
		w.foreigner("deal", made["id"])
	}
	return ok, made["id"]
}
