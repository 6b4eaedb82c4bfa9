package plan_test

import (
	"time"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

// words are what people have said, since both sides last agreed, about where an order stands.
type words struct {
	unsure bool // something else has had a say, and nobody knows who is right

	status        orders.Status // that was agreed
	stage         string
	said, moved   int // how often the status was set, and the deal was moved
	saidAt        time.Time
	movedAt       time.Time
	saidStatus    orders.Status
	movedStage    string
	items         int64 // Revision of the order when the deal was moved
	movedCategory int64
}

// listen begins to note what is said about an order if both sides agree by now.
func (w *world) listen(o *orders.Order) {
	l := w.links[dealOf(o.ID)]
	if l == nil || l.State != plan.Linked || len(w.portal.late) > 0 {
		return
	}
	key := w.key(plan.Order, plan.Deal, o.ID)
	d := w.portal.deal(l.RemoteID)
	agreed := mapping.Pair{Ours: string(o.Status)}
	if d != nil {
		agreed.Theirs = d.stage
	}
	isOpen := w.intents[plan.Open{Entity: plan.Deal, Key: plan.ChangeKey(key)}] != nil
	if d == nil || isOpen || l.Agreed[plan.StageField] != agreed || w.refuses[o.ID] {
		return
	}
	*w.words[o.ID] = words{status: o.Status, stage: d.stage}
}

// nobodyIsSure notes that something has happened at a moment that nobody can tell from another. Where nobody has moved
// the deal, what was said last stands all the same.
func (w *world) nobodyIsSure() {
	for _, s := range w.words {
		s.unsure = s.unsure || s.moved > 0
	}
	for _, s := range w.said {
		s.unsure = true
	}
}

func (s *words) say(o *orders.Order, at time.Time) {
	s.said, s.saidAt, s.saidStatus = s.said+1, at, o.Status
}

func (s *words) move(o *orders.Order, d *deal, at time.Time) {
	s.moved, s.movedAt, s.movedStage, s.movedCategory = s.moved+1, at, d.stage, d.category
	s.items = o.Revision
}

// lastWord checks that the last word about an order stands.
func (w *world) lastWord(o *orders.Order, d *deal) {
	s := w.words[o.ID]
	isClear := s.moved == 0 || s.said <= 1 && s.moved == 1 && s.movedStage != s.stage &&
		(s.said == 0 || s.saidStatus != s.status)
	apart := s.saidAt.Sub(s.movedAt)
	if s.unsure || !isClear || s.said*s.moved > 0 && apart.Abs() < 5*time.Second {
		return
	}
	rule, stands := rules.Status(s.movedCategory, s.movedStage)
	switch {
	case s.said+s.moved == 0:
		if o.Status != s.status || d.stage != s.stage {
			w.fail("order %d was %s, deal %d %s, nobody moved them, and they are %s and %s",
				o.ID, s.status, d.id, s.stage, o.Status, d.stage)
		}
	case s.said > 0 && (s.moved == 0 || !stands || apart > 0):
		if o.Status != s.saidStatus {
			w.fail("order %d is %s, but the last word was %s", o.ID, o.Status, s.saidStatus)
		}
	case s.status == orders.Deleted || s.saidStatus == orders.Deleted:
		return // a deleted order stays where it is
	case d.stage != s.movedStage:
		w.fail("deal %d is at %s, but was moved to %s last", d.id, d.stage, s.movedStage)
	case stands && rule.Paid && s.said == 0 && s.items == o.Revision && o.Due() > 0:
		w.fail("order %d is not paid, but its deal was moved to %s", o.ID, s.movedStage)
	case stands && o.Status != rule.Status:
		w.fail("order %d is %s, but its deal was moved to %s last", o.ID, o.Status, s.movedStage)
	case !stands && s.said == 0 && o.Status != s.status:
		w.fail("order %d is %s for a stage that stands for no status", o.ID, o.Status)
	}
}
