package emulator

import "github.com/pixlpark/panel/modules/bitrix24/emulator/php"

// A Record is a record as the old family shows it: upper-case names and text values, where "" is no value. Multifields
// are under their kind and type: "PHONE.MOBILE" is the first mobile phone.
type Record map[string]string

// Deal returns a deal, and whether it exists.
func (p *Portal) Deal(id int64) (Record, bool) { return p.recordOf(typeDeal, id) }

// Lead returns a lead, and whether it exists.
func (p *Portal) Lead(id int64) (Record, bool) { return p.recordOf(typeLead, id) }

// Contact returns a contact, and whether it exists.
func (p *Portal) Contact(id int64) (Record, bool) { return p.recordOf(typeContact, id) }

// Company returns a company, and whether it exists.
func (p *Portal) Company(id int64) (Record, bool) { return p.recordOf(typeCompany, id) }

// recordOf returns a record as Go tests read it.
func (p *Portal) recordOf(typeID, id int64) (Record, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.entityOf(typeID)
	r := e.rows[id]
	if r == nil {
		return nil, false
	}
	return p.plain(e.table, r), true
}

// plain shows a record with text values only.
func (p *Portal) plain(t *table, r *record) Record {
	out := Record{}
	for name, v := range p.oldRow(t, r, nil).All() {
		if list, ok := v.(*php.Array); ok {
			v = string(php.AppendJSON(nil, list))
		}
		out[name] = php.String(v)
	}
	for _, m := range r.multi {
		if key := m.kind + "." + m.sort; out[key] == "" {
			out[key] = m.text
		}
	}
	return out
}

// IDs returns the numbers of all records of a kind: "deal", "lead", "contact" or "company".
func (p *Portal) IDs(kind string) []int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.entityNamed(kind)
	if e == nil {
		return nil
	}
	return append([]int64(nil), e.ids...)
}

// Rows returns the product rows of a deal as crm.deal.productrows.get shows them.
func (p *Portal) Rows(deal int64) []Record {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []Record
	for _, x := range p.rows.of("D", deal) {
		row := Record{}
		for name, v := range p.oldProductRow(x).All() {
			row[name] = php.String(v)
		}
		out = append(out, row)
	}
	return out
}
