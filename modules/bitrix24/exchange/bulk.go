package exchange

import (
	"context"
	"fmt"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
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
	return r.workOnRecord(a.Local, a.ID, j.Inherited), nil
}

// workOnRecord returns the work of sending a record, as the button «Отправить в Битрикс24» would. sought says that it may
// have been sent before, without this database knowing.
func (r *run) workOnRecord(kind plan.Local, id int64, sought bool) []work {
	switch kind {
	case plan.Client:
		w := r.workOnClient(id)
		w.Needed, w.Compare, w.sought = true, true, w.sought || sought
		return []work{w}
	case plan.Organization:
		w := r.workOnOrganization(id)
		w.Needed, w.Compare, w.sought = true, true, w.sought || sought
		return []work{w}
	}
	w := r.workOnOrder(id)
	w.sought = w.sought || sought
	return []work{w}
}

// follow returns how urgent the jobs are that a run enqueues. What follows from an export stays behind live work.
func (r *run) follow() []jobs.Option {
	if r.bulk {
		return []jobs.Option{jobs.Behind()}
	}
	return nil
}
