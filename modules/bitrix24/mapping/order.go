package mapping

import (
	"fmt"
	"strings"
	"time"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/phone"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// Origin is who we are on the portal: ORIGINATOR_ID of everything we make, one per database.
type Origin string

// OrderInput is everything a deal is made of.
type OrderInput struct {
	Order      *orders.Order
	SiteName   string
	SiteURL    string
	PageURL    string // the order in the panel
	ArchiveURL string // its archive, for anybody who has the link
	Zone       *time.Location
	Rules      Rules
	Origin     Origin
}

// NewDeal are the fields of a deal made for an order (crm.item.add, entityTypeId 2). Contact and company are an id, or
// a reference to a command of the same batch; nil leaves them out.
func NewDeal(in OrderInput, contact, company any) rest.Params {
	o := in.Order
	fields := rest.Params{
		"title":             DealTitle(o.ID),
		"categoryId":        in.Rules.CategoryID,
		"typeId":            "SALE",
		"sourceDescription": Cut(strings.TrimSpace(in.SiteName+" "+in.SiteURL), 1000),
		"begindate":         o.CreatedAt.In(in.Zone).Format("2006-01-02"),
		"opened":            "N",
		"comments":          Comment(in),
		"originatorId":      string(in.Origin),
		"originId":          OrderKey(o.ID, o.Token),
	}
	if source := in.Rules.SourceToSend(o.Source); source != "" {
		fields["sourceId"] = source
	}
	if stage, ok := in.Rules.Stage(in.Rules.CategoryID, "", o.Status); ok {
		fields["stageId"] = stage
	}
	if in.Rules.ResponsibleID != 0 {
		fields["assignedById"] = in.Rules.ResponsibleID
	}
	for name, value := range utm(o.UTM) {
		fields[name] = value
	}
	for name, value := range DealFields(in) {
		fields[name] = value
	}
	for name, value := range DealClient(contact, company) {
		fields[name] = value
	}
	return fields
}

// DealFields are the fields that follow the order for as long as the deal lives. What a manager may change by hand is
// not among them.
func DealFields(in OrderInput) rest.Params {
	o := in.Order
	fields := rest.Params{
		"opportunity":         o.Total.String(),
		"currencyId":          o.Currency,
		"isManualOpportunity": "Y",
	}
	for _, custom := range CustomFields {
		if name := *custom.Chosen(&in.Rules.Fields); name != "" {
			fields[name] = custom.Text(in)
		}
	}
	return fields
}

// DealClient are the fields that say whose deal it is: an id each, or a reference to a command of the same batch. Nil
// leaves the field as it is.
func DealClient(contact, company any) rest.Params {
	fields := rest.Params{}
	if contact != nil {
		fields["contactIds"] = []any{contact}
	}
	if company != nil {
		fields["companyId"] = company
	}
	return fields
}

// DealTitle is what the deal of an order is called.
func DealTitle(id int64) string { return fmt.Sprintf("Заказ № %d", id) }

// Comment are the links of «Комментарий» in BB code: the order in the panel and its archive.
func Comment(in OrderInput) string {
	return fmt.Sprintf("[URL=%s]Заказ № %d в панели управления[/URL]\n[URL=%s]Архив заказа[/URL]",
		in.PageURL, in.Order.ID, in.ArchiveURL)
}

// Discussion is «Лента обсуждения»: what the customer wrote when ordering, then the messages, newest last.
func Discussion(in OrderInput) string {
	var lines []string
	o := in.Order
	if text := strings.TrimSpace(o.Comment); text != "" {
		lines = append(lines, moment(o.CreatedAt, in.Zone)+" Комментарий к заказу: "+text)
	}
	for _, item := range o.Items {
		if text := strings.TrimSpace(item.Comment); text != "" {
			lines = append(lines, fmt.Sprintf("%s Комментарий к «%s»: %s", moment(o.CreatedAt, in.Zone), item.Name, text))
		}
	}
	for _, m := range o.Messages {
		mark := ""
		if !m.VisibleToClient {
			mark = " (внутреннее)"
		}
		at, text := moment(m.CreatedAt, in.Zone), strings.TrimSpace(m.Text)
		lines = append(lines, fmt.Sprintf("%s %s%s: %s", at, m.Author, mark, text))
	}
	return cutFront(strings.Join(lines, "\n"), discussionLimit)
}

// Delivery is «Доставка», a line each: the pick-up point's name, or the way and the address; the recipient; the
// tracking number. It is empty for an order without any.
func Delivery(o *orders.Order) string {
	var parts []string
	if o.Shipping.Type == orders.Point && o.Shipping.Title != "" {
		parts = append(parts, o.Shipping.Title)
	} else {
		way := strings.TrimSpace(strings.Join(nonEmpty(o.Shipping.Type.Label(), o.Shipping.Title), ": "))
		a := o.Address
		where := nonEmpty(a.ZipCode, a.Country, a.State, a.City, a.Line1, a.Line2, a.Description)
		parts = nonEmpty(way, strings.Join(where, ", "))
	}
	if who := strings.Join(nonEmpty(o.Address.FullName, phone.Words(o.Address.Phone)), ", "); who != "" {
		parts = append(parts, "Получатель: "+who)
	}
	if o.Tracking != "" {
		parts = append(parts, "Номер отправления: "+o.Tracking)
	}
	return Cut(strings.Join(parts, "\n"), 5000)
}

func deliveryID(o *orders.Order) string {
	if o.Shipping.Number == 0 {
		return ""
	}
	return fmt.Sprint(o.Shipping.Number)
}

// Payment is «Оплата»: how much is paid, and how.
func Payment(o *orders.Order) string {
	text := o.PaymentStatus().Label()
	if o.PaymentStatus() == orders.PartiallyPaid {
		text += fmt.Sprintf(": %s из %s", o.Paid.In(o.Currency), o.Total.In(o.Currency))
	}
	if method := o.PaymentMethod.Label(); method != "" {
		text += ", " + strings.ToLower(method[:2]) + method[2:]
	}
	return text
}

func utm(u orders.UTM) rest.Params {
	fields := rest.Params{}
	for name, value := range map[string]string{
		"utmSource": u.Source, "utmMedium": u.Medium, "utmCampaign": u.Campaign, "utmContent": u.Content, "utmTerm": u.Term,
	} {
		if value != "" {
			fields[name] = Cut(value, multifieldLimit)
		}
	}
	return fields
}

func nonEmpty(texts ...string) []string {
	var kept []string
	for _, text := range texts {
		if text = strings.TrimSpace(text); text != "" {
			kept = append(kept, text)
		}
	}
	return kept
}
