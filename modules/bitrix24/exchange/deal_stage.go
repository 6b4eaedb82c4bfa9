package exchange

import (
	"context"
	"errors"
	"fmt"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
)

// takeStage changes the order to what its deal's stage says, and notes what both sides have agreed on then. The hook
// of the order enqueues a push, which finds nothing to send unless something else followed from the change.
func (r *run) takeStage(ctx context.Context, w *orderWork, d mapping.StageDecision) error {
	about := plan.About(plan.Order, w.id, plan.Deal, w.link.RemoteID)
	stage := r.stageName(w)
	link := *w.link
	var changed *orders.Order
	overtaken := false
	err := r.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		link, overtaken = *w.link, false
		link.See(w.deal)
		if d.Send == "" {
			link.Agreed = agreeOn(w.link.Agreed, d.Agreed)
		}
		if err := records.SaveLink(tx, &link); err != nil {
			return err
		}
		if d.Conflict {
			if err := r.Journal(tx, about, plan.Inward, r.conflictText(w, d)); err != nil {
				return err
			}
		}
		if d.Unknown {
			text := fmt.Sprintf("Стадия «%s» не сопоставлена ни с одним статусом: заказ не изменён", stage)
			if err := r.Journal(tx, about, plan.Inward, text); err != nil {
				return err
			}
		}
		if d.Take.Status == "" || w.order.Status == orders.Deleted {
			return nil
		}
		var err error
		changed, err = r.Orders.Change(ctx, w.id, portal.Actor, func(o *orders.Order) error {
			if overtaken = o.Status != w.order.Status; overtaken {
				return errOvertaken
			}
			o.Status = d.Take.Status
			o.Note("стадия «" + stage + "»")
			if d.Take.Paid && o.Due() > 0 {
				o.Pay(o.Due(), o.PaymentMethod)
			}
			return nil
		})
		if e, refused := refusal.From(err); refused {
			changed = nil
			return r.journalFailure(tx, about, plan.Inward, "Стадия не принята: "+e.Message)
		}
		if err != nil {
			return err
		}
		if err := r.countCaught(tx, w); err != nil {
			return err
		}
		return r.Journal(
			tx, about, plan.Inward,
			fmt.Sprintf("Стадия «%s»: заказ в статусе «%s»", stage, changed.Status.Label()),
		)
	})
	if overtaken {
		w.err = &waitError{why: errOvertaken.Error()} // what was decided upon is no longer so
		return nil
	}
	if err != nil {
		return err
	}
	*w.link = link
	if changed != nil {
		w.order = changed
	}
	return nil
}

// errOvertaken ends a change of an order that somebody else has changed since it was read.
var errOvertaken = errors.New("заказ изменён в это же мгновение; сравниваем ещё раз")

// agreeOn returns what is agreed on, with another pair of status and stage.
func agreeOn(before mapping.Agreed, stage mapping.Pair) mapping.Agreed {
	after := mapping.Agreed{StageField: stage}
	for field, pair := range before {
		if field != StageField {
			after[field] = pair
		}
	}
	return after
}

// stageName is the deal's stage as the portal calls it.
func (r *run) stageName(w *orderWork) string {
	return r.Lists.StageName(w.deal.CategoryID.Int64(), string(w.deal.StageID))
}

// conflictText says in the journal which side won when both had changed.
func (r *run) conflictText(w *orderWork, d mapping.StageDecision) string {
	theirs := r.stageName(w)
	if d.Take.Status != "" {
		return fmt.Sprintf(
			"Изменены обе стороны: стадия «%s» новее статуса «%s» и заменила его", theirs, w.order.Status.Label(),
		)
	}
	return fmt.Sprintf(
		"Изменены обе стороны: статус «%s» новее стадии «%s» и заменил её", w.order.Status.Label(), theirs,
	)
}

// noteDealGone notes that the deal was deleted. No other deal is created unasked: the order's page offers it.
func (r *run) noteDealGone(ctx context.Context, w *orderWork) error {
	return r.conclude(ctx, &w.done, func(ctx context.Context, tx *db.Tx) error {
		w.link.State = plan.Deleted
		if err := records.SaveLink(tx, w.link); err != nil {
			return err
		}
		if err := r.countCaught(tx, w); err != nil {
			return err
		}
		return r.Journal(
			tx, plan.About(plan.Order, w.id, plan.Deal, w.link.RemoteID), plan.Inward,
			"Сделка удалена в Битрикс24",
		)
	})
}
