package bitrix24test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
)

// PortalState is the part of /control/state that scenarios look at.
type PortalState struct {
	Deals, Leads, Contacts, Companies, Requisites, Bankdetails, Addresses, Products, Comments, Userfields []map[string]any
	Rows                                                                                                  map[string][]map[string]any
	Links                                                                                                 struct {
		DealContacts    map[string][]string `json:"deal_contacts"`
		CompanyContacts map[string][]string `json:"company_contacts"`
		LeadContacts    map[string][]string `json:"lead_contacts"`
	}
}

// State is everything in the portal, as /control/state shows it.
func (x *Pair) State() PortalState {
	x.T.Helper()
	var s PortalState
	x.Must(json.Unmarshal(x.Portal.State(), &s))
	return s
}

// Do does what a person would do in the portal.
func (x *Pair) Do(deed string, args emulator.Args) emulator.Made {
	x.T.Helper()
	made, err := x.Portal.Do(deed, args)
	x.Must(err)
	return made
}

// CallPortal calls a method as somebody else's program would, with another webhook of the portal.
func (x *Pair) CallPortal(method, query string, args ...any) {
	x.T.Helper()
	answer, err := http.Get(x.PortalURL + "/rest/1/" + WebhookCode + "/" + method + "?" + fmt.Sprintf(query, args...))
	x.Must(err)
	defer answer.Body.Close()
	if text, _ := io.ReadAll(answer.Body); answer.StatusCode != http.StatusOK {
		x.T.Fatalf("%s: %s: %s", method, answer.Status, text)
	}
}

// EventsPath is where the panel takes events.
const EventsPath = "/api/bitrix/events"

// AsForm is the content type of the portal's events.
const AsForm = "application/x-www-form-urlencoded"

// Event posts what a portal, or somebody who would like to be one, sends, and returns the status of the answer.
func (x *Pair) Event(contentType, body string) int {
	x.T.Helper()
	r, err := http.NewRequestWithContext(x.T.Context(), http.MethodPost, x.URL+EventsPath, strings.NewReader(body))
	x.Must(err)
	r.Header.Set("Content-Type", contentType)
	resp, err := http.DefaultClient.Do(r)
	x.Must(err)
	x.Must(resp.Body.Close())
	return resp.StatusCode
}

// FormEvent is an event as the portal encodes it.
func FormEvent(name string, id int64, token string) string {
	return url.Values{
		"event": {name}, "data[FIELDS][ID]": {fmt.Sprint(id)}, "ts": {"1700000000"},
		"auth[domain]": {"x.bitrix24.ru"}, "auth[application_token]": {token},
	}.Encode()
}

// DealsOf are the deals whose external key is the order's.
func (x *Pair) DealsOf(order int64) []map[string]any {
	x.T.Helper()
	o, err := x.Host().Orders.Find(x.T.Context(), order)
	if err != nil {
		x.T.Fatal(err)
	}
	var found []map[string]any
	for _, d := range x.State().Deals {
		if d["ORIGIN_ID"] == mapping.OrderKey(order, o.Token) {
			found = append(found, d)
		}
	}
	return found
}

// Deal is the one deal of an order, with its number.
func (x *Pair) Deal(order int64) (int64, emulator.Record) {
	x.T.Helper()
	found := x.DealsOf(order)
	if len(found) != 1 {
		x.T.Fatalf("order %d has %d deals, want 1", order, len(found))
	}
	var id int64
	if _, err := fmt.Sscan(fmt.Sprint(found[0]["ID"]), &id); err != nil {
		x.T.Fatal(err)
	}
	record, _ := x.Portal.Deal(id)
	return id, record
}

// RowsSum is what the rows of a deal add up to.
func (x *Pair) RowsSum(deal int64) orders.Money {
	x.T.Helper()
	var sum orders.Money
	for _, row := range x.Portal.Rows(deal) {
		var quantity int64
		if _, err := fmt.Sscan(strings.SplitN(row["QUANTITY"], ".", 2)[0], &quantity); err != nil {
			x.T.Fatal(err)
		}
		sum += Kopecks(x.T, row["PRICE"]) * orders.Money(quantity)
	}
	return sum
}

// WithoutToken is an external key without the token at its end: "client:7".
func WithoutToken(key any) string {
	parts := strings.Split(fmt.Sprint(key), ":")
	return strings.Join(parts[:min(2, len(parts))], ":")
}

// ClientLead is the external key of a client's lead, without the token.
func ClientLead(id int64) string { return fmt.Sprintf("lead-client:%d", id) }

// OrderLead is the external key of an order's lead, without the token.
func OrderLead(id int64) string { return fmt.Sprintf("lead-order:%d", id) }

// Leads are the portal's leads, by their external key without the token.
func (x *Pair) Leads() map[string]map[string]any {
	x.T.Helper()
	byKey := map[string]map[string]any{}
	for _, lead := range x.State().Leads {
		key := WithoutToken(lead["ORIGIN_ID"])
		if byKey[key] != nil {
			x.T.Errorf("two leads have the key %s", key)
		}
		byKey[key] = lead
	}
	return byKey
}

