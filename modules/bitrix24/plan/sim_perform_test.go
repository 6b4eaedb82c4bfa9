package plan_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// fate is what becomes of a request that writes.
type fate int

// The fates.
const (
	fine               fate = iota
	refusedWhole            // the portal does not take the request now
	refusedOne              // it refuses one command for now
	brokenOne               // it fails while it works on one command, and nobody knows whether that is done
	lostAfter               // it has done some commands or all, and the answer is lost
	lostLate                // … and does the others soon
	killedBefore            // the process dies before the intents are stored
	killedAfterIntents      // … or before anything has left
	killedAfterSending      // … or before the outcomes are stored
	killedLate              // … and the portal does its work soon
	fates
)

// fateWords say what became of a request.
var fateWords = [...]string{
	"answered", "refused as a whole", "one command is refused", "one command breaks", "the answer is lost",
	"the answer is lost and the work is done later", "killed before the intents are stored",
	"killed after the intents are stored", "killed before the outcomes are stored",
	"killed, and the work is done later",
}

// perform runs the commands of a group in as few requests as their order allows: chains that stop at the first failure
// and refer to what they create, then waves without references.
func (w *world) perform(works []*work, c *client) error {
	var tasks []*task
	if c.create != nil {
		tasks = append(tasks, c.create)
	}
	for _, work := range works {
		tasks = append(tasks, work.tasks...)
	}
	for chain := true; ; {
		taken := leaving(tasks, chain)
		if len(taken) == 0 {
			return nil
		}
		if err := w.send(taken, tasks, chain); err != nil {
			return err
		}
		chain = chain && !slices.ContainsFunc(taken, func(t *task) bool { return !t.finished || t.err != nil })
	}
}

// named finds a command of the group.
func named(tasks []*task, name string) *task {
	for _, t := range tasks {
		if t.Name == name {
			return t
		}
	}
	panic("no command is called " + name)
}

// leaving are the commands that leave with the next request. What needs a command that has failed has failed, too.
func leaving(tasks []*task, chain bool) (taken []*task) {
	for _, t := range tasks {
		ready := !t.finished
		for _, name := range t.After {
			before := named(tasks, name)
			if before.finished && before.err != nil && !t.finished {
				t.finished, t.err, ready = true, before.err, false
			}
			// The number of an imported deal is known only with the answer.
			inChain := chain && slices.Contains(taken, before) && before.Method != "crm.item.batchImport"
			ready = ready && (before.finished || inChain)
		}
		if ready {
			taken = append(taken, t)
		}
	}
	return taken
}

// send makes one request: it stores the intents, sends the commands and stores what came of them.
func (w *world) send(taken, all []*task, halt bool) error {
	fate := w.nextFate()
	w.tellRequest(taken, fate)
	if fate == killedBefore {
		return errCrash
	}
	w.storeIntents(taken, all)
	if fate == killedAfterIntents {
		return errCrash
	}
	w.meanwhile(beforeSending)
	switch fate {
	case refusedWhole:
		w.clearIntents(taken, all)
		return errCrash
	case lostAfter, lostLate, killedAfterSending, killedLate:
		w.lose(taken, all, halt, fate)
		return errCrash
	}
	answers := w.run(taken, all, halt, fate)
	w.meanwhile(beforeStoring)
	return w.outcomes(taken, all, answers)
}

// lose carries out some of the commands and leaves the rest for later, or for never.
func (w *world) lose(taken, all []*task, halt bool, fate fate) {
	done := w.step.cut % (len(taken) + 1)
	if fate == killedAfterSending {
		done = len(taken)
	}
	failed := slices.ContainsFunc(w.run(taken[:done], all, halt, fine), func(a *answer) bool { return a.err != nil })
	if isLate := fate == lostLate || fate == killedLate; isLate && !(failed && halt) {
		w.later(time.Duration(w.step.cut)*time.Second%settle, func() {
			w.tell("  the portal does %s", names(taken[done:]))
			w.belated = true
			w.nobodyIsSure()
			w.run(taken[done:], all, halt, fine)
			w.belated = false
		})
	}
	if fate == lostAfter || fate == lostLate {
		w.storeIntents(taken, all) // with the time of the failure
	}
}

