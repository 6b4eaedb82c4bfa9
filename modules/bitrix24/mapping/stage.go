package mapping

import (
	"time"

	"github.com/pixlpark/panel/app/orders"
)

// Present is where an order and its deal stand now.
type Present struct {
	Status   orders.Status
	StatusAt time.Time // when the order came to it
	Category int64
	Stage    string
	StageAt  time.Time // when the deal came to it, by our clock: the portal's offset is taken off
}

// StageDecision is what brings an order and its deal to the same place.
type StageDecision struct {
	Send     string    // the stage to move the deal to; empty: it stays
	Take     StageRule // what the order becomes; an empty Status: it stays
	Agreed   Pair      // status and stage once both are done
	Conflict bool      // both sides had moved
	Waits    bool      // the stage of the status was deleted on the portal: the deal stays until a person has decided
	Unknown  bool      // the deal moved to a stage that stands for no status: noted, nothing changes
}

// sameMoment is how far two changes may be apart and still count as one; then the portal's wins, whose clock has whole
// seconds.
const sameMoment = 2 * time.Second

// DecideStage compares an order with its deal. Only a side that left what was last agreed says anything: a status
// that has no stage would otherwise be taken back by the next event. When both have left it, the later change wins.
func (r Rules) DecideStage(agreed Pair, now Present) StageDecision {
	oursMoved, theirsMoved := string(now.Status) != agreed.Ours, now.Stage != agreed.Theirs
	rule, maps := r.Status(now.Category, now.Stage)
	together := maps && rule.Status == now.Status
	d := StageDecision{Agreed: Pair{Ours: string(now.Status), Theirs: now.Stage}}
	if theirsMoved && !maps {
		d.Unknown = true
		theirsMoved = false
	}
	switch {
	case !oursMoved && !theirsMoved:
		return d
	case oursMoved && theirsMoved && !together:
		d.Conflict = true
		if now.StatusAt.Sub(now.StageAt) > sameMoment {
			theirsMoved = false
		} else {
			oursMoved = false
		}
	}
	if theirsMoved {
		met := agreed == Pair{} // for the first time: that both are at one place is no change, and pays for nothing
		if rule.Status != now.Status || rule.Paid && !met {
			d.Take = rule
		}
		d.Agreed.Ours = string(rule.Status)
		return d
	}
	if stage, ok := r.Stage(now.Category, now.Stage, now.Status); ok && stage != now.Stage {
		d.Send, d.Agreed.Theirs = stage, stage
	} else if !ok && r.Waits(now.Category, now.Status) {
		d.Waits, d.Agreed.Ours = true, agreed.Ours // the order still has to be followed
	}
	return d
}
