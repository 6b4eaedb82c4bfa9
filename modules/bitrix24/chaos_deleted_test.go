package bitrix24_test

import (
	"time"

	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// Deals and leads that people delete in the portal.

// restoreDeal has a deal deleted and taken out of the recycle bin, at once or when the panel may have noticed, and its
// items changed meanwhile. The order has it again, with each row once.
func restoreDeal(w *chaosWorker, o *chaosOrder) bool {
	return deletedAndRestored(w, o, "deal", o.deal(w.chaos))
}

// restoreLead is the same for a lead.
func restoreLead(w *chaosWorker, o *chaosOrder) bool {
	return deletedAndRestored(w, o, "lead", o.lead(w.chaos))
}

func deletedAndRestored(w *chaosWorker, o *chaosOrder, kind string, id int64) bool {
	if id == 0 {
		return false
	}
	if _, ok := w.manage("delete_"+kind, emulator.Args{"id": id}); !ok {
		return false
	}
	if w.random.IntN(2) == 0 {
		pause(w.ctx, time.Duration(w.random.Int64N(int64(time.Second))))
	}
	if w.random.IntN(2) == 0 {
		changeItems(w, o)
	}
	if _, ok := w.manage("restore_"+kind, emulator.Args{"id": id}); !ok {
		w.t.Errorf("%s %d cannot be restored", kind, id)
	}
	return true
}

// deleteDeal deletes a deal for good. The panel asks a person, and makes no other.
func deleteDeal(w *chaosWorker, o *chaosOrder) bool {
	deal := o.deal(w.chaos)
	if deal == 0 || !w.mayDrop() {
		return false
	}
	_, ok := w.manage("delete_deal", emulator.Args{"id": deal})
	o.gone = o.gone || ok
	return ok
}

// mayDrop says whether another deal may be deleted for good: from ten on, the panel would ask whether all that is so.
func (c *chaos) mayDrop() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dropped++
	return c.dropped <= 9
}
