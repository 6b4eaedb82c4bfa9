package emulator

import (
	"strings"
	"testing"
	"time"
)

func TestDeal_defaultsAndReadOnlyFields(t *testing.T) {
	t.Parallel()
	c := newClock()
	r := newRig(t, func(o *Options) { o.Clock = c.now })
	deal := r.add("crm.deal.add", obj{
		"ID": 77, "DATE_CREATE": "2001-01-01", "NO_SUCH_FIELD": 1, "LEAD_ID": 5, "STAGE_SEMANTIC_ID": "S",
	})
	got := r.call("crm.deal.get", obj{"id": deal}).(obj)
	for name, want := range map[string]any{
		"ID": "1", "TITLE": "Сделка #1", "STAGE_ID": "NEW", "STAGE_SEMANTIC_ID": "P", "CATEGORY_ID": "0", "TYPE_ID": "SALE",
		"OPENED": "Y", "CLOSED": "N",
		"IS_NEW": "Y", "ASSIGNED_BY_ID": "1", "MODIFY_BY_ID": "1", "CURRENCY_ID": "RUB", "OPPORTUNITY": "0.00",
		"LEAD_ID": nil, "COMPANY_ID": nil,
		"BEGINDATE": "2026-11-23T03:00:00+03:00", "CLOSEDATE": "2026-11-30T03:00:00+03:00",
		"DATE_CREATE": "2026-11-23T15:00:00+03:00",
	} {
		same(t, name, got[name], want)
	}
	c.step(time.Hour)
	r.call("crm.deal.update", obj{
		"id": deal, "fields": obj{"CATEGORY_ID": 1, "DATE_MODIFY": "2001-01-01", "TITLE": strings.Repeat("я", 300)},
	})
	now, _ := r.Deal(deal)
	same(t, "the funnel cannot be changed so", now["CATEGORY_ID"], "0")
	same(t, "DATE_MODIFY", now["DATE_MODIFY"], "2026-11-23T16:00:00+03:00")
	same(t, "TITLE is cut", len([]rune(now["TITLE"])), 255)
	same(t, "DATE_CREATE", now["DATE_CREATE"], "2026-11-23T15:00:00+03:00")
}

func TestDeal_stages(t *testing.T) {
	t.Parallel()
	c := newClock()
	r := newRig(t, func(o *Options) { o.Clock = c.now })
	other := r.add("crm.deal.add", obj{"CATEGORY_ID": 1, "STAGE_ID": "PREPARATION"})
	got, _ := r.Deal(other)
	same(t, "a foreign stage on add is the first one", got["STAGE_ID"], "C1:NEW")
	deal := r.add("crm.deal.add", obj{"STAGE_ID": "EXECUTING"})
	c.step(24 * time.Hour)
	same(
		t, "a foreign stage on update", r.call("crm.deal.update", obj{"id": deal, "fields": obj{"STAGE_ID": "C1:WON"}}),
		any(true),
	)
	got, _ = r.Deal(deal)
	same(t, "is ignored", got["STAGE_ID"], "EXECUTING")
	r.call("crm.deal.update", obj{"id": deal, "fields": obj{"STAGE_ID": "WON", "CLOSED": "N"}})
	got, _ = r.Deal(deal)
	same(t, "won", got["STAGE_ID"]+got["STAGE_SEMANTIC_ID"]+got["CLOSED"]+got["IS_NEW"], "WONSYN")
	same(t, "closing date", got["CLOSEDATE"], "2026-11-24T03:00:00+03:00")
	same(t, "moved", got["MOVED_TIME"], "2026-11-24T15:00:00+03:00")
	r.call("crm.deal.update", obj{"id": deal, "fields": obj{"STAGE_ID": "NEW"}})
	got, _ = r.Deal(deal)
	same(t, "reopened", got["STAGE_SEMANTIC_ID"]+got["CLOSED"], "PN")
	r.fails(
		"crm.item.update", obj{"entityTypeId": 2, "id": deal, "fields": obj{"stageId": "C1:NEW"}}, 400,
		"CRM_FIELD_ERROR_VALUE_NOT_VALID", "STAGE_ID",
	)
	r.fails(
		"crm.item.add", obj{"entityTypeId": 2, "fields": obj{"categoryId": 99}}, 400, "CRM_FIELD_ERROR_VALUE_NOT_VALID",
		"CATEGORY_ID",
	)
}
