package portal

import (
	"context"
	"fmt"
	"strings"

	"github.com/samber/lo"
	"gorm.io/gorm"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

// Awaiting are orders that wait for an administrator's decision: no stage of their deals' funnel stands for their
// status any more, since the one that did was deleted on the portal.
type Awaiting struct {
	Count  int64
	Newest []int64 // numbers of orders, at most as many as asked for
}

// Awaiting returns the orders that wait for a decision about what the portal no longer has.
func (p *Portals) Awaiting(ctx context.Context, s Settings, d Lists, limit int) (Awaiting, error) {
	var conditions []string
	var values []any
	for id, table := range s.Against(d).Funnels {
		rules := mapping.Rules{Funnels: map[int64]mapping.Funnel{id: table}}
		statuses := lo.FilterMap(table.Gone, func(r mapping.StageRule, _ int) (orders.Status, bool) {
			return r.Status, r.Status != "" && d.hasFunnel(id) && rules.Waits(id, r.Status)
		})
		if len(statuses) > 0 {
			conditions = append(conditions, "l.category_id = ? AND o.status IN ?")
			values = append(values, id, statuses)
		}
	}
	if len(conditions) == 0 {
		return Awaiting{}, nil
	}
	var a Awaiting
	waiting := p.DB.From(ctx).Table("bitrix24_links l").Joins("JOIN orders o ON o.id = l.local_id").
		Where("l.portal_id = ? AND l.local = ? AND l.entity = ? AND l.state = ''", s.PortalID, plan.Order, plan.Deal).
		Where("(("+strings.Join(conditions, ") OR (")+"))", values...).Session(&gorm.Session{})
	if err := waiting.Count(&a.Count).Error; err != nil {
		return a, fmt.Errorf("count orders that wait for a decision: %w", err)
	}
	if err := waiting.Order("o.id DESC").Limit(limit).Pluck("o.id", &a.Newest).Error; err != nil {
		return a, fmt.Errorf("read orders that wait for a decision: %w", err)
	}
	return a, nil
}

// Text names the orders in Russian; empty if there are none.
func (a Awaiting) Text() string {
	if a.Count == 0 {
		return ""
	}
	names := lo.Map(a.Newest, func(id int64, _ int) string { return fmt.Sprintf("№ %d", id) })
	text := " Ждут решения заказы: " + strings.Join(names, ", ")
	if more := a.Count - int64(len(names)); more > 0 {
		text += fmt.Sprintf(" и ещё %d", more)
	}
	return text + "."
}
