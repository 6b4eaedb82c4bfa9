package exchange

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// contactsField lists a deal's or lead's contacts, the main one first (crm.item.*).
const contactsField = "contactIds"

// readForContacts reads the deals and leads that are to get their client's contact. The field contactIds replaces all
// contacts that are there, and a manager may have added some.
func (r *run) readForContacts(context.Context) error {
	var deals, leads []*orderWork
	for _, id := range slices.Sorted(maps.Keys(r.orders)) {
		w := r.orders[id]
		switch {
		case w.done || w.err != nil || w.link == nil || w.read || !w.givesContact():
		case w.target == plan.Lead:
			leads = append(leads, w)
		default:
			deals = append(deals, w)
		}
	}
	r.readDeals(deals)
	r.readOpenLeads(leads)
	return nil
}

// givesContact reports whether the deal or lead is to get a contact that it was not given yet. It goes by what is
// known before the portal has answered.
func (w *orderWork) givesContact() bool {
	if w.client.link == nil {
		lead := w.client.lead
		return w.client.needed || lead.wanted && lead.link == nil // the contact will be found or created in this run
	}
	return len(w.link.Agreed.Changed(mapping.DealClient(w.client.link.RemoteID, nil))) > 0
}

// keepContacts adds the contacts that a record has to the client's contact in fields, if there is one. The client's
// contact takes the place of the contact that was given before. If it is there already, it stays where a manager put
// it.
func keepContacts(fields rest.Params, there []rest.ID, before mapping.Agreed) {
	given, gives := fields[contactsField].([]any)
	if !gives {
		return
	}
	list, added := []any{}, false
	for _, id := range there {
		former := before[contactsField].Ours == mapping.Print([]any{id.Int64()})
		switch same := fmt.Sprint(given[0]) == fmt.Sprint(id.Int64()); {
		case same || former && !added:
			if !added {
				list = append(list, given[0])
			}
			added = true
		case !former:
			list = append(list, id.Int64())
		}
	}
	if !added {
		list = append(slices.Clone(given), list...)
	}
	fields[contactsField] = list
}
