package plan_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// scripted is a world that answers as it is told, and remembers what was done.
type scripted struct {
	answers map[string]error // by command, of its next request; none: it is carried out
	sent    [][]string       // the names of each request's commands
	open    map[plan.Open]mapping.Agreed
}

func (s *scripted) StoreIntents(_ context.Context, commands []*plan.Command) error {
	for _, c := range commands {
		if c.Intent != nil {
			about := plan.Open{Entity: c.Intent.Entity, Key: c.Intent.Key}
			s.open[about] = lo.Assign(s.open[about], c.Intent.Agreed)
		}
	}
	return nil
}

func (s *scripted) Send(ctx context.Context, batch *rest.Batch) (plan.Answers, error) {
	if err := batch.Leaving(ctx); err != nil {
		return nil, err
	}
	var names []string
	given, failed := answersOf{}, false
	for _, c := range batch.Commands() {
		names = append(names, c.Name)
		switch err := s.answers[c.Name]; {
		case failed && batch.Halt:
			given[c.Name] = rest.ErrHalted
		default:
			given[c.Name], failed = err, failed || err != nil
		}
		if !errors.Is(given[c.Name], rest.ErrHalted) {
			delete(s.answers, c.Name)
		}
	}
	s.sent = append(s.sent, names)
	return given, nil
}

func (s *scripted) StoreOutcomes(_ context.Context, sent plan.Sent) error {
	for _, open := range sent.Settled {
		delete(s.open, open)
	}
	return nil
}

type answersOf map[string]error

func (a answersOf) Error(name string) error { return a[name] }

func (a answersOf) Decode(name string, _ any) error { return a[name] }

// adding are commands that add rows of one order: they share an intent.
func adding(keys ...string) []*plan.Command {
	return lo.Map(keys, func(key string, _ int) *plan.Command {
		return &plan.Command{
			Name: key, Method: "crm.item.productrow.add",
			Intent: &plan.Sending{Entity: plan.Rows, Key: "order:1", Agreed: mapping.Agreed{key: {Ours: key}}},
			Then:   func(plan.Answer) (int64, plan.Changes, error) { return 1, plan.Changes{}, nil },
		}
	})
}

// When a row may have been added and nobody knows, the other rows of the order do not leave after it: their intent is
// the same, and what it says of that row would be lost.
func TestPerform_anUnknownOutcomeStaysNoted(t *testing.T) {
	t.Parallel()
	world := &scripted{open: map[plan.Open]mapping.Agreed{}, answers: map[string]error{
		"a": &rest.Error{Method: "crm.item.productrow.add", Code: "INTERNAL_SERVER_ERROR", Status: 200},
	}}
	commands := adding("a", "b")
	if err := plan.Perform(t.Context(), world, commands, rest.Background); err != nil {
		t.Fatal(err)
	}
	if len(world.sent) != 1 {
		t.Errorf("requests: %v, want one", world.sent)
	}
	if agreed := world.open[plan.Open{Entity: plan.Rows, Key: "order:1"}]; agreed["a"].Ours != "a" {
		t.Errorf("what was sent is forgotten: %v", agreed)
	}
	if commands[1].Outcome.Err == nil {
		t.Error("the second row counts as done")
	}
}

// When a row of ours turns out to be gone, the others wait until it is known which are there: the intent that says so is
// theirs, too.
func TestPerform_aMissingRowStaysNoted(t *testing.T) {
	t.Parallel()
	world := &scripted{open: map[plan.Open]mapping.Agreed{}, answers: map[string]error{
		"a": &rest.Error{Method: "crm.item.productrow.update", Code: "NOT_FOUND", Status: 200},
	}}
	commands := adding("a", "b")
	commands[0].Missing = &plan.Changes{RowsUnknown: []int64{1}}
	if err := plan.Perform(t.Context(), world, commands, rest.Background); err != nil {
		t.Fatal(err)
	}
	if len(world.sent) != 1 || !errors.Is(commands[1].Outcome.Err, plan.ErrMissing) {
		t.Errorf("requests: %v, outcome of b: %v; want one, and that it waits", world.sent, commands[1].Outcome.Err)
	}
}

func TestPerform_aRefusalConcernsOneCommand(t *testing.T) {
	t.Parallel()
	world := &scripted{open: map[plan.Open]mapping.Agreed{}, answers: map[string]error{
		"a": &rest.Error{Method: "crm.item.productrow.add", Code: "ERROR_ARGUMENT", Status: 200},
	}}
	commands := adding("a", "b")
	if err := plan.Perform(t.Context(), world, commands, rest.Background); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(world.sent[len(world.sent)-1], []string{"b"}) || commands[1].Outcome.Err != nil {
		t.Errorf("requests: %v, outcome of b: %v", world.sent, commands[1].Outcome.Err)
	}
	if len(world.open) != 0 {
		t.Errorf("open: %v", world.open)
	}
}
