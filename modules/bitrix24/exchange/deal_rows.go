package exchange

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// rowsOf are the order's rows with the products they stand for.
func (r *Run) rowsOf(w *OrderWork) []mapping.Row {
	rows := mapping.Rows(w.Order)
	if !r.Current.Catalog {
		return rows
	}
	for i := range rows {
		for _, item := range w.Order.Items {
			p := r.products[material{w.Order.SiteID, item.MaterialID}]
			if p != nil && rows[i].Key == fmt.Sprintf("item/%d", item.ID) {
				rows[i].ProductID = p.linked
			}
		}
	}
	return rows
}

// setRows puts the rows into a deal that was just made (crm.item.productrow.set, which replaces all rows: never used
// again, since a manager may have added rows by hand).
func (r *Run) setRows(w *OrderWork, deal *task, rows []mapping.Row) *task {
	return &task{
		name: fmt.Sprintf("rows%d", w.ID), method: "crm.item.productrow.set", after: []*task{deal},
		entity: records.Rows, key: mapping.OrderKey(w.ID), agreed: agreedRows(rows...), rows: r.looksSent(w, rows...),
		note: records.About(records.Order, w.ID, w.Target, 0),
		params: func() rest.Params {
			list := make([]any, len(rows))
			for i, row := range rows {
				list[i] = row.Params()
			}
			return rest.Params{"ownerType": w.Target.OwnerType(), "ownerId": deal.made("item", "id"), "productRows": list}
		},
		done: func(_ context.Context, tx *db.Tx, result *rest.Result, name string) (int64, error) {
			var set rest.ProductRows
			if err := result.Decode(name, &set); err != nil {
				return 0, err
			}
			if len(set.ProductRows) != len(rows) {
				return 0, &rest.RequestError{Method: "crm.item.productrow.set", Sent: true, Err: fmt.Errorf("%d rows for %d", len(set.ProductRows), len(rows))}
			}
			slices.SortStableFunc(set.ProductRows, func(a, b rest.ProductRow) int { return int(a.Sort - b.Sort) })
			for i, row := range rows {
				if err := r.saveRow(tx, w, row, set.ProductRows[i].ID.Int64()); err != nil {
					return 0, err
				}
			}
			return deal.id, nil
		},
	}
}

func (r *Run) saveRow(tx *db.Tx, w *OrderWork, row mapping.Row, id int64) error {
	l := records.RowLink{PortalID: r.Portal.ID, Entity: w.Target, OrderID: w.ID, Key: row.Key, RowID: id, Print: row.Print()}
	if err := tx.Save(&l).Error; err != nil {
		return fmt.Errorf("save row link: %w", err)
	}
	return nil
}

// askRows reads the rows of an order's deal or lead: which of them are ours is unknown.
func (r *Run) askRows(w *OrderWork) {
	ReadRows(&r.questions, w.Target, w.link.RemoteID, &w.rowsErr, func(rows []rest.ProductRow) { w.dealRows = rows })
}

// rowsUnread puts off an order whose rows the portal did not list. For a lead that was deleted the portal answers «not
// found», too. The lead itself is not read with the rows, so a look at it is enqueued, and the order is tried again.
func (r *Run) rowsUnread(ctx context.Context, w *OrderWork) error {
	refused, ok := portal.AsRefusal(w.rowsErr)
	if w.Target != records.Lead || !ok || !refused.NotFound() {
		w.err = w.rowsErr
		return nil
	}
	w.err = errMissing
	return r.DB.Transaction(ctx, r.lookFor(records.Lead, w.link.RemoteID))
}

// agreedRows is what an intent keeps of rows: what their links will say, and what they look like.
func agreedRows(rows ...mapping.Row) mapping.Agreed {
	agreed := mapping.Agreed{}
	for _, row := range rows {
		agreed[row.Key] = mapping.Pair{Ours: row.Print(), Theirs: row.Looks()}
	}
	return agreed
}

