package plan

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// RowFacts are what decides about the product rows of an order's deal or lead.
type RowFacts struct {
	Wanted []mapping.Row       // the rows of the order as it is now
	Linked map[string]OwnedRow // the rows of ours whose numbers are known, by the part of the order they stand for
	Lost   *LostRows           // nil while all numbers are known
	Now    time.Time
}

// OwnedRow is a row on the portal that is ours.
type OwnedRow struct {
	ID    int64  // of the row on the portal
	Print string // mapping.Row.Print of what was last sent; empty for a row that stands for nothing any more
}

// LostRows say what is known when the numbers of rows are not: an answer was lost, a lead became a deal, or a deal that
// had been deleted was restored.
type LostRows struct {
	Awaited   mapping.Agreed    // what was sent when an answer was lost, by part, as AgreedRows and AgreedRemoval write it
	There     []rest.ProductRow // all rows of the deal or lead, as just read (crm.item.productrow.list)
	Sent      map[string]bool   // the Looks of every row that was ever sent for the order, old databases hold Prints
	SettledAt time.Time         // until then the portal may still be working on what was sent
}

// RowPlan is what to do about the rows. Rows that it does not mention are a manager's and stay as they are.
type RowPlan struct {
	Wait   time.Duration // decide again after this time, and do nothing until then
	Linked map[string]OwnedRow
	Add    []mapping.Row
	Change []RowChange
	Remove []RowRemoval
}

// RowChange gives a row of ours another content.
type RowChange struct {
	ID  int64
	Row mapping.Row
}

// RowRemoval takes a row of ours away.
type RowRemoval struct {
	Key string // the part of the order it stood for
	ID  int64
}

// ForRows decides which rows to add, to change and to remove, one by one, so that rows a manager added survive.
func ForRows(f RowFacts) RowPlan {
	p := RowPlan{Linked: f.Linked}
	if f.Lost != nil {
		linked, complete := recognize(f)
		if wait := f.Lost.SettledAt.Sub(f.Now); !complete && wait > 0 {
			return RowPlan{Wait: wait, Linked: f.Linked}
		}
		p.Linked = linked
	}
	wanted := map[string]bool{}
	for _, row := range f.Wanted {
		wanted[row.Key] = true
		switch known, ok := p.Linked[row.Key]; {
		case !ok:
			p.Add = append(p.Add, row)
		case known.Print != row.Print():
			p.Change = append(p.Change, RowChange{ID: known.ID, Row: row})
		}
	}
	for _, key := range slices.Sorted(maps.Keys(p.Linked)) {
		if !wanted[key] {
			p.Remove = append(p.Remove, RowRemoval{Key: key, ID: p.Linked[key].ID})
		}
	}
	return p
}

// recognize finds which of the rows that are there are ours. complete is false while some of the rows whose answer was
// lost are missing: they may yet appear.
//
// A number that is known and there is certain. After that a row is ours if it looks like one whose answer was lost, then
// if it looks like one that is wanted now, and last if it looks like any that was ever sent: such a row stands for
// nothing any more. What was never sent is a manager's.
func recognize(f RowFacts) (linked map[string]OwnedRow, complete bool) {
	free := map[int64]mapping.Row{} // rows that nobody has claimed yet
	for _, row := range f.Lost.There {
		free[row.ID.Int64()] = rowThere(row)
	}
	linked, complete = map[string]OwnedRow{}, true
	for key, known := range f.Linked {
		row, there := free[known.ID]
		if !there {
			continue
		}
		delete(free, known.ID)
		if sent, changing := f.Lost.Awaited[key]; changing {
			// The row was being changed or removed. Until it is, another change could be overtaken by that one.
			known.Print = ""
			if sent.Theirs == row.Looks() {
				known.Print = sent.Ours
			} else {
				complete = false
			}
		}
		linked[key] = known
	}
	present := AgreedRows(f.Wanted...)
	awaited := f.Lost.Awaited
	if len(awaited) == 0 {
		awaited = present // a deal that was found by its key: its rows look like that if they were set
	}
	for _, sent := range []mapping.Agreed{awaited, present} {
		for _, key := range slices.Sorted(maps.Keys(sent)) {
			if _, known := linked[key]; known || sent[key].Theirs == "" {
				continue // … or it was being removed, and is gone
			}
			id, found := lookingLike(free, sent[key].Theirs)
			if _, lost := awaited[key]; lost && !found {
				complete = false
			}
			if found {
				linked[key] = OwnedRow{ID: id, Print: sent[key].Ours}
				delete(free, id)
			}
		}
	}
	for id, row := range free {
		if f.Lost.Sent[row.Looks()] || f.Lost.Sent[row.Print()] {
			linked[formerKey(id)] = OwnedRow{ID: id}
		}
	}
	return linked, complete
}

// lookingLike finds the first of the rows that looks like that.
func lookingLike(rows map[int64]mapping.Row, looks string) (id int64, found bool) {
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		if rows[id].Looks() == looks {
			return id, true
		}
	}
	return 0, false
}

// AgreedRows is what an intent keeps of rows that are about to be sent: what their links will say, and what the rows
// look like when they are read back.
func AgreedRows(rows ...mapping.Row) mapping.Agreed {
	agreed := mapping.Agreed{}
	for _, row := range rows {
		agreed[row.Key] = mapping.Pair{Ours: row.Print(), Theirs: row.Looks()}
	}
	return agreed
}

// AgreedRemoval is what an intent keeps of a row that is about to be removed: nothing is left of it.
func AgreedRemoval(key string) mapping.Agreed { return mapping.Agreed{key: {}} }

// rowThere is a product row of the portal as the panel would send it.
func rowThere(row rest.ProductRow) mapping.Row {
	return mapping.Row{
		Name: string(row.ProductName), Price: orders.Money(row.Price), Quantity: int64(row.Quantity),
		ProductID: row.ProductID.Int64(), Sort: int(row.Sort),
	}
}

// formerKey is the key of a row of ours that stands for nothing any more.
func formerKey(rowID int64) string { return fmt.Sprintf("former/%d", rowID) }
