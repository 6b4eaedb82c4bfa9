package api

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

func (a *api) placeOrder(ctx context.Context, c *call) (any, error) {
	body, err := c.object()
	if err != nil {
		return nil, err
	}
	d := readDraft(body)
	d.By, d.SiteID = staff.Site(), c.site.ID
	var customer *clients.Client
	body.inner("Client", func(in *object) {
		customer = &clients.Client{}
		readClient(in, customer)
	})
	switch {
	case customer == nil && d.ClientID == 0:
		body.wrong("UserId", "Укажите заказчика: UserId или Client.")
	case customer != nil && d.ClientID != 0:
		body.wrong("UserId", "Укажите что-то одно: UserId или Client.")
	}
	if err := body.err(); err != nil {
		return nil, err
	}
	if customer != nil {
		client, err := a.customer(ctx, *customer)
		if err != nil {
			return nil, err
		}
		d.ClientID = client.ID
	}
	o, err := a.Orders.Place(ctx, d)
	if err != nil {
		return nil, err
	}
	return a.view(ctx, o)
}

// readDraft reads what POST /api/orders says of an order itself.
func readDraft(body *object) orders.Draft {
	d := orders.Draft{Type: orders.Ordinary, Source: orders.FromSite}
	body.number("UserId", &d.ClientID)
	body.optional("OrganizationId", &d.OrganizationID)
	body.optional("LegalEntityId", &d.LegalEntityID)
	body.text("CustomId", &d.CustomID)
	word(body, "Type", &d.Type)
	word(body, "Source", &d.Source)
	body.text("Currency", &d.Currency)
	body.list("Items", func(in *object) { d.Items = append(d.Items, readItem(in)) })
	body.money("DiscountPrice", &d.Discount)
	body.money("DeliveryPrice", &d.DeliveryPrice)
	body.money("PaidPrice", &d.Paid)
	word(body, "PaymentMethod", &d.PaymentMethod)
	body.inner("Shipping", func(in *object) {
		in.number("Id", &d.Shipping.Number)
		in.text("Title", &d.Shipping.Title)
		in.text("Phone", &d.Shipping.Phone)
		in.text("Email", &d.Shipping.Email)
		word(in, "Type", &d.Shipping.Type)
	})
	body.inner("DeliveryAddress", func(in *object) {
		in.text("ZipCode", &d.Address.ZipCode)
		in.text("AddressLine1", &d.Address.Line1)
		in.text("AddressLine2", &d.Address.Line2)
		in.text("Description", &d.Address.Description)
		in.text("City", &d.Address.City)
		in.text("Country", &d.Address.Country)
		in.text("State", &d.Address.State)
		in.text("FullName", &d.Address.FullName)
		in.text("Phone", &d.Address.Phone)
	})
	body.text("Comment", &d.Comment)
	body.inner("Utm", func(in *object) {
		in.text("source", &d.UTM.Source)
		in.text("medium", &d.UTM.Medium)
		in.text("campaign", &d.UTM.Campaign)
		in.text("content", &d.UTM.Content)
		in.text("term", &d.UTM.Term)
	})
	if d.Type.TopUp() {
		body.wrong("Type", "Счета пополняет сам магазин, через API таких заказов нет.")
	}
	if d.Source == orders.FromPanel {
		body.wrong("Source", "Источник заказа по API — Site, App или Api.")
	}
	return d
}

func readItem(in *object) orders.Item {
	var i orders.Item
	in.number("Id", &i.ID)
	in.number("MaterialId", &i.MaterialID)
	in.text("Name", &i.Name)
	in.text("Description", &i.Description)
	in.number("Quantity", &i.Quantity)
	in.money("ItemPrice", &i.Price)
	if _, null := in.value("ItemPrice"); null || !in.given("ItemPrice") {
		in.wrong("ItemPrice", "Укажите цену за единицу: число, в котором не больше двух знаков после запятой.")
	}
	in.text("Comment", &i.Comment)
	in.list("Options", func(in *object) {
		o := orders.Option{Quantity: 1}
		in.text("Title", &o.Title)
		in.text("Description", &o.Description)
		in.money("Price", &o.Price)
		in.number("Quantity", &o.Quantity)
		if o.Quantity < 1 {
			in.wrong("Quantity", "Количество должно быть не меньше одного.")
		}
		i.Options = append(i.Options, o)
	})
	return i
}

// readItems reads the new items of an order: {"Items":[…]}, or the list alone.
func readItems(c *call) ([]orders.Item, error) {
	if err := c.syntax(); err != nil {
		return nil, err
	}
	items := []orders.Item{}
	body := &object{first: new(error)}
	if data := bytes.TrimSpace(c.body); data[0] == '[' {
		body.fields = map[string]json.RawMessage{"items": data}
	} else if !body.open(data) {
		return nil, unreadable("Тело запроса должно быть объектом {\"Items\":[…]}.")
	}
	body.list("Items", func(in *object) { items = append(items, readItem(in)) })
	if !body.given("Items") {
		return nil, refusal.Value("Items", "Перечислите новые позиции заказа.")
	}
	return items, body.err()
}
