package plan_test

import (
	"testing"
	"time"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// without are the portal's stages but for one that was deleted.
type without struct {
	stages
	gone string
}

func (w without) HasStage(_ int64, stage string) bool { return stage != w.gone }

func TestForOrder_whenTheStageThatWasAgreedOnIsNotTheDealsAnyMore(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	rules := mapping.Rules{Funnels: map[int64]mapping.Funnel{0: {
		Stages: []mapping.StageRule{
			{StageID: "NEW", Status: orders.Placed}, {StageID: "FINAL_INVOICE", Status: orders.Fulfilled},
		},
		Gone: []mapping.StageRule{{StageID: "UC_PRINT", Status: orders.PrintingInProgress}},
	}}}
	const relist, takes, waits = "reads the lists", "takes the deal's stage", "waits for a decision"
	for name, tt := range map[string]struct {
		present, seen string
		moved         time.Time // when the deal came to its stage
		listsAt       time.Time
		there         bool // the stage is still in the lists
		want          string
	}{
		"kept in silence, the lists are old": {"NEW", "NEW", at.Add(-time.Hour), at.Add(-time.Minute), true, relist},
		"kept in silence, and gone":          {"NEW", "NEW", at.Add(-time.Hour), at.Add(time.Minute), false, waits},
		"kept at a later stage, and gone": {
			"FINAL_INVOICE", "FINAL_INVOICE", at.Add(-time.Hour), at.Add(time.Minute), false, waits,
		},
		"not kept: a manager moved it since": {
			"FINAL_INVOICE", "UC_PRINT", at.Add(time.Hour), at.Add(2 * time.Hour), false, takes,
		},
		"put into the first by the portal":             {"NEW", "UC_PRINT", at.Add(time.Hour), at.Add(2 * time.Hour), false, waits},
		"moved to the first by a manager, nothing old": {"NEW", "UC_PRINT", at.Add(time.Hour), at.Add(2 * time.Hour), true, takes},
		"moved to the first, the lists are old":        {"NEW", "UC_PRINT", at.Add(time.Hour), at.Add(time.Minute), true, relist},
		"moved elsewhere, the lists are old":           {"FINAL_INVOICE", "UC_PRINT", at.Add(time.Hour), at.Add(time.Minute), true, takes},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			portal := without{}
			if !tt.there {
				portal.gone = "UC_PRINT"
			}
			order := &orders.Order{ID: 7, Status: orders.PrintingInProgress, StatusAt: at, Currency: "RUB", CreatedAt: at}
			link := &plan.Link{
				ID: 1, Local: plan.Order, LocalID: 7, Entity: plan.Deal, RemoteID: 70, Stage: tt.seen, UpdatedAt: at,
				Agreed: mapping.Agreed{
					plan.StageField:  {Ours: string(orders.PrintingInProgress), Theirs: "UC_PRINT"},
					plan.OriginField: {Ours: "Y"},
				},
			}
			p := plan.ForOrder(plan.OrderFacts{
				Frame:  plan.Frame{Rules: rules, Stages: portal, ListsAt: tt.listsAt, Now: at.Add(3 * time.Hour)},
				Target: plan.Deal, Link: link, Input: mapping.OrderInput{Order: order, Zone: time.UTC, Rules: rules},
				Deal: &rest.Deal{ID: 70, StageID: rest.Text(tt.present), MovedTime: rest.Time{At: tt.moved}},
			})
			got := ""
			switch {
			case p.Now.Relist:
				got = relist
			case p.Now.Order != nil:
				got = takes
			case len(p.Now.Links) > 0 && p.Now.Links[0].Agreed[plan.StageField].Ours == "":
				got = waits
			}
			if got != tt.want {
				t.Errorf("the order %s, want: it %s", got, tt.want)
			}
		})
	}
}
