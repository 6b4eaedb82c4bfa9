package pages

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/cache"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
)

// place is where an order stands in the exchange. Every order stands in exactly one, so that the numbers of «Состояние
// обмена» add up to all orders.
type place string

const (
	placeSent     place = "sent"
	placeWaiting  place = "waiting"
	placeFailed   place = "failed"
	placeIgnored  place = "ignored"
	placeGoneDeal place = "gone_deal"
	placeGoneLead place = "gone_lead"
	placeTopUp    place = "top_up"
	placeDeleted  place = "deleted"
	placeBefore   place = "before"
	placeManual   place = "manual"
	placeType     place = "type"
	placeUnsent   place = "unsent"
)

// excluded are the places of orders that are not sent, with the reason, in the order of the page.
var excluded = []struct {
	place place
	why   portal.Reason
}{
	{placeBefore, portal.BeforeConnected},
	{placeType, portal.OtherType},
	{placeManual, portal.NotAutomatic},
	{placeTopUp, portal.TopUp},
	{placeIgnored, portal.LeftAlone},
	{placeGoneDeal, portal.DeletedThere},
	{placeGoneLead, "лид удалён в Битрикс24"},
	{placeDeleted, portal.DeletedHere},
	{placeUnsent, portal.PlacedMeanwhile},
}

// placeOf is where an order stands that is not sent for a reason; with no reason against it, it was only not sent yet.
func placeOf(why portal.Reason) string {
	for _, e := range excluded {
		if e.why == why {
			return string(e.place)
		}
	}
	return string(placeUnsent)
}

// standing is the one expression that says where an order stands, the same for counting and for sending what was left
// out. Whatever is linked or queued comes first; the rules of Settings.Wants decide about the rest.
func standing(s portal.Settings) (sql string, args []any) {
	rules, args := s.WantsSQL(placeOf)
	return `CASE
		WHEN j.failed = 1 THEN 'failed'
		WHEN j.failed = 0 THEN 'waiting'
		WHEN deal.state = '' THEN 'sent'
		WHEN deal.state = 'deleted' AND c.choice = 'ignore' THEN 'ignored'
		WHEN deal.state = 'deleted' THEN 'gone_deal'
		WHEN lead.state <> 'deleted' THEN 'sent'
		WHEN lead.state = 'deleted' AND c.choice = 'ignore' THEN 'ignored'
		WHEN lead.state = 'deleted' THEN 'gone_lead'
		` + rules + `ELSE 'unsent' END`, args
}

// standings is what the expression reads: every order with its links, its job and its choice, none of them more than once.
func standings(s portal.Settings) (sql string, args []any) {
	unfinished, unfinishedArgs := jobs.Unfinished(exchange.PushOrder{}.Kind(), "order")
	return `FROM orders o
		LEFT JOIN bitrix24_links deal ON deal.portal_id = ? AND deal.local = 'order' AND deal.entity = 'deal' AND deal.local_id = o.id
		LEFT JOIN bitrix24_links lead ON lead.portal_id = ? AND lead.local = 'order' AND lead.entity = 'lead' AND lead.local_id = o.id
		LEFT JOIN bitrix24_choices c ON c.portal_id = ? AND c.local = 'order' AND c.local_id = o.id
		LEFT JOIN (` + unfinished + `) j ON j.id = o.id`,
		append([]any{s.PortalID, s.PortalID, s.PortalID}, unfinishedArgs...)
}

// countOrders counts all orders by where they stand, in one query, so that the numbers belong to one moment.
func (x *Pages) countOrders(ctx context.Context, s portal.Settings) (map[place]int64, error) {
	what, whatArgs := standing(s)
	from, fromArgs := standings(s)
	var rows []struct {
		Place place
		Count int64
	}
	err := x.DB.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
		if x.DB.Dialect() == db.Postgres { // a million links don't fit into the usual four megabytes
			if err := tx.Exec("SET LOCAL work_mem = '64MB'").Error; err != nil {
				return err
			}
		}
		return tx.Raw("SELECT "+what+" AS place, count(*) AS count "+from+" GROUP BY 1", slices.Concat(whatArgs, fromArgs)...).Scan(&rows).Error
	})
	if err != nil {
		return nil, fmt.Errorf("count orders by where they stand: %w", err)
	}
	counts := map[place]int64{}
	for _, row := range rows {
		counts[row.Place] = row.Count
	}
	return counts, nil
}

// tally is a count of all orders by where they stand.
type tally struct {
	counts map[place]int64
	at     *time.Time // nil: just now
}

// Counting reads every order and every link. With more than manyOrders it takes long enough, half a second with a
// million, to be made for everybody who looks within tallyKept.
const (
	manyOrders = 100_000
	tallyKept  = 30 * time.Second
	tallyKey   = "bitrix24/tally/"
)

// tally counts all orders, or tells what was counted a moment ago if they are many.
func (x *Pages) tally(ctx context.Context, s portal.Settings) (tally, error) {
	all, err := x.Orders.Counts(ctx)
	if err != nil {
		return tally{}, err
	}
	if lo.Sum(slices.Collect(maps.Values(all))) <= manyOrders {
		counts, err := x.countOrders(ctx, s)
		return tally{counts: counts}, err
	}
	rules := fmt.Sprintf("%d/%s/%t/%s", s.PortalID, s.OrderTypes, s.Auto, s.ConnectedAt)
	return cache.Get(ctx, x.Cache, tallyKey+rules, tallyKept, func(ctx context.Context) (tally, error) {
		now := db.Now()
		counts, err := x.countOrders(ctx, s)
		return tally{counts, &now}, err
	})
}

// sendUnsent sends what was placed while the exchange, the automatic switch or the tariff was off, as bulk work.
func (x *Pages) sendUnsent(ctx context.Context, s portal.Settings) (int64, error) {
	what, whatArgs := standing(s)
	from, fromArgs := standings(s)
	var sent int64
	err := x.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		for last := int64(0); ; {
			var ids []int64
			err := tx.Raw("SELECT o.id "+from+" WHERE o.id > ? AND "+what+" = ? ORDER BY o.id LIMIT 1000",
				slices.Concat(fromArgs, []any{last}, whatArgs, []any{placeUnsent})...).Scan(&ids).Error
			if err != nil {
				return fmt.Errorf("find orders that were not sent: %w", err)
			}
			if len(ids) == 0 {
				return nil
			}
			push := make([]jobs.Args, len(ids))
			for i, id := range ids {
				push[i] = exchange.PushOrder{ID: id}
			}
			if err := x.Jobs.EnqueueAll(tx, push, jobs.Behind()); err != nil {
				return err
			}
			sent, last = sent+int64(len(ids)), ids[len(ids)-1]
		}
	})
	return sent, err
}

// backlog is what waits to be exchanged; recurring work that waits for its hour is none of it.
func (x *Pages) backlog(ctx context.Context) (jobs.Backlog, error) {
	return x.Jobs.Backlog(ctx, portal.Lane, exchange.Reconcile{}.Kind(), exchange.RefreshLists{}.Kind())
}
