package mapping_test

import (
	"testing"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
)

// twoStages has two stages for one status, one that stands for nothing, and another funnel without a table.
func twoStages() mapping.Rules {
	return mapping.Rules{Funnels: map[int64]mapping.Funnel{0: {Stages: []mapping.StageRule{
		{StageID: "NEW", Status: orders.Placed},
		{StageID: "CALLED", Status: orders.Placed},
		{StageID: "WAITS"},
		{StageID: "WON", Status: orders.Delivered},
	}}}}
}

func TestRules_stage(t *testing.T) {
	for _, c := range []struct {
		name     string
		category int64
		present  string
		status   orders.Status
		want     string
		ok       bool
	}{
		{"the first stage of the status", 0, "", orders.Placed, "NEW", true},
		{"where it stands, if that is the status's too", 0, "CALLED", orders.Placed, "CALLED", true},
		{"it moves when it stands elsewhere", 0, "CALLED", orders.Delivered, "WON", true},
		{"it stays when no stage stands for the status", 0, "NEW", orders.Shipped, "", false},
		{"a stage that stands for nothing is left", 0, "WAITS", orders.Placed, "NEW", true},
		{"a funnel without a table moves nothing", 9, "C9:NEW", orders.Placed, "", false},
	} {
		if got, ok := twoStages().Stage(c.category, c.present, c.status); got != c.want || ok != c.ok {
			t.Errorf("%s: %q %v, want %q %v", c.name, got, ok, c.want, c.ok)
		}
	}
}

func TestRules_status(t *testing.T) {
	for _, c := range []struct {
		name     string
		category int64
		stage    string
		want     orders.Status
		ok       bool
	}{
		{"a stage of the table", 0, "WON", orders.Delivered, true},
		{"a stage that stands for nothing", 0, "WAITS", "", false},
		{"a stage that the table does not know", 0, "LOSE", "", false},
		{"a funnel without a table", 9, "NEW", "", false},
	} {
		if got, ok := twoStages().Status(c.category, c.stage); got.Status != c.want || ok != c.ok {
			t.Errorf("%s: %q %v, want %q %v", c.name, got.Status, ok, c.want, c.ok)
		}
	}
}

func TestProposal(t *testing.T) {
	for stage, want := range map[string]orders.Status{
		"NEW": orders.Placed, "C9:NEW": orders.Placed, "C9:LOSE": orders.Cancelled, "UC_4PV9A2": "", "C9:UC_4PV9A2": "",
		"": "",
	} {
		if got := mapping.Proposal(stage); got != want {
			t.Errorf("%q: %q, want %q", stage, got, want)
		}
	}
}

func TestCompanyTypeProposal(t *testing.T) {
	for id, want := range map[string]organizations.Type{
		"CUSTOMER": organizations.Customer, "OTHER": organizations.Other,
		"UC_1": organizations.NoType,
	} {
		if got := mapping.CompanyTypeProposal(id); got != want {
			t.Errorf("%q: %q, want %q", id, got, want)
		}
	}
}

func TestRules_companyType(t *testing.T) {
	for _, c := range []struct {
		name, present string
		ours          organizations.Type
		want          string
		ok            bool
	}{
		{"the first type of the portal that stands for ours", "", organizations.Customer, "CUSTOMER", true},
		{"the present one, if it stands for ours too", "VIP", organizations.Customer, "VIP", true},
		{"the first, when the present one stands for another", "PARTNER", organizations.Customer, "CUSTOMER", true},
		{"untouched when none stands for ours", "VIP", organizations.Supplier, "", false},
		{"«Не задано» changes nothing", "VIP", organizations.NoType, "", false},
		{"«Не задано» is no type that «Не задано» could stand for", "PARTNER", organizations.NoType, "", false},
	} {
		if got, ok := rules().CompanyType(c.present, c.ours); got != c.want || ok != c.ok {
			t.Errorf("%s: %q %v, want %q %v", c.name, got, ok, c.want, c.ok)
		}
	}
}

func TestRules_organizationType(t *testing.T) {
	for id, want := range map[string]organizations.Type{
		"VIP": organizations.Customer, "PARTNER": organizations.NoType,
		"UC_1": organizations.NoType, "": organizations.NoType,
	} {
		got, ok := rules().OrganizationType(id)
		if got != want || ok != (want != organizations.NoType) {
			t.Errorf("%q: %q %v, want %q", id, got, ok, want)
		}
	}
}
