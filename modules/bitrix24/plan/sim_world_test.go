package plan_test

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

// settle is how long the portal may go on working after an answer was lost.
const settle = time.Minute

// world is a panel, a portal, and what is between them.
type world struct {
	panel
	portal
	setup
	now    time.Time
	step   step
	asked  int  // requests of the step that have written so far
	met    bool // the person who interferes has done so
	words  map[int64]*words
	said   map[saying]*said
	events []event // that come late

	switched bool // leads were switched on or off

	wrong   string    // what must never be, and was
	history *[]string // what happened, if anybody wants to know
}

// setup is what stays the same in a history.
type setup struct {
	Import     bool   // deals are imported
	Leads      bool   // new clients become leads
	CopiesKeys bool   // a conversion copies the lead's key
	Robot      string // the stage that a robot moves deals away from, if a command brought them there
}

// event tells that a record of the portal was changed.
type event struct {
	look plan.Look
	at   time.Time
}

func newWorld(s setup) *world {
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	w := &world{panel: newPanel(now), setup: s, now: now, words: map[int64]*words{}, said: map[saying]*said{}}
	w.robots = map[string]string{s.Robot: "PREPAYMENT_INVOICE"}
	delete(w.robots, "")
	return w
}

// rules are the administrator's. Stages share a status or stand for none, and statuses have no stage.
var rules = mapping.Rules{
	ResponsibleID: 1,
	Fields:        mapping.FieldNames{Payment: "UF_PAYMENT", Discussion: "UF_DISCUSSION"},
	Funnels: map[int64]mapping.Funnel{
		0: {Stages: []mapping.StageRule{
			{StageID: "NEW", Status: orders.Placed},
			{StageID: "PREPARATION", Status: orders.Pending},
			{StageID: "PREPAYMENT_INVOICE", Status: orders.WaitingForPayment},
			{StageID: "EXECUTING", Status: orders.PrintingInProgress, Paid: true},
			{StageID: "LATER"},
			{StageID: "FINAL_INVOICE", Status: orders.Fulfilled},
			{StageID: "PACKED", Status: orders.Fulfilled},
			{StageID: "WON", Status: orders.Delivered, Paid: true},
			{StageID: "LOSE", Status: orders.Cancelled},
		}},
		9: {Stages: []mapping.StageRule{
			{StageID: "C9:NEW", Status: orders.Pending},
			{StageID: "C9:PARKED"},
			{StageID: "C9:EXECUTING", Status: orders.PrintingInProgress, Paid: true},
			{StageID: "C9:WON", Status: orders.Delivered},
		}},
	},
}

// stages are the portal's names of its stages.
type stages struct{}

func (stages) StageName(_ int64, stage string) string { return stage }

func (stages) FunnelName(category int64) string { return strconv.FormatInt(category, 10) }

func (stages) FirstStage(int64) string { return "NEW" }

func (stages) HasStage(int64, string) bool { return true }

func (w *world) frame() plan.Frame {
	return plan.Frame{
		PortalID: 1, Origin: "panel", Rules: rules, Stages: stages{}, Now: w.now, Settle: settle, ClockOffset: ahead,
		Persons: true, Organizations: true, Import: w.Import, Leads: w.Leads,
	}
}

// fail notes what must never be. The first such thing counts.
func (w *world) fail(format string, args ...any) {
	if w.wrong == "" {
		w.wrong = fmt.Sprintf(format, args...)
	}
}

// tell writes down what happens.
func (w *world) tell(format string, args ...any) {
	if w.history != nil {
		*w.history = append(*w.history, w.now.Format("15:04:05 ")+fmt.Sprintf(format, args...))
	}
}

// pass lets time go by, in which the portal does what it was still to do and late events come in.
func (w *world) pass(d time.Duration) {
	until := w.now.Add(d)
	for {
		slices.SortStableFunc(w.late, func(a, b late) int { return a.at.Compare(b.at) })
		if len(w.late) == 0 || w.late[0].at.After(until) {
			break
		}
		first := w.late[0]
		w.late = w.late[1:]
		w.now = first.at
		first.do()
	}
	w.now = until
	w.events = slices.DeleteFunc(w.events, func(e event) bool {
		if e.at.After(w.now) {
			return false
		}
		w.enqueue(job{look: e.look, due: w.now})
		return true
	})
}

// later lets the portal do something after some time.
func (w *world) later(d time.Duration, do func()) {
	w.portal.late = append(w.portal.late, late{at: w.now.Add(d), do: do})
}

// tellEvent sends the event about a changed record, as the step has it: it may be lost, doubled or late.
func (w *world) tellEvent(e plan.Entity, id int64) {
	look, at := plan.Look{Entity: e, ID: id}, w.now
	switch w.step.news {
	case lost:
		return
	case delayed:
		at = at.Add(time.Duration(w.step.cut%5) * time.Minute)
	case doubled:
		w.events = append(w.events, event{look: look, at: at.Add(3 * time.Minute)})
	}
	w.events = append(w.events, event{look: look, at: at})
}
