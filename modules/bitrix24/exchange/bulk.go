package exchange

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
)

// bulkMethods are the methods that an export uses most, each with those that do the same. The portal limits how long a
// method may work in ten minutes. An export takes of each the one that has worked least. While all have nearly used
// their time up, it waits and leaves the rest to live orders.
var bulkMethods = [][]string{
	{plan.ImportMethod, plan.ImportOneMethod},
	{plan.RowsMethod, plan.RowsByDealMethod},
	{"crm.item.add"},
	{"crm.item.update"},
	{listMethod},
	{"crm.duplicate.findbycomm"},
}

// prepareBulk finds out whether a group belongs to exports: their records never share a group with other jobs. The
// error puts the group off while a method of the portal rests.
func (r *run) prepareBulk(ctx context.Context, group []jobs.Job) (err error) {
	r.bulk = lo.EveryBy(group, func(j jobs.Job) bool { return j.Kind == SendRecord{}.Kind() })
	if !r.bulk {
		return nil
	}
	operating := r.portals.Operating(r.Portal.ID)
	r.bulkBy = map[string]bool{}
	for _, methods := range bulkMethods {
		method := slices.MinFunc(methods, func(a, b string) int {
			return cmp.Or(
				cmp.Compare(operating.Rest(a), operating.Rest(b)), cmp.Compare(operating.Used(a), operating.Used(b)),
			)
		})
		r.bulkBy[method] = true
		if wait := operating.Rest(method); wait > 0 {
			return jobs.RetryAfter(wait, errors.New(portal.PaceSetBy(methods, db.Now().Add(wait).In(r.Location))))
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
