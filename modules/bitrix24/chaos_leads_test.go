package bitrix24_test

import (
	"math/rand/v2"

	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// Leads, and what managers make of them.

// switchLeads has an administrator switch «Передавать новых клиентов в битрикс в качестве лидов» on or off. It is about new
// clients; those who are in a lead stay there until a manager has decided.
func switchLeads(c *chaos, random *rand.Rand) {
	value := "on"
	if random.IntN(3) == 0 {
		value = ""
	}
	c.saveSettings("leads", value)
}

// convertLead makes of a lead what a manager may choose in the dialog. With a deal, that is the order's from now on, and
// everything in it as if it had been made by the panel; without one the order waits for a quarter of an hour.
func convertLead(w *chaosWorker, o *chaosOrder) bool {
	lead := o.lead(w.chaos)
	if lead == 0 {
		return false
	}
	args := emulator.Args{"id": lead, "deal": true}
	if w.random.IntN(8) == 0 {
		args["deal"] = false
	}
	switch w.random.IntN(4) {
	case 0:
		args["contact"] = false
	case 1:
		if id := w.acquaintance(); id != 0 {
			args["contact"] = id
		}
	case 2:
		args["contact"] = true
	}
	args["company"] = w.random.IntN(4) == 0
	if args["deal"] == false && args["contact"] == false {
		args["contact"] = true // the dialog demands something
	}
	if funnel := w.funnel(w.random); funnel != 0 {
		args["category"] = funnel
	}
	made, ok := w.manage("convert_lead", args)
	if !ok {
		return false
	}
	for _, kind := range []string{"contact", "company"} {
		if made[kind] != 0 {
			w.foreigner(kind, made[kind]) // if the panel knows the client by another one already
		}
	}
	if args["contact"] != nil {
		w.unsure(o)
	}
	o.contact = true
	return true
}

// unsure says that a manager may have tied the client to another person's contact.
func (w *chaosWorker) unsure(o *chaosOrder) {
	if client := w.customer(o); client != nil {
		client.loose = true
	}
}

// acquaintance is a contact that a manager made, whom he takes for the customer; 0: none.
func (w *chaosWorker) acquaintance() int64 {
	made, ok := w.manage("create_contact", emulator.Args{"fields": emulator.Args{"NAME": "Знакомый"}})
	if !ok {
		return 0
	}
	w.foreigner("contact", made["id"])
	return made["id"]
}

// rejectLead has a lead found worthless. The order stays with it.
func rejectLead(w *chaosWorker, o *chaosOrder) bool {
	lead := o.lead(w.chaos)
	if lead == 0 {
		return false
	}
	_, ok := w.manage("reject_lead", emulator.Args{"id": lead})
	o.rejected = o.rejected || ok
	return ok
}
