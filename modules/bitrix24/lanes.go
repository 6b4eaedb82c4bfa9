package bitrix24

import (
	"context"
	"fmt"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/modules/bitrix24/backfill"
	"github.com/pixlpark/panel/modules/bitrix24/compare"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/pages"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
)

// handleLanes says who does the jobs of the module's two lanes. All exchange with the portal queues in one; its
// handler takes a group at a time, since one request can serve many records. Long work that mostly reads has the
// other, so that no order waits behind it.
func (m *Module) handleLanes(h *app.Host) {
	retryFirst, pauseMax := jobs.RetryFirst(m.options.RetryFirst), jobs.PauseMax(m.options.PauseMax)
	jobs.Handle(h.Jobs, portal.Lane, exchange.GroupLimit, m.exchange.Handle,
		jobs.BulkLimit(exchange.BulkLimit), jobs.TakenOver(m.exchange.TakenOver),
		jobs.Along(exchange.Pull{}.Kind(), m.options.EchoWait), retryFirst, pauseMax)
	h.Jobs.Probe(portal.Lane, m.exchange.Probe)
	jobs.Handle(h.Jobs, portal.BulkLane, 1, m.handleBulk, retryFirst, pauseMax)
}

// handleBulk is the handler of the lane for long work.
func (m *Module) handleBulk(ctx context.Context, group []jobs.Job) []error {
	return lo.Map(group, func(j jobs.Job, _ int) error { return m.doBulk(ctx, j) })
}

// doBulk does one job of long work: a piece of it, after which the job enqueues itself for the rest.
func (m *Module) doBulk(ctx context.Context, j jobs.Job) error {
	switch j.Kind {
	case backfill.Gather{}.Kind():
		return decodeAnd(ctx, j, m.backfill.Gather)
	case compare.Continue{}.Kind():
		return decodeAnd(ctx, j, m.compare.Continue)
	case compare.MendAll{}.Kind():
		return decodeAnd(ctx, j, m.compare.MendAll)
	case exchange.CheckDeleted{}.Kind():
		return m.exchange.CheckDeleted(ctx)
	case exchange.FindStrays{}.Kind():
		return decodeAnd(ctx, j, m.exchange.FindStrays)
	case pages.PruneJournal{}.Kind():
		return m.pages.PruneJournal(ctx)
	}
	return jobs.Permanent(fmt.Errorf("no such job: %s", j.Kind))
}

// decodeAnd does a job with its arguments.
func decodeAnd[A any](ctx context.Context, j jobs.Job, do func(context.Context, A) error) error {
	var args A
	if err := exchange.Decode(j, &args); err != nil {
		return err
	}
	return do(ctx, args)
}
