package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// An order is compared by planning it as if nothing were agreed on but what both sides have in common now. What the
// plan then sends is what differs, and to send it is to mend it.

// Difference is something in which an order and its deal, or lead, are not the same.
type Difference struct {
	Name         string // as people call it
	Ours, Theirs string
}

// compared is a field that the module keeps equal, as both sides have it.
type compared struct {
	Difference
	key   string // of the deal or lead
	value any    // what is sent of ours
	same  bool
}

// asIfNothingWereAgreed returns the facts with what both sides have in common for what they have agreed on. The order is
// taken for the side that has changed. Fields that people may change by hand are left as they were.
func asIfNothingWereAgreed(f OrderFacts) OrderFacts {
	f.Link = f.Link.copy()
	f.Link.State = Linked
	for _, field := range f.compared() {
		if field.same {
			f.Link.Agreed.Agree(rest.Params{field.key: field.value})
		} else {
			delete(f.Link.Agreed, field.key)
		}
	}
	if f.Deal != nil {
		status := ""
		_, moves := f.stageToBe()
		if !moves && !f.Rules.Waits(f.Deal.CategoryID.Int64(), f.Input.Order.Status) {
			status = string(f.Input.Order.Status)
		}
		f.Link.Agreed[StageField] = mapping.Pair{Ours: status, Theirs: string(f.Deal.StageID)}
	}
	there := lo.KeyBy(f.There, func(row rest.ProductRow) int64 { return row.ID.Int64() })
	wanted := lo.KeyBy(f.Wanted, func(row mapping.Row) string { return row.Key })
	f.Rows = lo.MapValues(f.Rows, func(known OwnedRow, key string) OwnedRow {
		row, found := there[known.ID]
		if ours, isWanted := wanted[key]; found && isWanted && rowThere(row).Looks() == ours.Looks() {
			return OwnedRow{ID: known.ID, Print: ours.Print()}
		}
		return OwnedRow{ID: known.ID}
	})
	return f
}

// stageToBe is where the deal belongs, and whether it is somewhere else.
func (f OrderFacts) stageToBe() (stage string, moves bool) {
	present := string(f.Deal.StageID)
	stage, ok := f.Rules.Stage(f.Deal.CategoryID.Int64(), present, f.Input.Order.Status)
	return stage, ok && stage != present
}

// compared are the fields of the deal or lead beside its stage and its rows.
func (f OrderFacts) compared() []compared {
	o := f.Input.Order
	var amount rest.Money
	var contacts []rest.ID
	var company rest.ID
	var comments string
	var custom rest.Custom
	switch {
	case f.Deal != nil:
		amount, contacts, company = f.Deal.Opportunity, append(f.Deal.ContactIDs, f.Deal.ContactID), f.Deal.CompanyID
		custom = f.Deal.Custom
	case f.Lead != nil:
		amount, contacts, company = f.Lead.Opportunity, append(f.Lead.ContactIDs, f.Lead.ContactID), f.Lead.CompanyID
		custom, comments = f.Lead.Custom, string(f.Lead.Comments)
	}
	sent := mapping.DealFields(f.Input)
	fields := []compared{{
		Difference{"Сумма", o.Total.In(o.Currency), orders.Money(amount).In(o.Currency)},
		amountField, sent[amountField], o.Total == orders.Money(amount),
	}}
	if number, ok := f.Contact.ID.(int64); ok {
		fields = append(fields, compared{
			Difference{"Контакт", fmt.Sprint(number), numbers(lo.Uniq(contacts))},
			contactsField,
			[]any{number},
			slices.Contains(contacts, rest.ID(number)),
		})
	}
	if number, ok := f.Company.ID.(int64); ok {
		fields = append(fields, compared{
			Difference{"Компания", fmt.Sprint(number), numbers([]rest.ID{company})},
			"companyId", number, company == rest.ID(number),
		})
	}
	if f.Target == Lead {
		ours := mapping.Comment(f.Input)
		fields = append(fields, compared{
			Difference{"Комментарий", ours, comments},
			commentsField, ours, strings.Contains(plain(comments), plain(ours)), // a manager may write beside ours
		})
	}
	for _, field := range mapping.CustomFields {
		name := *field.Chosen(&f.Input.Rules.Fields)
		if text, isSent := sent[name].(string); isSent && name != "" {
			there := custom.Text(name)
			fields = append(fields, compared{Difference{field.Caption, text, there}, name, text, plain(text) == plain(there)})
		}
	}
	return fields
}

