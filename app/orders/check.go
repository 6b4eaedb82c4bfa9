package orders

import (
	"fmt"
	"strings"

	"github.com/pixlpark/panel/app/money"
	"github.com/pixlpark/panel/app/pasted"
	"github.com/pixlpark/panel/app/phone"
	"github.com/pixlpark/panel/app/refusal"
)

// What one order may hold at most.
const (
	maxItems    = 500
	maxOptions  = 50
	maxQuantity = 1_000_000
	maxComment  = 10_000
	maxPrice    = 1_000_000_000_00 // kopecks
)

// check refuses what cannot be saved, fills in defaults, and brings what follows from the items up to date.
func (o *Order) check() error {
	if o.Type == "" {
		o.Type = Ordinary
	}
	if o.Source == "" {
		o.Source = FromSite
	}
	if o.Currency == "" {
		o.Currency = "RUB"
	}
	switch {
	case o.Type.Label() == "":
		return refusal.Value("Type", "Нет такого типа заказа: «%s».", pasted.Short(string(o.Type)))
	case o.Source.Label() == "":
		return refusal.Value("Source", "Нет такого источника: «%s».", pasted.Short(string(o.Source)))
	case !o.Status.Known():
		return refusal.Value("Status", "Нет такого статуса: «%s».", pasted.Short(string(o.Status)))
	case o.Currency != "RUB":
		return refusal.Value("Currency", "Заказы принимаются только в рублях (RUB).")
	case o.PaymentMethod != "" && o.PaymentMethod.Label() == "":
		return refusal.Value("PaymentMethod", "Нет такого способа оплаты: «%s».", pasted.Short(string(o.PaymentMethod)))
	case o.Shipping.Type != "" && o.Shipping.Type.Label() == "":
		return refusal.Value("Shipping.Type", "Нет такого способа доставки: «%s».", pasted.Short(string(o.Shipping.Type)))
	case o.Shipping.Number < 0:
		return refusal.Value("Shipping.Id", "Номер доставки не может быть отрицательным.")
	case o.Discount < 0 || o.Discount > maxPrice:
		return refusal.Value("DiscountPrice", "Скидка не может быть отрицательной или такой большой.")
	case o.DeliveryPrice < 0 || o.DeliveryPrice > maxPrice:
		return refusal.Value("DeliveryPrice", "Цена доставки не может быть отрицательной или такой большой.")
	case len(o.Items) == 0 && !o.Type.TopUp():
		return refusal.Value("Items", "В заказе должна быть хотя бы одна позиция.")
	case len(o.Items) > maxItems:
		return refusal.Value("Items", "В заказе не может быть больше %d позиций.", maxItems)
	}
	if err := o.checkTexts(); err != nil {
		return err
	}
	for i := range o.Items {
		if err := o.Items[i].check(); err != nil {
			return refusal.In(fmt.Sprintf("Items[%d]", i), err)
		}
	}
	o.Recount()
	switch {
	case o.ItemsSum() > money.Max:
		return refusal.Value("Items", "Сумма заказа слишком велика.")
	case o.Total < 0:
		return refusal.Value("DiscountPrice", "Скидка больше суммы заказа.")
	case o.Paid < 0:
		return refusal.Value("PaidPrice", "Оплачено не может быть меньше нуля.")
	case o.Paid > o.Total:
		return refusal.Value("PaidPrice", "Оплачено больше, чем стоит заказ (%s).", o.Total.In(o.Currency))
	}
	return nil
}

// checkDeleted refuses to change an order that is deleted and stays so. Its archive's link may be revoked all the
// same, since that goes on opening.
func (o *Order) checkDeleted(before *Order) error {
	if before.Status != Deleted || o.Status != Deleted || o.ArchiveKey != before.ArchiveKey {
		return nil
	}
	return errDeleted(o.ID)
}

func errDeleted(id int64) error {
	return refusal.Taken("",
		"Заказ №\u00a0%d удалён, изменить его нельзя. Сначала верните его: смените статус на его странице в панели.", id)
}

