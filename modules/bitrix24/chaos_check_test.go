package bitrix24_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
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

// compare says where panel, portal and model differ.
func (c *chaos) compare() []string {
	var state bitrix24test.PortalState
	if err := json.Unmarshal(c.portal.State(), &state); err != nil {
		return []string{err.Error()}
	}
	list, ok := c.panelOrders()
	if !ok {
		return []string{"the panel does not show its orders"}
	}
	d := &differences{state: state, deals: byOrigin(state.Deals), contacts: byOrigin(state.Contacts), companies: byOrigin(state.Companies)}
	byID := map[int64]panelOrder{}
	for _, o := range list {
		byID[o.ID] = o
		d.order(c, o)
	}
	clients, companies := map[int64]bool{}, map[int64]bool{}
	for _, w := range c.workers {
		for _, o := range w.orders {
			clients[o.client] = true
			if o.company != 0 {
				companies[o.company] = true
			}
			d.model(o, byID[o.id])
		}
		for _, client := range w.clients {
			d.client(client)
		}
	}
	d.count("orders in the panel", len(list), int(c.placed.Load()))
	d.count("deals", len(state.Deals), len(list))
	d.count("contacts", len(state.Contacts), len(clients))
	d.count("companies", len(state.Companies), len(companies))
	d.count("requisites", len(state.Requisites), len(companies))
	d.count("bank details", len(state.Bankdetails), len(companies))
	d.count("leads", len(state.Leads), 0)
	for id := range companies {
		if company := d.one(d.companies, mapping.OrganizationKey(id, "")); company != nil {
			d.count("contacts of company "+fmt.Sprint(company["ID"]), len(state.Links.CompanyContacts[fmt.Sprint(company["ID"])]), 1)
		}
	}
	return d.found
}

// byOrigin sorts records by their external keys, without the tokens: no database was restored.
func byOrigin(records []map[string]any) map[string][]map[string]any {
	by := map[string][]map[string]any{}
	for _, r := range records {
		key := bitrix24test.WithoutToken(r["ORIGIN_ID"])
		by[key] = append(by[key], r)
	}
	return by
}

type differences struct {
	state                      bitrix24test.PortalState
	deals, contacts, companies map[string][]map[string]any
	found                      []string
}

func (d *differences) add(format string, args ...any) {
	d.found = append(d.found, fmt.Sprintf(format, args...))
}

func (d *differences) count(what string, got, want int) {
	if got != want {
		d.add("%s: %d, want %d", what, got, want)
	}
}

// one is the only record with a key.
func (d *differences) one(records map[string][]map[string]any, key string) map[string]any {
	if n := len(records[key]); n != 1 {
		d.add("%s is there %d times", key, n)
		return nil
	}
	return records[key][0]
}

// order compares an order with its deal.
func (d *differences) order(c *chaos, o panelOrder) {
	deal := d.one(d.deals, mapping.OrderKey(o.ID, ""))
	if deal == nil {
		return
	}
	text := func(name string) string { return fmt.Sprint(deal[name]) }
	if amount := bitrix24test.Kopecks(c.t, text("OPPORTUNITY")); amount != moneyOf(o.TotalPrice) {
		d.add("order %d: amount of deal %s, want %s", o.ID, amount, moneyOf(o.TotalPrice))
	}
	var sum orders.Money
	rows := 0
	for _, row := range d.state.Rows["D"+text("ID")] {
		if row["PRODUCT_NAME"] == handMade {
			continue
		}
		rows++
		sum += bitrix24test.Kopecks(c.t, fmt.Sprint(row["PRICE"])) * bitrix24test.Kopecks(c.t, fmt.Sprint(row["QUANTITY"])) / 100
	}
	want := len(o.Items)
	if o.DeliveryPrice != 0 {
		want++
	}
	if rows != want || sum != moneyOf(o.TotalPrice) {
		d.add("order %d: %d rows of %s, want %d of %s", o.ID, rows, sum, want, moneyOf(o.TotalPrice))
	}
	if hasStage(o.Status) && mapping.Proposal(text("STAGE_ID")) != o.Status {
		d.add("order %d: stage %s, status %s", o.ID, text("STAGE_ID"), o.Status)
	}
	if contact := d.one(d.contacts, mapping.ClientKey(o.UserID, "")); contact != nil && fmt.Sprint(contact["ID"]) != text("CONTACT_ID") {
		d.add("order %d: contact %s, want %s", o.ID, text("CONTACT_ID"), contact["ID"])
	}
	if o.OrganizationID != nil {
		company := d.one(d.companies, mapping.OrganizationKey(*o.OrganizationID, ""))
		if company != nil && fmt.Sprint(company["ID"]) != text("COMPANY_ID") {
			d.add("order %d: company %s, want %s", o.ID, text("COMPANY_ID"), company["ID"])
		}
	}
	if payment := text(mapping.DefaultFields.Payment); !strings.HasPrefix(payment, o.PaymentStatus.Label()) {
		d.add("order %d: payment %q, want %q", o.ID, payment, o.PaymentStatus.Label())
	}
}

