package plan

import (
	"fmt"
	"maps"
	"time"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// stagePlan is what is to be done about an order's status and its deal's stage.
type stagePlan struct {
	Plan
	Send   string       // the stage to move the deal to; empty: it stays
	Agreed mapping.Pair // status and stage once it is there
}

// settleStage brings the order's status and the deal's stage together. The side that changed last wins. A deal that was
// not read says nothing.
func settleStage(f OrderFacts) stagePlan {
	if f.Deal == nil || f.StageRefused {
		return stagePlan{}
	}
	if f.ChangeOpen != nil {
		present := map[string]string{StageField: string(f.Deal.StageID), amountField: f.Deal.Opportunity.String()}
		return stagePlan{Plan: settleTarget(f, present, f.Deal.ContactIDs)}
	}
	agreed := f.Link.Agreed[StageField]
	if f.putByPortal(agreed) {
		if f.listsMayBeOld() {
			return stagePlan{Plan: Plan{
				Now:     Changes{Relist: true},
				Failure: &Wait{Why: "стадия сделки не та, что была передана: читаем стадии портала заново"},
			}}
		}
		if !f.Stages.HasStage(f.Deal.CategoryID.Int64(), agreed.Theirs) {
			agreed = mapping.Pair{Theirs: string(f.Deal.StageID)} // nobody moved the deal
		}
	}
	d := decideStage(f, agreed)
	moves := d.Send != ""
	if moves && !d.Conflict && !d.Unknown && d.Take.Status == "" {
		return stagePlan{Send: d.Send, Agreed: d.Agreed}
	}
	p := stagePlan{Send: d.Send, Agreed: d.Agreed}
	l := f.Link.copy()
	l.See(f.Deal)
	if !moves {
		l.Agreed[StageField] = d.Agreed
	}
	p.Now.Links = []*Link{l}
	stage := f.Stages.StageName(f.Deal.CategoryID.Int64(), string(f.Deal.StageID))
	if d.Conflict {
		p.Now.Lines = append(p.Now.Lines, inward(f.about(), conflictText(f, d, stage)))
	}
	if d.Unknown {
		text := fmt.Sprintf("Стадия «%s» не сопоставлена ни с одним статусом: заказ не изменён", stage)
		p.Now.Lines = append(p.Now.Lines, inward(f.about(), text))
	}
	o := f.Input.Order
	if d.Take.Status != "" && o.Status != orders.Deleted {
		p.Now.Order = &OrderTake{
			ID: o.ID, From: o.Status, To: d.Take.Status, Paid: d.Take.Paid, About: f.about(),
			History: "стадия «" + stage + "»",
			Took:    fmt.Sprintf("Стадия «%s»: заказ в статусе «%s»", stage, d.Take.Status.Label()),
			Refused: "Стадия не принята: ",
		}
		p.Now.Caught, p.Again = true, true
	}
	return p
}

// settleTarget finds out what became of a change of the deal or lead whose answer was lost. present are its fields as
// they were read, all but the contacts. Fields that it was not read with are sent again: the portal may have them as they
// were sent, or as they were before.
func settleTarget(f OrderFacts, present map[string]string, contacts []rest.ID) Plan {
	f.ChangeOpen.findContact(present, contacts)
	p := settleChange(f.Frame, f.Link, f.ChangeOpen, present)
	if p.Failure == nil {
		for field := range f.ChangeOpen.Agreed {
			if _, read := present[field]; !read && field != contactsField {
				delete(p.Now.Links[0].Agreed, field)
			}
		}
	}
	return p
}

// findContact adds to present fields the contact that was given, if it is among those that are there.
func (i *Intent) findContact(present map[string]string, there []rest.ID) {
	for _, id := range there {
		if one := mapping.Print([]any{id.Int64()}); one == i.Agreed[contactsField].Theirs {
			present[contactsField] = one
		}
	}
}

// settleChange finds out what became of a change whose answer was lost, and agrees on what has arrived. present are the
// fields as the portal has them now. While the change may still arrive the record waits: if it were sent again now, the
// older value could be the last to come.
func settleChange(f Frame, l *Link, open *Intent, present map[string]string) Plan {
	settled, arrived := l.copy(), true
	for field, pair := range open.Agreed {
		if present[field] == pair.Theirs {
			settled.Agreed[field] = pair
		} else {
			arrived = false
		}
	}
	if wait := f.unsettled(open); !arrived && wait != nil {
		return Plan{Failure: wait}
	}
	return Plan{Now: Changes{Links: []*Link{settled}, Settled: []Open{{open.Entity, open.Key}}}, Again: true}
}

// putByPortal reports whether the deal, which is not at the stage that was agreed on, may have been put where it is by
// the portal itself, as that stage was deleted: at the funnel's first stage, or, in silence, where it had stood before
// the stage of the order's status was sent (crm.item.update).
func (f OrderFacts) putByPortal(agreed mapping.Pair) bool {
	present := string(f.Deal.StageID)
	if agreed.Theirs == "" || agreed.Theirs == present {
		return false
	}
	sent := agreed.Ours == string(f.Input.Order.Status) && f.Link.Stage == present // as the answer had it
	stayed := sent && !f.Deal.MovedTime.At.IsZero() && !f.movedAt().After(f.Input.Order.StatusAt)
	return stayed || present == f.Stages.FirstStage(f.Deal.CategoryID.Int64())
}

// movedAt is when the deal came to its stage, by our clock.
func (f OrderFacts) movedAt() time.Time { return f.Deal.MovedTime.At.Add(-f.ClockOffset) }

// listsMayBeOld reports whether a stage may have been deleted since the portal's lists were read, which shows now.
func (f OrderFacts) listsMayBeOld() bool {
	if f.Relisted || f.ListsAt.IsZero() {
		return false
	}
	return f.ListsAt.Before(f.movedAt()) || f.ListsAt.Before(f.Link.UpdatedAt)
}

// decideStage compares the order's status with the deal's stage.
func decideStage(f OrderFacts, agreed mapping.Pair) mapping.StageDecision {
	category, stage := f.Deal.CategoryID.Int64(), string(f.Deal.StageID)
	if agreed == (mapping.Pair{}) && !f.Deal.MovedTime.At.After(f.Deal.CreatedTime.At) {
		// The deal was found by its key, and nobody has moved it since it was created: it stands where the order stood
		// then.
		if rule, ok := f.Rules.Status(category, stage); ok {
			agreed = mapping.Pair{Ours: string(rule.Status), Theirs: stage}
		}
	}
	o := f.Input.Order
	return f.Rules.DecideStage(agreed, mapping.Present{
		Status: o.Status, StatusAt: o.StatusAt, Category: category, Stage: stage,
		StageAt: f.movedAt(),
	})
}

// conflictText says in the journal which side won when both had changed.
func conflictText(f OrderFacts, d mapping.StageDecision, stage string) string {
	status := f.Input.Order.Status.Label()
	if d.Take.Status != "" {
		return fmt.Sprintf("Изменены обе стороны: стадия «%s» новее статуса «%s» и заменила его", stage, status)
	}
	return fmt.Sprintf("Изменены обе стороны: статус «%s» новее стадии «%s» и заменил её", status, stage)
}

// changeAgreed is what the intent to change a record keeps: the fields that are sent, as both sides will have them.
func changeAgreed(before, after mapping.Agreed) mapping.Agreed {
	sent := maps.Clone(after)
	maps.DeleteFunc(sent, func(field string, pair mapping.Pair) bool { return before[field] == pair })
	return sent
}