// Differences says in which fields an order and its deal, or lead, are not the same: those that ForOrder would send,
// given the same facts with Afresh set. Rows that a manager added by hand are not looked at.
func Differences(f OrderFacts) []Difference {
	var differ []Difference
	for _, field := range f.compared() {
		if !field.same {
			differ = append(differ, field.Difference)
		}
	}
	if f.leadMoved() {
		differ = append(differ, Difference{"Лид", LeadWords[f.Link.State], LeadWords[LeadState(f.Lead)]})
	}
	if f.Deal != nil {
		if stage, moves := f.stageToBe(); moves {
			name := func(id string) string { return f.Stages.StageName(f.Deal.CategoryID.Int64(), id) }
			differ = append(differ, Difference{
				"Статус и стадия", fmt.Sprintf("%s (стадия «%s»)", f.Input.Order.Status.Label(), name(stage)),
				name(string(f.Deal.StageID)),
			})
		}
	}
	return append(differ, rowDifference(f)...)
}

// LeadState is what became of a lead, by its stage. A lead of which the stage was not read is open.
func LeadState(lead *rest.Lead) LinkState {
	switch lead.StageSemanticID {
	case rest.Success:
		return Converted
	case rest.Failure:
		return Rejected
	}
	return Linked
}

// leadMoved reports whether something has become of the lead that the panel does not know of. That comes first; the
// order follows from it.
func (f OrderFacts) leadMoved() bool {
	return f.Afresh && f.Lead != nil && LeadState(f.Lead) != f.Link.State
}

// rowDifference is the difference between the order's rows and those of ours that are there, if there is one.
func rowDifference(f OrderFacts) []Difference {
	rows := ForRows(asIfNothingWereAgreed(f).rowFacts())
	if len(rows.Add)+len(rows.Change)+len(rows.Remove) == 0 {
		return nil
	}
	there := lo.KeyBy(f.There, func(row rest.ProductRow) int64 { return row.ID.Int64() })
	text := func(r mapping.Row, quantity float64) string {
		return fmt.Sprintf("%s — %s × %g", plain(r.Name), r.Price.In(f.Input.Order.Currency), quantity)
	}
	var ours, theirs []string
	for _, row := range f.Wanted {
		ours = append(ours, text(row, float64(row.Quantity)))
		if t, found := there[rows.Linked[row.Key].ID]; found { // 0, of a row that was never sent, is no row there either
			theirs = append(theirs, text(rowThere(t), float64(t.Quantity)))
		} else {
			theirs = append(theirs, "нет строки")
		}
	}
	for _, removal := range rows.Remove {
		if t, found := there[removal.ID]; found {
			ours, theirs = append(ours, "нет строки"), append(theirs, text(rowThere(t), float64(t.Quantity)))
		}
	}
	return []Difference{{"Товары", strings.Join(ours, "\n"), strings.Join(theirs, "\n")}}
}

// plain is a text as both sides would show it.
func plain(text string) string {
	return strings.TrimSpace(strings.ReplaceAll(rest.Disarm(text), "\r\n", "\n"))
}

// numbers lists the numbers of records of the portal.
func numbers(ids []rest.ID) string {
	return strings.Join(lo.FilterMap(ids, func(id rest.ID, _ int) (string, bool) { return fmt.Sprint(id.Int64()), id != 0 }), ", ")
}
