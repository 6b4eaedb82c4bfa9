package plan

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// World is where commands are carried out: the portal, and what the panel remembers. Its three effects are all that
// performing does, and the process may die before, between and after them.
type World interface {
	// StoreIntents notes, as of now, that the outcomes of commands are unknown. It is called right before they leave: when
	// it fails they do not.
	StoreIntents(ctx context.Context, commands []*Command) error
	// Send makes one request. It calls batch.Leaving when the request's turn has come.
	Send(ctx context.Context, batch *rest.Batch) (Answers, error)
	// StoreOutcomes stores everything that came of a request in one transaction.
	StoreOutcomes(ctx context.Context, sent Sent) error
}

// Answers are what the portal answered to the commands of a batch, by their names. A *rest.Result is one.
type Answers interface {
	Decode(name string, into any) error
	Error(name string) error
}

// Sent is a request that was made.
type Sent struct {
	Batch    *rest.Batch
	Commands []*Command // each with its outcome
	Answers  Answers    // nil: the request failed as a whole
	Settled  []Open     // intents whose outcomes are certain by now
	Answered []Open     // those whose outcomes are not, though the portal has answered: there is nothing to wait for
	Unknown  bool       // it failed, and nobody knows whether the portal has received it: the intents hold from now on
}

// Outcome is what came of a command.
type Outcome struct {
	Known   bool    // it was answered, or failed for certain; else it was not run yet
	ID      int64   // of the record
	Changes Changes // what is to be stored
	Err     error   // why it failed
	Answer  error   // what the portal said, where Err says what follows from that
}

// performance is the carrying out of one group's commands.
type performance struct {
	world    World
	commands []*Command
	named    map[string]*Command
	refs     map[*Command]rest.Ref // of those that stand earlier in the batch that is being filled
	imports  map[*Command]imported
}

// Perform carries out commands in as few requests as their order allows.
//
// The first requests are chains. A chain holds contact, deal and rows of an order in one batch, tied by references, so
// that nobody finds a deal without its rows. It stops at the first failure, since a reference to a failed command may
// stand for any number.
//
// What a chain left undone leaves in waves. A wave has no references, so that a failure concerns nobody else; what it
// created is stored before the next wave leaves.
//
// The error concerns the exchange as a whole. Failures of single commands are kept in their outcomes.
func Perform(ctx context.Context, world World, commands []*Command, class rest.Class) error {
	p := &performance{
		world: world, commands: commands,
		named: lo.KeyBy(commands, func(c *Command) string { return c.Name }),
	}
	for chain := true; ; {
		batch := &rest.Batch{Halt: chain, Class: class}
		taken := p.fill(batch, chain)
		if len(taken) == 0 {
			return nil
		}
		if err := p.send(ctx, batch, taken); err != nil {
			return err
		}
		chain = chain && lo.EveryBy(taken, func(c *Command) bool { return c.Outcome.Known && c.Outcome.Err == nil })
	}
}

// fill puts into a batch what may leave now, and returns it.
func (p *performance) fill(batch *rest.Batch, chain bool) []*Command {
	p.refs, p.imports = map[*Command]rest.Ref{}, map[*Command]imported{}
	var taken, imports []*Command
	for _, c := range p.commands {
		if c.Outcome.Known || p.blocked(c) {
			continue
		}
		if c.Method == ImportMethod {
			if p.ready(c, chain, taken) {
				imports = append(imports, c)
			}
			continue
		}
		// A deal must not leave without its rows, so a chain ends before a command whose followers would not fit.
		tooLong := chain && len(taken) > 0 && len(taken)+1+p.followers(c) > rest.MaxCommands
		if tooLong || batch.Full() || batch.Size() > rest.MaxRequest {
			break
		}
		if p.ready(c, chain, taken) {
			p.refs[c] = batch.Add(c.Name, c.Method, p.numbers(c.Params).(rest.Params))
			taken = append(taken, c)
		}
	}
	return append(taken, p.addImports(batch, imports)...)
}

// followers counts the commands that need what c creates. They leave with it.
func (p *performance) followers(c *Command) int {
	return lo.CountBy(p.commands, func(other *Command) bool { return slices.Contains(other.After, c.Name) })
}

// blocked reports whether a command that this one needs has failed. Then it has failed, too. So it has if one that shares
// its intent left something open: nobody knows what became of it, or what it was to change was not there. That has to
// stay noted until the record is planned again.
func (p *performance) blocked(c *Command) bool {
	for _, other := range p.commands {
		err, answer := other.Outcome.Err, other.Outcome.Answer
		leftOpen := rest.Unknown(answer) || rest.Unexplained(answer) || errors.Is(err, ErrMissing)
		if err != nil && (slices.Contains(c.After, other.Name) || leftOpen && c.Intent.shares(other.Intent)) {
			c.Outcome = Outcome{Known: true, Err: err}
			return true
		}
	}
	return false
}

// ready reports whether everything that the command needs is done or, in a chain, stands earlier in the batch.
func (p *performance) ready(c *Command, chain bool, taken []*Command) bool {
	return lo.EveryBy(c.After, func(name string) bool {
		before := p.named[name]
		return before.Outcome.Known || chain && slices.Contains(taken, before)
	})
}

