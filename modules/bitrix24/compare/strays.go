package compare

import (
	"context"
	"fmt"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
)

// strayRows is how many strays the page shows, the newest first.
const strayRows = 200

// straysView are the deals and leads of ours that the panel has no orders for.
type straysView struct {
	Total int64
	Told  bool // the banner tells of some of them
	Rows  []strayLine
}

type strayLine struct {
	exchange.StrayRecord
	URL string // on the portal
}

// Remote is the record as people call it.
func (l strayLine) Remote() string { return row{Entity: l.Entity}.Remote() }

// strays reads what the page shows of strays.
func (x *Comparisons) strays(ctx context.Context, s portal.Settings) (straysView, error) {
	var view straysView
	if err := x.exchange.Strays(ctx, s.PortalID).Count(&view.Total).Error; err != nil || view.Total == 0 {
		return view, err
	}
	var rows []exchange.StrayRecord
	err := x.exchange.Strays(ctx, s.PortalID).Order("remote_id DESC, entity").Limit(strayRows).Find(&rows).Error
	if err != nil {
		return view, fmt.Errorf("read strays: %w", err)
	}
	for _, r := range rows {
		view.Rows = append(view.Rows, strayLine{StrayRecord: r, URL: s.URL(r.Entity, r.RemoteID)})
	}
	told, err := x.told(ctx, s)
	view.Told = told[plan.Deal]+told[plan.Lead] > 0
	return view, err
}

// told counts the strays that the banner tells of.
func (x *Comparisons) told(ctx context.Context, s portal.Settings) (map[plan.Entity]int64, error) {
	var counts []struct {
		Entity plan.Entity
		N      int64
	}
	err := x.exchange.Strays(ctx, s.PortalID).Where("put_away_by = ''").
		Select("entity, count(*) AS n").Group("entity").Scan(&counts).Error
	if err != nil {
		return nil, fmt.Errorf("count strays: %w", err)
	}
	told := map[plan.Entity]int64{}
	for _, c := range counts {
		told[c.Entity] = c.N
	}
	return told, nil
}

// StraysBanner tells administrators that the database was restored from a copy, until one of them puts it away.
func (x *Comparisons) StraysBanner(ctx context.Context) ([]panel.Banner, error) {
	s, err := x.portals.Current(ctx)
	if err != nil || !s.Connected() {
		return nil, err
	}
	told, err := x.told(ctx, s)
	if err != nil || len(told) == 0 {
		return nil, err
	}
	text := "База восстановлена из копии: " + leftText(told[plan.Deal], told[plan.Lead]) + " без заказа."
	return []panel.Banner{{Tone: panel.Warning, Text: text, Action: "Посмотреть", URL: URL + "#strays"}}, nil
}

// leftText says how many deals and leads were left: «5 сделок и 1 лид остались».
func leftText(deals, leads int64) string {
	switch {
	case leads == 0 && form(deals) == 0:
		return fmt.Sprintf("%d сделка осталась", deals)
	case leads == 0:
		return dealsText(deals) + " остались"
	case deals == 0 && form(leads) == 0:
		return fmt.Sprintf("%d лид остался", leads)
	case deals == 0:
		return leadsText(leads) + " остались"
	}
	return dealsText(deals) + " и " + leadsText(leads) + " остались"
}

func dealsText(n int64) string {
	return fmt.Sprintf("%d %s", n, [...]string{"сделка", "сделки", "сделок"}[form(n)])
}

func leadsText(n int64) string {
	return fmt.Sprintf("%d %s", n, [...]string{"лид", "лида", "лидов"}[form(n)])
}

// form is which form of a Russian noun goes with a number: 0 with 1 and 21, 1 with 2 to 4, 2 with the others.
func form(n int64) int {
	switch ten, hundred := n%10, n%100; {
	case ten == 1 && hundred != 11:
		return 0
	case ten >= 2 && ten <= 4 && (hundred < 12 || hundred > 14):
		return 1
	}
	return 2
}

// PutStraysAway has the banner not tell of the strays found so far any more: POST /admin/bitrix24/strays/away. They stay
// on the page.
func (x *Comparisons) PutStraysAway(c echo.Context) error {
	ctx := c.Request().Context()
	s, err := x.portals.Current(ctx)
	if err != nil {
		return err
	}
	who := staff.ActorFrom(ctx).Name
	err = x.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		away := x.exchange.Strays(ctx, s.PortalID).Where("put_away_by = ''").Update("put_away_by", who)
		if away.Error != nil || away.RowsAffected == 0 {
			return away.Error
		}
		return records.Audit(tx, who, fmt.Sprintf("убрано предупреждение о записях без заказа: %d", away.RowsAffected))
	})
	if err != nil {
		return fmt.Errorf("put strays away: %w", err)
	}
	return panel.SeeOther(c, URL)
}
