package mapping

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/orders"
)

var (
	someStages   = []string{"NEW", "PREPARATION", "EXECUTING", "WON", "LOSE", "UNKNOWN"}
	someStatuses = []orders.Status{
		orders.Placed, orders.Pending, orders.PrintingInProgress, orders.Delivered,
		orders.Cancelled, orders.Shipped,
	}
)

// anyRules has a table in which stages may share a status, stand for none, or be missing.
func anyRules(r *rand.Rand) Rules {
	var table Funnel
	for _, stage := range someStages[:r.IntN(len(someStages))] {
		table.Stages = append(table.Stages, StageRule{
			StageID: stage, Status: pick(r, append(someStatuses, "")...),
			Paid: r.IntN(4) == 0,
		})
	}
	return Rules{Funnels: map[int64]Funnel{0: table}}
}

// after is where both sides stand when a decision has been carried out.
func (d StageDecision) after(now Present) Present {
	if d.Send != "" {
		now.Stage = d.Send
	}
	if d.Take.Status != "" {
		now.Status = d.Take.Status
	}
	return now
}

// Whatever the table, whatever either side did since they last agreed: both end equal, and stay so.
func TestDecideStage_bothSidesAlwaysEndEqual(t *testing.T) { check(t, 5000, stagesEndEqual) }

func FuzzDecideStage(f *testing.F) { fuzz(f, stagesEndEqual) }

func stagesEndEqual(t *testing.T, r *rand.Rand) {
	t.Helper()
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	rules := anyRules(r)
	agreed := Pair{Ours: string(pick(r, someStatuses...)), Theirs: pick(r, someStages...)}
	now := Present{
		Status:   pick(r, append(someStatuses, orders.Status(agreed.Ours))...),
		Stage:    pick(r, append(someStages, agreed.Theirs)...),
		StatusAt: began.Add(time.Duration(r.IntN(9000)) * time.Millisecond),
		StageAt:  began.Add(time.Duration(r.IntN(9)) * time.Second),
	}
	describe := fmt.Sprintf("rules %+v, agreed %+v, now %+v", rules.Funnels[0].Stages, agreed, now)
	d := rules.DecideStage(agreed, now)
	if d.Send != "" && d.Take.Status != "" {
		t.Fatalf("%s: both sides are to follow the other: %+v", describe, d)
	}
	then := d.after(now)
	if want := (Pair{Ours: string(then.Status), Theirs: then.Stage}); d.Agreed != want {
		t.Fatalf("%s: agreed %+v, but they stand at %+v", describe, d.Agreed, want)
	}
	if again := rules.DecideStage(d.Agreed, then); again.Send != "" || again.Take.Status != "" || again.Conflict ||
		again.Agreed != d.Agreed {
		t.Fatalf("%s: %+v, and once more: %+v", describe, d, again)
	}
	oursMoved, theirsMoved := string(now.Status) != agreed.Ours, now.Stage != agreed.Theirs
	if !oursMoved && !theirsMoved && then != now {
		t.Fatalf("%s: nobody moved, and yet %+v", describe, d)
	}
	if oursMoved || theirsMoved {
		equalOrUnmapped(t, describe, rules, then, d)
	}
}

// equalOrUnmapped checks that stage and status mean the same, unless one of them means nothing to the other side.
func equalOrUnmapped(t *testing.T, describe string, rules Rules, then Present, d StageDecision) {
	t.Helper()
	rule, stands := rules.Status(0, then.Stage)
	_, reachable := rules.Stage(0, "", then.Status)
	if reachable && stands && rule.Status != then.Status {
		t.Fatalf("%s: %+v leaves the order at %s and the deal at %s, which is %s", describe, d, then.Status,
			then.Stage, rule.Status)
	}
}