// Lead is the lead with that key, with its number; there are so many leads altogether.
func (x *Pair) Lead(key string, of int) (int64, map[string]any) {
	x.T.Helper()
	all := x.Leads()
	if len(all) != of || all[key] == nil {
		x.T.Fatalf("%d leads, want %d with %s among them: %v", len(all), of, key, all)
	}
	return Number(x.T, fmt.Sprint(all[key]["ID"])), all[key]
}

// LeadSum is what the rows of a lead add up to.
func (x *Pair) LeadSum(lead int64) (sum orders.Money) {
	x.T.Helper()
	for _, row := range x.State().Rows[fmt.Sprintf("L%d", lead)] {
		var price float64
		var quantity float64
		_, err := fmt.Sscan(fmt.Sprint(row["PRICE"], " ", row["QUANTITY"]), &price, &quantity)
		x.Must(err)
		sum += orders.Money(price*100*quantity + 0.5)
	}
	return sum
}

// Complete checks that there is exactly one of everything for n orders of [Draft] by one client, and all sums are right.
func (x *Pair) Complete(n int) {
	x.T.Helper()
	s := x.State()
	if len(s.Deals) != n || len(s.Contacts) != 1 {
		x.T.Errorf("%d deals and %d contacts, want %d and 1", len(s.Deals), len(s.Contacts), n)
		return
	}
	for _, d := range s.Deals {
		id := Number(x.T, d["ID"].(string))
		Equal(x.T, "amount", Kopecks(x.T, d["OPPORTUNITY"].(string)), orders.Money(1149_75))
		Equal(x.T, "sum of rows", x.RowsSum(id), orders.Money(1149_75))
		Equal(x.T, "number of rows", len(x.Portal.Rows(id)), 3)
		Equal(x.T, "contact", d["CONTACT_ID"], s.Contacts[0]["ID"])
	}
}

// WholeDeal is the deal that came of a converted lead: the only one of the portal, with everything of the order of [Draft].
func (x *Pair) WholeDeal(order int64) (int64, emulator.Record) {
	x.T.Helper()
	t := x.T
	if all := x.Portal.IDs("deal"); len(all) != 1 {
		t.Fatalf("%d deals, want 1", len(all))
	}
	id, deal := x.Deal(order)
	Equal(t, "title", deal["TITLE"], fmt.Sprintf("Заказ № %d", order))
	Equal(t, "amount", Kopecks(t, deal["OPPORTUNITY"]), orders.Money(1149_75))
	Equal(t, "sum of rows", x.RowsSum(id), orders.Money(1149_75))
	Equal(t, "number of rows", len(x.Portal.Rows(id)), 3)
	Contains(t, "discussion", deal["UF_CRM_PIXLPARK_DISCUSSION"], "Позвоните, когда будет готово")
	Contains(t, "delivery", deal["UF_CRM_PIXLPARK_DELIVERY"], "Офис компании на Белинского")
	Contains(t, "comment", deal["COMMENTS"], "[URL="+x.URL+Page(order)+"]")
	Contains(t, "about the source", deal["SOURCE_DESCRIPTION"], "Типография «Демо»")
	x.As(staff.Operator).Get(Page(order)).Want(t, http.StatusOK, "отправлен", fmt.Sprintf("%s/crm/deal/details/%d/", x.PortalURL, id))
	return id, deal
}

// StatusNumber is the number of an entry of one of the portal's directories, as crm.status.delete takes it.
func (x *Pair) StatusNumber(directory, code string) string {
	x.T.Helper()
	var found struct {
		Result []struct {
			ID   string `json:"ID"`
			Code string `json:"STATUS_ID"`
		}
	}
	x.read("crm.status.list", "filter[ENTITY_ID]="+directory, &found)
	for _, s := range found.Result {
		if s.Code == code {
			return s.ID
		}
	}
	x.T.Fatalf("no %s in %s", code, directory)
	return ""
}

// FieldNumber is the number of a custom field of deals, as crm.deal.userfield.delete takes it.
func (x *Pair) FieldNumber(name string) string {
	x.T.Helper()
	for _, f := range x.State().Userfields {
		if f["FIELD_NAME"] == name && f["ENTITY_ID"] == "CRM_DEAL" {
			return fmt.Sprint(f["ID"])
		}
	}
	x.T.Fatalf("no custom field %s", name)
	return ""
}

// read calls a method as [Pair.CallPortal] does, and decodes the answer.
func (x *Pair) read(method, query string, into any) {
	x.T.Helper()
	answer, err := http.Get(x.PortalURL + "/rest/1/" + WebhookCode + "/" + method + "?" + query)
	x.Must(err)
	defer answer.Body.Close()
	x.Must(json.NewDecoder(answer.Body).Decode(into))
}
