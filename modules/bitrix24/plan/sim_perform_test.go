package plan_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pixlpark/panel/modules/bitrix24/mapping"
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
	killedAfterStoring      // … or once they are stored
	fates
)

// fateWords say what became of a request.
var fateWords = [...]string{
	"answered", "refused as a whole", "one command is refused", "one command breaks", "the answer is lost",
	"the answer is lost and the work is done later", "killed before the intents are stored",
	"killed after the intents are stored", "killed before the outcomes are stored",
	"killed, and the work is done later", "killed after the outcomes are stored",
}

// errDied ends the handling of a group: the process died. Its jobs are done again.
var errDied = errors.New("the process died")

// performer carries out the commands of one group on the models of both sides. It is the plan.World of the simulation.
type performer struct {
	*world
	fate    fate
	leaving []*plan.Command  // whose intents were stored last
	made    map[string]int64 // the numbers of what commands of the group have created
}

// perform carries out commands of a group as package exchange does.
func (w *world) perform(commands []*plan.Command) error {
	p := &performer{world: w, made: map[string]int64{}}
	return plan.Perform(context.Background(), p, commands, rest.Background)
}

// StoreIntents stores what is about to leave, unless the process dies before. It may die after it, too.
func (p *performer) StoreIntents(_ context.Context, commands []*plan.Command) error {
	p.leaving = commands
	p.tellRequest(commands, p.fate)
	if p.fate == killedBefore {
		return errDied
	}
	p.storeIntents(commands)
	if p.fate == killedAfterIntents {
		return errDied
	}
	return nil
}

// Send makes one request. A process that dies while the portal is at work returns as any other, and stores nothing.
func (p *performer) Send(ctx context.Context, batch *rest.Batch) (plan.Answers, error) {
	p.fate = p.nextFate()
	if err := batch.Err(); err != nil {
		p.fail("a request cannot be sent: %v", err)
	}
	if err := batch.Leaving(ctx); err != nil {
		return nil, err
	}
	p.meanwhile(beforeSending)
	all := batch.Commands()
	switch p.fate {
	case refusedWhole:
		return nil, &rest.Error{Method: rest.BatchMethod, Code: "QUERY_LIMIT_EXCEEDED", Status: 503}
	case lostAfter, lostLate, killedLate:
		p.lose(all, batch.Halt)
		return nil, &rest.RequestError{Method: rest.BatchMethod, Sent: true, Err: errors.New("the answer is lost")}
	}
	answers := p.run(all, batch.Halt, p.fate)
	p.meanwhile(beforeStoring)
	return answers, nil
}

// lose carries out some of the commands and leaves the rest for later, or for never.
func (p *performer) lose(all []rest.Command, halt bool) {
	done := p.step.cut % (len(all) + 1)
	failed := false
	for _, a := range p.run(all[:done], halt, fine) {
		failed = failed || a.err != nil
	}
	if p.fate == lostAfter || failed && halt {
		return
	}
	p.later(time.Duration(p.step.cut)*time.Second%settle, func() {
		p.tell("  the portal does %d more commands", len(all)-done)
		p.belated = true
		p.nobodyIsSure()
		p.run(all[done:], halt, fine)
		p.belated = false
	})
}

// StoreOutcomes stores everything that came of a request at once, unless the process dies before. It may die after it,
// too.
func (p *performer) StoreOutcomes(_ context.Context, sent plan.Sent) error {
	if p.fate == killedAfterSending || p.fate == killedLate {
		return errDied
	}
	for _, open := range sent.Settled {
		delete(p.intents, open)
	}
	for _, c := range sent.Commands {
		if err := p.store(c.Outcome.Changes); err != nil {
			p.world.fail("the outcome of %s is not stored: %v", c.Name, err)
		}
	}
	if sent.Unknown {
		p.storeIntents(sent.Commands) // with the time of the failure
	}
	if p.fate == killedAfterStoring {
		return errDied
	}
	return nil
}

