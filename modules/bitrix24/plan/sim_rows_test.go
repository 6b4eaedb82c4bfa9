package plan_test

import (
	"slices"

	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// newRows puts rows into a deal or lead: all anew (crm.item.productrow.set), or one more (crm.item.productrow.add).
func (w *world) newRows(method string, params rest.Params) (any, error) {
	fields, isAdd := params["fields"].(rest.Params)
	if !isAdd {
		fields = params
	}
	d := w.owning(fields["ownerType"].(string), numberIn(fields["ownerId"]))
	if d == nil {
		return nil, &rest.Error{Method: method, Code: "OWNER_NOT_FOUND", Status: 200}
	}
	defer w.touched(d)
	if isAdd {
		d.rows = append(d.rows, dealRow{id: w.number(), row: rowOf(fields)})
		return rest.ProductRowItem{ProductRow: d.rows[len(d.rows)-1].answer()}, nil
	}
	d.rows = nil
	if w.belated || w.met {
		d.handRows = 0 // somebody was faster than the rows of a new deal
	}
	var set rest.ProductRows
	for _, row := range params["productRows"].([]any) {
		d.rows = append(d.rows, dealRow{id: w.number(), row: rowOf(row.(rest.Params))})
		set.ProductRows = append(set.ProductRows, d.rows[len(d.rows)-1].answer())
	}
	slices.Reverse(set.ProductRows) // ordered by nothing that was promised
	return set, nil
}

// changeRow changes or removes a row by its number.
func (w *world) changeRow(method string, params rest.Params) (any, error) {
	id := numberIn(params["id"])
	for _, d := range w.cards() {
		i := slices.IndexFunc(d.rows, func(r dealRow) bool { return r.id == id })
		if i < 0 || d.gone {
			continue
		}
		defer w.touched(d)
		if method == "crm.item.productrow.delete" {
			d.rows = slices.Delete(slices.Clone(d.rows), i, i+1)
			return true, nil
		}
		d.rows[i].row, d.rows[i].edited = rowOf(params["fields"].(rest.Params)), false
		return rest.ProductRowItem{ProductRow: d.rows[i].answer()}, nil
	}
	return nil, notFound(method)
}

// answer is the row as the portal lists it.
func (r dealRow) answer() rest.ProductRow {
	return rest.ProductRow{
		ID: rest.ID(r.id), ProductName: rest.Text(r.row.Name), Price: rest.Money(r.row.Price),
		Quantity: rest.Number(r.row.Quantity), Sort: rest.ID(r.row.Sort),
	}
}

// rowOf reads a row's fields as crm.item.productrow.* takes them.
func rowOf(fields rest.Params) mapping.Row {
	return mapping.Row{
		Name: fields["productName"].(string), Price: money(fields["price"].(string)),
		Quantity: fields["quantity"].(int64), Sort: fields["sort"].(int),
	}
}
