package shop

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/phone"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

// Delivery is a way to get an order; its number is the point's or method's in the panel.
type Delivery struct {
	Name     string
	Shipping orders.Shipping
	Words    string
	Price    orders.Money
	Address  bool // needs one
}

var deliveries = []Delivery{
	{
		"office",
		orders.Shipping{Number: 8106, Title: "Офис компании на Белинского", Type: orders.Point},
		"ул. Белинского, 18, ежедневно с 9 до 20", 0, false,
	},
	{
		"courier",
		orders.Shipping{Number: 8120, Title: "Курьер по городу", Type: orders.Courier},
		"на следующий день после готовности", 300_00, true,
	},
	{"carrier", orders.Shipping{Number: 8131, Title: "СДЭК", Type: orders.TransportCompany}, "по России, от двух дней", 450_00, true},
}

var payments = []orders.PaymentMethod{orders.Cash, orders.Online, orders.BankTransfer}

// keyLength is how long the key is that makes a form good for one order.
const keyLength = 26

// payer is for whom an order can be placed: the client himself, or a legal entity of his organization.
type payer struct {
	Value, Label         string
	organization, entity *int64
}

type checkoutPage struct {
	page
	Payers     []payer
	Deliveries []Delivery
	Payments   []orders.PaymentMethod
}

// payers lists the client himself and the legal entities of the organizations he may order for.
func (s *shop) payers(c echo.Context) ([]payer, error) {
	client := visitorOf(c).Client
	employers, err := s.Organizations.Of(c.Request().Context(), client.ID)
	if err != nil {
		return nil, err
	}
	list := []payer{{Value: "me", Label: "Для себя: " + client.Name()}}
	for _, o := range employers {
		if !o.MayOrder(client.ID) {
			continue
		}
		for _, l := range o.LegalEntities {
			list = append(list, entityPayer(o, l))
		}
		if len(o.LegalEntities) == 0 {
			list = append(list, payer{fmt.Sprint(o.ID), "Для организации: " + o.Name, &o.ID, nil})
		}
	}
	return list, nil
}

func entityPayer(o *organizations.Organization, l organizations.LegalEntity) payer {
	label := "Для организации: " + o.Name
	if l.Name != o.Name {
		label += ", платит " + l.Name
	}
	if l.INN != "" {
		label += ", ИНН " + l.INN
	}
	return payer{fmt.Sprintf("%d/%d", o.ID, l.ID), label, &o.ID, &l.ID}
}

func (s *shop) openCheckout(c echo.Context) (*checkoutPage, error) {
	payers, err := s.payers(c)
	if err != nil {
		return nil, err
	}
	client := visitorOf(c).Client
	view := &checkoutPage{s.page(c, "Оформление заказа"), payers, deliveries, payments}
	view.Values = url.Values{
		"key": {rand.Text()}, "payer": {payers[0].Value},
		"delivery": {deliveries[0].Name}, "PaymentMethod": {string(payments[0])},
		"DeliveryAddress.FullName": {client.FullName()}, "DeliveryAddress.Phone": {phone.Words(client.PhoneText())},
	}
	return view, nil
}

func (s *shop) checkoutPage(c echo.Context) error {
	if len(visitorOf(c).Cart) == 0 {
		return panel.SeeOther(c, root+"/cart")
	}
	view, err := s.openCheckout(c)
	if err != nil {
		return err
	}
	return s.render(c, http.StatusOK, "checkout", view)
}

func (s *shop) checkout(c echo.Context) error {
	posted, err := readFiles(c)
	if err != nil {
		return err
	}
	defer func() { _ = posted.RemoveAll() }()
	if len(visitorOf(c).Cart) == 0 {
		return panel.SeeOther(c, root+"/cart")
	}
	view, err := s.openCheckout(c)
	if err != nil {
		return err
	}
	o, err := s.place(c, view.Payers, posted)
	if view.refused(err, posted.Value) {
		return s.render(c, http.StatusUnprocessableEntity, "checkout", view)
	}
	if err != nil {
		return err
	}
	if err := s.keepCart(c, nil); err != nil {
		return err
	}
	s.notice(c, "Спасибо! Заказ принят. Что с ним происходит, видно здесь.")
	return panel.SeeOther(c, orderAddress(o.ID))
}

