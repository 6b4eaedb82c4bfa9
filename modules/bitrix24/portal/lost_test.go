package portal_test

import (
	"strings"
	"testing"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
)

// tabled are settings with a table for each of two funnels; new deals go into the second.
func tabled() portal.Settings {
	s := portal.Settings{FunnelName: "Опт"}
	s.CategoryID = 1
	s.Funnels = map[int64]mapping.Funnel{
		0: {Name: "Общее", Stages: []mapping.StageRule{
			{StageID: "NEW", Name: "Новая", Status: orders.Placed},
			{StageID: "LOOK", Name: "Посмотреть"},
			{StageID: "PAY", Name: "Оплата", Paid: true},
		}},
		1: {Name: "Опт", Stages: []mapping.StageRule{{StageID: "C1:NEW", Name: "Новая", Status: orders.Placed}}},
	}
	return s
}

func funnel(id int64, name string, stages ...string) portal.Funnel {
	f := portal.Funnel{ID: id, Name: name}
	for _, stage := range stages {
		f.Stages = append(f.Stages, portal.Stage{ID: stage, Name: stage})
	}
	return f
}

func TestLost_namesMappedStagesAndFunnelsThatAreGone(t *testing.T) {
	t.Parallel()
	retail, wholesale := funnel(0, "Общее", "NEW", "LOOK", "PAY"), funnel(1, "Опт", "C1:NEW")
	read := func(funnels ...portal.Funnel) portal.Lists { return portal.Lists{PortalID: 1, Funnels: funnels} }
	for name, c := range map[string]struct {
		lists portal.Lists
		want  string // empty: nothing is lost
	}{
		"all is there":                     {read(retail, wholesale), ""},
		"the lists were never read":        {portal.Lists{}, ""},
		"a stage without a status is gone": {read(funnel(0, "Общее", "NEW", "PAY"), wholesale), ""},
		"a stage with a status is gone": {
			read(funnel(0, "Общее", "LOOK", "PAY"), wholesale), "стадия «Новая» (направление «Общее»)",
		},
		"a stage that pays is gone": {
			read(funnel(0, "Розница", "NEW", "LOOK"), wholesale), "стадия «Оплата» (направление «Розница»)",
		},
		"a funnel with its stages is gone": {read(retail), "направление «Опт»"},
		"every funnel is gone":             {read(), "направление «Общее», направление «Опт»"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lost := tabled().Lost(c.lists)
			got := ""
			if len(lost) > 0 {
				got = strings.TrimSuffix(strings.TrimPrefix(portal.LostText(lost), "На портале удалено: "), ".")
			}
			if got != c.want {
				t.Errorf("lost = %q, want %q", got, c.want)
			}
		})
	}
}

func TestLost_namesTheFunnelOfNewDealsThatHasNoTable(t *testing.T) {
	t.Parallel()
	s := tabled()
	delete(s.Funnels, 1)
	lost := s.Lost(portal.Lists{PortalID: 1, Funnels: []portal.Funnel{funnel(0, "Общее", "NEW", "LOOK", "PAY")}})
	if got, want := portal.LostText(lost), "На портале удалено: направление «Опт»."; got != want {
		t.Errorf("lost = %q, want %q", got, want)
	}
}

func TestAgainst_leavesOutWhatIsGoneAndNothingElse(t *testing.T) {
	t.Parallel()
	saved := tabled()
	s := saved.Against(portal.Lists{PortalID: 1, Funnels: []portal.Funnel{funnel(0, "Общее", "LOOK", "PAY")}})
	if s.CategoryID != 0 {
		t.Errorf("new deals go into funnel %d, want the default one", s.CategoryID)
	}
	var left []string
	for _, rule := range s.Funnels[0].Stages {
		left = append(left, rule.StageID)
	}
	if got := strings.Join(left, " "); got != "LOOK PAY" {
		t.Errorf("stages that are left: %s, want LOOK PAY", got)
	}
	if got := len(s.Funnels[1].Stages); got != 0 {
		t.Errorf("%d stages of the funnel that is gone", got)
	}
	if len(saved.Funnels[0].Stages) != 3 || saved.CategoryID != 1 {
		t.Error("what was saved has changed: a stage that comes back would have lost its status")
	}
}
