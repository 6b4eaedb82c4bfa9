package exchange_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/pasted"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
)

// Whatever people type arrives in the portal as typed: from the panel through a batch (the client makes no other call),
// HTTP and the portal's decoder into its records. Two things are documented: what is longer than the portal's column is
// cut and ends in «…», and $result[…] and the like get an invisible character after the dollar sign.

// scraps are what texts are made of: all that a query, JSON, BB code, a template or a reference could trip over.
var scraps = []string{
	"Привет", " ", "  ", "\n", "\r\n", "\t", "😀", "👩‍👩‍👧", "e\u0301", "\u00a0", "\u2028", "漢字", "&", "+", "%", "%2B", "%00", "=", "#", "?", "/", `\`, `\n`, "'", `"`, "«»",
	"$result[x]", "$result[deal][item][id]", "$RESULT[contact]", "$error[q0]", "$total[q0] ", "$next",
	"$time[deal]", "$", "$$result", "$re", "{{.}}", "${x}",
	"[", "]", "[]", "[0]", "[b]", "[URL=https://example.ru]", "&amp;", "&#36;result[x]",
	"<script>alert(1)</script>", "-- ", ";", ",", "null", "0", "N", "true", "\x01", "\x7f", "\ufeff", "…",
}

// typist types texts at random, the same ones every time.
type typist struct{ *rand.Rand }

// text is at most so many characters long, and often exactly so many. Spaces at its ends would be trimmed by the panel.
func (w typist) text(most int) string {
	length := most - w.IntN(3)
	if w.IntN(3) > 0 {
		length = 1 + w.IntN(min(most, 60))
	}
	text := []rune("а")
	for len(text) < length {
		text = append(text, []rune(scraps[w.IntN(len(scraps))])...)
	}
	text = text[:length]
	text[length-1] = 'я'
	return string(text)
}

// inForm is what a form makes of a text: line ends are plain, and control characters, which it would refuse, are none.
var inForm = strings.NewReplacer("\r\n", "\n", "\r", "", "\x01", "", "\x7f", "")

// typed is everything that people type about one order.
type typed struct {
	first, last, second                                           string
	organization, address, legal, legalAddress, bank              string
	comment, item, option, about, itemComment, message, utm       string
	point, line1, line2, description, city, state, full, tracking string
}

// write fills in everything; long says whether the customer has written as much as the panel takes.
func (w typist) write(long bool) typed {
	page := 800
	if long {
		page = 10_000
	}
	line := func(limit int) string { return pasted.Line(w.text(limit)) } // what nobody sees is cleaned out of these
	return typed{
		first: line(100), last: line(100), second: line(100),
		organization: line(250), address: line(500), legal: line(250), legalAddress: line(500), bank: line(250),
		comment: w.text(page), item: w.text(500), option: w.text(250), about: w.text(500),
		itemComment: w.text(800), message: inForm.Replace(w.text(page)), utm: w.text(250),
		point: w.text(250), line1: w.text(500), line2: w.text(500), description: w.text(1000), city: w.text(200),
		state: w.text(200), full: line(250), tracking: w.text(200),
	}
}

func (s typed) client(n int) apptest.JSON {
	return apptest.JSON{"FirstName": s.first, "LastName": s.last, "SecondName": s.second, "Email": fmt.Sprintf("typist%d@example.ru", n)}
}

func (s typed) company(client int64) apptest.JSON {
	return apptest.JSON{
		"Name": s.organization, "Address": s.address, "Type": "Client",
		"LegalEntities": []apptest.JSON{{
			"Name": s.legal, "Inn": "6671234567", "Address": s.legalAddress, "Bank": s.bank,
			"Account": "40702810500000000001",
		}},
		"Employees": []apptest.JSON{{"ClientId": client, "Role": "Manager"}},
	}
}

func (s typed) items() []apptest.JSON {
	return []apptest.JSON{{
		"Name": s.item, "Quantity": 3, "ItemPrice": "33.33", "Comment": s.itemComment,
		"Options": []apptest.JSON{{"Title": s.option, "Description": s.about}},
	}}
}

// order is who orders, and everything typed.
func (s typed) order(client, organization int64) func(d apptest.JSON) {
	return func(d apptest.JSON) {
		bitrix24test.By(client)(d)
		if organization != 0 {
			d["OrganizationId"] = organization
		}
		d["Comment"], d["Items"], d["DiscountPrice"] = s.comment, s.items(), 0
		d["Shipping"] = apptest.JSON{"Title": s.point, "Type": "Courier"}
		d["DeliveryAddress"] = apptest.JSON{
			"AddressLine1": s.line1, "AddressLine2": s.line2, "Description": s.description, "City": s.city, "State": s.state, "FullName": s.full,
		}
		d["Utm"] = apptest.JSON{"source": s.utm, "medium": s.utm, "campaign": s.utm, "content": s.utm, "term": s.utm}
	}
}

