package plan_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

// rest lets people and faults come to an end and time pass, and says what is then not as it should be.
func (w *world) rest() string {
	w.step, w.calm = step{}, true
	if w.tell("rest"); !w.becomesQuiet() {
		return w.wrong
	}
	w.checkAll(false)
	// What a manager removed of ours, rows and links of the comment, is missed only once everything is read.
	w.tell("everything is compared")
	for _, o := range w.orders {
		w.mend(o.ID)
	}
	w.checkDeleted()
	if w.wrong == "" && w.becomesQuiet() {
		w.checkAll(true)
		w.checkIdle()
	}
	return w.wrong
}

// becomesQuiet handles jobs until none is left and nothing comes to light any more.
func (w *world) becomesQuiet() bool {
	for range 8 {
		w.pass(10 * time.Minute)
		w.reconcile()
		for range 30 {
			if w.wrong != "" {
				return false
			}
			if len(w.jobs) == 0 {
				break
			}
			w.pass(10 * time.Second)
			w.handle(3)
		}
		if len(w.jobs)+len(w.late)+len(w.events) == 0 && !w.reconcile() {
			return w.wrong == ""
		}
	}
	w.fail("it does not come to rest: %v", w.jobs)
	return false
}

// checkAll checks every client and order. all says that everything was read lately.
func (w *world) checkAll(all bool) {
	for _, c := range w.clients {
		w.checkClient(c, all)
		w.checkClientLead(c, all)
	}
	for _, o := range w.orders {
		w.checkPayments(o)
		if n := w.owned(plan.Deal, w.key(plan.Order, plan.Deal, o.ID)); n > 1 {
			w.fail("order %d has %d deals", o.ID, n)
		}
		deal, lead := w.links[dealOf(o.ID)], w.links[leadOf(plan.Order, o.ID)]
		switch {
		case deal == nil && lead != nil:
			w.checkOrderLead(o, lead, all)
		case deal == nil && o.Status != orders.Deleted:
			w.fail("order %d has no deal", o.ID)
		case deal != nil && deal.State == plan.Linked:
			w.checkOrderDeal(o, deal, all)
		}
	}
}

// owned counts the deals or leads that carry a key and are not known to be copies.
func (w *world) owned(e plan.Entity, key string) int {
	return lo.CountBy(w.cards(), func(d *deal) bool { return d.entity == e && d.key == key && !d.gone && !d.isCopy })
}

// checkOrderDeal checks that an order and its deal are the same.
func (w *world) checkOrderDeal(o *orders.Order, l *plan.Link, all bool) {
	d := w.portal.deal(l.RemoteID)
	if d == nil {
		if all {
			w.fail("order %d is linked to deal %d, which is not there", o.ID, l.RemoteID)
		}
		return
	}
	title := d.ownTitle
	if title == "" {
		title = mapping.DealTitle(o.ID)
	}
	if d.title != title {
		w.fail("deal %d is called %q, not %q", d.id, d.title, title)
	}
	if d.key != w.key(plan.Order, plan.Deal, o.ID) {
		w.fail("deal %d lacks the key of order %d", d.id, o.ID)
	}
	w.checkCard(o, d, all)
	w.checkContacts(o, d, all)
	w.checkStage(o, d, l)
	w.checkRows(o, d, all)
}

// checkNew checks that nobody finds a new deal without its rows.
func (w *world) checkNew(work *work) {
	l := w.links[dealOf(work.id)]
	if work.facts.Link != nil || len(work.commands) == 0 || l == nil {
		return
	}
	if d := w.portal.deal(l.RemoteID); d != nil && len(d.rows) < len(work.facts.Wanted) {
		w.fail("deal %d is created without its rows", d.id)
	}
}

// checkRestored checks that an order is only given another deal if that is its own, out of the recycle bin.
func (w *world) checkRestored(former, now int64) {
	if d := w.portal.deal(now); d != nil && !slices.Contains(d.former, former) {
		w.fail("deal %d is taken for deal %d, which it is not", now, former)
	}
}

func (w *world) checkPayments(o *orders.Order) {
	if w.payments[o.ID] > 0 {
		w.fail("order %d was paid more often than its deal came to a stage that pays", o.ID)
	}
	for _, p := range o.Payments {
		if p.Amount <= 0 {
			w.fail("order %d has a payment of %s", o.ID, p.Amount)
		}
	}
}

