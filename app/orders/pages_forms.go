package orders

import (
	"context"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

// editPage is one form of an order: a page of its own, shown in place where scripts run.
type editPage struct {
	panel.Page
	Order *Order
	Form  *form.Form
}

// opener makes a form bound to fresh copies of what it edits in the order.
type opener func(c echo.Context, o *Order) (*form.Form, error)

// open shows a form of the order.
func (h *pages) open(title string, open opener) echo.HandlerFunc {
	return func(c echo.Context) error {
		o, err := h.asked(c)
		if err != nil {
			return err
		}
		f, err := open(c, o)
		if err != nil {
			return err
		}
		return h.panel.Render(c, "orders/edit", h.editPage(o, title, f))
	}
}

// save saves a form of the order, or shows it again, marked and as it was typed.
func (h *pages) save(title string, open opener) echo.HandlerFunc {
	return func(c echo.Context) error {
		o, err := h.asked(c)
		if err != nil {
			return err
		}
		f, err := open(c, o)
		if err != nil {
			return err
		}
		saved, err := h.panel.Submit(c, form.Forms{f})
		if err != nil {
			return err
		}
		if saved {
			h.panel.Flash(c, panel.Good, "Сохранено")
			return panel.SeeOther(c, address(o.ID))
		}
		page := h.editPage(o, title, f)
		page.Status = http.StatusUnprocessableEntity
		return h.panel.Render(c, "orders/edit", page)
	}
}

func (h *pages) editPage(o *Order, title string, f *form.Form) editPage {
	return editPage{Order: o, Form: f, Page: panel.Page{
		Title:  title,
		Parent: &panel.Link{Label: strconv.FormatInt(o.ID, 10), URL: address(o.ID)},
		Menu:   filter{Group: o.Status.Group()}.Address(),
	}}
}

func (h *pages) managerForm(c echo.Context, o *Order) (*form.Form, error) {
	employees, err := h.managers(c.Request().Context())
	chosen := optionalID(o.ManagerID)
	return &form.Form{
		Fields: []*form.Field{form.Select("ManagerId", "Менеджер заказа", &chosen, employees.options()).FullWidth()},
		Save: func(ctx context.Context, _ *db.Tx) error {
			id, err := managerID(chosen)
			if err != nil {
				return err
			}
			return h.edit(ctx, c, o.ID, func(o *Order) error {
				o.ManagerID = id
				return nil
			})
		},
	}, err
}

// delivery is what the form of delivery edits, on the order's page and on that of a new order.
type delivery struct {
	Shipping Shipping
	Address  Address
	Price    Money
	Tracking string
}

func deliveryOf(o *Order) delivery {
	return delivery{o.Shipping, o.Address, o.DeliveryPrice, o.Tracking}
}

// fields are named as the service names them when it refuses a value.
func (d *delivery) fields() []*form.Field {
	return []*form.Field{
		form.Select("Shipping.Type", "Способ доставки", &d.Shipping.Type, options(ShippingTypes, "Не выбран")),
		form.Text("Shipping.Title", "Название точки или службы", &d.Shipping.Title).Max(250),
		form.Number("Shipping.Id", "Номер точки или службы", &d.Shipping.Number),
		form.Money("DeliveryPrice", "За доставку", &d.Price),
		form.Text("DeliveryAddress.FullName", "Получатель заказа", &d.Address.FullName).Max(250),
		form.Text("DeliveryAddress.Phone", "Телефон получателя", &d.Address.Phone).Keyboard("tel").Max(50),
		form.Text("DeliveryAddress.ZipCode", "Индекс", &d.Address.ZipCode).Max(20),
		form.Text("DeliveryAddress.Country", "Страна", &d.Address.Country).Max(100),
		form.Text("DeliveryAddress.State", "Область", &d.Address.State).Max(200),
		form.Text("DeliveryAddress.City", "Город", &d.Address.City).Max(200),
		form.Text("DeliveryAddress.AddressLine1", "Улица, дом", &d.Address.Line1).Max(500),
		form.Text("DeliveryAddress.AddressLine2", "Квартира, офис", &d.Address.Line2).Max(500),
		form.Textarea("DeliveryAddress.Description", "Как найти", &d.Address.Description).Max(1000),
	}
}

func (h *pages) deliveryForm(c echo.Context, o *Order) (*form.Form, error) {
	d := deliveryOf(o)
	return &form.Form{
		Fields: append(d.fields(), form.Text("TrackingNumber", "Номер отправления", &d.Tracking).Max(200)),
		Save: func(ctx context.Context, _ *db.Tx) error {
			return h.edit(ctx, c, o.ID, func(o *Order) error {
				o.Shipping, o.Address, o.DeliveryPrice, o.Tracking = d.Shipping, d.Address, d.Price, d.Tracking
				return nil
			})
		},
	}, nil
}

// paymentForm records money that came in or went back, and the way of payment.
func (h *pages) paymentForm(c echo.Context, o *Order) (*form.Form, error) {
	method, typed := o.PaymentMethod, ""
	return &form.Form{
		Fields: []*form.Field{
			form.Select("PaymentMethod", "Способ оплаты", &method, options(PaymentMethods, "Не выбран")),
			form.Text("Amount", "Поступившая сумма", &typed).Keyboard("decimal").Max(24).
				Help("Осталось оплатить " + o.Due().In(o.Currency) +
					" Возврат — со знаком минус; без суммы меняется только способ."),
		},
		Save: func(ctx context.Context, _ *db.Tx) error {
			var amount Money
			if typed != "" {
				var err error
				if amount, err = ParseMoney(typed); err != nil {
					return refusal.Value("Amount", "Введите сумму, не больше двух знаков после запятой.")
				}
			}
			err := h.edit(ctx, c, o.ID, func(o *Order) error {
				o.PaymentMethod = method
				if typed != "" {
					o.Pay(amount, method)
				}
				return nil
			})
			if no, ok := refusal.From(err); ok && no.Field == "PaidPrice" {
				return refusal.Value("Amount", "%s", no.Message)
			}
			return err
		},
	}, nil
}

func (h *pages) messageForm(o *Order) *form.Form {
	text, visible := "", true
	return &form.Form{
		Submit: "Отправить",
		Fields: []*form.Field{
			form.Textarea("Text", "Новое сообщение", &text).Required().Max(maxComment),
			form.Toggle("VisibleToClient", "Видно клиенту", &visible).Help("Выключите, чтобы сообщение осталось внутренним."),
		},
		Save: func(ctx context.Context, _ *db.Tx) error {
			by := staff.ActorFrom(ctx)
			_, err := h.Change(ctx, o.ID, by, func(o *Order) error {
				o.Say(by.Name, text, visible)
				return nil
			})
			return err
		},
	}
}

// say adds a message to «Обсуждение».
func (h *pages) say(c echo.Context) error {
	o, err := h.asked(c)
	if err != nil {
		return err
	}
	f := h.messageForm(o)
	saved, err := h.panel.Submit(c, form.Forms{f})
	if err != nil {
		return err
	}
	if saved {
		return panel.SeeOther(c, address(o.ID)+string(tabDiscussion))
	}
	page, err := h.orderPage(c, o, tabDiscussion)
	if err != nil {
		return err
	}
	page.MessageForm, page.Status = f, http.StatusUnprocessableEntity
	return h.render(c, tabDiscussion, page)
}

// options turns the panel's words into a selection; none, unless empty, is the caption of choosing nothing.
func options[T ~string](words []Word[T], none string) []form.Option[T] {
	var list []form.Option[T]
	if none != "" {
		list = append(list, form.Option[T]{Label: none})
	}
	for _, w := range words {
		list = append(list, form.Option[T]{Value: w.Value, Label: w.Label})
	}
	return list
}