var references = regexp.MustCompile(`(?i)\$(result|error|total|next|time)`)

func disarmed(text string) string { return references.ReplaceAllString(text, "$$\u2060$1") }

// arrives checks one field of the portal against what was typed and the field's documented length.
func arrives(t *testing.T, what string, got any, typed string, limit int) {
	t.Helper()
	want := []rune(disarmed(typed))
	if len(want) > limit {
		want = append(want[:limit-1], '…')
	}
	if got != string(want) {
		t.Errorf("%s: %.300q, want %.300q", what, got, string(want))
	}
}

func (s typed) inPerson(t *testing.T, record map[string]any) {
	t.Helper()
	arrives(t, "name", record["NAME"], s.first, 50)
	arrives(t, "last name", record["LAST_NAME"], s.last, 50)
	arrives(t, "second name", record["SECOND_NAME"], s.second, 50)
}

func (s typed) inCompany(t *testing.T, all bitrix24test.PortalState, company string) {
	t.Helper()
	record := one(t, all.Companies, "ID", company)
	requisite := one(t, all.Requisites, "ENTITY_ID", company)
	bank := one(t, all.Bankdetails, "ENTITY_ID", requisite["ID"])
	arrives(t, "company", record["TITLE"], s.organization, 255)
	// The address is one line of a comment that people write into, too.
	arrives(t, "company's comment", record["COMMENTS"], "Фактический адрес: "+strings.Join(strings.Fields(s.address), " "), 1<<16)
	for _, name := range []string{"NAME", "RQ_COMPANY_NAME", "RQ_COMPANY_FULL_NAME"} {
		arrives(t, "requisite "+name, requisite[name], s.legal, 255)
	}
	arrives(t, "legal address", one(t, all.Addresses, "ENTITY_ID", requisite["ID"])["ADDRESS_1"], s.legalAddress, 255)
	arrives(t, "bank", bank["RQ_BANK_NAME"], s.bank, 255)
	arrives(t, "bank details", bank["NAME"], s.bank, 255)
}

// inOrder looks at a deal, or the lead of an order, and its rows.
func (s typed) inOrder(t *testing.T, record map[string]any, rows []map[string]any, messages ...string) {
	t.Helper()
	discussion := fmt.Sprint(record["UF_CRM_PIXLPARK_DISCUSSION"])
	if length := len([]rune(discussion)); length > 20_000 {
		t.Errorf("the discussion has %d characters", length)
	}
	texts := append([]string{s.comment, "«" + s.item + "»: " + s.itemComment}, messages...)
	if whole := len([]rune(disarmed(strings.Join(texts, "")))); whole > 19_000 {
		texts = messages[len(messages)-1:] // what is longer than the field keeps its newest part
		if !strings.HasSuffix(discussion, disarmed(texts[0])) {
			t.Errorf("the discussion does not end as the last message does")
		}
	}
	for _, text := range texts {
		holds(t, "discussion", discussion, text)
	}
	for _, text := range []string{s.point, s.line1, s.line2, s.description, s.city, s.state, "Получатель: " + s.full} {
		holds(t, "delivery", fmt.Sprint(record["UF_CRM_PIXLPARK_DELIVERY"]), text)
	}
	for _, name := range []string{"SOURCE", "MEDIUM", "CAMPAIGN", "CONTENT", "TERM"} {
		arrives(t, name, record["UTM_"+name], s.utm, 250)
	}
	arrives(t, "row", rows[0]["PRODUCT_NAME"], fmt.Sprintf("%s; %s (%s)", s.item, s.option, s.about), 255)
	arrives(t, "row of the delivery", rows[len(rows)-1]["PRODUCT_NAME"], "Доставка: "+s.point, 255)
}

func holds(t *testing.T, what, text, typed string) {
	t.Helper()
	if !strings.Contains(text, disarmed(typed)) {
		t.Errorf("%s lacks %.300q: %.600q", what, disarmed(typed), text)
	}
}

// keyWithoutToken stands for the external key, as tests know it, where the name of a field is asked for.
const keyWithoutToken = "ORIGIN_ID without token"

