package orders

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"
	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/sites"
)

// newOrderPage is «Создание заказа». Everything typed lives in the page, so its buttons work without a script.
type newOrderPage struct {
	panel.Page
	Key      string // of this form: sent twice it makes one order
	Search   string
	Searched bool
	Found    []*clients.Client
	Client   *clients.Client // nil until one is chosen
	Lines    lines
	Head     *form.Form
	Customer *form.Form
	Delivery *form.Form
	Payment  *form.Form
}

// orderDraft is what the page edits.
type orderDraft struct {
	manager  string
	site     string
	kind     Type
	client   *clients.Client
	customer string // "" for himself, "5" for organization 5, "5-3" with its legal entity 3 paying
	delivery delivery
	method   PaymentMethod
	paid     Money
	comment  string
	lines    lines
}

// newOrder shows an empty draft, one for a client (?client=), or the repetition of an order (?repeat=).
func (h *pages) newOrder(c echo.Context) error {
	ctx := c.Request().Context()
	d := orderDraft{kind: Ordinary, lines: lines{Errors: map[string]string{}}}
	if typed := c.QueryParam("repeat"); typed != "" {
		id, _ := strconv.ParseInt(typed, 10, 64) // no number: no such order
		o, err := h.Find(ctx, id)
		if err != nil {
			return err
		}
		if d, err = h.repetition(c, o); err != nil {
			return err
		}
	} else if typed := c.QueryParam("client"); typed != "" {
		id, _ := strconv.ParseInt(typed, 10, 64) // no number: no such client
		var err error
		if d.client, err = h.clients.Find(ctx, id); err != nil {
			return err
		}
	}
	if len(d.lines.Rows) == 0 {
		d.lines.press("add")
	}
	page, err := h.newOrderPage(c, &d, rand.Text())
	if err != nil {
		return err
	}
	return h.panel.Render(c, "orders/new", page)
}

// repetition is a draft of what an order holds, without its files, payments and discussion.
func (h *pages) repetition(c echo.Context, o *Order) (orderDraft, error) {
	d := orderDraft{
		manager: optionalID(o.ManagerID), site: strconv.FormatInt(o.SiteID, 10), kind: o.Type, delivery: deliveryOf(o),
		method: o.PaymentMethod, comment: o.Comment, customer: optionalID(o.OrganizationID), lines: linesOf(o),
	}
	if o.LegalEntityID != nil {
		d.customer += "-" + optionalID(o.LegalEntityID)
	}
	for i := range d.lines.Rows {
		d.lines.Rows[i].ID, d.lines.Rows[i].Files = "", 0
	}
	var err error
	d.client, err = h.clients.Find(c.Request().Context(), o.ClientID)
	return d, err
}

// newOrderPage opens the draft's forms.
func (h *pages) newOrderPage(c echo.Context, d *orderDraft, key string) (newOrderPage, error) {
	ctx := c.Request().Context()
	page := newOrderPage{Page: panel.Page{Title: "Создание заказа"}, Key: key, Client: d.client, Lines: d.lines}
	employees, err := h.managers(ctx)
	if err != nil {
		return page, err
	}
	shops, err := h.sites.All(ctx)
	if err != nil {
		return page, err
	}
	page.Head = &form.Form{Fields: []*form.Field{
		form.Select("ManagerId", "Менеджер заказа", &d.manager, employees.options()),
		form.Select("SiteId", "Сайт", &d.site, lo.Map(shops, func(s *sites.Site, _ int) form.Option[string] {
			return form.Option[string]{Value: strconv.FormatInt(s.ID, 10), Label: s.Name}
		})).Required(),
		form.Select("Type", "Тип заказа", &d.kind,
			options(lo.Reject(Types, func(w Word[Type], _ int) bool { return w.Value.TopUp() }), "")),
	}}
	if d.client != nil {
		payers, err := h.payers(c, d.client)
		if err != nil {
			return page, err
		}
		page.Customer = &form.Form{Fields: []*form.Field{
			form.Select("OrganizationId", "Заказывает", &d.customer, payers).FullWidth(),
		}}
	}
	page.Delivery = &form.Form{Fields: d.delivery.fields()}
	page.Payment = &form.Form{Fields: []*form.Field{
		form.Select("PaymentMethod", "Способ оплаты", &d.method, options(PaymentMethods, "Не выбран")),
		form.Money("PaidPrice", "Уже оплачено", &d.paid),
		form.Textarea("Comment", "Комментарий заказчика", &d.comment).Max(maxComment),
	}}
	return page, nil
}

// payers are for whom a client may order: himself and the organizations that let him, with each of their legal
// entities.
func (h *pages) payers(c echo.Context, client *clients.Client) ([]form.Option[string], error) {
	list, err := h.organizations.Of(c.Request().Context(), client.ID)
	if err != nil {
		return nil, err
	}
	options := []form.Option[string]{{Value: "", Label: "Для себя (частное лицо)"}}
	for _, o := range list {
		if !o.MayOrder(client.ID) {
			continue
		}
		id := strconv.FormatInt(o.ID, 10)
		if len(o.LegalEntities) == 0 {
			options = append(options, form.Option[string]{Value: id, Label: o.Name})
		}
		options = append(options, lo.Map(o.LegalEntities, func(l organizations.LegalEntity, _ int) form.Option[string] {
			return form.Option[string]{Value: id + "-" + strconv.FormatInt(l.ID, 10), Label: o.Name + ", платит " + l.Name}
		})...)
	}
	return options, nil
}

