package backfill_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// BenchmarkBackfill exports for ten minutes of the portal's time under its real limits: 2 requests a second, and 480
// seconds of operating time in ten minutes for each method. The time of both sides passes five times as fast. A command
// costs twice what the emulator charges otherwise, so that a machine keeps up that does not do only this: what can be
// reached follows from the rows, 0.24 s an order by two methods, 4,000 orders. At the usual cost that is twice as many.
//
//	go test ./modules/bitrix24/backfill -run '^$' -bench Backfill -benchtime 1x -timeout 20m
func BenchmarkBackfill(b *testing.B) {
	const (
		factor  = 5
		orders  = 4200
		most    = 4000
		seconds = 600
	)
	costs := map[string]float64{
		"crm.item.productrow.set": 0.24, "crm.deal.productrows.set": 0.24, "crm.item.import": 0.2,
		"crm.item.batchImport": 0.2 * 50 / 3, // fifty leave in three commands
	}
	for b.Loop() {
		start := time.Now()
		fast := func() time.Time { return start.Add(time.Duration(factor * float64(time.Since(start)))) }
		x := bitrix24test.New(b, db.SQLite, bitrix24test.Unconnected, func(s *bitrix24test.Setup) {
			bitrix24test.Hasten(&s.Options, factor, fast)
			s.Portal.Limits, s.Portal.Clock = true, fast
		})
		first := x.Place()
		client := int64(x.Order(first).Number("UserId"))
		for range orders - 1 {
			x.Place(bitrix24test.By(client))
		}
		x.Connect()
		x.Portal.SetBehaviour(func(b *emulator.Behaviour) { b.Cost = costs })
		x.Run()
		before, began := x.Portal.Stats(), fast()
		x.As(staff.Administrator).Post(bitrix24test.BackfillPage, "what", "order", "action", "start").Want(b, http.StatusSeeOther)
		for fast().Sub(began) < seconds*time.Second {
			time.Sleep(20 * time.Millisecond)
			x.Hurry() // a rest that is put off in seconds of ours is over sooner
		}
		after := x.Portal.Stats()
		sent := x.Number("SELECT count(*) FROM bitrix24_backfill_records WHERE state = 'done'")
		refused := 0
		for code, n := range after.Refused {
			refused += n - before.Refused[code]
		}
		b.ReportMetric(float64(sent), "orders")
		b.ReportMetric(float64(sent)/seconds, "orders/s")
		b.ReportMetric(120_000/(2*float64(sent)/seconds)/3600, "h-for-120,000-at-usual-cost")
		b.ReportMetric(100*float64(sent)/most, "%-of-limit")
		b.ReportMetric(float64(after.Requests-before.Requests), "requests")
		b.ReportMetric(float64(refused), "refused")
		for _, method := range []string{
			"crm.item.batchImport", "crm.item.import", "crm.item.productrow.set", "crm.deal.productrows.set", "crm.item.list",
			"crm.item.productrow.list",
		} {
			b.ReportMetric(float64(after.Commands[method]-before.Commands[method]), method)
		}
	}
}
