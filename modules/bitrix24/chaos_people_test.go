package bitrix24_test

import (
	"fmt"
	"net/http"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// What people do to clients and organizations here, and to contacts and companies there.

// customer is the client of an order, unless it is an organization's employee.
func (w *chaosWorker) customer(o *chaosOrder) *chaosClient {
	for _, client := range w.clients {
		if client.id == o.client {
			return client
		}
	}
	return nil
}

// renameClient changes a client's first name here. His contact follows.
func renameClient(w *chaosWorker, o *chaosOrder) bool {
	client := w.customer(o)
	if client == nil {
		return false
	}
	client.first = w.firstName()
	w.renameHere(client)
	return true
}

func (w *chaosWorker) firstName() string { return fmt.Sprintf("Имя%d", w.random.IntN(1000)) }

func (w *chaosWorker) renameHere(c *chaosClient) {
	w.call("PATCH", fmt.Sprintf("/api/clients/%d", c.id), apptest.JSON{"FirstName": c.first}, http.StatusOK)
}

// renameContact changes his last name there. The client follows.
func renameContact(w *chaosWorker, o *chaosOrder) bool {
	client := w.customer(o)
	if client == nil {
		return false
	}
	last := fmt.Sprintf("Иванов%d", w.random.IntN(1000))
	ok := w.renameThere(client, emulator.Args{"LAST_NAME": last})
	if ok {
		client.last = last
	}
	return ok
}

func (w *chaosWorker) renameThere(c *chaosClient, fields emulator.Args) bool {
	contact := w.linked("client", c.id, "contact")
	if contact == 0 || !w.met(contact) {
		return false
	}
	_, ok := w.manage("edit_contact", emulator.Args{"id": contact, "fields": fields})
	return ok
}

// met says whether a client and his contact have been compared: before that, whatever differs between them may stay.
func (c *chaos) met(contact int64) bool {
	return len(c.fleet.query(fmt.Sprintf(
		"SELECT id FROM bitrix24_links WHERE entity = 'contact' AND remote_id = %d AND agreed <> '{}'", contact))) > 0
}

// renameOnBothSides changes the same name on both sides at once. Either may win; both end equal.
func renameOnBothSides(w *chaosWorker, o *chaosOrder) bool {
	client := w.customer(o)
	if client == nil || !w.renameThere(client, emulator.Args{"NAME": w.firstName()}) {
		return false
	}
	client.first = w.firstName()
	w.renameHere(client)
	client.loose = true
	return true
}

// mergeContact has a manager meet a contact of the same name and phone that he made himself, and merge the two. The
// client has the one that is left; his deals have it, too.
func mergeContact(w *chaosWorker, o *chaosOrder) bool {
	client := w.customer(o)
	if client == nil {
		return false
	}
	ours := w.linked("client", client.id, "contact")
	record, ok := w.portal.Contact(ours)
	if !ok {
		return false
	}
	made, ok := w.manage("create_contact", emulator.Args{"fields": emulator.Args{
		"NAME": record["NAME"], "LAST_NAME": record["LAST_NAME"], "POST": "Бухгалтер",
		"PHONE": []any{emulator.Args{"VALUE": record["PHONE.MOBILE"], "VALUE_TYPE": "WORK"}},
	}})
	if !ok {
		return false
	}
	keep, drop := ours, made["id"]
	if w.random.IntN(2) == 0 {
		keep, drop = drop, keep
		client.loose = true          // a name that has changed meanwhile is the other's
		w.foreigner("contact", keep) // until the client is sent the next time, and found by his keys
	}
	client.merged = true
	_, ok = w.manage("merge_contacts", emulator.Args{"keep": keep, "drop": drop})
	if !ok {
		w.foreigner("contact", made["id"])
	}
	return ok
}

// changeCompany changes the phone of an organization here, and at once the name of its company there.
func changeCompany(w *chaosWorker, o *chaosOrder) bool {
	company := w.linked("organization", o.company, "company")
	if company == 0 {
		return false
	}
	name := fmt.Sprintf("ООО «Лютик %d»", w.random.IntN(1000))
	if _, ok := w.manage("edit_company", emulator.Args{"id": company, "fields": emulator.Args{"TITLE": name}}); !ok {
		return false
	}
	phone := fmt.Sprintf("+7343%07d", w.calls)
	w.call("PATCH", fmt.Sprintf("/api/organizations/%d", o.company), apptest.JSON{"Phone": phone}, http.StatusOK)
	return true
}
