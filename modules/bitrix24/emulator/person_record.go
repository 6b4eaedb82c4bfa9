package emulator

import (
	"errors"
	"fmt"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// change reads fields as the old family names them. A person sees at once what does not fit, and saving an unchanged
// card is no change: in both it follows crm.item.*.
func (x person) change(e *entity, r *record) (*change, error) {
	fields, ok := x.args.Get("fields").(*php.Array)
	if !ok && x.args.Get("fields") != nil {
		return nil, errors.New("fields is not an object")
	}
	c := &call{Portal: x.Portal, params: &php.Array{}, hook: &Inbound{UserID: x.user}}
	ch, err := c.oldChange(e, r, fields, false)
	if err != nil {
		return nil, err
	}
	ch.strict = true
	return ch, nil
}

// createRecord makes a record of a kind.
func (x person) createRecord(e *entity) (*php.Array, error) {
	ch, err := x.change(e, nil)
	if err != nil {
		return nil, err
	}
	r, err := x.create(e, ch)
	if err != nil {
		return nil, err
	}
	return made(r.id), nil
}

// edit changes a record of a kind.
func (x person) edit(e *entity) (*php.Array, error) {
	r, err := x.recordByID(e)
	if err != nil {
		return nil, err
	}
	ch, err := x.change(e, r)
	if err != nil {
		return nil, err
	}
	if err := x.update(e, r, ch); err != nil {
		return nil, err
	}
	return made(r.id), nil
}

// remove deletes a record of a kind.
func (x person) remove(e *entity) (*php.Array, error) {
	r, err := x.recordByID(e)
	if err != nil {
		return nil, err
	}
	x.delete(e, r)
	return made(r.id), nil
}

// moveDeal drags a deal to a stage, of another funnel too. The stage may be named without the prefix of its funnel.
func (x person) moveDeal() (*php.Array, error) {
	r, err := x.recordByID(x.deals)
	if err != nil {
		return nil, err
	}
	category := x.deals.integer(r, "CATEGORY_ID")
	ch := &change{vals: map[int]any{}, strict: true}
	if v, ok := x.args.Lookup("category"); ok && v != nil {
		if category = php.Int(v); category != x.deals.integer(r, "CATEGORY_ID") {
			ch.set(x.deals, "CATEGORY_ID", category)
		}
	}
	if stage := php.String(x.args.Get("stage")); stage != "" {
		if x.stageIn(x.stages(dealStages(category)), stage) == nil {
			stage = stagePrefix(category) + stage
		}
		ch.set(x.deals, "STAGE_ID", stage)
	}
	if err := x.update(x.deals, r, ch); err != nil {
		return nil, err
	}
	return made(r.id), nil
}

// convertLead is the dialog of «Качественный лид». Nothing named means a deal with a contact.
func (x person) convertLead() (*php.Array, error) {
	r, err := x.recordByID(x.leads)
	if err != nil {
		return nil, err
	}
	want := conversion{deal: true, category: php.Int(x.args.Get("category"))}
	if v, ok := x.args.Lookup("deal"); ok {
		want.deal = php.Bool(v)
	}
	contact, ok := x.args.Lookup("contact")
	if !ok {
		contact = x.leads.integer(r, "CONTACT_ID") == 0
	}
	want.contact = choice(contact)
	want.company = choice(x.args.Get("company"))
	out, err := x.convert(r, want)
	if err != nil {
		return nil, err
	}
	return php.Map("id", r.id, "lead", r.id, "deal", out.deal, "contact", out.contact, "company", out.company), nil
}

// choice reads true (a new one), an id, or false and null (none).
func choice(v any) *int64 {
	switch v := v.(type) {
	case bool:
		if v {
			return new(int64)
		}
	case int64:
		if v > 0 {
			return &v
		}
	case string: // of a form
		if v == "new" {
			return new(int64)
		}
		if id := php.Int(v); id > 0 {
			return &id
		}
	}
	return nil
}

// rejectLead moves a lead to «Некачественный лид».
func (x person) rejectLead() (*php.Array, error) {
	r, err := x.recordByID(x.leads)
	if err != nil {
		return nil, err
	}
	ch := &change{vals: map[int]any{}, strict: true}
	ch.set(x.leads, "STATUS_ID", "JUNK")
	if err := x.update(x.leads, r, ch); err != nil {
		return nil, err
	}
	return made(r.id), nil
}

// mergeContacts joins the contact drop into the contact keep.
func (x person) mergeContacts() (*php.Array, error) {
	keep, drop := x.contacts.rows[php.Int(x.args.Get("keep"))], x.contacts.rows[php.Int(x.args.Get("drop"))]
	if keep == nil || drop == nil || keep == drop {
		return nil, errors.New("merging needs two contacts, keep and drop")
	}
	x.merge(keep, drop)
	return made(keep.id), nil
}

// mergeTwoDeals joins the deal drop into the deal keep.
func (x person) mergeTwoDeals() (*php.Array, error) {
	keep, drop := x.deals.rows[php.Int(x.args.Get("keep"))], x.deals.rows[php.Int(x.args.Get("drop"))]
	if keep == nil || drop == nil || keep == drop {
		return nil, errors.New("merging needs two deals, keep and drop")
	}
	return made(keep.id), x.mergeDeals(keep, drop)
}

// comment writes into the timeline of the record that the arguments name by its kind.
func (x person) comment() (*php.Array, error) {
	for _, e := range x.entities() {
		if id := php.Int(x.args.Get(e.method)); id > 0 {
			r := e.rows[id]
			if r == nil {
				return nil, fmt.Errorf("no %s %d", e.method, id)
			}
			return made(x.addComment(e, r, php.String(x.args.Get("text")), nil).id), nil
		}
	}
	return nil, errors.New("a comment needs a deal, lead, contact or company")
}
