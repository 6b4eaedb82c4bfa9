package plan

import (
	"fmt"

	"github.com/pixlpark/panel/modules/bitrix24/mapping"
)

// dealGone handles an order whose deal is not there under the number that is linked. Out of the recycle bin the deal
// has another number, and is adopted. Otherwise it was deleted: no other deal is created unasked, and none that carries
// the order's key is taken for it. The order's page offers both.
func dealGone(f OrderFacts) Plan {
	id, restored := f.Link.Restored(f.Twins, f.Rows, f.ClockOffset)
	if restored {
		p := adoptRestored(f, id)
		p.Now.Copies = f.Link.Copies(f.Twins, id)
		return p
	}
	p := Plan{Now: Changes{Copies: f.Link.Copies(f.Twins, 0)}}
	if f.Link.State == Deleted {
		return p // that is known
	}
	l := f.Link.copy()
	l.State = Deleted
	p.Now.Links, p.Now.Caught = []*Link{l}, true
	p.Now.Lines = []Line{inward(f.about(), "Сделка удалена в Битрикс24")}
	return p
}

// adoptRestored links the order to its deal again, which came out of the recycle bin.
func adoptRestored(f OrderFacts, id int64) Plan {
	l := f.Link.copy()
	l.RemoteID, l.State = id, Linked
	return Plan{Now: backAgain(l)}
}

// backAgain is what follows when an order has the deal of the link again.
func backAgain(l *Link) Changes {
	text := fmt.Sprintf("Сделка %d снова в Битрикс24: связана с заказом по внешнему ключу", l.RemoteID)
	return Changes{
		Links:       []*Link{l},
		RowsUnknown: []int64{l.LocalID}, // on some portals a restored deal's rows have other numbers than before
		Lines:       []Line{inward(About(Order, l.LocalID, Deal, l.RemoteID), text)},
		Follow:      []Job{{Look: &Look{Deal, l.RemoteID}, Slow: true}},
		Caught:      true,
	}
}

// UnlinkedFacts are what decides whether an order of which no deal is known adopts one that carries its key.
type UnlinkedFacts struct {
	Frame
	OrderID int64
	Exists  bool    // the order does
	Deals   []int64 // that carry its key
	Copies  []int64 // those of them that are known to be copies
	Choice  Choice
	Open    *Intent // to create its deal; the outcome is unknown
}

// ForUnlinked links an order without a deal to the oldest deal that carries its key.
func ForUnlinked(f UnlinkedFacts) Plan {
	if f.Open != nil {
		return Plan{} // the answer about this deal was lost: the order's own push links it, and knows what was sent
	}
	deal, found := oldest(withoutCopies(f.Deals, f.Copies))
	if !found || !f.Exists || f.Choice == ChoiceIgnore {
		return Plan{}
	}
	return Plan{Now: backAgain(f.newLink(Order, f.OrderID, Deal, deal, mapping.Agreed{
		OriginField: {Ours: "Y"}, createdField: {},
	}))}
}
