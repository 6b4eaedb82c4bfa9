package exchange

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/samber/lo"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// rowsOf returns the rows that the order is to have on the portal, with the products of its catalogue.
func (r *run) rowsOf(w *orderWork) []mapping.Row {
	rows := mapping.Rows(w.order)
	if !r.Current.Catalog {
		return rows
	}
	for i := range rows {
		for _, item := range w.order.Items {
			p := r.products[material{w.order.SiteID, item.MaterialID}]
			if p != nil && rows[i].Key == fmt.Sprintf("item/%d", item.ID) {
				rows[i].ProductID = p.linked
			}
		}
	}
	return rows
}

// setRows returns the command that puts the rows into a deal or lead which the command owner creates
// (crm.item.productrow.set). The method replaces all rows, so it is never used later, when a manager may have added
// some.
func (r *run) setRows(w *orderWork, owner *task, rows []mapping.Row) *task {
	return &task{
		name: fmt.Sprintf("rows%d", w.id), method: "crm.item.productrow.set", after: []*task{owner},
		entity: plan.Rows, key: mapping.OrderKey(w.id), agreed: plan.AgreedRows(rows...), rows: r.looksSent(w, rows...),
		note: plan.About(plan.Order, w.id, w.target, 0),
		params: func() rest.Params {
			list := make([]any, len(rows))
			for i, row := range rows {
				list[i] = row.Params()
			}
			return rest.Params{
				"ownerType":   w.target.OwnerType(),
				"ownerId":     owner.recordID("item", "id"),
				"productRows": list,
			}
		},
		done: func(_ context.Context, tx *db.Tx, result *rest.Result, name string) (int64, error) {
			var set rest.ProductRows
			if err := result.Decode(name, &set); err != nil {
				return 0, err
			}
			if len(set.ProductRows) != len(rows) {
				err := fmt.Errorf("%d rows for %d", len(set.ProductRows), len(rows))
				return 0, &rest.RequestError{Method: "crm.item.productrow.set", Sent: true, Err: err}
			}
			slices.SortStableFunc(set.ProductRows, func(a, b rest.ProductRow) int { return int(a.Sort - b.Sort) })
			for i, row := range rows {
				if err := r.saveRow(tx, w, row, set.ProductRows[i].ID.Int64()); err != nil {
					return 0, err
				}
			}
			return owner.id, nil
		},
	}
}

// saveRow notes which row of the portal a part of the order is.
func (r *run) saveRow(tx *db.Tx, w *orderWork, row mapping.Row, id int64) error {
	if err := tx.Save(r.rowLink(w, row.Key, plan.OwnedRow{ID: id, Print: row.Print()})).Error; err != nil {
		return fmt.Errorf("save row link: %w", err)
	}
	return nil
}

// rowLink says which row of the portal a part of the order is.
func (r *run) rowLink(w *orderWork, key string, row plan.OwnedRow) *plan.RowLink {
	return &plan.RowLink{PortalID: r.Portal.ID, Entity: w.target, OrderID: w.id, Key: key, RowID: row.ID, Print: row.Print}
}

// askRows reads the rows of an order's deal or lead, since it is unknown which of them are ours.
func (r *run) askRows(w *orderWork) {
	ReadRows(&r.questions, w.target, w.link.RemoteID, &w.rowsErr, func(rows []rest.ProductRow) { w.dealRows = rows })
}

// rowsUnread handles an order whose rows the portal did not list. For the rows of a deleted lead the answer is «not
// found». The lead itself is not read with its rows, so a look at it is enqueued and the order is tried again.
func (r *run) rowsUnread(ctx context.Context, w *orderWork) error {
	refused, ok := portal.AsRefusal(w.rowsErr)
	if w.target != plan.Lead || !ok || !refused.NotFound() {
		w.err = w.rowsErr
		return nil
	}
	w.err = errMissing
	return r.DB.Transaction(ctx, r.lookAt(plan.Lead, w.link.RemoteID))
}

