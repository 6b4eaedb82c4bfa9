package compare

import (
	"fmt"
	"strings"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// The keys of differences that are no field of the deal.
const (
	rowsKey = "rows"
	leadKey = "lead" // what became of the lead
)

// differences are the fields in which an order and its deal, or lead, are not the same. Fields that the module does
// not send are not compared.
func differences(c *exchange.Connection, p *pair) []field {
	o, deal := p.order, p.deal
	fields := []field{}
	differ := func(name, key, ours, theirs string) {
		if plain(ours) != plain(theirs) {
			fields = append(fields, field{Name: name, Key: key, Ours: ours, Theirs: theirs})
		}
	}
	differ("Сумма", "opportunity", o.Total.In(o.Currency), orders.Money(deal.Opportunity).In(o.Currency))
	if p.target() == plan.Lead {
		differ("Лид", leadKey, plan.LeadWords[p.link.State], plan.LeadWords[leadState(deal.StageSemanticID)])
	} else if f, ok := stageDifference(c, o, deal); ok {
		fields = append(fields, f)
	}
	if p.contact != 0 && !lo.Contains(append(deal.ContactIDs, deal.ContactID), rest.ID(p.contact)) {
		differ("Контакт", "contactIds", fmt.Sprint(p.contact), numbers(deal.ContactIDs))
	}
	if p.company != 0 {
		differ("Компания", "companyId", fmt.Sprint(p.company), numbers(lo.Compact([]rest.ID{deal.CompanyID})))
	}
	if ours, theirs := rowTexts(p); ours != theirs {
		fields = append(fields, field{Name: "Товары", Key: rowsKey, Ours: ours, Theirs: theirs})
	}
	in := c.OrderInput(o, p.target())
	sent, names := mapping.DealFields(in), in.Rules.Fields
	if p.target() == plan.Lead {
		ours, theirs := mapping.Comment(in), string(deal.Comments)
		if !strings.Contains(plain(theirs), plain(ours)) { // a manager may write beside ours
			differ("Комментарий", "comments", ours, theirs)
		}
	}
	for _, custom := range mapping.CustomFields {
		name := *custom.Chosen(&names)
		if text, isSent := sent[name].(string); isSent && name != "" {
			differ(custom.Caption, name, text, deal.Custom.Text(name))
		}
	}
	return fields
}

// stageDifference is the difference between an order's status and its deal's stage.
func stageDifference(c *exchange.Connection, o *orders.Order, deal *rest.Deal) (field, bool) {
	category, stage := deal.CategoryID.Int64(), string(deal.StageID)
	wanted, ok := c.Current.Rules.Stage(category, stage, o.Status)
	return field{
		Name: "Статус и стадия", Key: plan.StageField, Code: stage, Theirs: c.Lists.StageName(category, stage),
		Ours: fmt.Sprintf("%s (стадия «%s»)", o.Status.Label(), c.Lists.StageName(category, wanted)),
	}, ok && wanted != stage
}

// leadState is what became of a lead, by its stage.
func leadState(s rest.Semantics) plan.LinkState {
	switch s {
	case rest.Success:
		return plan.Converted
	case rest.Failure:
		return plan.Rejected
	}
	return plan.Linked
}

// plain is a text as both sides would show it.
func plain(text string) string {
	return strings.TrimSpace(strings.ReplaceAll(rest.Disarm(text), "\r\n", "\n"))
}

// numbers lists the numbers of records of the portal.
func numbers(ids []rest.ID) string {
	return strings.Join(lo.Map(ids, func(id rest.ID, _ int) string { return fmt.Sprint(id.Int64()) }), ", ")
}

// rowTexts are the order's rows as they are here and there. Rows that a manager added by hand are not looked at.
func rowTexts(p *pair) (ours, theirs string) {
	there := lo.KeyBy(p.rows, func(row rest.ProductRow) int64 { return row.ID.Int64() })
	currency := p.order.Currency
	var own, other []string
	for _, r := range mapping.Rows(p.order) {
		own = append(own, rowText(r.Name, r.Price, float64(r.Quantity), currency))
		t, found := there[p.known[r.Key].RowID] // 0, of a row that was never sent, is no row there either
		if !found {
			other = append(other, "нет строки")
			continue
		}
		other = append(other, rowText(string(t.ProductName), orders.Money(t.Price), float64(t.Quantity), currency))
	}
	return strings.Join(own, "\n"), strings.Join(other, "\n")
}

func rowText(name string, price orders.Money, quantity float64, currency string) string {
	return fmt.Sprintf("%s — %s × %g", plain(name), price.In(currency), quantity)
}
