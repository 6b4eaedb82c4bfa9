package emulator

import (
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// restore puts a dump into a fresh portal.
func (p *Portal) restore(all *php.Array) {
	p.data = newData()
	tables := php.ArrayOf(all.Get("tables"))
	for _, t := range p.tables() {
		p.restoreTable(t, php.ArrayOf(tables.Get(t.name)))
		if t == p.userfields {
			for _, r := range t.all() { // the records need their fields
				if e := p.entityNamed(strings.ToLower(strings.TrimPrefix(t.text(r, "ENTITY_ID"), "CRM_"))); e != nil {
					e.add(p.customField(r))
				}
			}
		}
	}
	a := actor{p, 1}
	for _, e := range p.entities() {
		for _, r := range e.all() {
			a.indexMulti(e, r)
		}
	}
	for _, v := range php.ArrayOf(all.Get("rows")).All() {
		p.restoreRow(php.ArrayOf(v))
	}
	p.rows.last = max(p.rows.last, php.Int(all.Get("last_row")))
	p.restoreLinks(php.ArrayOf(all.Get("links")))
	for id, v := range php.ArrayOf(all.Get("files")).All() {
		content, _ := base64.StdEncoding.DecodeString(php.String(php.ArrayOf(v).Get("content")))
		p.files[php.Int(id)] = file{php.Int(id), php.String(php.ArrayOf(v).Get("name")), content}
	}
	p.mode, p.line = max(classicMode, php.Int(all.Get("mode"))), php.String(all.Get("line"))
	p.lastMulti, p.lastFile = php.Int(all.Get("last_multi")), php.Int(all.Get("last_file"))
	p.lastEnum = php.Int(all.Get("last_enum"))
	if member := php.String(all.Get("member")); member != "" {
		p.member = member
	}
	if p.domain == "" {
		p.domain = php.String(all.Get("domain"))
	}
	p.restoreWebhooks(php.ArrayOf(all.Get("inbound")), php.ArrayOf(all.Get("outbound")))
}

// restoreTable inserts the records of a dumped table. A field that is no longer known is left out.
func (p *Portal) restoreTable(t *table, dump *php.Array) {
	for _, v := range php.ArrayOf(dump.Get("records")).All() {
		x := php.ArrayOf(v)
		r := &record{id: php.Int(x.Get("id")), vals: make([]any, len(t.fields))}
		for name, v := range php.ArrayOf(x.Get("vals")).All() {
			if at, ok := t.byName[name]; ok {
				r.vals[at] = restoreValue(t.fields[at], v)
			}
		}
		for _, v := range php.ArrayOf(x.Get("multi")).All() {
			m := php.ArrayOf(v)
			r.multi = append(r.multi, multifield{
				php.Int(m.Get("0")), php.String(m.Get("1")), php.String(m.Get("2")), php.String(m.Get("3")),
			})
		}
		t.insert(r)
	}
	t.last = max(t.last, php.Int(dump.Get("last")))
}

// restoreValue makes of a JSON value what the field keeps.
func restoreValue(f *field, v any) any {
	if list, ok := v.(*php.Array); ok {
		if f.multiple && f.custom != nil {
			out := &php.Array{}
			for _, el := range list.All() {
				one := *f
				one.multiple = false
				out.Append(restoreValue(&one, el))
			}
			return out
		}
		if f.name == "FILES" && list.Len() == 0 {
			return php.EmptyObject{}
		}
		return list
	}
	switch f.class {
	case classDouble:
		return php.Float(v)
	case classDate, classDatetime:
		at, err := time.Parse(time.RFC3339, php.String(v))
		if err != nil {
			return nil
		}
		return at.UTC()
	}
	return v
}

// restoreRow inserts one product row.
func (p *Portal) restoreRow(x *php.Array) {
	y := &row{
		ID: php.Int(x.Get("id")), Owner: php.Int(x.Get("ownerId")), OwnerType: php.String(x.Get("ownerType")),
		ProductID: php.Int(x.Get("productId")),
		Name:      php.String(x.Get("productName")), Price: php.Float(x.Get("price")),
		Exclusive: php.Float(x.Get("priceExclusive")), Netto: php.Float(x.Get("priceNetto")),
		Brutto: php.Float(x.Get("priceBrutto")), Quantity: php.Float(x.Get("quantity")),
		DiscountType: php.Int(x.Get("discountTypeId")),
		DiscountRate: php.Float(x.Get("discountRate")), DiscountSum: php.Float(x.Get("discountSum")),
		TaxIncluded: php.String(x.Get("taxIncluded")),
		Measure:     php.Int(x.Get("measureCode")), MeasureName: php.String(x.Get("measureName")),
		Sort:  php.Int(x.Get("sort")),
		XMLID: php.String(x.Get("xmlId")),
		Type:  php.Int(x.Get("type")),
	}
	if rate := x.Get("taxRate"); rate != nil {
		n := php.Float(rate)
		y.TaxRate = &n
	}
	if p.rows.byOwner[y.OwnerType] != nil {
		p.rows.put(y)
	}
}

// restoreLinks restores the links of all kinds of records.
func (p *Portal) restoreLinks(linked *php.Array) {
	for _, e := range p.entities() {
		byOwner := map[int64][]link{}
		for _, v := range php.ArrayOf(linked.Get(e.method)).All() {
			x := php.ArrayOf(v)
			owner := php.Int(x.Get("0"))
			byOwner[owner] = append(byOwner[owner], link{
				php.Int(x.Get("1")), php.Int(x.Get("2")), php.Int(x.Get("3")), php.Bool(x.Get("4")),
			})
		}
		for owner, list := range byOwner {
			e.links.replace(owner, list)
		}
	}
}

// restoreWebhooks adds the stored webhooks to those of the options, which stay as they are.
func (p *Portal) restoreWebhooks(inbound, outbound *php.Array) {
	for _, v := range inbound.All() {
		x := php.ArrayOf(v)
		h := &Inbound{
			ID: php.Int(x.Get("id")), Title: php.String(x.Get("title")), UserID: php.Int(x.Get("user")),
			Code: php.String(x.Get("code")), Scopes: texts(x.Get("scopes")),
		}
		if h.ID == 1 {
			continue // the one that the options name
		}
		p.inbound = append(p.inbound, h)
	}
	for _, v := range outbound.All() {
		x := php.ArrayOf(v)
		o := &Outbound{
			ID: php.Int(x.Get("id")), Title: php.String(x.Get("title")), URL: php.String(x.Get("url")),
			Token: php.String(x.Get("token")),
		}
		if slices.ContainsFunc(p.outbound, func(y *Outbound) bool { return y.ID == o.ID || y.URL == o.URL }) {
			continue
		}
		p.addOutbound(o, texts(x.Get("events")))
	}
}

// texts are the elements of a list as texts.
func texts(v any) []string {
	var out []string
	for _, el := range php.ArrayOf(v).All() {
		out = append(out, php.String(el))
	}
	return out
}
