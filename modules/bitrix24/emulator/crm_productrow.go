package emulator

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// A row is one product row of a deal or lead.
type row struct {
	ID           int64
	Owner        int64
	OwnerType    string // D or L
	ProductID    int64
	Name         string
	Price        float64 // final unit price
	Exclusive    float64 // with discount, without tax
	Netto        float64 // no discount, no tax
	Brutto       float64 // no discount, with tax
	Quantity     float64
	DiscountType int64 // 1 absolute, 2 percent
	DiscountRate float64
	DiscountSum  float64
	TaxRate      *float64 // nil = no VAT
	TaxIncluded  string
	Measure      int64
	MeasureName  string
	Sort         int64
	XMLID        string
	Type         int64
}

// rowStore holds the rows of all owners.
type rowStore struct {
	byOwner map[string]map[int64][]*row
	byID    map[int64]*row
	last    int64
}

// newRowStore makes an empty store.
func newRowStore() *rowStore {
	return &rowStore{byOwner: map[string]map[int64][]*row{"D": {}, "L": {}}, byID: map[int64]*row{}}
}

// of returns the rows of an owner in the order of SORT.
func (s *rowStore) of(ownerType string, owner int64) []*row {
	list := slices.Clone(s.byOwner[ownerType][owner])
	slices.SortStableFunc(list, func(a, b *row) int {
		return cmp.Or(cmp.Compare(a.Sort, b.Sort), cmp.Compare(a.ID, b.ID))
	})
	return list
}

// put stores a row under its number, or under a new one when it has none.
func (s *rowStore) put(x *row) {
	if x.ID == 0 {
		s.last++
		x.ID = s.last
	}
	s.last = max(s.last, x.ID)
	s.byID[x.ID] = x
	s.byOwner[x.OwnerType][x.Owner] = append(s.byOwner[x.OwnerType][x.Owner], x)
}

// drop deletes one row.
func (s *rowStore) drop(x *row) {
	delete(s.byID, x.ID)
	list := s.byOwner[x.OwnerType][x.Owner]
	s.byOwner[x.OwnerType][x.Owner] = slices.DeleteFunc(list, func(y *row) bool { return y == x })
}

// clear deletes all rows of an owner.
func (s *rowStore) clear(ownerType string, owner int64) {
	if s.byOwner[ownerType] == nil {
		return
	}
	for _, x := range s.byOwner[ownerType][owner] {
		delete(s.byID, x.ID)
	}
	delete(s.byOwner[ownerType], owner)
}

// setRows replaces the rows of an owner: a row with a known id is changed, one without is added, and the others are
// deleted.
func (a actor) setRows(e *entity, r *record, inputs []rowInput) error {
	before := a.rows.of(e.short, r.id)
	var next []*row
	for _, in := range inputs {
		x := &row{Quantity: 1, DiscountType: 2, TaxIncluded: "N"}
		if id := php.Int(in.fields.Get("id")); id > 0 {
			if i := slices.IndexFunc(before, func(y *row) bool { return y.ID == id }); i >= 0 {
				*x = *before[i]
			}
		}
		x.Owner, x.OwnerType, x.Type = r.id, e.short, 1
		if err := a.fill(x, in); err != nil {
			return err
		}
		next = append(next, x)
	}
	a.rows.clear(e.short, r.id)
	for _, x := range next {
		a.rows.put(x)
		x.named()
	}
	now := a.rows.of(e.short, r.id)
	a.retotal(e, r, !slices.EqualFunc(before, now, sameRow))
	return nil
}

// addRow adds one row to a deal or lead and saves the owner.
func (a actor) addRow(e *entity, r *record, fields *php.Array) (*row, error) {
	x := &row{Owner: r.id, OwnerType: e.short, Quantity: 1, DiscountType: 2, TaxIncluded: "N", Type: 1}
	if err := a.fill(x, rowInput{fields}); err != nil {
		return nil, err
	}
	a.rows.put(x)
	x.named()
	a.retotal(e, r, true)
	return x, nil
}

// named gives a row that has no name its number in brackets as the portal does.
func (x *row) named() {
	if x.Name == "" {
		x.Name = "[" + strconv.FormatInt(x.ID, 10) + "]"
	}
}

// sameRow reports whether two rows are equal, number and owner included.
func sameRow(a, b *row) bool {
	x, y := *a, *b
	if (x.TaxRate == nil) != (y.TaxRate == nil) || x.TaxRate != nil && *x.TaxRate != *y.TaxRate {
		return false
	}
	x.TaxRate, y.TaxRate = nil, nil
	return x == y
}

// retotal sums the rows into their owner and saves it. This is the extra update that follows every change of rows
// (REST.md 9).
func (a actor) retotal(e *entity, r *record, changed bool) {
	total, tax := 0.0, 0.0
	for _, x := range a.rows.of(e.short, r.id) {
		total += php.Round(x.Price*x.Quantity, 2)
		tax += (x.Price - x.Exclusive) * x.Quantity
	}
	e.put(r, "TAX_VALUE", php.Round(tax, 2))
	if e.text(r, "IS_MANUAL_OPPORTUNITY") != "Y" {
		e.put(r, "OPPORTUNITY", php.Round(total, 2))
	}
	if changed {
		a.stats.Changes++
	}
	if changed || a.behaviour.RowsAlwaysSave {
		a.saved(e, r)
	}
}