// storeIntents notes that the outcomes of commands are unknown as of now. Commands of the same key share an intent,
// which takes the place of a former one.
func (w *world) storeIntents(commands []*plan.Command) {
	fresh := map[plan.Open]bool{}
	for _, c := range commands {
		if c.Intent == nil {
			continue
		}
		open := plan.Open{Entity: c.Intent.Entity, Key: c.Intent.Key}
		if !fresh[open] {
			w.intents[open] = &plan.Intent{Entity: open.Entity, Key: open.Key, SentAt: w.now, Agreed: mapping.Agreed{}}
			fresh[open] = true
		}
		maps.Copy(w.intents[open].Agreed, c.Intent.Agreed)
		w.storeSent(c.Intent.Rows)
	}
}

// answers are what the portal answered to a request, by command.
type answers map[string]answered

type answered struct {
	result any
	err    error
}

// Error is why a command has no result.
func (a answers) Error(name string) error { return a[name].err }

// Decode gives the answer to whoever asks for its type.
func (a answers) Decode(name string, into any) error {
	result, err := a[name].result, a[name].err
	if err != nil {
		return err
	}
	switch into := into.(type) {
	case *rest.Item[rest.Deal]:
		into.Item = result.(rest.Deal)
	case *rest.Item[rest.Lead]:
		into.Item = result.(rest.Lead)
	case *rest.Item[rest.Contact]:
		into.Item = result.(rest.Contact)
	case *rest.ProductRows:
		*into = result.(rest.ProductRows)
	case *rest.ProductRowItem:
		*into = result.(rest.ProductRowItem)
	case *rest.ID:
		*into = result.(rest.ID)
	default: // what an import came to, which only plan reads
		return json.Unmarshal(result.([]byte), into)
	}
	return nil
}

// run lets the portal carry out commands in their order. One that fails stops the others if they halt.
func (p *performer) run(all []rest.Command, halt bool, fate fate) answers {
	given, failed := answers{}, false
	for i, c := range all {
		isVictim := i == p.step.cut%len(all)
		broken := &rest.Error{Method: c.Method, Code: "INTERNAL_SERVER_ERROR", Status: 200}
		a := answered{}
		switch {
		case failed && halt:
			given[c.Name] = answered{err: rest.ErrHalted}
			continue
		case isVictim && fate == refusedOne:
			a.err = &rest.Error{Method: c.Method, Code: "OPERATION_TIME_LIMIT", Status: 200}
		case isVictim && fate == brokenOne && p.step.cut%2 == 0:
			a.err = broken
		default:
			if a.result, a.err = p.carryOut(c); isVictim && fate == brokenOne {
				a.err = broken
			}
		}
		given[c.Name], failed = a, failed || a.err != nil
	}
	return given
}

// carryOut lets the portal do what one command says.
func (p *performer) carryOut(c rest.Command) (any, error) {
	if c.Method == "crm.item.batchImport" {
		return p.importDeals(), nil
	}
	i := slices.IndexFunc(p.leaving, func(known *plan.Command) bool { return known.Name == c.Name })
	result, err := p.do(c.Method, resolve(p.leaving[i].Params, p.number).(rest.Params))
	switch made := result.(type) {
	case rest.Deal:
		p.made[c.Name] = made.ID.Int64()
	case rest.Lead:
		p.made[c.Name] = made.ID.Int64()
	case rest.Contact:
		p.made[c.Name] = made.ID.Int64()
	}
	return result, err
}

// importDeals creates the deals of all commands that import one. They leave as one command.
func (p *performer) importDeals() []byte {
	var items []string
	for _, c := range p.leaving {
		if c.Method == "crm.item.batchImport" {
			d := p.create(resolve(c.Fields(), p.number).(rest.Params))
			p.touched(d)
			p.made[c.Name] = d.id
			items = append(items, fmt.Sprintf(`{"item":{"id":%d}}`, d.id))
		}
	}
	return []byte(`{"items":[` + strings.Join(items, ",") + `]}`)
}

// number is the number of what a command of the group has created.
func (p *performer) number(ref plan.Ref) int64 {
	id := p.made[ref.Command]
	if id == 0 {
		panic("a reference to a command that has created nothing: " + ref.Command)
	}
	return id
}

func (w *world) tellRequest(commands []*plan.Command, fate fate) {
	if w.history == nil {
		return
	}
	var names []string
	for _, c := range commands {
		names = append(names, c.Name)
	}
	w.tell("  sent %s: %s", strings.Join(names, ", "), fateWords[fate])
}