// checkCard checks that a deal or lead says what its order says, and what people have put there.
func (w *world) checkCard(o *orders.Order, d *deal, all bool) {
	if !d.amountByHand && d.opportunity != o.Total {
		w.fail("%s %d has the amount %s, order %d has %s", d.entity, d.id, d.opportunity, o.ID, o.Total)
	}
	if payment := mapping.Payment(o); d.payment != payment {
		w.fail("%s %d has the payment %q, order %d %q", d.entity, d.id, d.payment, o.ID, payment)
	}
	if d.heldBy != 0 && d.responsible != d.heldBy {
		w.fail("%s %d was given to %d, and is %d's", d.entity, d.id, d.heldBy, d.responsible)
	}
	for _, text := range d.texts {
		if !strings.Contains(d.comments, text) {
			w.fail("%s %d has lost a manager's text %q", d.entity, d.id, text)
		}
	}
	if n := strings.Count(d.comments, "[URL="); n != 0 && n != 2 {
		w.fail("%s %d has %d links of ours: %q", d.entity, d.id, n, d.comments)
	}
	hasLinks, isFormer := strings.Contains(d.comments, "[URL="), !strings.Contains(d.comments, "a/"+o.ArchiveKey+"]")
	if all && !d.isCopy && hasLinks && isFormer {
		w.fail("%s %d has the archive's former address: %q", d.entity, d.id, d.comments)
	}
	notes := 0
	for _, note := range d.notes {
		if note == plan.DeletedNote(o.ID) {
			notes++
		}
	}
	if !d.isCopy && (notes > 1 || o.Status == orders.Deleted && notes == 0) {
		w.fail("%s %d says %d times that order %d is deleted", d.entity, d.id, notes, o.ID)
	}
}

// checkContacts checks that a deal has its client's contact, and those of managers.
func (w *world) checkContacts(o *orders.Order, d *deal, all bool) {
	for _, guest := range d.guests {
		if !slices.Contains(d.contacts, guest) {
			w.fail("%s %d has lost contact %d of a manager", d.entity, d.id, guest)
		}
	}
	own := w.links[contactOf(o.ClientID)].Number()
	if d.isUnknown || own == 0 {
		return
	}
	others := lo.Without(d.contacts, append(append([]int64{own}, d.guests...), d.merged...)...)
	if all && (len(others) > 0 || !slices.Contains(d.contacts, own) || len(lo.Uniq(d.contacts)) < len(d.contacts)) {
		w.fail("%s %d has the contacts %v, want a manager's %v and %d", d.entity, d.id, d.contacts, d.guests, own)
	}
	if d.main != 0 && d.contacts[0] != d.main {
		w.fail("%s %d has the contacts %v, but a manager put %d first", d.entity, d.id, d.contacts, d.main)
	}
}

// checkStage checks that status and stage agree, unless one of them means nothing to the other side.
func (w *world) checkStage(o *orders.Order, d *deal, l *plan.Link) {
	if want := (mapping.Pair{Ours: string(o.Status), Theirs: d.stage}); l.Agreed[plan.StageField] != want {
		if o.Status != orders.Deleted && !w.refuses[o.ID] {
			w.fail("order %d and deal %d are at %v, agreed is %v", o.ID, d.id, want, l.Agreed[plan.StageField])
		}
		return
	}
	rule, stands := rules.Status(d.category, d.stage)
	_, reachable := rules.Stage(d.category, "", o.Status)
	if stands && reachable && rule.Status != o.Status {
		w.fail("order %d is %s, deal %d at %s", o.ID, o.Status, d.id, d.stage)
	}
	w.lastWord(o, d)
}

// checkRows checks that the deal has each row of the order once, and every row of a manager. A row of ours that
// somebody changed or removed by hand is missed once all is read.
func (w *world) checkRows(o *orders.Order, d *deal, all bool) {
	wanted, there, byHand, edited := map[string]int{}, map[string]int{}, 0, 0
	for _, row := range mapping.Rows(o) {
		wanted[row.Looks()]++
	}
	for _, r := range d.rows {
		switch {
		case r.byHand:
			byHand++
		case r.edited:
			edited++
		default:
			there[r.row.Looks()]++
		}
	}
	if byHand != d.handRows {
		w.fail("%s %d has %d rows of managers, want %d", d.entity, d.id, byHand, d.handRows)
	}
	missing := 0
	for looks, n := range wanted {
		missing += max(n-there[looks], 0)
	}
	for looks, n := range there {
		if n > wanted[looks] {
			w.fail("%s %d has the row %s %d times, order %d %d times", d.entity, d.id, looks, n, o.ID, wanted[looks])
		}
	}
	if missing > edited && (all || !d.lostRow) {
		w.fail("%s %d lacks rows of order %d: %v, want %v", d.entity, d.id, o.ID, there, wanted)
	}
}

// checkIdle checks that nothing is left to do, however often everything is looked at.
func (w *world) checkIdle() {
	for _, o := range w.orders {
		l := w.links[dealOf(o.ID)]
		if l == nil || l.State != plan.Linked || o.Status == orders.Deleted || w.refuses[o.ID] {
			continue // what is agreed about such an order is put right by its next push
		}
		g := &group{jobs: []job{{push: plan.Record{Kind: plan.Order, ID: o.ID}}, {look: plan.Look{Entity: plan.Deal, ID: l.RemoteID}}}}
		w.read(g)
		g.orders[0].facts.Contact = g.orders[0].client.customer()
		p := plan.ForOrder(g.orders[0].facts)
		before, after := fmt.Sprint(w.links[dealOf(o.ID)].Agreed), ""
		if len(p.Now.Links) > 0 {
			after = fmt.Sprint(p.Now.Links[0].Agreed)
		}
		quiet := p
		quiet.Now.Links = nil
		if len(p.Commands) > 0 || p.Failure != nil || !quiet.Now.Empty() || after != "" && after != before {
			w.fail("there is still something to do for order %d: %+v", o.ID, p)
		}
	}
}