// place writes the order with the files of its items, both or none. Two clicks on the same form make one order.
func (s *shop) place(c echo.Context, payers []payer, posted *multipart.Form) (*orders.Order, error) {
	v := visitorOf(c)
	typed := url.Values(posted.Value)
	d, err := draft(typed, payers)
	if err != nil {
		return nil, err
	}
	if len(typed.Get("key")) != keyLength {
		return nil, refusal.Value("", "Откройте страницу заново и повторите.")
	}
	d.By, d.SiteID, d.ClientID, d.Source, d.UTM = staff.Site(), v.Site.ID, v.Client.ID, orders.FromSite, v.utm
	for _, l := range v.Cart {
		d.Items = append(d.Items, l.Item)
	}
	var placed *orders.Order
	err = s.Panel.DB.Transaction(c.Request().Context(), func(ctx context.Context, _ *db.Tx) error {
		var err error
		if placed, err = s.Orders.PlaceOnce(ctx, root+"/checkout", typed.Get("key"), d); err != nil {
			return err
		}
		for i, item := range placed.Items {
			if len(item.Files) > 0 {
				return nil // the other click was here
			}
			if err := s.attach(ctx, placed.ID, item.ID, posted.File[fmt.Sprintf("files.%d", i)]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return placed, nil
}

// draft reads who pays, and how the order travels and is paid.
func draft(typed url.Values, payers []payer) (orders.Draft, error) {
	var d orders.Draft
	known := false
	for _, p := range payers {
		if p.Value == typed.Get("payer") {
			d.OrganizationID, d.LegalEntityID, known = p.organization, p.entity, true
		}
	}
	if !known {
		return d, refusal.Value("payer", "Выберите, для кого заказ.")
	}
	var chosen *Delivery
	for i := range deliveries {
		if deliveries[i].Name == typed.Get("delivery") {
			chosen = &deliveries[i]
		}
	}
	if chosen == nil {
		return d, refusal.Value("delivery", "Выберите способ доставки.")
	}
	d.Shipping, d.DeliveryPrice = chosen.Shipping, chosen.Price
	get := func(name string) string { return strings.TrimSpace(typed.Get("DeliveryAddress." + name)) }
	d.Address = orders.Address{FullName: get("FullName"), Phone: get("Phone")}
	if chosen.Address {
		d.Address.ZipCode, d.Address.City = get("ZipCode"), get("City")
		d.Address.Line1, d.Address.Description = get("AddressLine1"), get("Description")
		d.Address.Country = "Россия"
		for field, value := range map[string]string{"City": d.Address.City, "AddressLine1": d.Address.Line1} {
			if value == "" {
				return d, refusal.Value("DeliveryAddress."+field, "Куда доставить?")
			}
		}
	}
	for _, method := range payments {
		if string(method) == typed.Get("PaymentMethod") {
			d.PaymentMethod = method
		}
	}
	if d.PaymentMethod == "" {
		return d, refusal.Value("PaymentMethod", "Выберите способ оплаты.")
	}
	d.Comment = typed.Get("Comment")
	return d, nil
}

// readFiles reads a form with files.
func readFiles(c echo.Context) (*multipart.Form, error) {
	posted, err := c.MultipartForm()
	if _, tooLong := errors.AsType[*http.MaxBytesError](err); err != nil && !tooLong {
		return nil, echo.NewHTTPError(http.StatusBadRequest).SetInternal(err)
	}
	return posted, err
}

func (s *shop) attach(ctx context.Context, order, item int64, files []*multipart.FileHeader) error {
	for _, sent := range files {
		if sent.Filename == "" {
			continue
		}
		content, err := sent.Open()
		if err != nil {
			return fmt.Errorf("open uploaded file: %w", err)
		}
		_, err = s.Orders.AttachFile(ctx, order, item, sent.Filename, content)
		_ = content.Close()
		if err != nil {
			return err
		}
	}
	return nil
}