// one is the only record with that value.
func one(t *testing.T, list []map[string]any, name string, value any) map[string]any {
	t.Helper()
	var found []map[string]any
	for _, record := range list {
		there := fmt.Sprint(record[name])
		if name == keyWithoutToken {
			there = bitrix24test.WithoutToken(record["ORIGIN_ID"])
		}
		if there == fmt.Sprint(value) {
			found = append(found, record)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d records with %s = %v, want 1", len(found), name, value)
	}
	return found[0]
}

func say(x *bitrix24test.Pair, order int64, text string) {
	x.T.Helper()
	x.As(staff.Operator).Post(bitrix24test.Page(order)+"/messages", "Text", text, "VisibleToClient", "on").Want(x.T, http.StatusSeeOther)
}

func TestAnyText_arrivesInThePortalAsTyped(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		w := typist{rand.New(rand.NewPCG(1, uint64(len(x.Database.URL))))}
		for n := range 3 {
			now := w.write(n == 0)
			client := x.Call("POST", "/api/clients", now.client(n)).Want(t, http.StatusCreated).ID()
			organization := x.Call("POST", "/api/organizations", now.company(client)).Want(t, http.StatusCreated)
			order := x.Place(now.order(client, organization.ID()))
			x.Settle()
			dealIs(x, t, order, now)

			// Everything is typed anew: what changes a record goes other ways than what makes one.
			before, now := now, w.write(n == 1)
			now.utm, now.point, now.line1, now.line2 = before.utm, before.point, before.line1, before.line2
			now.description, now.city, now.state, now.full, now.comment = before.description, before.city, before.state, before.full, before.comment
			x.Call("PATCH", fmt.Sprintf("/api/clients/%d", client), now.client(n)).Want(t, http.StatusOK)
			x.Call("PATCH", fmt.Sprintf("/api/organizations/%d", organization.ID()), now.company(client)).Want(t, http.StatusOK)
			x.Call("PUT", fmt.Sprintf("/api/orders/%d/items", order), apptest.JSON{"Items": now.items()}).Want(t, http.StatusOK)
			say(x, order, before.message)
			say(x, order, now.message)
			x.Settle()
			dealIs(x, t, order, now, before.message, now.message)
		}
		x.AtRest()
		unchangedBack(x, t)
	})
}

// dealIs checks the deal of an order, its contact and its company.
func dealIs(x *bitrix24test.Pair, t *testing.T, order int64, now typed, messages ...string) {
	t.Helper()
	all := x.State()
	deal := one(t, all.Deals, keyWithoutToken, fmt.Sprintf("order:%d", order))
	now.inOrder(t, deal, all.Rows[fmt.Sprint("D", deal["ID"])], messages...)
	now.inPerson(t, one(t, all.Contacts, "ID", deal["CONTACT_ID"]))
	if company := fmt.Sprint(deal["COMPANY_ID"]); company != "0" && deal["COMPANY_ID"] != nil {
		now.inCompany(t, all, company)
	}
}

// unchangedBack lets reconciliation look at everything: what was cut or disarmed there does not come back as a change.
func unchangedBack(x *bitrix24test.Pair, t *testing.T) {
	t.Helper()
	names := func() (all []string) {
		x.Must(x.Host().DB.From(t.Context()).Raw("SELECT first_name || '/' || last_name || '/' || second_name FROM clients ORDER BY id").Scan(&all).Error)
		return all
	}
	before, changes := names(), x.Portal.Stats().Changes
	for _, contact := range x.Portal.IDs("contact") {
		x.Event(bitrix24test.AsForm, bitrix24test.FormEvent("ONCRMCONTACTUPDATE", contact, bitrix24test.PortalToken))
	}
	for _, company := range x.Portal.IDs("company") {
		x.Event(bitrix24test.AsForm, bitrix24test.FormEvent("ONCRMCOMPANYUPDATE", company, bitrix24test.PortalToken))
	}
	x.Settle()
	bitrix24test.Equal(t, "clients", names(), before)
	bitrix24test.Equal(t, "changes of the portal", x.Portal.Stats().Changes-changes, 0)
}

func TestAnyText_arrivesInALeadAsTyped(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		w := typist{rand.New(rand.NewPCG(2, uint64(len(x.Database.URL))))}
		for n := range 3 {
			now := w.write(n == 0)
			client := x.Call("POST", "/api/clients", now.client(n)).Want(t, http.StatusCreated).ID()
			organization := x.Call("POST", "/api/organizations", now.company(client)).Want(t, http.StatusCreated).ID()
			x.Settle()
			order := x.Place(now.order(client, 0))
			say(x, order, now.message)
			x.Settle()
			all := x.State()
			lead := one(t, all.Leads, keyWithoutToken, bitrix24test.ClientLead(client))
			now.inPerson(t, lead)
			now.inOrder(t, lead, all.Rows[fmt.Sprint("L", lead["ID"])], now.message)
			arrives(t, "title", lead["TITLE"], strings.Join(strings.Fields(now.last+" "+now.first+" "+now.second), " "), 255)
			lead = one(t, all.Leads, keyWithoutToken, organizationLead(organization))
			arrives(t, "title of the organization's", lead["TITLE"], now.organization, 255)

			// A second order gets a lead of its own, made with everything at once.
			second := w.write(false)
			second.first, second.last, second.second = now.first, now.last, now.second
			order = x.Place(second.order(client, 0))
			x.Settle()
			all = x.State()
			lead = one(t, all.Leads, keyWithoutToken, bitrix24test.OrderLead(order))
			second.inPerson(t, lead)
			second.inOrder(t, lead, all.Rows[fmt.Sprint("L", lead["ID"])])
		}
		x.AtRest()
	}, bitrix24test.WithLeads)
}

