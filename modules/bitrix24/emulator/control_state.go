package emulator

import "github.com/pixlpark/panel/modules/bitrix24/emulator/php"

// State returns the answer of GET /control/state, JSON: all records in the old family's names and as texts.
func (p *Portal) State() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := php.Map(
		"deals", p.shown(p.deals.table), "leads", p.shown(p.leads.table), "contacts", p.shown(p.contacts.table),
		"companies", p.shown(p.companies.table),
		"requisites", p.shown(p.requisites), "bankdetails", p.shown(p.banks), "addresses", p.shown(p.addresses),
		"products", p.shown(p.products),
		"comments", p.shown(p.comments), "categories", p.shownCategories(), "stages", p.shownStages(),
		"userfields", p.shownUserfields(),
		"users", p.shown(p.users), "rows", p.shownRows(), "links", p.shownLinks(), "calls", p.shownCalls(),
		"mode", php.String(p.mode),
	)
	return php.AppendJSON(nil, out)
}

// shown lists all records of a table with all their fields.
func (p *Portal) shown(t *table) *php.Array {
	out := &php.Array{}
	for _, r := range t.all() {
		out.Append(p.oldRow(t, r, &selection{all: true, uf: true, multi: true}))
	}
	return out
}

// shownCategories lists the funnels, the default one too.
func (p *Portal) shownCategories() *php.Array {
	c := &call{Portal: p}
	out := &php.Array{}
	for _, r := range p.funnels() {
		out.Append(c.dealCategory(r))
	}
	return out
}

// shownStages lists the stages of all funnels and of leads; the other directories are left out.
func (p *Portal) shownStages() *php.Array {
	out := &php.Array{}
	for _, r := range p.statuses.all() {
		if isStages(p.statuses.text(r, "ENTITY_ID")) {
			out.Append(p.status(r))
		}
	}
	return out
}

// shownUserfields lists the custom fields of all kinds of records.
func (p *Portal) shownUserfields() *php.Array {
	c := &call{Portal: p}
	out := &php.Array{}
	for _, r := range p.userfields.all() {
		out.Append(c.userfield(r, ""))
	}
	return out
}

// shownRows are the product rows by their owner: D12 for deal 12, L3 for lead 3.
func (p *Portal) shownRows() any {
	out := &php.Array{}
	for _, e := range []*entity{p.deals, p.leads} {
		for _, id := range e.ids {
			list := p.rows.of(e.short, id)
			if len(list) == 0 {
				continue
			}
			rows := &php.Array{}
			for _, x := range list {
				rows.Append(p.oldProductRow(x))
			}
			out.Set(e.short+php.String(id), rows)
		}
	}
	return mapping(out)
}

// shownLinks are the linked records of each kind, by the number of the owner.
func (p *Portal) shownLinks() *php.Array {
	companies := &php.Array{}
	for _, id := range p.companies.ids {
		setIDs(companies, id, p.companyContacts(id))
	}
	return php.Map(
		"deal_contacts", mapping(shownLinks(p.deals)), "lead_contacts", mapping(shownLinks(p.leads)),
		"contact_companies", mapping(shownLinks(p.contacts)), "company_contacts", mapping(companies),
	)
}

// shownLinks are the links of one kind of records; owners without any are left out.
func shownLinks(e *entity) *php.Array {
	out := &php.Array{}
	for _, id := range e.ids {
		setIDs(out, id, e.links.of(id))
	}
	return out
}

// setIDs stores the linked numbers of an owner, if there are any.
func setIDs(out *php.Array, owner int64, list []link) {
	if len(list) == 0 {
		return
	}
	ids := &php.Array{}
	for _, x := range list {
		ids.Append(php.String(x.id))
	}
	out.Set(php.String(owner), ids)
}

// shownCalls lists the ordered phone calls.
func (p *Portal) shownCalls() *php.Array {
	out := &php.Array{}
	for _, x := range p.calls {
		out.Append(php.Map(
			"CALL_ID", x.ID, "FROM_LINE", x.Line, "TO_NUMBER", x.Number, "TEXT_TO_PRONOUNCE", x.Text,
			"USER_ID", php.String(x.User),
		))
	}
	return out
}

// mapping turns an empty array into {}: /control answers what a Go or JavaScript program expects of a map.
func mapping(a *php.Array) any {
	if a.Len() == 0 {
		return php.EmptyObject{}
	}
	return a
}
