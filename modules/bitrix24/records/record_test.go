package records_test

import (
	"testing"

	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

func TestRecord_isNamedAndFoundAsPeopleKnowIt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		record    plan.Record
		name, url string
	}{
		{plan.Record{Kind: plan.Order, ID: 42}, "Заказ № 42", "/admin/orders/42"},
		{plan.Record{Kind: plan.Client, ID: 7}, "Клиент № 7", "/admin/clients/7"},
		{plan.Record{Kind: plan.Organization, ID: 8}, "Организация № 8", "/admin/organizations/8"},
	} {
		if got := c.record.Name(); got != c.name {
			t.Errorf("name = %q, want %q", got, c.name)
		}
		if got := c.record.URL(); got != c.url {
			t.Errorf("address of %s = %q, want %q", c.name, got, c.url)
		}
	}
	if got := (plan.Record{Kind: plan.LegalEntity, ID: 3}).URL(); got != "" {
		t.Errorf("address of a legal entity = %q, but it has no page", got)
	}
}
