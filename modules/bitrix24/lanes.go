package bitrix24

import (
	"context"
	"fmt"
	"time"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/backfill"
	"github.com/pixlpark/panel/modules/bitrix24/compare"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/pages"
)

// bulkPages declares the pages of bulk work.
func (m *Module) bulkPages(h *app.Host) {
	administrators := panel.Require(staff.Administrator)
	h.Admin.GET("/bitrix24/backfill", m.backfill.Page, administrators)
	h.Admin.POST("/bitrix24/backfill", m.backfill.Start, administrators)
	h.Admin.POST("/bitrix24/backfill/:id/:action", m.backfill.Change, administrators)
	h.Admin.GET("/bitrix24/vanished", m.pages.VanishedPage, administrators)
	h.Admin.POST("/bitrix24/vanished/:decision", m.pages.DecideVanished, administrators)
	m.compare.Routes(h)
	h.Panel.AddBanner(m.pages.VanishedBanner)
	h.Jobs.Every(24*time.Hour, exchange.CheckDeleted{}, jobs.WithPriority(jobs.Bulk))
	h.Panel.AddMenu(panel.MenuItem{Section: "Заказы", Label: "Выгрузка базы", URL: backfill.Path, Role: staff.Administrator})
}

// bulkWork is the handler of the lane for long work. A job does a piece and enqueues itself for the rest.
func (m *Module) bulkWork(ctx context.Context, group []jobs.Job) []error {
	outcomes := make([]error, len(group))
	for i, j := range group {
		var args struct{ ID int64 }
		if outcomes[i] = exchange.Decode(j, &args); outcomes[i] != nil {
			continue
		}
		switch j.Kind {
		case pages.PruneJournal{}.Kind():
			outcomes[i] = m.pages.PruneJournal(ctx)
		case backfill.GatherExport{}.Kind():
			outcomes[i] = m.backfill.Gather(ctx, args.ID)
		case compare.CompareOrders{}.Kind():
			outcomes[i] = m.compare.CompareNext(ctx, args.ID)
		case compare.MendOrders{}.Kind():
			var a compare.MendOrders
			if outcomes[i] = exchange.Decode(j, &a); outcomes[i] == nil {
				outcomes[i] = m.compare.MendAll(ctx, a)
			}
		case exchange.CheckDeleted{}.Kind():
			outcomes[i] = m.exchange.CheckDeleted(ctx)
		default:
			outcomes[i] = jobs.Permanent(fmt.Errorf("no such job: %s", j.Kind))
		}
	}
	return outcomes
}