func (o *Order) checkTexts() error {
	for _, text := range []*string{&o.Address.FullName, &o.Shipping.Phone, &o.Shipping.Email} {
		*text = pasted.Line(*text)
	}
	for _, f := range []struct {
		field string
		text  *string
		max   int
	}{
		{"CustomId", &o.CustomID, 100},
		{"Comment", &o.Comment, maxComment},
		{"TrackingNumber", &o.Tracking, 200},
		{"Shipping.Title", &o.Shipping.Title, 250},
		{"Shipping.Phone", &o.Shipping.Phone, 50},
		{"Shipping.Email", &o.Shipping.Email, 250},
		{"DeliveryAddress.ZipCode", &o.Address.ZipCode, 20},
		{"DeliveryAddress.AddressLine1", &o.Address.Line1, 500},
		{"DeliveryAddress.AddressLine2", &o.Address.Line2, 500},
		{"DeliveryAddress.Description", &o.Address.Description, 1000},
		{"DeliveryAddress.City", &o.Address.City, 200},
		{"DeliveryAddress.Country", &o.Address.Country, 100},
		{"DeliveryAddress.State", &o.Address.State, 200},
		{"DeliveryAddress.FullName", &o.Address.FullName, 250},
		{"Utm.source", &o.UTM.Source, 250},
		{"Utm.medium", &o.UTM.Medium, 250},
		{"Utm.campaign", &o.UTM.Campaign, 250},
		{"Utm.content", &o.UTM.Content, 250},
		{"Utm.term", &o.UTM.Term, 250},
	} {
		if err := checkText(f.field, f.text, f.max); err != nil {
			return err
		}
	}
	number, err := phone.Parse(o.Address.Phone)
	if err != nil {
		return refusal.In("DeliveryAddress", err)
	}
	o.Address.Phone = number
	for i := range o.Messages {
		if o.Messages[i].ID != 0 {
			continue
		}
		if err := checkText("Text", &o.Messages[i].Text, maxComment); err != nil {
			return err
		}
		if pasted.Text(o.Messages[i].Text) == "" {
			return refusal.Value("Text", "Сообщение пустое.")
		}
	}
	for i := range o.Payments {
		p := &o.Payments[i]
		switch {
		case p.ID != 0:
		case p.Amount == 0 || p.Amount > maxPrice || p.Amount < -maxPrice:
			return refusal.Value("Amount", "Укажите сумму оплаты.")
		case p.Method != "" && p.Method.Label() == "":
			return refusal.Value("Method", "Нет такого способа оплаты: «%s».", pasted.Short(string(p.Method)))
		}
	}
	return nil
}

func (i *Item) check() error {
	if err := checkText("Name", &i.Name, 500); err != nil {
		return err
	}
	if err := checkText("Description", &i.Description, 2000); err != nil {
		return err
	}
	if err := checkText("Comment", &i.Comment, maxComment); err != nil {
		return err
	}
	switch {
	case pasted.Line(i.Name) == "":
		return refusal.Value("Name", "Укажите название.")
	case i.MaterialID < 0:
		return refusal.Value("MaterialId", "Номер товара не может быть отрицательным.")
	case i.Quantity < 1 || i.Quantity > maxQuantity:
		return refusal.Value("Quantity", "Количество должно быть от 1 до %d.", maxQuantity)
	case i.Price < 0 || i.Price > maxPrice:
		return refusal.Value("ItemPrice", "Цена не может быть отрицательной или такой большой.")
	case i.Price > money.Max/Money(i.Quantity):
		return refusal.Value("Quantity", "Сумма позиции слишком велика.")
	case len(i.Options) > maxOptions:
		return refusal.Value("Options", "Опций не может быть больше %d.", maxOptions)
	}
	for n := range i.Options {
		if err := i.Options[n].check(); err != nil {
			return refusal.In(fmt.Sprintf("Options[%d]", n), err)
		}
	}
	if i.Options == nil {
		i.Options = []Option{}
	}
	return nil
}

func (o *Option) check() error {
	if o.Quantity == 0 {
		o.Quantity = 1
	}
	if err := checkText("Title", &o.Title, 250); err != nil {
		return err
	}
	if err := checkText("Description", &o.Description, 500); err != nil {
		return err
	}
	switch {
	case pasted.Line(o.Title) == "":
		return refusal.Value("Title", "Укажите название опции.")
	case o.Quantity < 1 || o.Quantity > maxQuantity:
		return refusal.Value("Quantity", "Количество должно быть от 1 до %d.", maxQuantity)
	case o.Price < 0 || o.Price > maxPrice:
		return refusal.Value("Price", "Цена не может быть отрицательной или такой большой.")
	case o.Price > money.Max/Money(o.Quantity):
		return refusal.Value("Quantity", "Сумма опции слишком велика.")
	}
	return nil
}

func checkText(field string, text *string, limit int) error {
	*text = strings.ToValidUTF8(*text, "\uFFFD")
	if len([]rune(*text)) > limit {
		return refusal.Value(field, "Слишком длинно: не больше %d знаков.", limit)
	}
	if strings.ContainsRune(*text, 0) {
		return refusal.Value(field, "В тексте недопустимый знак.")
	}
	return nil
}
