package exchange

import (
	"context"
	"strings"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// enlist adds a command to the run.
func (r *run) enlist(t *task) *task {
	r.tasks = append(r.tasks, t)
	r.named[t.name] = t
	return t
}

// commandTask returns the task of a command that a plan has asked for.
func (r *run) commandTask(c *plan.Command) *task {
	t := &task{name: c.Name, method: c.Method, note: c.About, command: c}
	for _, name := range c.After {
		t.after = append(t.after, r.named[name])
	}
	if i := c.Intent; i != nil {
		t.entity, t.key, t.agreed, t.rows = i.Entity, i.Key, i.Agreed, i.Rows
	}
	t.params = func() rest.Params { return r.numbers(c.Params).(rest.Params) }
	if c.Method == importMethod {
		t.fields = func() rest.Params { return r.numbers(c.Params["fields"]).(rest.Params) }
	}
	t.done = func(ctx context.Context, tx *db.Tx, result *rest.Result, _ string) (int64, error) {
		id, changes, err := c.Then(answer{run: r, task: t, result: result})
		if err != nil {
			return 0, err
		}
		return id, r.store(ctx, tx, changes, nil)
	}
	if c.Missing != nil {
		t.onMissing = func(ctx context.Context, tx *db.Tx) error { return r.store(ctx, tx, *c.Missing, nil) }
	}
	return t
}

// numbers puts numbers in the place of references, or references within the batch where the record is only just being
// created.
func (r *run) numbers(value any) any {
	switch v := value.(type) {
	case plan.Ref:
		if v.Path == "" {
			return r.named[v.Command].recordID()
		}
		return r.named[v.Command].recordID(strings.Split(v.Path, ".")...)
	case rest.Params:
		return rest.Params(lo.MapValues(v, func(inner any, _ string) any { return r.numbers(inner) }))
	case []any:
		return lo.Map(v, func(inner any, _ int) any { return r.numbers(inner) })
	}
	return value
}

// answer is what the portal answered to one command.
type answer struct {
	run    *run
	task   *task
	result *rest.Result
}

// Decode reads the command's result. Of a deal that was imported that is its number alone.
func (a answer) Decode(into any) error {
	if a.task.place == nil {
		return a.result.Decode(a.task.name, into)
	}
	id, err := a.task.place.recordID(a.result)
	if made, ok := into.(*rest.Item[rest.Deal]); ok {
		made.Item.ID = rest.ID(id)
	}
	return err
}

// Number is the number that a reference stands for by now; any other value is a number already.
func (a answer) Number(ref any) any { return a.run.numbers(ref) }
