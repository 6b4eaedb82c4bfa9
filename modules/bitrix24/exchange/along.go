package exchange

import (
	"context"
	"fmt"
	"slices"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// along are the records that a run reads in the requests it makes anyway: behind the commands of each, where there is
// room. What the last request read counts, since nothing was written after that; what an earlier one read is forgotten.
// The zero value reads nothing.
type along struct {
	asking Questions
	read   map[plan.Look]reading
	rows   map[plan.Look][]rest.ProductRow
}

// alongLimit is how many reading commands go along with a request: somebody may wait for what it writes.
const alongLimit = 10

// alongFields are the fields that a look at a record reads.
var alongFields = map[plan.Entity][]string{
	plan.Deal: dealFields, plan.Lead: leadFields, plan.Contact: allFields, plan.Company: allFields,
}

// ask adds linked records of one kind to what goes along.
func (a *along) ask(links []*plan.Link) {
	var unread error // dropped: what was not read along is asked for later
	for e, some := range lo.GroupBy(links, func(l *plan.Link) plan.Entity { return l.Entity }) {
		ids := lo.Uniq(lo.Map(some, func(l *plan.Link, _ int) int64 { return l.RemoteID }))
		for _, part := range lo.Chunk(ids, pageSize) {
			readListed(&a.asking, e.TypeID(), alongFields[e], part, func(found map[int64]reading, _ error) {
				for id, record := range found {
					a.read[plan.Look{Entity: e, ID: id}] = record
				}
			})
		}
		if e != plan.Deal || len(ids) > fewDeals {
			continue
		}
		for _, id := range ids {
			ReadRows(&a.asking, e, id, &unread, func(rows []rest.ProductRow) {
				a.rows[plan.Look{Entity: e, ID: id}] = rows
			})
		}
	}
}

// board puts the questions into a request that is about to leave, as far as there is room. It returns how many.
func (a *along) board(batch *rest.Batch) (n int) {
	a.read, a.rows = map[plan.Look]reading{}, map[plan.Look][]rest.ProductRow{}
	for n < min(len(a.asking.open), alongLimit) && !batch.Full() && batch.Size() < rest.MaxRequest {
		batch.Add(fmt.Sprintf("along%d", n), a.asking.open[n].method, a.asking.open[n].params)
		n++
	}
	return n
}

// take takes out of an answer what was read along. Whatever else would have to be asked is left to the looks.
func (a *along) take(result *rest.Result, n int) error {
	asked := len(a.asking.open)
	for i, q := range a.asking.open[:n] {
		if err := q.answer(result, fmt.Sprintf("along%d", i)); err != nil {
			return err
		}
	}
	a.asking.open = a.asking.open[:asked]
	return nil
}

// has reports whether a record was read along.
func (a *along) has(e plan.Entity, id int64) bool {
	_, read := a.read[plan.Look{Entity: e, ID: id}]
	return read
}

// item returns a record that was read along with all of the fields.
func (a *along) item(typeID int, id int64, fields []string) (reading, bool) {
	if a == nil {
		return reading{}, false
	}
	for e, had := range alongFields {
		if e.TypeID() == typeID && (slices.Contains(had, "*") || lo.Every(had, fields)) {
			found, ok := a.read[plan.Look{Entity: e, ID: id}]
			return found, ok
		}
	}
	return reading{}, false
}

// rowsOf returns the product rows of a deal that were read along.
func (a *along) rowsOf(e plan.Entity, id int64) ([]rest.ProductRow, bool) {
	if a == nil {
		return nil, false
	}
	rows, ok := a.rows[plan.Look{Entity: e, ID: id}]
	return rows, ok
}

// splitLooks parts the looks of a group. Those at records that the run deals with anyway join it, and without anything
// that leaves all do. The others are made after it, and what they want to read goes along with what it writes.
func (r *run) splitLooks(ctx context.Context, group []jobs.Job, s sorted) (after []pulled, err error) {
	var join []pulled
	for e, looks := range lo.GroupBy(s.pulls, func(p pulled) plan.Entity { return p.Entity }) {
		links, err := r.Book.LinksTo(ctx, e, lo.Map(looks, func(p pulled, _ int) int64 { return p.ID }))
		if err != nil {
			return nil, err
		}
		joined := map[int64]bool{}
		for _, p := range looks {
			own := lo.Filter(links, func(l *plan.Link, _ int) bool { return l.RemoteID == p.ID })
			p.linked = len(own) > 0 || e == plan.Product
			if slices.ContainsFunc(own, r.worksOn) {
				join, joined[p.ID] = append(join, p), true
			} else {
				after = append(after, p)
			}
		}
		r.along.ask(lo.Reject(links, func(l *plan.Link, _ int) bool { return joined[l.RemoteID] }))
	}
	if len(s.leaving) == 0 {
		join, after = r.dueLooks(group, after, s), nil
		if slices.ContainsFunc(join, func(p pulled) bool { return p.Echo }) {
			r.class = rest.People // it may be a person's change all the same, and has waited long enough
		}
	}
	return after, r.resolve(ctx, join, s.works)
}

// look makes the looks that did not join the run.
func (r *run) look(ctx context.Context, group []jobs.Job, looks []pulled, s sorted) error {
	looks = r.dueLooks(group, looks, s)
	if len(looks) == 0 {
		return nil
	}
	later := newRun(r.Connection)
	later.class, later.relisted, later.questions.read = r.class, r.relisted, &r.along
	if err := later.resolve(ctx, looks, s.works); err != nil {
		return err
	}
	return later.sync(ctx)
}

// worksOn reports whether the run deals with the panel's record of a link.
func (r *run) worksOn(l *plan.Link) bool {
	switch l.Local {
	case plan.Order:
		return r.orders[l.LocalID] != nil
	case plan.Client:
		return r.clients[l.LocalID] != nil
	case plan.Organization:
		return r.organizations[l.LocalID] != nil
	}
	return false
}