func hasStage(s orders.Status) bool {
	return slices.ContainsFunc([]string{"NEW", "PREPARATION", "PREPAYMENT_INVOICE", "EXECUTING", "FINAL_INVOICE", "WON", "LOSE", "APOLOGY"},
		func(stage string) bool { return mapping.Proposal(stage) == s })
}

// model compares an order and its deal with what was done to them.
func (d *differences) model(o *chaosOrder, there panelOrder) {
	if there.ID == 0 {
		d.add("order %d was confirmed and is not in the panel", o.id)
		return
	}
	if moneyOf(there.TotalPrice) != o.total {
		d.add("order %d: total %s, want %s", o.id, moneyOf(there.TotalPrice), o.total)
	}
	if o.status != "" && there.Status != o.status {
		d.add("order %d: status %s, want %s", o.id, there.Status, o.status)
	}
	deals := d.deals[mapping.OrderKey(o.id, "")]
	if len(deals) != 1 {
		return
	}
	deal := deals[0]
	if title := fmt.Sprint(deal["TITLE"]); o.title != "" && title != o.title {
		d.add("order %d: title %q, want the manager's %q", o.id, title, o.title)
	}
	discussion := fmt.Sprint(deal[mapping.DefaultFields.Discussion])
	for _, text := range o.comments {
		if n := strings.Count(discussion+"\n", text+"\n"); n != 1 {
			d.add("order %d: the discussion holds %q %d times: %q", o.id, text, n, discussion)
		}
	}
	byHand := 0
	for _, row := range d.state.Rows[fmt.Sprint("D", deal["ID"])] {
		if row["PRODUCT_NAME"] == handMade {
			byHand++
		}
	}
	if byHand != o.byHand {
		d.add("order %d: %d rows made by hand, want %d", o.id, byHand, o.byHand)
	}
}

func (d *differences) client(c *chaosClient) {
	contacts := d.contacts[mapping.ClientKey(c.id, "")]
	if len(contacts) == 1 && fmt.Sprint(contacts[0]["NAME"]) != c.first {
		d.add("client %d: the contact is called %q, want %q", c.id, contacts[0]["NAME"], c.first)
	}
}

// unfinished is what the panel has not come to an end with.
func (c *chaos) unfinished() []string {
	var left []string
	for what, query := range map[string]string{
		"failed job":          "SELECT kind || ' ' || key FROM jobs WHERE state = 'failed'",
		"job":                 "SELECT kind || ' ' || key FROM jobs WHERE state IN ('waiting', 'running') AND (kind LIKE 'bitrix24.push%' OR kind LIKE 'bitrix24.pull%')",
		"outcome not settled": "SELECT entity || ' ' || key FROM bitrix24_intents",
	} {
		for _, row := range c.fleet.query(query) {
			left = append(left, what+": "+row)
		}
	}
	return left
}

var whose = regexp.MustCompile(`(order|client)[: /](\d+)`)

// tell writes what the journal has to say of the first few records that differ.
func (c *chaos) tell(differences []string) {
	c.t.Helper()
	for _, d := range differences[:min(len(differences), 3)] {
		if record := whose.FindStringSubmatch(d); record != nil {
			lines := c.fleet.query(fmt.Sprintf("SELECT direction || ' ' || outcome || ': ' || text || ' | ' || substr(request, 1, 600) || ' | ' || substr(answer, 1, 300) "+
				"FROM bitrix24_journal WHERE local = '%s' AND local_id = %s ORDER BY id", record[1], record[2]))
			c.t.Logf("%s:\n%s", record[0], strings.Join(lines, "\n"))
		}
	}
}