// answer is what the portal answered to one command.
type answer struct {
	result any
	err    error
	number func(plan.Ref) int64
}

// Decode gives the answer to whoever asks for its type.
func (a *answer) Decode(into any) error {
	switch into := into.(type) {
	case *rest.Item[rest.Deal]:
		into.Item = a.result.(rest.Deal)
	case *rest.Item[rest.Contact]:
		into.Item = a.result.(rest.Contact)
	case *rest.ProductRows:
		*into = a.result.(rest.ProductRows)
	case *rest.ProductRowItem:
		*into = a.result.(rest.ProductRowItem)
	case *rest.ID:
		*into = a.result.(rest.ID)
	default:
		panic(fmt.Sprintf("an answer is read as %T", into))
	}
	return nil
}

// Number is what a reference stands for by now.
func (a *answer) Number(ref any) any {
	if ref, ok := ref.(plan.Ref); ok {
		return a.number(ref)
	}
	return ref
}

// errHalted says that a command was not run, since an earlier one of its request failed.
var errHalted = errors.New("not run")

// run lets the portal carry out commands in their order. One that fails stops the others if they halt.
func (w *world) run(taken, all []*task, halt bool, fate fate) []*answer {
	number := func(ref plan.Ref) int64 {
		t := named(all, ref.Command)
		if t.id == 0 {
			panic("a reference to a command that has created nothing: " + ref.Command)
		}
		return t.id
	}
	victim, answers, failed := 0, make([]*answer, len(taken)), false
	if len(taken) > 0 {
		victim = w.step.cut % len(taken)
	}
	for i, t := range taken {
		a := &answer{number: number}
		answers[i] = a
		switch {
		case failed && halt:
			a.err = errHalted
			continue
		case i == victim && fate == refusedOne:
			a.err = &rest.Error{Method: t.Method, Code: "OPERATION_TIME_LIMIT", Status: 200}
		case i == victim && fate == brokenOne && w.step.cut%2 == 0:
			a.err = &rest.Error{Method: t.Method, Code: "INTERNAL_SERVER_ERROR", Status: 200}
		default:
			a.result, a.err = w.do(t.Method, resolve(t.Params, number).(rest.Params))
			if made, ok := a.result.(rest.Deal); ok {
				t.id = made.ID.Int64()
			} else if made, ok := a.result.(rest.Contact); ok {
				t.id = made.ID.Int64()
			}
			if i == victim && fate == brokenOne {
				a.err = &rest.Error{Method: t.Method, Code: "INTERNAL_SERVER_ERROR", Status: 200}
			}
		}
		failed = failed || a.err != nil
	}
	return answers
}

// outcomes stores everything that came of a request at once.
func (w *world) outcomes(taken, all []*task, answers []*answer) error {
	var changes []plan.Changes
	for i, t := range taken {
		if answers[i].err == errHalted {
			continue // it leaves again
		}
		t.finished, t.err = true, answers[i].err
		if t.err != nil {
			continue
		}
		var c plan.Changes
		if t.id, c, t.err = t.Then(answers[i]); t.err == nil {
			changes = append(changes, c)
		}
	}
	for _, c := range changes {
		if err := w.store(c); err != nil {
			w.fail("an outcome is not stored: %v", err)
		}
	}
	w.clearIntents(taken, all)
	for _, t := range taken {
		if refused, ok := t.err.(*rest.Error); ok && refused.NotFound() && t.Missing != nil {
			t.err = plan.ErrMissing
			if err := w.store(*t.Missing); err != nil {
				w.fail("that a record is missing is not stored: %v", err)
			}
		}
	}
	return nil
}

func names(tasks []*task) string {
	var all []string
	for _, t := range tasks {
		all = append(all, t.Name)
	}
	return strings.Join(all, ", ")
}

func (w *world) tellRequest(taken []*task, fate fate) {
	if w.history != nil {
		w.tell("  sent %s: %s", names(taken), fateWords[fate])
	}
}
