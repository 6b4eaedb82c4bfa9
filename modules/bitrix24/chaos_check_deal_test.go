package bitrix24_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
)

// deal compares an order with its deal, and both with what was done to them.
func (d *differences) deal(o *chaosOrder, there panelOrder, deal map[string]any) {
	text := func(name string) string { return fmt.Sprint(deal[name]) }
	d.worth(o, there, "D"+text("ID"), text("OPPORTUNITY"))
	d.discussion(o, text(mapping.DefaultFields.Discussion))
	if o.title != "" && text("TITLE") != o.title {
		d.add("order %d: title %q, want the manager's %q", o.id, text("TITLE"), o.title)
	}
	if o.loose {
		return
	}
	category, _ := strconv.ParseInt(text("CATEGORY_ID"), 10, 64)
	if !d.altered[category] && hasStage(there.Status) && mapping.Proposal(text("STAGE_ID")) != there.Status {
		d.add("order %d: stage %s, status %s", o.id, text("STAGE_ID"), there.Status)
	}
	d.contacts(o, there, d.state.Links.DealContacts[text("ID")])
	if there.OrganizationID != nil {
		company := d.linkedRecord("organization", *there.OrganizationID, "company")
		if company != nil && fmt.Sprint(company["ID"]) != text("COMPANY_ID") {
			d.add("order %d: company %s, want %s", o.id, text("COMPANY_ID"), company["ID"])
		}
	}
	if payment := text(mapping.DefaultFields.Payment); !strings.HasPrefix(payment, there.PaymentStatus.Label()) {
		d.add("order %d: payment %q, want %q", o.id, payment, there.PaymentStatus.Label())
	}
}

// contacts compares a deal's contacts with its client's. A deal that was changed while its contact was merged away has the
// former one until the order changes again.
func (d *differences) contacts(o *chaosOrder, there panelOrder, contacts []string) {
	contact := d.linkedRecord("client", there.UserID, "contact")
	if contact == nil || d.merged(there.UserID) {
		return
	}
	own := fmt.Sprint(contact["ID"])
	if !slices.Contains(contacts, own) || len(contacts) > 1 && !o.contact {
		d.add("order %d: contacts %s, want %s", o.id, contacts, own)
	}
}

// merged says whether people merged a client's contact with another.
func (d *differences) merged(client int64) bool {
	for _, w := range d.workers {
		for _, c := range w.clients {
			if c.id == client && c.merged {
				return true
			}
		}
	}
	return false
}

// worth compares an order's amount and rows with those of its deal or lead.
func (d *differences) worth(o *chaosOrder, there panelOrder, owner, opportunity string) {
	var sum orders.Money
	rows, byHand := 0, 0
	for _, row := range d.state.Rows[owner] {
		if row["PRODUCT_NAME"] == handMade {
			byHand++
			continue
		}
		rows++
		price, quantity := fmt.Sprint(row["PRICE"]), fmt.Sprint(row["QUANTITY"])
		sum += bitrix24test.Kopecks(d.t, price) * bitrix24test.Kopecks(d.t, quantity) / 100
	}
	if byHand != o.byHand {
		d.add("order %d: %d rows made by hand, want %d", o.id, byHand, o.byHand)
	}
	if o.loose {
		return
	}
	if amount := bitrix24test.Kopecks(d.t, opportunity); amount != moneyOf(there.TotalPrice) {
		d.add("order %d: amount of %s is %s, want %s", o.id, owner, amount, moneyOf(there.TotalPrice))
	}
	want := len(there.Items)
	if there.DeliveryPrice != 0 {
		want++
	}
	if rows != want || sum != moneyOf(there.TotalPrice) {
		d.add("order %d: %d rows of %s, want %d of %s", o.id, rows, sum, want, moneyOf(there.TotalPrice))
	}
}

// discussion looks for every comment in the field for them.
func (d *differences) discussion(o *chaosOrder, discussion string) {
	if o.loose {
		return
	}
	for _, text := range o.comments {
		if n := strings.Count(discussion+"\n", text+"\n"); n != 1 {
			d.add("order %d: the discussion holds %q %d times: %q", o.id, text, n, discussion)
		}
	}
}

func hasStage(s orders.Status) bool {
	stages := []string{"NEW", "PREPARATION", "PREPAYMENT_INVOICE", "EXECUTING", "FINAL_INVOICE", "WON", "LOSE", "APOLOGY"}
	return slices.ContainsFunc(stages, func(stage string) bool { return mapping.Proposal(stage) == s })
}

// lead compares an order with its lead, while that is open.
func (d *differences) lead(o *chaosOrder, there panelOrder, l chaosLink) {
	lead := d.kinds["lead"][l.remote]
	switch {
	case lead == nil:
		d.add("order %d: its lead %s is not there", o.id, l.remote)
	case o.rejected && l.state == "rejected", l.state == "":
		if !o.rejected && d.restores.Load() == 0 { // a lead keeps what an order of lost hours had put into it
			d.worth(o, there, "L"+l.remote, fmt.Sprint(lead["OPPORTUNITY"]))
			d.discussion(o, fmt.Sprint(lead[mapping.DefaultFields.Discussion]))
		}
	default:
		d.add("order %d: its lead is %s, and no deal has come", o.id, l.state)
	}
}

// client compares a client with his contact. A contact that was found, or is left of a merge, may have another name: both
// are as agreed.
func (d *differences) client(c *chaosClient) {
	contact := d.linkedRecord("client", c.id, "contact")
	here := d.people[fmt.Sprint(c.id)]
	if contact == nil || here == nil {
		return
	}
	var agreed map[string]struct{ O, T string }
	_ = json.Unmarshal([]byte(d.link("client", c.id, "contact").agreed), &agreed)
	for i, field := range []struct{ remote, agreed, want string }{
		{"NAME", "name", c.first}, {"LAST_NAME", "lastName", c.last},
	} {
		there := fmt.Sprint(contact[field.remote])
		if pair := agreed[field.agreed]; here[i] != there && (!c.loose || pair.O != here[i] || pair.T != there) {
			d.add("client %d is called %s, and his contact %s; agreed is %v", c.id, here[i], there, pair)
		} else if !c.loose && there != field.want {
			d.add("client %d: the contact is called %s, want %s", c.id, there, field.want)
		}
	}
}

// companies looks whether each linked company has its name and one of everything.
func (d *differences) companies() {
	for _, row := range d.fleet.rows("SELECT id, name FROM organizations") {
		id, _ := strconv.ParseInt(row[0], 10, 64)
		company := d.linkedRecord("organization", id, "company")
		if company == nil {
			continue
		}
		number := fmt.Sprint(company["ID"])
		if title := fmt.Sprint(company["TITLE"]); title != row[1] {
			d.add("organization %d is called %q, and its company %q", id, row[1], title)
		}
		var requisites, banks []map[string]any
		for _, r := range d.state.Requisites {
			if fmt.Sprint(r["ENTITY_ID"]) == number && fmt.Sprint(r["ENTITY_TYPE_ID"]) == "4" {
				requisites = append(requisites, r)
				for _, b := range d.state.Bankdetails {
					if fmt.Sprint(b["ENTITY_ID"]) == fmt.Sprint(r["ID"]) {
						banks = append(banks, b)
					}
				}
			}
		}
		d.count("requisites of company "+number, len(requisites), 1)
		d.count("bank details of company "+number, len(banks), 1)
	}
}
