package plan_test

import (
	"testing"

	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

func TestForCarrier(t *testing.T) {
	for name, test := range map[string]struct {
		change func(f *plan.CarrierFacts)
		want   plan.Carrier
	}{
		"the order was waiting in the copy":       {func(*plan.CarrierFacts) {}, plan.Unclaimed},
		"it is linked":                            {func(f *plan.CarrierFacts) { f.Linked = true }, plan.Known},
		"the order was lost":                      {func(f *plan.CarrierFacts) { f.Exists = false }, plan.Stray},
		"another order got its number":            {func(f *plan.CarrierFacts) { f.Token = "b0b0b0b0" }, plan.Stray},
		"an order without a token has its number": {func(f *plan.CarrierFacts) { f.Token = "" }, plan.Stray},
		"an order with a token has its number":    {func(f *plan.CarrierFacts) { f.Key = "order:42" }, plan.Stray},
		"order and key are older than tokens":     {func(f *plan.CarrierFacts) { f.Key, f.Token = "order:42", "" }, plan.Unclaimed},
		"the order has another deal":              {func(f *plan.CarrierFacts) { f.HasOne = true }, plan.Known},
		"the order is not to be synced":           {func(f *plan.CarrierFacts) { f.Choice = plan.ChoiceIgnore }, plan.Known},
		"a deal that a lead of it became":         {func(f *plan.CarrierFacts) { f.Key = "lead-order:42:a0a0a0a0" }, plan.Known},
		"a deal that the lead of a lost client is": {func(f *plan.CarrierFacts) {
			f.Key, f.Exists = "lead-client:7:a0a0a0a0", false
		}, plan.Stray},
		"a lead of a client": {
			func(f *plan.CarrierFacts) { f.Entity, f.Key = plan.Lead, "lead-client:42:a0a0a0a0" }, plan.Unclaimed,
		},
		"the key of nobody": {func(f *plan.CarrierFacts) { f.Key = "invoice:42:a0a0a0a0" }, plan.Known},
		"no key":            {func(f *plan.CarrierFacts) { f.Key = "" }, plan.Known},
	} {
		t.Run(name, func(t *testing.T) {
			f := plan.CarrierFacts{Entity: plan.Deal, Key: "order:42:a0a0a0a0", Exists: true, Token: "a0a0a0a0"}
			test.change(&f)
			if got := plan.ForCarrier(f); got != test.want {
				t.Errorf("it is %q, want %q", got, test.want)
			}
		})
	}
}
