package exchange

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// IsPutOff reports whether a record is only put off.
func IsPutOff(cause error) bool {
	var wait *waitError
	return errors.As(cause, &wait) || errors.Is(cause, errNextGroup)
}

// bulkMethods are what an export uses most of; while one of them rests, bulk work waits and leaves what is left of the
// portal's operating time to live orders.
var bulkMethods = []string{"crm.item.batchImport", "crm.item.add", "crm.item.update", "crm.item.productrow.set", "crm.item.list", "crm.duplicate.findbycomm"}

// prepareBulk recognizes a group of an export's records; bulk work never shares a group with anything else.
func (r *run) prepareBulk(ctx context.Context, group []jobs.Job) (err error) {
	r.bulk = lo.EveryBy(group, func(j jobs.Job) bool { return j.Kind == SendRecord{}.Kind() })
	if !r.bulk {
		return nil
	}
	for _, method := range bulkMethods {
		if wait := r.portals.Operating(r.Portal.ID).Rest(method); wait > 0 {
			return jobs.RetryAfter(wait, fmt.Errorf("метод %s почти исчерпал своё время на портале, выгрузка продолжится через %s", method, wait.Round(time.Second)))
		}
	}
	r.held, err = r.exchange.exports.Held(ctx)
	return err
}

// gatherRecord notes which record of an export a job concerns; nothing is done while the export pauses.
func (r *run) gatherRecord(j jobs.Job) ([]work, error) {
	var a SendRecord
	if err := Decode(j, &a); err != nil || r.held[a.Backfill] {
		return nil, err
	}
	return r.workOnRecord(a.Local, a.ID), nil
}

// workOnRecord has a record sent as the button «Отправить в Битрикс24» would.
func (r *run) workOnRecord(kind records.Local, id int64) []work {
	switch kind {
	case records.Client:
		w := r.workOnClient(id)
		w.needed, w.compare = true, true
		return []work{w}
	case records.Organization:
		w := r.workOnOrganization(id)
		w.needed, w.compare = true, true
		return []work{w}
	}
	return []work{r.workOnOrder(id)}
}

// follow is how urgent the work is that follows from the run's.
func (r *run) follow() []jobs.Option {
	if r.bulk {
		return []jobs.Option{jobs.Behind()}
	}
	return nil
}

// imported is a deal that is made by crm.item.batchImport, twenty to a command: the portal's robots are not set off by
// orders of long ago.
type imported struct {
	command string // name of the batch's command
	index   int    // within it
}

// importSize is how many items one crm.item.batchImport takes («crm-item-batch-import»).
const importSize = 20

// importResult is what became of the items, in their order.
type importResult struct {
	Items rest.List[struct {
		Item struct {
			ID rest.ID `json:"id"`
		} `json:"item"`
		Error       rest.Text `json:"error"`
		Description rest.Text `json:"error_description"`
	}] `json:"items"`
}

// addImports puts tasks into the batch, twenty to a command, as long as there is room; it returns those that it took.
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
		batch.Add(name, "crm.item.batchImport", rest.Params{"entityTypeId": rest.TypeDeal, "useOriginalUfNames": "Y", "data": data})
		taken = append(taken, part...)
	}
	return taken
}

// made reads the number of the deal, or the portal's refusal of it.
func (p *imported) recordID(result *rest.Result) (int64, error) {
	var list importResult
	if err := result.Decode(p.command, &list); err != nil {
		return 0, err
	}
	if p.index >= len(list.Items) {
		return 0, &rest.RequestError{Method: "crm.item.batchImport", Sent: true, Err: fmt.Errorf("%d items, the one at %d is missing", len(list.Items), p.index)}
	}
	item := list.Items[p.index]
	if id := item.Item.ID.Int64(); id != 0 {
		return id, nil
	}
	return 0, &rest.Error{Method: "crm.item.batchImport", Code: string(item.Error), Description: string(item.Description), Status: 200}
}

// importDeal is newDeal for an order of long ago.
func (r *run) importDeal(w *orderWork) *task {
	t := r.newDeal(w)
	t.fields = func() rest.Params { return t.params()["fields"].(rest.Params) }
	t.method = "crm.item.batchImport"
	t.done = func(_ context.Context, tx *db.Tx, result *rest.Result, _ string) (int64, error) {
		id, err := t.place.recordID(result)
		if err != nil {
			return 0, err
		}
		in, sent := r.input(w), t.fields()
		agreed := mapping.Agreed{originField: {Ours: "Y"}}
		for _, part := range []rest.Params{mapping.DealFields(in), {commentsField: mapping.Comment(in)}, mapping.DealClient(w.client.recordID(), w.organization.companyID())} {
			agreed.Agree(part)
		}
		deal := &rest.Deal{CategoryID: rest.ID(in.Rules.CategoryID), StageID: rest.Text(r.firstStage(in.Rules.CategoryID)), Opportunity: rest.Money(w.order.Total)}
		if stage, ok := sent["stageId"].(string); ok {
			deal.StageID = rest.Text(stage)
		}
		agreed[StageField] = mapping.Pair{Ours: string(w.order.Status), Theirs: string(deal.StageID)}
		l := r.Book.NewLink(records.Order, w.id, records.Deal, id, agreed)
		l.See(deal)
		return id, records.SaveLink(tx, l)
	}
	return t
}