// recognizeRows finds, among a deal's rows, those of ours whose numbers were lost, and drops the numbers of those that
// are gone. A row that looks like one that was ever sent is ours, too: it is to be removed. Rows that nobody claims were
// added by hand. all is false while some of those whose answer was lost are missing: they may yet appear.
func (r *Run) recognizeRows(w *OrderWork, wanted []mapping.Row) (adopted map[string]records.RowLink, all bool) {
	there := map[int64]rest.ProductRow{}
	for _, row := range w.dealRows {
		there[row.ID.Int64()] = row
	}
	adopted = map[string]records.RowLink{}
	adopt := func(key, print string, id int64) {
		delete(there, id)
		adopted[key] = records.RowLink{PortalID: r.Portal.ID, Entity: w.Target, OrderID: w.ID, Key: key, RowID: id, Print: print}
	}
	for key, known := range w.rows {
		if _, ok := there[known.RowID]; ok {
			adopt(key, known.Print, known.RowID)
		}
	}
	present := agreedRows(wanted...)
	awaited := w.rowsIntent.Agreed
	if len(awaited) == 0 {
		awaited = present // a deal that was adopted: they look like that if they were set
	}
	all = true
	for _, sent := range []mapping.Agreed{awaited, present} {
		for _, key := range slices.Sorted(maps.Keys(sent)) {
			if _, known := adopted[key]; known {
				continue
			}
			if id, found := looksLike(there, sent[key].Theirs); found {
				adopt(key, sent[key].Ours, id)
			} else if _, lost := awaited[key]; lost {
				all = false
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(there)) {
		if row := rowThere(there[id]); w.sentRows[row.Looks()] || w.sentRows[row.Print()] {
			adopt(formerKey(id), "", id)
		}
	}
	return adopted, all
}

// looksLike finds the first row that looks like that.
func looksLike(there map[int64]rest.ProductRow, looks string) (id int64, found bool) {
	for _, id := range slices.Sorted(maps.Keys(there)) {
		if rowThere(there[id]).Looks() == looks {
			return id, true
		}
	}
	return 0, false
}

// changeRows adds, changes and removes our rows one by one, so that those a manager added by hand survive.
func (r *Run) changeRows(ctx context.Context, w *OrderWork) error {
	wanted := r.rowsOf(w)
	if w.rowsIntent != nil {
		adopted, all := r.recognizeRows(w, wanted)
		if !all {
			if wait := r.waitToSettle(*w.rowsIntent); wait > 0 {
				w.err = settling(wait)
				return nil
			}
		}
		if err := r.storeRecognized(ctx, w, adopted); err != nil {
			return err
		}
		w.rows = adopted
	}
	for _, row := range wanted {
		known, ok := w.rows[row.Key]
		switch {
		case !ok:
			r.add(w, r.addRow(w, row))
		case known.Print != row.Print():
			r.add(w, r.updateRow(w, row, known.RowID))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(w.rows)) {
		if !slices.ContainsFunc(wanted, func(row mapping.Row) bool { return row.Key == key }) {
			r.add(w, r.deleteRow(w, w.rows[key]))
		}
	}
	return nil
}

func (r *Run) storeRecognized(ctx context.Context, w *OrderWork, adopted map[string]records.RowLink) error {
	return r.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		err := tx.Where("portal_id = ? AND entity = ? AND order_id = ?", r.Portal.ID, w.Target, w.ID).Delete(&records.RowLink{}).Error
		if err != nil {
			return fmt.Errorf("forget row links: %w", err)
		}
		for _, l := range adopted {
			if err := tx.Create(&l).Error; err != nil {
				return fmt.Errorf("save row link: %w", err)
			}
		}
		var sent []records.SentRow // of an answer that was lost before what is sent was noted
		for _, row := range w.rowsIntent.Agreed {
			sent = append(sent, records.SentRow{PortalID: r.Portal.ID, OrderID: w.ID, Looks: row.Theirs})
		}
		if err := records.StoreSentRows(tx, sent); err != nil {
			return err
		}
		return records.ClearIntent(tx, r.Portal.ID, records.Rows, mapping.OrderKey(w.ID))
	})
}

func (r *Run) addRow(w *OrderWork, row mapping.Row) *task {
	fields := row.Params()
	fields["ownerType"], fields["ownerId"] = w.Target.OwnerType(), w.link.RemoteID
	return &task{
		name: rowTask("add", w, row.Key), method: "crm.item.productrow.add", entity: records.Rows, key: mapping.OrderKey(w.ID),
		agreed: agreedRows(row), rows: r.looksSent(w, row), note: records.About(records.Order, w.ID, w.Target, w.link.RemoteID),
		params:  func() rest.Params { return rest.Params{"fields": fields} },
		missing: r.lookForTarget(w),
		done: func(_ context.Context, tx *db.Tx, result *rest.Result, name string) (int64, error) {
			var added rest.ProductRowItem
			if err := ReadNumbered(result, name, &added, &added.ProductRow.ID); err != nil {
				return 0, err
			}
			return added.ProductRow.ID.Int64(), r.saveRow(tx, w, row, added.ProductRow.ID.Int64())
		},
	}
}

func (r *Run) updateRow(w *OrderWork, row mapping.Row, id int64) *task {
	return &task{
		name: rowTask("change", w, row.Key), method: "crm.item.productrow.update",
		rows: r.looksSent(w, row), note: records.About(records.Order, w.ID, w.Target, w.link.RemoteID),
		params:  func() rest.Params { return rest.Params{"id": id, "fields": row.Params()} },
		missing: r.lookForRows(w),
		done: func(_ context.Context, tx *db.Tx, _ *rest.Result, _ string) (int64, error) {
			return id, r.saveRow(tx, w, row, id)
		},
	}
}

func (r *Run) deleteRow(w *OrderWork, l records.RowLink) *task {
	return &task{
		name: rowTask("drop", w, l.Key), method: "crm.item.productrow.delete",
		note:    records.About(records.Order, w.ID, w.Target, w.link.RemoteID),
		params:  func() rest.Params { return rest.Params{"id": l.RowID} },
		missing: r.lookForRows(w),
		done: func(_ context.Context, tx *db.Tx, _ *rest.Result, _ string) (int64, error) {
			return l.RowID, tx.Delete(&l).Error
		},
	}
}

// lookForRows is what follows when somebody removed a row of ours by hand: the next attempt reads which are there.
func (r *Run) lookForRows(w *OrderWork) func(ctx context.Context, tx *db.Tx) error {
	return func(_ context.Context, tx *db.Tx) error { return r.exchange.RowsUnknown(tx, r.Portal.ID, w.ID) }
}

// rowTask names a command; names of a batch hold letters, digits and underscores only.
func rowTask(verb string, w *OrderWork, key string) string {
	name := []rune(fmt.Sprintf("%s%d_%s", verb, w.ID, key))
	for i, letter := range name {
		if letter == '/' {
			name[i] = '_'
		}
	}
	return string(name)
}

// fewDeals is up to how many deals of a run have their rows read for the order's page: with more it would cost the
// portal more than it tells people.
const fewDeals = 5

// askRowsByHand reads the rows of deals that are read anyway, in the same request, and notes what those come to that a
// manager added.
func (r *Run) askRowsByHand(works []*OrderWork) {
	for _, w := range works {
		if w.rowsIntent != nil {
			continue // which rows are ours is just being found out
		}
		var unread error // of a deal that is gone, or something only shown: the page goes on saying what it said
		ReadRows(&r.questions, w.Target, w.link.RemoteID, &unread, func(rows []rest.ProductRow) {
			ours := lo.SliceToMap(lo.Values(w.rows), func(l records.RowLink) (int64, bool) { return l.RowID, true })
			w.link.ByHand = 0
			for _, row := range rows {
				if !ours[row.ID.Int64()] {
					w.link.ByHand += orders.Money(math.Round(float64(row.Price) * float64(row.Quantity)))
				}
			}
		})
	}
}
