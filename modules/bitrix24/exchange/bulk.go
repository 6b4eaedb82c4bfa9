package exchange

import (
	"context"
	"fmt"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// bulkMethods are the methods that an export uses most. The portal limits how long a method may work in ten minutes.
// While one of these has nearly used its time up, exports wait and leave the rest of it to live orders.
var bulkMethods = []string{
	"crm.item.batchImport",
	"crm.item.add",
	"crm.item.update",
	"crm.item.productrow.set",
	"crm.item.list",
	"crm.duplicate.findbycomm",
}

// prepareBulk finds out whether a group belongs to exports: their records never share a group with other jobs. The
// error puts the group off while a method of the portal rests.
func (r *run) prepareBulk(ctx context.Context, group []jobs.Job) (err error) {
	r.bulk = lo.EveryBy(group, func(j jobs.Job) bool { return j.Kind == SendRecord{}.Kind() })
	if !r.bulk {
		return nil
	}
	for _, method := range bulkMethods {
		if wait := r.portals.Operating(r.Portal.ID).Rest(method); wait > 0 {
			return jobs.RetryAfter(wait, fmt.Errorf(
				"метод %s почти исчерпал своё время на портале, выгрузка продолжится через %s", method,
				wait.Round(time.Second),
			))
		}
	}
	r.held, err = r.exchange.exports.Held(ctx)
	return err
}

// worksOfExport notes which record of an export a job is about. Nothing is done while the export pauses.
func (r *run) worksOfExport(j jobs.Job) ([]work, error) {
	var a SendRecord
	if err := Decode(j, &a); err != nil || r.held[a.Backfill] {
		return nil, err
	}
	return r.workOnRecord(a.Local, a.ID), nil
}

// workOnRecord returns the work of sending a record, as the button «Отправить в Битрикс24» would.
func (r *run) workOnRecord(kind plan.Local, id int64) []work {
	switch kind {
	case plan.Client:
		w := r.workOnClient(id)
		w.Needed, w.Compare = true, true
		return []work{w}
	case plan.Organization:
		w := r.workOnOrganization(id)
		w.Needed, w.Compare = true, true
		return []work{w}
	}
	return []work{r.workOnOrder(id)}
}

// follow returns how urgent the jobs are that a run enqueues. What follows from an export stays behind live work.
func (r *run) follow() []jobs.Option {
	if r.bulk {
		return []jobs.Option{jobs.Behind()}
	}
	return nil
}

// imported says where in a batch a deal is created by crm.item.batchImport. Unlike crm.item.add that does not set off
// the portal's robots, which must not write to people about orders of long ago.
type imported struct {
	command string // name of the command within the batch
	index   int    // among the command's deals
}

// importMethod creates deals as if they had been imported by hand.
const importMethod = "crm.item.batchImport"

// importSize is how many items one crm.item.batchImport takes («crm-item-batch-import»).
const importSize = 20

// importResult is the answer of crm.item.batchImport: what became of the deals, in the order they were sent.
type importResult struct {
	Items rest.List[struct {
		Item struct {
			ID rest.ID `json:"id"`
		} `json:"item"`
		Error       rest.Text `json:"error"`
		Description rest.Text `json:"error_description"`
	}] `json:"items"`
}

// addImports puts deals into the batch, twenty to a command, as long as there is room. It returns the tasks that it
// took.
func addImports(batch *rest.Batch, tasks []*task) []*task {
	var taken []*task
	for i, part := range lo.Chunk(tasks, importSize) {
		if batch.Full() || batch.Size() > maxRequest {
			break
		}
		name := fmt.Sprintf("import%d", i)
		data := make([]any, len(part))
		for n, t := range part {
			t.place = &imported{command: name, index: n}
			data[n] = t.fields()
		}
		batch.Add(
			name, importMethod,
			rest.Params{"entityTypeId": rest.TypeDeal, "useOriginalUfNames": "Y", "data": data},
		)
		taken = append(taken, part...)
	}
	return taken
}

// recordID reads the number of the deal that was created, or why the portal refused it.
func (p *imported) recordID(result *rest.Result) (int64, error) {
	var list importResult
	if err := result.Decode(p.command, &list); err != nil {
		return 0, err
	}
	if p.index >= len(list.Items) {
		return 0, &rest.RequestError{
			Method: "crm.item.batchImport",
			Sent:   true,
			Err:    fmt.Errorf("%d items, the one at %d is missing", len(list.Items), p.index),
		}
	}
	item := list.Items[p.index]
	if id := item.Item.ID.Int64(); id != 0 {
		return id, nil
	}
	return 0, &rest.Error{
		Method:      "crm.item.batchImport",
		Code:        string(item.Error),
		Description: string(item.Description),
		Status:      200,
	}
}
