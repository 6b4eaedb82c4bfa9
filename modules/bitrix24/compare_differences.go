package bitrix24

import (
	"fmt"
	"strings"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// The keys of differences that are no field of the deal.
const (
	rowsKey = "rows"
	leadKey = "lead" // what became of the lead
)

// differences are the fields in which an order and its deal, or lead, are not the same.
func (c *connection) differences(p *pair) []comparedField {
	o, deal := p.order, p.deal
	fields := []comparedField{}
	differ := func(name, key, ours, theirs string) {
		if plain(ours) != plain(theirs) {
			fields = append(fields, comparedField{Name: name, Key: key, Ours: ours, Theirs: theirs})
		}
	}
	differ("Сумма", "opportunity", o.Total.In(o.Currency), orders.Money(deal.Opportunity).In(o.Currency))
	r := newRun(c)
	if p.target() == aLead {
		differ("Лид", leadKey, leadWords[p.link.State], leadWords[leadStateOf(deal.StageSemanticID)])
	} else if field, ok := r.stageDifference(o, deal); ok {
		fields = append(fields, field)
	}
	if p.contact != 0 && !lo.Contains(append(deal.ContactIDs, deal.ContactID), rest.ID(p.contact)) {
		differ("Контакт", "contactIds", fmt.Sprint(p.contact), numbers(deal.ContactIDs))
	}
	if p.company != 0 {
		differ("Компания", "companyId", fmt.Sprint(p.company), numbers(lo.Compact([]rest.ID{deal.CompanyID})))
	}
	if ours, theirs := rowTexts(p); ours != theirs {
		fields = append(fields, comparedField{Name: "Товары", Key: rowsKey, Ours: ours, Theirs: theirs})
	}
	in := r.input(&orderWork{id: o.ID, order: o, target: p.target()})
	sent, names := mapping.DealFields(in), in.Rules.Fields
	if p.target() == aLead && !strings.Contains(plain(string(deal.Comments)), plain(mapping.Comment(in))) { // a manager may write beside ours
		differ("Комментарий", "comments", mapping.Comment(in), string(deal.Comments))
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
func (r *run) stageDifference(o *orders.Order, deal *rest.Deal) (comparedField, bool) {
	category, stage := deal.CategoryID.Int64(), string(deal.StageID)
	wanted, ok := r.settings.Rules.Stage(category, stage, o.Status)
	return comparedField{
		Name: "Статус и стадия", Key: stageField, Code: stage, Theirs: r.lists.stageName(category, stage),
		Ours: fmt.Sprintf("%s (стадия «%s»)", o.Status.Label(), r.lists.stageName(category, wanted)),
	}, ok && wanted != stage
}

// leadStateOf is what became of a lead, by its stage.
func leadStateOf(s rest.Semantics) linkState {
	switch s {
	case rest.Success:
		return converted
	case rest.Failure:
		return rejectedHim
	}
	return linked
}

// rejected reports whether the order is in a lead that was rejected there: there is nothing to compare any more.
func (p *pair) rejected() bool {
	return p.target() == aLead && p.deal != nil && leadStateOf(p.deal.StageSemanticID) == rejectedHim
}

// plain is a text as both sides would show it.
func plain(text string) string {
	return strings.TrimSpace(strings.ReplaceAll(rest.Disarm(text), "\r\n", "\n"))
}

func numbers(ids []rest.ID) string {
	return strings.Join(lo.Map(ids, func(id rest.ID, _ int) string { return fmt.Sprint(id.Int64()) }), ", ")
}

// rowTexts are the rows that stand for the order here and there; rows a manager added by hand are not looked at.
func rowTexts(p *pair) (ours, theirs string) {
	there := lo.KeyBy(p.rows, func(row rest.ProductRow) int64 { return row.ID.Int64() })
	var here, ofThem []string
	for _, row := range mapping.Rows(p.order) {
		here = append(here, rowText(row.Name, row.Price, float64(row.Quantity), p.order.Currency))
		if known, ok := p.known[row.Key]; ok {
			if other, ok := there[known.RowID]; ok {
				ofThem = append(ofThem, rowText(string(other.ProductName), orders.Money(other.Price), float64(other.Quantity), p.order.Currency))
				continue
			}
		}
		ofThem = append(ofThem, "нет строки")
	}
	return strings.Join(here, "\n"), strings.Join(ofThem, "\n")
}

func rowText(name string, price orders.Money, quantity float64, currency string) string {
	return fmt.Sprintf("%s — %s × %g", plain(name), price.In(currency), quantity)
}