// changeRows adds the commands that the plan of the order's rows asks for. Rows that a manager added stay.
func (r *run) changeRows(ctx context.Context, w *orderWork) error {
	p := plan.ForRows(r.rowFacts(w))
	if p.Wait > 0 {
		w.err = settling(p.Wait)
		return nil
	}
	if w.rowsIntent != nil {
		if err := r.storeRecognized(ctx, w, p.Linked); err != nil {
			return err
		}
	}
	for _, row := range p.Add {
		r.add(w, r.addRow(w, row))
	}
	for _, change := range p.Change {
		r.add(w, r.updateRow(w, change.Row, change.ID))
	}
	for _, removal := range p.Remove {
		r.add(w, r.deleteRow(w, removal))
	}
	return nil
}

// rowFacts are what the plan of the order's rows is made of.
func (r *run) rowFacts(w *orderWork) plan.RowFacts {
	facts := plan.RowFacts{
		Wanted: r.rowsOf(w), Now: db.Now(),
		Linked: lo.MapValues(w.rows, func(l plan.RowLink, _ string) plan.OwnedRow { return plan.OwnedRow{ID: l.RowID, Print: l.Print} }),
	}
	if w.rowsIntent != nil {
		facts.Lost = &plan.LostRows{
			Awaited: w.rowsIntent.Agreed, There: w.dealRows, Sent: w.sentRows,
			SettledAt: w.rowsIntent.SentAt.Add(r.portals.Options.Settle),
		}
	}
	return facts
}

// storeRecognized replaces the order's row links by those that were recognized, and clears the intent.
func (r *run) storeRecognized(ctx context.Context, w *orderWork, recognized map[string]plan.OwnedRow) error {
	return r.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		err := tx.Where("portal_id = ? AND entity = ? AND order_id = ?", r.Portal.ID, w.target, w.id).
			Delete(&plan.RowLink{}).Error
		if err != nil {
			return fmt.Errorf("forget row links: %w", err)
		}
		for key, row := range recognized {
			if err := tx.Create(r.rowLink(w, key, row)).Error; err != nil {
				return fmt.Errorf("save row link: %w", err)
			}
		}
		// An intent of an earlier version of the panel may be the only trace of rows that were sent.
		var sent []plan.SentRow
		for _, row := range w.rowsIntent.Agreed {
			if row.Theirs == "" {
				continue // a removal
			}
			sent = append(sent, plan.SentRow{PortalID: r.Portal.ID, OrderID: w.id, Looks: row.Theirs})
		}
		if err := records.StoreSentRows(tx, sent); err != nil {
			return err
		}
		return records.ClearIntent(tx, r.Portal.ID, plan.Rows, mapping.OrderKey(w.id))
	})
}

// addRow returns the command that adds a row (crm.item.productrow.add).
func (r *run) addRow(w *orderWork, row mapping.Row) *task {
	fields := row.Params()
	fields["ownerType"], fields["ownerId"] = w.target.OwnerType(), w.link.RemoteID
	return &task{
		name:   rowTask("add", w, row.Key),
		method: "crm.item.productrow.add", entity: plan.Rows, key: mapping.OrderKey(w.id),
		agreed: plan.AgreedRows(row),
		rows:   r.looksSent(w, row), note: plan.About(plan.Order, w.id, w.target, w.link.RemoteID),
		params:    func() rest.Params { return rest.Params{"fields": fields} },
		onMissing: r.lookAtTarget(w),
		done: func(_ context.Context, tx *db.Tx, result *rest.Result, name string) (int64, error) {
			var added rest.ProductRowItem
			if err := ReadNumbered(result, name, &added, &added.ProductRow.ID); err != nil {
				return 0, err
			}
			return added.ProductRow.ID.Int64(), r.saveRow(tx, w, row, added.ProductRow.ID.Int64())
		},
	}
}

