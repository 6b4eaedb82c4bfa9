package emulator

import (
	"cmp"
	"errors"
	"time"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// A conversion is what a person chose in the dialog of «Качественный лид».
type conversion struct {
	deal     bool
	contact  *int64 // nil = none, 0 = a new one, else an existing one
	company  *int64
	category int64
}

// converted are the ids of what a conversion made or was given.
type converted struct {
	deal, contact, company int64
}

// convert makes a deal, a contact and a company out of a lead as a person does in the dialog. Each record says by
// LEAD_ID where it comes from. What is copied is in REST.md 10.3 and OPEN.md C15.
func (a actor) convert(lead *record, want conversion) (converted, error) {
	e := a.leads
	if e.text(lead, "STATUS_SEMANTIC_ID") == "S" {
		return converted{}, errors.New("the lead is converted already")
	}
	if want.deal && a.category(want.category) == nil {
		return converted{}, errors.New("no such funnel")
	}
	out := converted{contact: e.integer(lead, "CONTACT_ID"), company: e.integer(lead, "COMPANY_ID")}
	if want.company != nil {
		company, err := a.companyOfLead(lead, *want.company)
		if err != nil {
			return converted{}, err
		}
		out.company = company
	}
	if want.contact != nil {
		contact, err := a.contactOfLead(lead, *want.contact)
		if err != nil {
			return converted{}, err
		}
		out.contact = contact
	}
	if out.contact > 0 && out.company > 0 {
		a.linkCompany(out.contact, out.company, &link{})
	}
	ch := &change{vals: map[int]any{}}
	ch.set(e, "STATUS_ID", a.successStage(leadStages))
	ch.set(e, "COMPANY_ID", out.company)
	if out.contact > 0 {
		ch.primary = &out.contact
	}
	delay := time.Duration(a.behaviour.ConversionDelayMS) * time.Millisecond
	if want.deal && delay > 0 {
		a.background(delay, func() {
			a.mu.Lock()
			defer a.mu.Unlock()
			if a.leads.rows[lead.id] == lead {
				_, _ = a.dealOfLead(lead, out, want.category) // the funnel is known to be there
			}
		})
	} else if want.deal {
		deal, err := a.dealOfLead(lead, out, want.category)
		if err != nil {
			return converted{}, err
		}
		out.deal = deal
	}
	return out, a.update(e, lead, ch)
}

// successStage is the code of the success stage of a directory, "" when it has none.
func (d *data) successStage(directory string) string {
	for _, s := range d.stages(directory) {
		if d.statuses.text(s, "SEMANTICS") == "S" {
			return d.statuses.text(s, "STATUS_ID")
		}
	}
	return ""
}

// copied puts values of the lead into a change of another kind of record, under the same names.
func (a actor) copied(ch *change, to *entity, lead *record, names ...string) {
	for _, name := range names {
		if v := a.leads.value(lead, name); v != nil {
			ch.set(to, name, v)
		}
	}
}

// copyKey copies the lead's external key into what is made of it, whatever that is.
func (a actor) copyKey(ch *change, to *entity, lead *record) {
	if a.behaviour.ConversionCopiesOrigin {
		a.copied(ch, to, lead, "ORIGINATOR_ID", "ORIGIN_ID")
	}
}

// fillKey gives the lead's external key to a record that was chosen for the lead and has none.
func (a actor) fillKey(e *entity, id int64, lead *record) error {
	r, ch := e.rows[id], &change{vals: map[int]any{}, strict: true}
	if e.text(r, "ORIGIN_ID") == "" && e.text(r, "ORIGINATOR_ID") == "" {
		a.copyKey(ch, e, lead)
	}
	if len(ch.vals) == 0 {
		return nil
	}
	return a.update(e, r, ch)
}

// utmNames go from a lead to whatever is made of it.
var utmNames = []string{"UTM_SOURCE", "UTM_MEDIUM", "UTM_CAMPAIGN", "UTM_CONTENT", "UTM_TERM"}

// multiOfLead copies the phones and addresses of a lead; the copies get numbers of their own.
func (a actor) multiOfLead(ch *change, lead *record) {
	for _, m := range lead.multi {
		m.id = 0
		ch.multi = append(ch.multi, multiChange{multifield: m})
	}
}

// contactOfLead takes the existing contact, or makes one when existing is 0.
func (a actor) contactOfLead(lead *record, existing int64) (int64, error) {
	if existing > 0 {
		if a.contacts.rows[existing] == nil {
			return 0, errors.New("no such contact")
		}
		return existing, a.fillKey(a.contacts, existing, lead)
	}
	ch := &change{vals: map[int]any{}}
	a.copied(
		ch, a.contacts, lead,
		append(
			[]string{
				"HONORIFIC", "NAME", "SECOND_NAME", "LAST_NAME", "BIRTHDATE", "POST", "SOURCE_ID", "SOURCE_DESCRIPTION",
				"ASSIGNED_BY_ID", "OPENED",
			},
			utmNames...,
		)...,
	)
	if php.String(ch.vals[a.contacts.at("NAME")]) == "" && php.String(ch.vals[a.contacts.at("LAST_NAME")]) == "" {
		ch.set(a.contacts, "NAME", a.leads.text(lead, "TITLE"))
	}
	a.copyKey(ch, a.contacts, lead)
	ch.set(a.contacts, "LEAD_ID", lead.id)
	a.multiOfLead(ch, lead)
	r, err := a.create(a.contacts, ch)
	if err != nil {
		return 0, err
	}
	return r.id, nil
}

// companyOfLead takes the existing company, or makes one when existing is 0.
func (a actor) companyOfLead(lead *record, existing int64) (int64, error) {
	if existing > 0 {
		if a.companies.rows[existing] == nil {
			return 0, errors.New("no such company")
		}
		return existing, a.fillKey(a.companies, existing, lead)
	}
	ch := &change{vals: map[int]any{}}
	a.copied(ch, a.companies, lead, append([]string{"ASSIGNED_BY_ID", "OPENED", "CURRENCY_ID"}, utmNames...)...)
	ch.set(a.companies, "TITLE", cmp.Or(a.leads.text(lead, "COMPANY_TITLE"), a.leads.text(lead, "TITLE")))
	a.copyKey(ch, a.companies, lead)
	ch.set(a.companies, "LEAD_ID", lead.id)
	a.multiOfLead(ch, lead)
	r, err := a.create(a.companies, ch)
	if err != nil {
		return 0, err
	}
	return r.id, nil
}

// dealOfLead makes the deal of a lead, with the lead's product rows.
func (a actor) dealOfLead(lead *record, client converted, category int64) (int64, error) {
	ch := &change{vals: map[int]any{}}
	a.copied(ch, a.deals, lead, append([]string{
		"TITLE", "CURRENCY_ID", "OPPORTUNITY", "IS_MANUAL_OPPORTUNITY", "SOURCE_ID", "SOURCE_DESCRIPTION", "ASSIGNED_BY_ID",
		"OPENED", "COMMENTS",
	}, utmNames...)...)
	a.copyKey(ch, a.deals, lead)
	if a.behaviour.ConversionCopiesCustom {
		for _, f := range a.leads.fields {
			if at, ok := a.deals.byName[f.name]; ok && f.custom != nil && a.deals.fields[at].kind == f.kind {
				a.copied(ch, a.deals, lead, f.name)
			}
		}
	}
	ch.set(a.deals, "LEAD_ID", lead.id)
	ch.set(a.deals, "CATEGORY_ID", category)
	ch.set(a.deals, "COMPANY_ID", client.company)
	if client.contact > 0 {
		ch.primary = &client.contact
	}
	r, err := a.create(a.deals, ch)
	if err != nil {
		return 0, err
	}
	for _, x := range a.rows.of("L", lead.id) {
		y := *x
		y.ID, y.Owner, y.OwnerType = 0, r.id, "D"
		a.rows.put(&y)
	}
	a.deals.put(r, "TAX_VALUE", a.leads.number(lead, "TAX_VALUE"))
	return r.id, nil
}

// convertAtOnce makes a deal and a contact of a new lead, as the CRM mode without leads does (REST.md 10.2).
func (a actor) convertAtOnce(lead *record) {
	fresh := int64(0)
	_, _ = a.convert(lead, conversion{deal: true, contact: &fresh}) // the default funnel is always there
}
