package emulator

import (
	"sync"
	"testing"
)

// TestPortal_manyAtOnce is for the race detector: requests, deeds, faults, pages and events side by side.
func TestPortal_manyAtOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fault(Fault{Fault: "double_events", Probability: 0.5})
	var wg sync.WaitGroup
	for worker := range 6 {
		wg.Go(func() {
			for i := range 8 {
				key := "order:" + id(int64(worker*100+i))
				r.batch(1, obj{
					"a": "crm.item.add?entityTypeId=2&fields[originId]=" + key,
					"b": "crm.deal.productrows.set?id=$result[a][item][id]&rows[0][PRODUCT_NAME]=x&rows[0][PRICE]=5",
				})
				r.call("crm.deal.list", obj{"filter": obj{"=ORIGIN_ID": key}})
				r.do("create_contact", Args{"fields": obj{"NAME": "x", "PHONE": list{obj{"VALUE": "+7999000" + id(int64(i))}}}})
				r.page("/crm/deal/kanban/")
				r.State()
				r.Stats()
			}
		})
	}
	wg.Wait()
	deals := r.IDs("deal")
	same(t, "deals", len(deals), 48)
	for _, deal := range deals {
		if rows := r.Rows(deal); len(rows) != 1 {
			t.Errorf("deal %d has %d rows", deal, len(rows))
		}
	}
	if events := r.sent(); len(events) < 48 {
		t.Errorf("%d events of 48 changes", len(events))
	}
}
