package plan

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// RowsMethod and RowsByDealMethod put the rows into a deal. They replace all rows, so they are never used later, when a
// manager may have added some. The latter, of the old family, does not answer with the rows' numbers.
const (
	RowsMethod       = "crm.item.productrow.set"
	RowsByDealMethod = "crm.deal.productrows.set"
)

// setRows is the command that puts the rows into a deal or lead which the command owner creates.
func setRows(f OrderFacts, owner *Command) *Command {
	rows, record := f.Wanted, Ref{Command: owner.Name, Path: "item.id"}
	c := &Command{
		Name: fmt.Sprintf("rows%d", f.number()), Method: RowsMethod, After: []string{owner.Name},
		About: About(Order, f.number(), f.Target, 0), Intent: f.sendingRows(AgreedRows(rows...), rows...),
	}
	if f.imports() && f.RowsByDeal && f.Target == Deal {
		return setRowsByDeal(f, *c, record)
	}
	c.Params = rest.Params{
		"ownerType": f.Target.OwnerType(), "ownerId": record,
		"productRows": lo.Map(rows, func(row mapping.Row, _ int) any { return row.Params() }),
	}
	c.Then = func(a Answer) (int64, Changes, error) {
		var set rest.ProductRows
		if err := a.Decode(&set); err != nil {
			return 0, Changes{}, err
		}
		if len(set.ProductRows) != len(rows) {
			err := fmt.Errorf("%d rows for %d", len(set.ProductRows), len(rows))
			return 0, Changes{}, &rest.RequestError{Method: RowsMethod, Sent: true, Err: err}
		}
		slices.SortStableFunc(set.ProductRows, func(a, b rest.ProductRow) int { return int(a.Sort - b.Sort) })
		var done Changes
		for i, row := range rows {
			done.Rows = append(done.Rows, f.rowLink(row.Key, set.ProductRows[i].ID.Int64(), row.Print()))
		}
		id, _ := a.Number(record).(int64)
		return id, done, nil
	}
	return c
}

// setRowsByDeal completes the command by the method of the old family. The numbers of the rows are found with the next
// look at the deal, which its own event brings.
func setRowsByDeal(f OrderFacts, c Command, deal Ref) *Command {
	c.Method = RowsByDealMethod
	c.Params = rest.Params{
		"id": deal, "rows": lo.Map(f.Wanted, func(row mapping.Row, _ int) any { return row.OldParams() }),
	}
	c.Then = func(a Answer) (int64, Changes, error) {
		var set rest.Bool
		if err := a.Decode(&set); err != nil {
			return 0, Changes{}, err
		}
		if !set {
			err := errors.New("rows were not set")
			return 0, Changes{}, &rest.RequestError{Method: RowsByDealMethod, Sent: true, Err: err}
		}
		id, _ := a.Number(deal).(int64)
		return id, Changes{RowsUnknown: []int64{f.number()}}, nil
	}
	return &c
}

// sendingRows is what is remembered of a command about rows of the order.
func (f OrderFacts) sendingRows(agreed mapping.Agreed, rows ...mapping.Row) *Sending {
	return &Sending{
		Entity: Rows, Key: RowsKey(f.number()), Agreed: agreed,
		Rows: lo.Map(rows, func(row mapping.Row, _ int) SentRow { return f.sentRow(row.Looks()) }),
	}
}

func (f OrderFacts) sentRow(looks string) SentRow {
	return SentRow{PortalID: f.PortalID, OrderID: f.number(), Looks: looks}
}

// rowLink says which row of the portal a part of the order is.
func (f OrderFacts) rowLink(key string, id int64, print string) RowLink {
	return RowLink{PortalID: f.PortalID, Entity: f.Target, OrderID: f.number(), Key: key, RowID: id, Print: print}
}

// rowsUnread handles an order whose rows the portal did not list. For the rows of a deleted lead the answer is «not
// found». The lead itself is not read with its rows, so it is looked at and the order is tried again.
func rowsUnread(f OrderFacts) Plan {
	if no, ok := rest.AsRefusal(f.RowsErr); f.Target != Lead || !ok || !no.NotFound() {
		return Plan{Failure: f.RowsErr}
	}
	return Plan{Now: Changes{Follow: []Job{look(Lead, f.Link.RemoteID)}}, Failure: ErrMissing}
}