// updateRow returns the command that changes a row (crm.item.productrow.update).
func (r *run) updateRow(w *orderWork, row mapping.Row, id int64) *task {
	return &task{
		name: rowTask("change", w, row.Key), method: "crm.item.productrow.update",
		entity: plan.Rows, key: mapping.OrderKey(w.id), agreed: plan.AgreedRows(row),
		rows: r.looksSent(w, row), note: plan.About(plan.Order, w.id, w.target, w.link.RemoteID),
		params:    func() rest.Params { return rest.Params{"id": id, "fields": row.Params()} },
		onMissing: r.rowMissing(w),
		done: func(_ context.Context, tx *db.Tx, _ *rest.Result, _ string) (int64, error) {
			return id, r.saveRow(tx, w, row, id)
		},
	}
}

// deleteRow returns the command that removes a row of ours (crm.item.productrow.delete).
func (r *run) deleteRow(w *orderWork, row plan.RowRemoval) *task {
	return &task{
		name: rowTask("drop", w, row.Key), method: "crm.item.productrow.delete",
		entity: plan.Rows, key: mapping.OrderKey(w.id), agreed: plan.AgreedRemoval(row.Key),
		note:      plan.About(plan.Order, w.id, w.target, w.link.RemoteID),
		params:    func() rest.Params { return rest.Params{"id": row.ID} },
		onMissing: r.rowMissing(w),
		done: func(_ context.Context, tx *db.Tx, _ *rest.Result, _ string) (int64, error) {
			return row.ID, tx.Delete(r.rowLink(w, row.Key, plan.OwnedRow{})).Error
		},
	}
}

// rowMissing stores what follows when somebody removed a row of ours by hand: the next attempt reads which rows are
// there.
func (r *run) rowMissing(w *orderWork) func(ctx context.Context, tx *db.Tx) error {
	return func(_ context.Context, tx *db.Tx) error {
		return r.exchange.RowsUnknown(tx, r.Portal.ID, w.id)
	}
}

// rowTask names a command about a row. A name within a batch may hold letters, digits and underscores only.
func rowTask(verb string, w *orderWork, key string) string {
	name := []rune(fmt.Sprintf("%s%d_%s", verb, w.id, key))
	for i, letter := range name {
		if letter == '/' {
			name[i] = '_'
		}
	}
	return string(name)
}

// fewDeals is the greatest number of deals in a run whose rows are read only to be shown on the orders' pages. For
// more deals that would cost the portal more than it tells people.
const fewDeals = 5

// askRowsByHand reads the rows of deals that are read anyway, in the same request. It notes on their links what the
// rows come to that a manager added.
func (r *run) askRowsByHand(works []*orderWork) {
	for _, w := range works {
		if w.rowsIntent != nil {
			continue // it is just being found out which rows are ours
		}
		var unread error // dropped: the page goes on saying what it said
		ReadRows(&r.questions, w.target, w.link.RemoteID, &unread, func(rows []rest.ProductRow) {
			ours := lo.SliceToMap(lo.Values(w.rows), func(l plan.RowLink) (int64, bool) { return l.RowID, true })
			w.link.ByHand = 0
			for _, row := range rows {
				if !ours[row.ID.Int64()] {
					w.link.ByHand += orders.Money(math.Round(float64(row.Price) * float64(row.Quantity)))
				}
			}
		})
	}
}

// looksSent are what a command notes before it sends rows of the order.
func (r *run) looksSent(w *orderWork, rows ...mapping.Row) []plan.SentRow {
	return lo.Map(rows, func(row mapping.Row, _ int) plan.SentRow {
		return plan.SentRow{PortalID: r.Portal.ID, OrderID: w.id, Looks: row.Looks()}
	})
}

// RowsUnknown notes that it is unknown which product rows of an order's deal or lead are ours, so that the next push
// reads them first. If an answer about its rows is still waited for, that stays noted as it is.
func (x *Exchange) RowsUnknown(tx *db.Tx, portalID, orderID int64) error {
	rows := plan.Intent{
		PortalID: portalID, Entity: plan.Rows, Key: mapping.OrderKey(orderID),
		SentAt: db.Now().Add(-x.portals.Options.Settle), // there is no answer to wait for
	}
	if err := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&rows).Error; err != nil {
		return fmt.Errorf("note that rows are unknown: %w", err)
	}
	return nil
}
