package exchange

import (
	"context"
	"fmt"
	"strings"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// deletedField is agreed once the deal's timeline says that the order was deleted.
const deletedField = "deleted"

// deletedNote is what the timeline of a deleted order's deal says; the deal itself stays as it is.
func deletedNote(id int64) string {
	return fmt.Sprintf("Заказ № %d удалён в панели управления", id)
}

// noteKey is the key of the intent to write the note.
func noteKey(w *orderWork) string { return w.key() + "/deleted" }

// noteDeleted adds the command that writes the note of a deleted order, once (crm.timeline.comment.add). A comment has
// no external key. After a lost answer the timeline is read, and its texts are compared.
func (r *run) noteDeleted(ctx context.Context, w *orderWork) error {
	if w.order.Status != orders.Deleted || w.link.Agreed[deletedField].Ours != "" {
		return nil
	}
	open, err := r.Book.Intents(ctx, plan.Comment, []string{noteKey(w)})
	if err != nil {
		return err
	}
	done := func(tx *db.Tx) error {
		w.link.Agreed[deletedField] = mapping.Pair{Ours: "Y"}
		return records.SaveLink(tx, w.link)
	}
	if i := open[noteKey(w)]; i != nil {
		written, err := r.noteWritten(ctx, w)
		if err != nil || w.err != nil {
			return err
		}
		if written {
			return r.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
				if err := records.ClearIntent(tx, r.Portal.ID, plan.Comment, noteKey(w)); err != nil {
					return err
				}
				return done(tx)
			})
		}
		if w.err = r.unsettled(i); w.err != nil {
			return nil
		}
	}
	r.add(w, &task{
		name:   fmt.Sprintf("note%d", w.id),
		method: "crm.timeline.comment.add", entity: plan.Comment, key: noteKey(w),
		note: plan.About(plan.Order, w.id, w.target, w.link.RemoteID),
		params: func() rest.Params {
			return rest.Params{"fields": rest.Params{
				"ENTITY_ID": w.link.RemoteID, "ENTITY_TYPE": string(w.target), "COMMENT": deletedNote(w.id),
			}}
		},
		done: func(_ context.Context, tx *db.Tx, _ *rest.Result, _ string) (int64, error) {
			return w.link.RemoteID, done(tx)
		},
	})
	return nil
}

// noteWritten reads the last comments of the timeline (crm.timeline.comment.list). If the portal refuses them, that is
// the failure of this order alone.
func (r *run) noteWritten(ctx context.Context, w *orderWork) (written bool, err error) {
	params := rest.Params{
		"filter": rest.Params{
			"ENTITY_ID":   w.link.RemoteID,
			"ENTITY_TYPE": string(w.target),
		}, "order": rest.Params{"ID": "DESC"},
	}
	var qs Questions
	askFor(&qs, "crm.timeline.comment.list", params, &w.err, func(comments rest.List[rest.TimelineComment]) {
		for _, c := range comments {
			written = written || strings.Contains(string(c.Comment), deletedNote(w.id))
		}
	})
	err = r.Inquire(ctx, &qs, r.class)
	return written, err
}
