package bitrix24_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
)

// panelOrder is an order as the API shows it.
type panelOrder struct {
	ID             int64 `json:"Id"`
	Status         orders.Status
	PaymentStatus  orders.PaymentStatus
	UserID         int64  `json:"UserId"`
	OrganizationID *int64 `json:"OrganizationId"`
	TotalPrice     float64
	DeliveryPrice  float64
	Items          []struct{}
}

// panelOrders reads all orders over the API.
func (c *chaos) panelOrders() ([]panelOrder, bool) {
	var all []panelOrder
	for {
		var page struct{ Items []panelOrder }
		status, text := c.workers[0].attempt(http.MethodGet, fmt.Sprintf("/api/orders?take=100&skip=%d", len(all)), "", nil)
		if status != http.StatusOK || json.Unmarshal(text, &page) != nil {
			return nil, false
		}
		all = append(all, page.Items...)
		if len(page.Items) < 100 {
			return all, true
		}
	}
}

// differences are what is found when panel, portal and model are compared.
type differences struct {
	*chaos
	state  bitrix24test.PortalState
	kinds  map[string]map[string]map[string]any // the portal's records by kind and number
	keys   map[string][]map[string]any          // the deals by their external keys
	tokens map[string]string                    // of the panel's records: "order 7"
	links  map[string]chaosLink                 // "order 7 deal"
	people map[string][]string                  // first and last names of the clients, by number
	found  []string
}

// chaosLink is what the panel knows of a record of the portal.
type chaosLink struct{ remote, state, agreed string }

// compare says where panel, portal and model differ.
func (c *chaos) compare() []string {
	d := &differences{chaos: c, keys: map[string][]map[string]any{}}
	if err := json.Unmarshal(c.portal.State(), &d.state); err != nil {
		return []string{err.Error()}
	}
	list, ok := c.panelOrders()
	if !ok {
		return []string{"the panel does not show its orders"}
	}
	d.read()
	byID := map[int64]panelOrder{}
	for _, o := range list {
		byID[o.ID] = o
	}
	model := 0
	for _, w := range c.workers {
		for _, o := range w.orders {
			model++
			there, ok := byID[o.id]
			if !ok {
				d.add("order %d was confirmed and is not in the panel", o.id)
				continue
			}
			d.order(o, there)
		}
		for _, client := range w.clients {
			d.client(client)
		}
	}
	d.count("orders in the panel", len(list), model)
	d.companies()
	d.strangers()
	return d.found
}

// read sorts what the portal has, and what the panel knows of it.
func (d *differences) read() {
	d.kinds = map[string]map[string]map[string]any{}
	for kind, records := range map[string][]map[string]any{
		"deal": d.state.Deals, "lead": d.state.Leads, "contact": d.state.Contacts, "company": d.state.Companies,
	} {
		d.kinds[kind] = map[string]map[string]any{}
		for _, r := range records {
			d.kinds[kind][fmt.Sprint(r["ID"])] = r
		}
	}
	for _, r := range d.state.Deals {
		key := fmt.Sprint(r["ORIGIN_ID"])
		d.keys[key] = append(d.keys[key], r)
	}
	d.tokens, d.links = map[string]string{}, map[string]chaosLink{}
	for local, table := range map[string]string{"order": "orders", "client": "clients", "organization": "organizations"} {
		for _, row := range d.fleet.rows("SELECT id, token FROM " + table) {
			d.tokens[local+" "+row[0]] = row[1]
		}
	}
	for _, row := range d.fleet.rows("SELECT local, local_id, entity, remote_id, state, agreed FROM bitrix24_links") {
		d.links[row[0]+" "+row[1]+" "+row[2]] = chaosLink{row[3], row[4], row[5]}
	}
	d.people = map[string][]string{}
	for _, row := range d.fleet.rows("SELECT id, first_name, last_name FROM clients") {
		d.people[row[0]] = row[1:]
	}
}

func (d *differences) add(format string, args ...any) {
	d.found = append(d.found, fmt.Sprintf(format, args...))
}