// changeRows adds, changes and removes rows one by one. Rows that a manager added stay.
func changeRows(f OrderFacts) Plan {
	rows := ForRows(f.rowFacts())
	if rows.Wait > 0 {
		return Plan{Failure: settling(rows.Wait)}
	}
	var p Plan
	if f.RowsOpen != nil || f.Afresh {
		p.Now = recognized(f, rows.Linked)
	}
	for _, row := range rows.Add {
		p.Commands = append(p.Commands, addRow(f, row))
	}
	for _, change := range rows.Change {
		p.Commands = append(p.Commands, updateRow(f, change))
	}
	for _, removal := range rows.Remove {
		p.Commands = append(p.Commands, deleteRow(f, removal))
	}
	return p
}

// rowFacts are what decides about the order's rows.
func (f OrderFacts) rowFacts() RowFacts {
	facts := RowFacts{Wanted: f.Wanted, Linked: f.Rows, Now: f.Now}
	switch {
	case f.RowsOpen != nil:
		facts.Lost = &LostRows{
			Awaited: f.RowsOpen.Agreed, There: f.There, Sent: f.Sent, SettledAt: f.RowsOpen.SentAt.Add(f.Settle),
		}
	case f.Afresh:
		facts.Lost = &LostRows{There: f.There, Sent: f.Sent}
	}
	return facts
}

// recognized replaces what was known of the order's rows by those that were found to be ours.
func recognized(f OrderFacts, linked map[string]OwnedRow) Changes {
	found := Changes{RowsAnew: &RowSet{Entity: f.Target, OrderID: f.number(), Rows: linked}}
	if f.RowsOpen == nil {
		return found
	}
	found.Settled = []Open{{Rows, RowsKey(f.number())}}
	// An intent of an earlier version of the panel may be the only trace of rows that were sent.
	for _, row := range f.RowsOpen.Agreed {
		if row.Theirs != "" { // or else it was removed
			found.SentRows = append(found.SentRows, f.sentRow(row.Theirs))
		}
	}
	return found
}

// addRow is the command that adds a row (crm.item.productrow.add).
func addRow(f OrderFacts, row mapping.Row) *Command {
	const method = "crm.item.productrow.add"
	fields := row.Params()
	fields["ownerType"], fields["ownerId"] = f.Target.OwnerType(), f.Link.RemoteID
	return &Command{
		Name: rowCommand("add", f, row.Key), Method: method, Params: rest.Params{"fields": fields}, About: f.about(),
		Intent: f.sendingRows(AgreedRows(row), row), Missing: f.lookAtTarget(),
		Then: func(a Answer) (int64, Changes, error) {
			var added rest.ProductRowItem
			if err := numbered(a, method, &added, &added.ProductRow.ID); err != nil {
				return 0, Changes{}, err
			}
			id := added.ProductRow.ID.Int64()
			return id, Changes{Rows: []RowLink{f.rowLink(row.Key, id, row.Print())}}, nil
		},
	}
}

// updateRow is the command that changes a row (crm.item.productrow.update).
func updateRow(f OrderFacts, change RowChange) *Command {
	row := change.Row
	return &Command{
		Name: rowCommand("change", f, row.Key), Method: "crm.item.productrow.update", About: f.about(),
		Params: rest.Params{"id": change.ID, "fields": row.Params()},
		Intent: f.sendingRows(AgreedRows(row), row), Missing: f.rowMissing(),
		Then: func(Answer) (int64, Changes, error) {
			return change.ID, Changes{Rows: []RowLink{f.rowLink(row.Key, change.ID, row.Print())}}, nil
		},
	}
}

// deleteRow is the command that removes a row of ours (crm.item.productrow.delete).
func deleteRow(f OrderFacts, row RowRemoval) *Command {
	return &Command{
		Name: rowCommand("drop", f, row.Key), Method: "crm.item.productrow.delete", About: f.about(),
		Params: rest.Params{"id": row.ID},
		Intent: f.sendingRows(AgreedRemoval(row.Key)), Missing: f.rowMissing(),
		Then: func(Answer) (int64, Changes, error) {
			return row.ID, Changes{RowsGone: []RowLink{f.rowLink(row.Key, 0, "")}}, nil
		},
	}
}

// rowMissing is what follows when somebody removed a row of ours by hand: the next attempt reads which rows are there.
func (f OrderFacts) rowMissing() *Changes { return &Changes{RowsUnknown: []int64{f.number()}} }

// rowCommand names a command about a row. A name within a batch may hold letters, digits and underscores only.
func rowCommand(verb string, f OrderFacts, key string) string {
	return fmt.Sprintf("%s%d_%s", verb, f.number(), strings.ReplaceAll(key, "/", "_"))
}
