package plan

import (
	"fmt"

	"github.com/pixlpark/panel/modules/bitrix24/mapping"
)

// RestoredFacts are what decides whether an order adopts a deal that carries its key. Such a deal came out of the
// portal's recycle bin, unless it is the order's deal anyway.
type RestoredFacts struct {
	Frame
	OrderID int64
	Exists  bool    // the order does
	Deals   []int64 // that carry its key
	Choice  Choice
	Link    *Link   // to its deal
	Open    *Intent // to create its deal; the outcome is unknown
}

// ForRestored links an order without a deal to the oldest deal that carries its key.
func ForRestored(f RestoredFacts) Plan {
	deal, found := oldest(f.Deals)
	if f.Open != nil {
		return Plan{} // the answer about this deal was lost: the order's own push links it, and knows what was sent
	}
	hasDeal := f.Link != nil && f.Link.State != Deleted
	if !found || !f.Exists || f.Choice == ChoiceIgnore || hasDeal {
		return Plan{}
	}
	l := f.newLink(Order, f.OrderID, Deal, deal, mapping.Agreed{OriginField: {Ours: "Y"}})
	if f.Link != nil {
		l = f.Link.copy()
		l.RemoteID, l.State = deal, Linked
	}
	text := fmt.Sprintf("Сделка %d снова в Битрикс24: связана с заказом по внешнему ключу", deal)
	return Plan{Now: Changes{
		Links:       []*Link{l},
		RowsUnknown: []int64{f.OrderID}, // a restored deal's rows have other numbers than before
		Lines:       []Line{inward(About(Order, f.OrderID, Deal, deal), text)},
		Follow:      []Job{{Look: &Look{Deal, deal}, Slow: true}},
		Caught:      true,
	}}
}
