package emulator

// State is the answer of GET /control/state: all records in the old family's names and strings.
func (p *Portal) State() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := object(
		"deals", p.shown(p.deals.table), "leads", p.shown(p.leads.table), "contacts", p.shown(p.contacts.table), "companies", p.shown(p.companies.table),
		"requisites", p.shown(p.requisites), "bankdetails", p.shown(p.banks), "addresses", p.shown(p.addresses), "products", p.shown(p.products),
		"comments", p.shown(p.comments), "categories", p.shownCategories(), "stages", p.shownStages(), "userfields", p.shownUserfields(),
		"users", p.shown(p.users), "rows", p.shownRows(), "links", p.shownLinks(), "calls", p.shownCalls(), "mode", text(p.mode),
	)
	return appendJSON(nil, out)
}

func (p *Portal) shown(t *table) *Array {
	out := &Array{}
	for _, r := range t.all() {
		out.Append(p.oldRow(t, r, &selection{all: true, uf: true, multi: true}))
	}
	return out
}

func (p *Portal) shownCategories() *Array {
	c := &call{Portal: p}
	out := &Array{}
	for _, r := range p.funnels() {
		out.Append(c.dealCategory(r))
	}
	return out
}

func (p *Portal) shownStages() *Array {
	out := &Array{}
	for _, r := range p.statuses.all() {
		if isStages(p.statuses.text(r, "ENTITY_ID")) {
			out.Append(p.status(r))
		}
	}
	return out
}

func (p *Portal) shownUserfields() *Array {
	c := &call{Portal: p}
	out := &Array{}
	for _, r := range p.userfields.all() {
		out.Append(c.userfield(r, ""))
	}
	return out
}

func (p *Portal) shownRows() any {
	out := &Array{}
	for _, e := range []*entity{p.deals, p.leads} {
		for _, id := range e.ids {
			list := p.rows.of(e.short, id)
			if len(list) == 0 {
				continue
			}
			rows := &Array{}
			for _, x := range list {
				rows.Append(p.oldProductRow(x))
			}
			out.Set(e.short+text(id), rows)
		}
	}
	return mapping(out)
}

func (p *Portal) shownLinks() *Array {
	companies := &Array{}
	for _, id := range p.companies.ids {
		setIDs(companies, id, p.companyContacts(id))
	}
	return object(
		"deal_contacts", mapping(shownLinks(p.deals)), "lead_contacts", mapping(shownLinks(p.leads)),
		"contact_companies", mapping(shownLinks(p.contacts)), "company_contacts", mapping(companies),
	)
}

func shownLinks(e *entity) *Array {
	out := &Array{}
	for _, id := range e.ids {
		setIDs(out, id, e.links.of(id))
	}
	return out
}

func setIDs(out *Array, owner int64, list []link) {
	if len(list) == 0 {
		return
	}
	ids := &Array{}
	for _, x := range list {
		ids.Append(text(x.id))
	}
	out.Set(text(owner), ids)
}

func (p *Portal) shownCalls() *Array {
	out := &Array{}
	for _, x := range p.calls {
		out.Append(object("CALL_ID", x.ID, "FROM_LINE", x.Line, "TO_NUMBER", x.Number, "TEXT_TO_PRONOUNCE", x.Text, "USER_ID", text(x.User)))
	}
	return out
}

// mapping makes sure that an empty map is {}: /control speaks JSON, not PHP.
func mapping(a *Array) any {
	if a.Len() == 0 {
		return emptyObject{}
	}
	return a
}