// numbers puts numbers in the place of references, or references within the batch where the record is only just being
// created.
func (p *performance) numbers(value any) any {
	switch v := value.(type) {
	case Ref:
		c := p.named[v.Command]
		if c.Outcome.Known {
			return c.Outcome.ID
		}
		if v.Path == "" {
			return p.refs[c]
		}
		return p.refs[c].Field(strings.Split(v.Path, ".")...)
	case rest.Params:
		return rest.Params(lo.MapValues(v, func(inner any, _ string) any { return p.numbers(inner) }))
	case []any:
		return lo.Map(v, func(inner any, _ int) any { return p.numbers(inner) })
	}
	return value
}

// send makes one request. It stores the intents, sends the commands, and stores everything that came of them. That is
// done even if ctx is cancelled meanwhile, since the portal has done its part.
func (p *performance) send(ctx context.Context, batch *rest.Batch, taken []*Command) error {
	var unstored error
	// Intents are stored after the wait for the limiter: their age counts from when the commands really left.
	batch.Leaving = func(ctx context.Context) error {
		unstored = p.world.StoreIntents(ctx, taken)
		return unstored
	}
	answers, err := p.world.Send(ctx, batch)
	if unstored != nil {
		return unstored
	}
	sent := Sent{Batch: batch, Commands: taken, Answers: answers}
	if err != nil {
		for _, c := range taken {
			c.Outcome = Outcome{Known: true, Err: err, Answer: err}
		}
		if sent.Answers, sent.Unknown = nil, rest.Unknown(err); !sent.Unknown {
			sent.Settled = settledBy(taken, taken)
		}
		return errors.Join(err, p.world.StoreOutcomes(context.WithoutCancel(ctx), sent))
	}
	var certain, answered []*Command
	for _, c := range taken {
		c.Outcome = p.outcome(c, answers)
		if c.Outcome.Known && rest.Unknown(c.Outcome.Answer) {
			continue
		}
		answered = append(answered, c)
		if !rest.Unexplained(c.Outcome.Answer) {
			certain = append(certain, c)
		}
	}
	sent.Settled = settledBy(taken, certain)
	sent.Answered, _ = lo.Difference(settledBy(taken, answered), sent.Settled)
	if err := p.world.StoreOutcomes(context.WithoutCancel(ctx), sent); err != nil {
		for _, c := range taken {
			c.Outcome = Outcome{} // what is not stored is not done: the next attempt looks for it
		}
		return err
	}
	return nil
}

// outcome says what came of a command, by the portal's answers.
func (p *performance) outcome(c *Command, answers Answers) Outcome {
	place, isImport := p.imports[c]
	a := answer{performance: p, name: c.Name, answers: answers}
	if isImport {
		a.imported = &place
	}
	err := a.refusal()
	if errors.Is(err, rest.ErrHalted) {
		return Outcome{} // it was not run, and leaves again
	}
	out := Outcome{Known: true}
	if err == nil {
		out.ID, out.Changes, err = c.Then(a)
	}
	out.Err, out.Answer = err, err
	no, refused := rest.AsRefusal(err)
	switch {
	case refused && (no.AccessDenied() || no.NoMethod()) && withoutMethod[c.Method] != "":
		wait := &Wait{Why: withoutMethod[c.Method]}
		out.Err, out.Answer, out.Changes = wait, wait, Changes{Lacks: c.Method}
	case refused && no.NotFound() && c.Missing != nil:
		out.Err, out.Changes = ErrMissing, *c.Missing
	case err != nil:
		out.Changes = Changes{}
	}
	return out
}

// settledBy are the intents of commands whose outcome is certain. An intent stays while another command of its key that
// left with them has no certain outcome.
func settledBy(taken, certain []*Command) []Open {
	var settled []Open
	for _, c := range certain {
		if c.Intent == nil {
			continue
		}
		isOpen := slices.ContainsFunc(taken, func(other *Command) bool {
			return c.Intent.shares(other.Intent) && !slices.Contains(certain, other)
		})
		if !isOpen {
			settled = append(settled, c.Intent.open())
		}
	}
	return lo.Uniq(settled)
}

func (s *Sending) open() Open { return Open{Entity: s.Entity, Key: s.Key} }

// shares reports whether two commands are remembered by one intent. A command without any shares none.
func (s *Sending) shares(other *Sending) bool {
	return s != nil && other != nil && s.open() == other.open()
}

// answer is what the portal answered to one command.
type answer struct {
	*performance
	name     string
	answers  Answers
	imported *imported // where the command is in an import; nil: it left by itself
}

// refusal is why the command was not done; nil if it was.
func (a answer) refusal() error {
	if a.imported != nil {
		_, err := a.imported.number(a.answers)
		return err
	}
	return a.answers.Error(a.name)
}

// Decode reads the command's result. Of a deal that was imported that is its number alone.
func (a answer) Decode(into any) error {
	if a.imported == nil {
		return a.answers.Decode(a.name, into)
	}
	id, err := a.imported.number(a.answers)
	if made, ok := into.(*rest.Item[rest.Deal]); ok {
		made.Item.ID = rest.ID(id)
	}
	return err
}

// Number is the number that a reference stands for by now; any other value is a number already.
func (a answer) Number(ref any) any { return a.numbers(ref) }
