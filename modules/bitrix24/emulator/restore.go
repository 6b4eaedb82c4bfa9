package emulator

import (
	"encoding/base64"
	"slices"
	"strings"
	"time"
)

// restore puts a dump into a fresh portal: the inverse of dump.
func (p *Portal) restore(all *Array) {
	p.data = newData()
	tables := array(all.Get("tables"))
	for _, t := range p.tables() {
		p.restoreTable(t, array(tables.Get(t.name)))
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
	for _, v := range array(all.Get("rows")).All() {
		p.restoreRow(array(v))
	}
	p.rows.last = max(p.rows.last, integer(all.Get("last_row")))
	p.restoreLinks(array(all.Get("links")))
	for id, v := range array(all.Get("files")).All() {
		content, _ := base64.StdEncoding.DecodeString(text(array(v).Get("content")))
		p.files[integer(id)] = file{integer(id), text(array(v).Get("name")), content}
	}
	p.mode, p.line = max(classicMode, integer(all.Get("mode"))), text(all.Get("line"))
	p.lastMulti, p.lastFile, p.lastEnum = integer(all.Get("last_multi")), integer(all.Get("last_file")), integer(all.Get("last_enum"))
	if member := text(all.Get("member")); member != "" {
		p.member = member
	}
	if p.domain == "" {
		p.domain = text(all.Get("domain"))
	}
	p.restoreWebhooks(array(all.Get("inbound")), array(all.Get("outbound")))
}

// array is the value as an array; anything else is an empty one.
func array(v any) *Array {
	if a, ok := v.(*Array); ok {
		return a
	}
	return &Array{}
}

func (p *Portal) restoreTable(t *table, dump *Array) {
	for _, v := range array(dump.Get("records")).All() {
		x := array(v)
		r := &record{id: integer(x.Get("id")), vals: make([]any, len(t.fields))}
		for name, v := range array(x.Get("vals")).All() {
			if at, ok := t.byName[name]; ok {
				r.vals[at] = restoreValue(t.fields[at], v)
			}
		}
		for _, v := range array(x.Get("multi")).All() {
			m := array(v)
			r.multi = append(r.multi, multifield{integer(m.Get("0")), text(m.Get("1")), text(m.Get("2")), text(m.Get("3"))})
		}
		t.insert(r)
	}
	t.last = max(t.last, integer(dump.Get("last")))
}

func restoreValue(f *field, v any) any {
	if list, ok := v.(*Array); ok {
		if f.multiple && f.custom != nil {
			out := &Array{}
			for _, el := range list.All() {
				one := *f
				one.multiple = false
				out.Append(restoreValue(&one, el))
			}
			return out
		}
		if f.name == "FILES" && list.Len() == 0 {
			return emptyObject{}
		}
		return list
	}
	switch f.class {
	case classDouble:
		return number(v)
	case classDate, classDatetime:
		at, err := time.Parse(time.RFC3339, text(v))
		if err != nil {
			return nil
		}
		return at.UTC()
	}
	return v
}

func (p *Portal) restoreRow(x *Array) {
	y := &row{
		ID: integer(x.Get("id")), Owner: integer(x.Get("ownerId")), OwnerType: text(x.Get("ownerType")), ProductID: integer(x.Get("productId")),
		Name: text(x.Get("productName")), Price: number(x.Get("price")), Exclusive: number(x.Get("priceExclusive")), Netto: number(x.Get("priceNetto")),
		Brutto: number(x.Get("priceBrutto")), Quantity: number(x.Get("quantity")), DiscountType: integer(x.Get("discountTypeId")),
		DiscountRate: number(x.Get("discountRate")), DiscountSum: number(x.Get("discountSum")), TaxIncluded: text(x.Get("taxIncluded")),
		Measure: integer(x.Get("measureCode")), MeasureName: text(x.Get("measureName")), Sort: integer(x.Get("sort")), XMLID: text(x.Get("xmlId")),
		Type: integer(x.Get("type")),
	}
	if rate := x.Get("taxRate"); rate != nil {
		n := number(rate)
		y.TaxRate = &n
	}
	if p.rows.byOwner[y.OwnerType] != nil {
		p.rows.put(y)
	}
}

func (p *Portal) restoreLinks(linked *Array) {
	for _, e := range p.entities() {
		byOwner := map[int64][]link{}
		for _, v := range array(linked.Get(e.method)).All() {
			x := array(v)
			owner := integer(x.Get("0"))
			byOwner[owner] = append(byOwner[owner], link{integer(x.Get("1")), integer(x.Get("2")), integer(x.Get("3")), truth(x.Get("4"))})
		}
		for owner, list := range byOwner {
			e.links.replace(owner, list)
		}
	}
}

func (p *Portal) restoreWebhooks(inbound, outbound *Array) {
	for _, v := range inbound.All() {
		x := array(v)
		h := &Inbound{ID: integer(x.Get("id")), Title: text(x.Get("title")), UserID: integer(x.Get("user")), Code: text(x.Get("code")), Scopes: texts(x.Get("scopes"))}
		if h.ID == 1 {
			continue // the one that the options name
		}
		p.inbound = append(p.inbound, h)
	}
	for _, v := range outbound.All() {
		x := array(v)
		o := &Outbound{ID: integer(x.Get("id")), Title: text(x.Get("title")), URL: text(x.Get("url")), Token: text(x.Get("token"))}
		if slices.ContainsFunc(p.outbound, func(y *Outbound) bool { return y.ID == o.ID || y.URL == o.URL }) {
			continue
		}
		p.addOutbound(o, texts(x.Get("events")))
	}
}

func texts(v any) []string {
	var out []string
	for _, el := range array(v).All() {
		out = append(out, text(el))
	}
	return out
}
