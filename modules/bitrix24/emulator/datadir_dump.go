package emulator

import (
	"encoding/base64"
	"time"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// tables are all tables in the order of their restoring: custom fields come first, since records have them.
func (p *Portal) tables() []*table {
	return []*table{
		p.userfields, p.leads.table, p.deals.table, p.contacts.table, p.companies.table, p.requisites, p.banks, p.addresses,
		p.presets, p.products,
		p.currencies, p.statuses, p.categories, p.users, p.comments,
	}
}

// dump is everything that outlives a restart, as JSON.
func (p *Portal) dump() []byte {
	tables := &php.Array{}
	for _, t := range p.tables() {
		tables.Set(t.name, dumpTable(t))
	}
	rows := &php.Array{}
	for _, e := range []*entity{p.deals, p.leads} {
		for _, id := range e.ids {
			for _, x := range p.rows.of(e.short, id) {
				rows.Append(itemProductRow(x))
			}
		}
	}
	linked := &php.Array{}
	for _, e := range p.entities() {
		if e.links != nil {
			linked.Set(e.method, dumpLinks(e.links))
		}
	}
	files := &php.Array{}
	for id, f := range p.files {
		files.Set(php.String(id), php.Map("name", f.name, "content", base64.StdEncoding.EncodeToString(f.content)))
	}
	return php.AppendJSON(nil, php.Map(
		"tables", tables, "rows", rows, "last_row", p.rows.last, "links", linked, "files", files, "mode", p.mode,
		"line", p.line,
		"last_multi", p.lastMulti, "last_file", p.lastFile, "last_enum", p.lastEnum, "member", p.member, "domain", p.domain,
		"inbound", p.dumpInbound(), "outbound", p.dumpOutbound(),
	))
}

// dumpTable keeps a table's records by the names of their fields, so that a later version may order the fields anew.
func dumpTable(t *table) *php.Array {
	records := &php.Array{}
	for _, r := range t.all() {
		vals := &php.Array{}
		for i, f := range t.fields {
			if v := r.get(i); v != nil && f.name != "" && f.name != "ID" {
				vals.Set(f.name, dumpValue(v))
			}
		}
		x := php.Map("id", r.id, "vals", vals)
		if len(r.multi) > 0 {
			multi := &php.Array{}
			for _, m := range r.multi {
				multi.Append(php.List(m.id, m.kind, m.sort, m.text))
			}
			x.Set("multi", multi)
		}
		records.Append(x)
	}
	return php.Map("last", t.last, "records", records)
}

// dumpValue writes times as text.
func dumpValue(v any) any {
	switch v := v.(type) {
	case time.Time:
		return v.Format(time.RFC3339)
	case *php.Array:
		out := &php.Array{}
		for k, el := range v.All() {
			out.Set(k, dumpValue(el))
		}
		return out
	}
	return v
}

// dumpLinks keeps links as lists: owner, linked record, sort, role, primary.
func dumpLinks(l *links) *php.Array {
	out := &php.Array{}
	for owner, list := range l.owners {
		for _, x := range list {
			out.Append(php.List(owner, x.id, x.sort, x.role, x.primary))
		}
	}
	return out
}

// dumpInbound keeps the inbound webhooks, the one of the options too.
func (p *Portal) dumpInbound() *php.Array {
	out := &php.Array{}
	for _, h := range p.inbound {
		scopes := &php.Array{}
		for _, s := range h.Scopes {
			scopes.Append(s)
		}
		out.Append(php.Map("id", h.ID, "title", h.Title, "user", h.UserID, "code", h.Code, "scopes", scopes))
	}
	return out
}

// dumpOutbound keeps the outbound webhooks.
func (p *Portal) dumpOutbound() *php.Array {
	out := &php.Array{}
	for _, o := range p.outbound {
		events := &php.Array{}
		for _, code := range sortedKeys(o.Events) {
			events.Append(code)
		}
		out.Append(php.Map("id", o.ID, "title", o.Title, "url", o.URL, "token", o.Token, "events", events))
	}
	return out
}