// createOrder places the order, or does what another button of the page asks for and shows the page again.
func (h *pages) createOrder(c echo.Context) error {
	ctx := c.Request().Context()
	values, err := panel.Values(c)
	if err != nil {
		return err
	}
	d := orderDraft{kind: Ordinary, lines: readLines(values)}
	if id, _ := strconv.ParseInt(values.Get("UserId"), 10, 64); id > 0 && values.Get("button") != "drop" {
		d.client, err = h.clients.Find(ctx, id)
		if no, ok := refusal.From(err); ok {
			d.lines.Errors["UserId"] = no.Message
		} else if err != nil {
			return err
		}
	}
	page, err := h.newOrderPage(c, &d, values.Get("key"))
	if err != nil {
		return err
	}
	readable := form.Forms(page.forms()).Bind(values)
	page.Search = strings.TrimSpace(values.Get("search"))
	switch button := values.Get("button"); {
	case button == "drop" || button == "choose" || d.lines.press(button):
		page.Lines = d.lines
		return h.panel.Render(c, "orders/new", page)
	case button == "find":
		return h.findClient(c, page, values.Get("key"), &d)
	}
	items, discount, ok := d.lines.items()
	if d.client == nil && d.lines.Errors["UserId"] == "" {
		d.lines.Errors["UserId"] = "Выберите клиента."
	}
	if ok && readable && d.client != nil {
		o, err := h.PlaceOnce(ctx, root+"/new", page.Key, d.order(c, items, discount))
		if err == nil {
			h.panel.Flash(c, panel.Good, fmt.Sprintf("Заказ %d создан", o.ID))
			return panel.SeeOther(c, address(o.ID))
		}
		if !page.reject(err, &d.lines) {
			return err
		}
	}
	page.Lines, page.Status = d.lines, http.StatusUnprocessableEntity
	return h.panel.Render(c, "orders/new", page)
}

// order is the draft as the service takes it.
func (d *orderDraft) order(c echo.Context, items []Item, discount Money) Draft {
	site, _ := strconv.ParseInt(d.site, 10, 64) // a value of the selection
	draft := Draft{
		By: actor(c), SiteID: site, ClientID: d.client.ID, Type: d.kind, Source: FromPanel, Items: items, Discount: discount,
		DeliveryPrice: d.delivery.Price, Shipping: d.delivery.Shipping, Address: d.delivery.Address,
		Paid: d.paid, PaymentMethod: d.method, Comment: d.comment,
	}
	draft.ManagerID, _ = managerID(d.manager) // likewise
	organization, payer, _ := strings.Cut(d.customer, "-")
	if id, err := strconv.ParseInt(organization, 10, 64); err == nil {
		draft.OrganizationID = &id
	}
	if id, err := strconv.ParseInt(payer, 10, 64); err == nil {
		draft.LegalEntityID = &id
	}
	return draft
}

// forms are those the page has now; a customer can be chosen once there is a client.
func (p *newOrderPage) forms() []*form.Form {
	return lo.Compact([]*form.Form{p.Head, p.Customer, p.Delivery, p.Payment})
}

// reject marks the field that a refusal is about, in whatever part of the page it stands.
func (p *newOrderPage) reject(err error, l *lines) bool {
	no, ok := refusal.From(err)
	if !ok {
		return false
	}
	for _, f := range p.forms() {
		if f.Field(no.Field) != nil {
			return f.Reject(err)
		}
	}
	return l.reject(err)
}

// findClient looks for whom the order is. A single match is chosen at once.
func (h *pages) findClient(c echo.Context, page newOrderPage, key string, d *orderDraft) error {
	found, err := h.lookUp(c, page.Search)
	if err != nil {
		return err
	}
	if len(found) == 1 {
		values, _ := panel.Values(c) // read before
		d.client = found[0]
		search := page.Search
		if page, err = h.newOrderPage(c, d, key); err != nil {
			return err
		}
		form.Forms(page.forms()).Bind(values)
		page.Search = search
	} else {
		page.Found, page.Searched = found, true
	}
	return h.panel.Render(c, "orders/new", page)
}

// lookUp finds clients by number, phone in any spelling, or a part of name, e-mail and phone.
func (h *pages) lookUp(c echo.Context, text string) ([]*clients.Client, error) {
	ctx := c.Request().Context()
	if text == "" {
		return nil, nil
	}
	if id, err := strconv.ParseInt(text, 10, 64); err == nil {
		client, err := h.clients.Find(ctx, id)
		if err == nil {
			return []*clients.Client{client}, nil
		}
		if _, ok := refusal.From(err); !ok {
			return nil, err
		}
	}
	client, err := h.clients.ByPhone(ctx, text)
	if err == nil {
		return []*clients.Client{client}, nil
	}
	if _, ok := refusal.From(err); !ok {
		return nil, err
	}
	return h.clients.List(ctx, clients.Query{Text: text, Take: 10})
}