func (d *differences) count(what string, got, want int) {
	if got != want {
		d.add("%s: %d, want %d", what, got, want)
	}
}

// link is what the panel knows of the record that an order, client or organization is in the portal.
func (d *differences) link(local string, id int64, kind string) chaosLink {
	return d.links[fmt.Sprintf("%s %d %s", local, id, kind)]
}

// linkedRecord is that record, if it is there.
func (d *differences) linkedRecord(local string, id int64, kind string) map[string]any {
	l := d.link(local, id, kind)
	if l.remote == "" || l.state != "" && l.state != "rejected" {
		return nil
	}
	r := d.kinds[kind][l.remote]
	if r == nil {
		d.add("%s %d is linked to %s %s, which is not there", local, id, kind, l.remote)
	}
	return r
}

// order looks for the one deal or lead of an order and compares it.
func (d *differences) order(o *chaosOrder, there panelOrder) {
	if !o.loose {
		if moneyOf(there.TotalPrice) != o.total {
			d.add("order %d: total %s, want %s", o.id, moneyOf(there.TotalPrice), o.total)
		}
		if o.status != "" && there.Status != o.status {
			d.add("order %d: status %s, want %s", o.id, there.Status, o.status)
		}
	}
	key := mapping.OrderKey(o.id, d.tokens[fmt.Sprint("order ", o.id)])
	own := slices.DeleteFunc(slices.Clone(d.keys[key]), func(r map[string]any) bool {
		return d.foreign[fmt.Sprint("deal ", r["ID"])]
	})
	deal, lead := d.link("order", o.id, "deal"), d.link("order", o.id, "lead")
	switch {
	case o.gone:
		d.count(fmt.Sprintf("order %d, whose deal was deleted: deals", o.id), len(own), 0)
	case deal.remote != "":
		if len(own) != 1 || fmt.Sprint(own[0]["ID"]) != deal.remote || deal.state != "" {
			d.add("order %d: deals %s, linked to %s %s", o.id, numbers(own), deal.remote, deal.state)
			return
		}
		d.deal(o, there, own[0])
	case lead.remote != "":
		d.count(fmt.Sprintf("order %d, which is in a lead: deals", o.id), len(own), 0)
		d.lead(o, there, lead)
	default:
		d.add("order %d has neither a deal nor a lead; there are %s", o.id, numbers(own))
	}
}

func numbers(records []map[string]any) string {
	var list []string
	for _, r := range records {
		list = append(list, fmt.Sprint(r["ID"]))
	}
	return "[" + strings.Join(list, " ") + "]"
}

// strangers looks at the records of the portal that have not been looked at.
func (d *differences) strangers() {
	expected := map[string]bool{}
	for what, l := range d.links {
		parts := strings.Fields(what)
		expected[parts[2]+" "+l.remote] = true
	}
	ours := map[string]bool{}
	for record, token := range d.tokens {
		var id int64
		local, number, _ := strings.Cut(record, " ")
		_, _ = fmt.Sscan(number, &id)
		switch local {
		case "order":
			ours[mapping.OrderKey(id, token)], ours[mapping.OrderLeadKey(id, token)] = true, true
		case "client":
			ours[mapping.ClientKey(id, token)], ours[mapping.ClientLeadKey(id, token)] = true, true
		default:
			ours[mapping.OrganizationKey(id, token)], ours[mapping.OrganizationLeadKey(id, token)] = true, true
		}
	}
	lost := map[string]int{}
	for kind, records := range d.kinds {
		for id, r := range records {
			what := kind + " " + id
			switch key := fmt.Sprint(r["ORIGIN_ID"]); {
			case expected[what], d.foreign[what]:
			case key != "" && !ours[key]:
				lost[kind]++
			default:
				d.add("%s is nobody's: %s", what, key)
			}
		}
	}
	if d.restores.Load() == 0 && len(lost) > 0 {
		d.add("records with keys that nobody has: %v", lost)
	}
}
