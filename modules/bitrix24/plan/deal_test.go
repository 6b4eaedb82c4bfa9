package plan_test

import (
	"testing"

	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

// An amount that is not fixed is what the rows come to, and a manager may change those: that it was equal when it was
// read says nothing. It leaves with the command that fixes it.
func TestForOrder_theAmountLeavesWithWhatFixesIt(t *testing.T) {
	t.Parallel()
	f := comparedFacts(randomOf(1))
	f.Afresh, f.Deal = false, nil
	f.Rows = map[string]plan.OwnedRow{}
	for i, row := range f.Wanted {
		f.Rows[row.Key] = plan.OwnedRow{ID: int64(100 + i), Print: row.Print()}
	}
	f.Link.Agreed[plan.StageField] = mapping.Pair{Ours: string(f.Input.Order.Status), Theirs: "NEW"}
	if p := plan.ForOrder(f); len(p.Commands) != 0 {
		t.Fatalf("%d commands about an order that is the same", len(p.Commands))
	}
	delete(f.Link.Agreed, "isManualOpportunity")
	p := plan.ForOrder(f)
	if len(p.Commands) != 1 {
		t.Fatalf("%d commands, want 1", len(p.Commands))
	}
	fields := p.Commands[0].Fields()
	if fields["isManualOpportunity"] != "Y" || fields["opportunity"] != f.Input.Order.Total.String() {
		t.Errorf("sent: %v, want the amount and that it is fixed", fields)
	}
}