// «The later change wins, within two seconds the portal's.»
func TestDecideStage_theLaterChangeWins(t *testing.T) {
	rules := Rules{Funnels: map[int64]Funnel{0: {Stages: []StageRule{
		{StageID: "NEW", Status: orders.Placed},
		{StageID: "EXECUTING", Status: orders.PrintingInProgress, Paid: true},
		{StageID: "LOSE", Status: orders.Cancelled},
	}}}}
	agreed := Pair{Ours: string(orders.Placed), Theirs: "NEW"}
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, c := range []struct {
		later time.Duration // our change after theirs
		send  string
		take  orders.Status
	}{
		{-time.Hour, "", orders.PrintingInProgress},
		{0, "", orders.PrintingInProgress},
		{2 * time.Second, "", orders.PrintingInProgress},
		{2*time.Second + 1, "LOSE", ""},
		{time.Hour, "LOSE", ""},
	} {
		d := rules.DecideStage(agreed, Present{
			Status: orders.Cancelled, StatusAt: at.Add(c.later),
			Stage: "EXECUTING", StageAt: at,
		})
		if !d.Conflict || d.Send != c.send || d.Take.Status != c.take {
			t.Errorf("ours %v later: %+v", c.later, d)
		}
	}
}

// A status that has no stage is not taken back by the next event.
func TestDecideStage_aStatusWithoutAStageStays(t *testing.T) {
	rules := Rules{Funnels: map[int64]Funnel{0: {Stages: []StageRule{{StageID: "NEW", Status: orders.Placed}}}}}
	d := rules.DecideStage(Pair{Ours: string(orders.Placed), Theirs: "NEW"},
		Present{Status: orders.Shipped, Stage: "NEW"})
	if d.Send != "" || d.Take.Status != "" {
		t.Fatalf("%+v, want nothing to move", d)
	}
	if again := rules.DecideStage(d.Agreed, Present{Status: orders.Shipped, Stage: "NEW"}); again.Take.Status != "" {
		t.Errorf("the next event takes it back: %+v", again)
	}
}

// A deal that was just found by its key is where the order's status belongs: that is no change of stage, so it pays
// for nothing.
func TestDecideStage_firstMeetingPaysForNothing(t *testing.T) {
	rules := Rules{Funnels: map[int64]Funnel{0: {Stages: []StageRule{
		{StageID: "EXECUTING", Status: orders.PrintingInProgress, Paid: true},
	}}}}
	d := rules.DecideStage(Pair{}, Present{Status: orders.PrintingInProgress, Stage: "EXECUTING"})
	if d.Take != (StageRule{}) || d.Send != "" || d.Conflict {
		t.Errorf("decided %+v, want to agree and nothing else", d)
	}
	if want := (Pair{Ours: string(orders.PrintingInProgress), Theirs: "EXECUTING"}); d.Agreed != want {
		t.Errorf("agreed %+v, want %+v", d.Agreed, want)
	}
}

func TestDecideStage_aStatusWhoseStageIsGoneWaitsAndFollowsAsSoonAsItCan(t *testing.T) {
	placed, printing := orders.Placed, orders.PrintingInProgress
	table := func(gone []StageRule, stages ...StageRule) Rules {
		return Rules{Funnels: map[int64]Funnel{0: {Stages: append([]StageRule{{StageID: "NEW", Status: placed}}, stages...), Gone: gone}}}
	}
	agreed, now := Pair{Ours: string(placed), Theirs: "NEW"}, Present{Status: printing, Stage: "NEW"}
	gone := []StageRule{{StageID: "UC", Status: printing}}
	d := table(gone).DecideStage(agreed, now)
	if !d.Waits || d.Agreed != agreed {
		t.Errorf("the deal does not wait: %+v", d)
	}
	d = table(gone, StageRule{StageID: "EXECUTING", Status: printing}).DecideStage(d.Agreed, now)
	if d.Waits || d.Send != "EXECUTING" {
		t.Errorf("it does not follow to the stage that was chosen: %+v", d)
	}
	if d = table(nil).DecideStage(agreed, now); d.Waits || d.Agreed.Ours != string(printing) {
		t.Errorf("a status that never had a stage waits: %+v", d)
	}
}