func TestAnyText_leavesWithTheExportAsTyped(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		w := typist{rand.New(rand.NewPCG(3, uint64(len(x.Database.URL))))}
		texts := map[int64]typed{}
		for n := range 12 {
			now := w.write(n == 0)
			client := x.Call("POST", "/api/clients", now.client(n)).Want(t, http.StatusCreated).ID()
			texts[x.Place(now.order(client, 0))] = now
		}
		x.Connect()
		x.As(staff.Administrator).Post(bitrix24test.BackfillPage, "what", "order", "what", "client", "action", "start").
			Want(t, http.StatusSeeOther)
		x.Settle()
		for order, now := range texts {
			dealIs(x, t, order, now)
		}
		x.AtRest()
	}, bitrix24test.Unconnected)
}

// A cart at random: quantities up to ten thousand, odd kopecks, options, discount and delivery.
func (w typist) cart() apptest.JSON {
	kopecks := func(most int64) string { return orders.Money(w.Int64N(most)).String() }
	items := make([]apptest.JSON, 1+w.IntN(8))
	for i := range items {
		items[i] = apptest.JSON{"Name": fmt.Sprintf("Товар %d", i), "Quantity": 1 + w.IntN(10_000), "ItemPrice": kopecks(100_000)}
		if w.IntN(2) == 0 {
			items[i]["Options"] = []apptest.JSON{
				{"Title": "Ламинация", "Price": kopecks(10_000), "Quantity": 1 + w.IntN(100)},
				{"Title": "Рамка", "Price": kopecks(333)},
			}
		}
	}
	return apptest.JSON{
		"Items": items, "DeliveryPrice": kopecks(100_000),
		"DiscountPrice": []string{"0", kopecks(100), kopecks(1_000_000)}[w.IntN(3)],
	}
}

func TestAnyCart_addsUpInThePortal(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		w := typist{rand.New(rand.NewPCG(4, uint64(len(x.Database.URL))))}
		client := x.NewClient()
		carts := map[int64]apptest.JSON{}
		for range 40 {
			cart := w.cart()
			d := bitrix24test.Draft()
			bitrix24test.By(client)(d)
			for name, value := range cart {
				d[name] = value
			}
			placed := x.Call("POST", "/api/orders", d)
			if placed.Status == http.StatusUnprocessableEntity {
				continue // the discount is more than all of it
			}
			carts[placed.Want(t, http.StatusCreated).ID()] = cart
		}
		x.Drain()
		for order, cart := range carts {
			id, deal := x.Deal(order)
			total := bitrix24test.Kopecks(t, x.Order(order).Value("TotalPrice"))
			bitrix24test.Equal(t, "amount", bitrix24test.Kopecks(t, deal["OPPORTUNITY"]), total)
			bitrix24test.Equal(t, fmt.Sprintf("rows of %v", cart), x.RowsSum(id), total)
		}
	}, func(s *bitrix24test.Setup) { s.Options.AwaitSite = 0 })
}

func TestLegalEntityTypedAnew_takesItsRequisiteOver(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := x.NewClient()
		texts := typed{organization: "ООО «Ветер»", address: "Екатеринбург", legal: "ООО «Ветер»", legalAddress: "Белинского, 86", bank: "Банк"}
		organization := x.Call("POST", "/api/organizations", texts.company(client)).Want(t, http.StatusCreated).ID()
		order := x.Place(bitrix24test.By(client), bitrix24test.Set("OrganizationId", organization))
		x.Settle()
		texts.legal, texts.legalAddress, texts.bank = "АО «Ветер»", "Белинского, 87", "Другой банк"
		x.Call("PATCH", fmt.Sprintf("/api/organizations/%d", organization), texts.company(client)).Want(t, http.StatusOK)
		x.Settle()
		x.AtRest()
		_, deal := x.Deal(order)
		texts.inCompany(t, x.State(), deal["COMPANY_ID"])
	})
}
