package plan

import (
	"errors"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// OrderFacts are what decides about an order and its deal, or the lead that the order is in.
type OrderFacts struct {
	Frame

	// What the panel knows.
	Input    mapping.OrderInput // the order, with what its deal or lead is made of
	Chosen   Choice
	Unwanted bool          // an order without a deal that is not sent by itself, by the rules of package portal
	Target   Entity        // Deal, or Lead while the client is a lead
	Link     *Link         // to the target
	Wanted   []mapping.Row // the product rows that it is to have
	Rows     map[string]OwnedRow
	Sent     map[string]bool // how each row looks that was ever sent, known only with RowsOpen
	Contact  Customer        // the client's
	Company  Customer        // the organization's; of an order in a lead only while that has one

	// Intents whose outcomes are unknown: to create the target, to change its rows, to move the deal, to leave the note.
	Open, RowsOpen, ChangeOpen, NoteOpen *Intent

	// Afresh plans the order as if nothing were agreed on but what both sides have in common, as «Сверка» compares and
	// mends it. Then everything of the target was read, and its rows.
	Afresh bool

	FromLead   int64      // the converted lead that no deal came of; the deal is created now and tied to it
	LeadUnsure bool       // it goes into a lead only if an attempt whose answer was lost has created that lead
	Client     ClientLead // where the client stands, of an order that goes into a lead

	// What the portal says.
	ByKey        []int64             // targets that carry the order's key
	Created      map[int64]rest.Time // when those were created
	Copies       []int64             // deals that are known to carry it and not to be the order's
	Twins        []Twin              // what carries its key, asked for when its deal is gone
	Deal         *rest.Deal          // nil while it was not read
	Lead         *rest.Lead          // read when our links go into its comment, or a contact beside others
	Gone         bool                // there is no such deal
	There        []rest.ProductRow   // the rows of the target, read with RowsOpen
	StageRefused bool                // the panel's own rules did not take the deal's stage
	RowsErr      error               // why they could not be read; a deal or lead that is gone has none
	NoteThere    bool                // the timeline holds the note of a deleted order, read with NoteOpen
}

// Customer is the contact or company that goes into a deal or lead.
type Customer struct {
	ID       any    // its number, or a Ref to the command that creates it; nil: none
	Creating string // the name of that command
}

// after are the commands of the group that have to be done before the number is known.
func (c Customer) after() []string { return lo.Compact([]string{c.Creating}) }

// number is the order's number.
func (f OrderFacts) number() int64 { return f.Input.Order.ID }

// key is the order's external key on its target.
func (f OrderFacts) key() string { return Key(Order, f.Target, f.number(), f.Input.Order.Token) }

// about is what the journal's lines about the order refer to.
func (f OrderFacts) about() Note { return About(Order, f.number(), f.Target, f.Link.Number()) }

// Idle reports whether nothing is to be done about the order, whatever the portal says.
func (f OrderFacts) Idle() bool {
	switch {
	case f.Chosen == ChoiceIgnore:
		return true
	case f.Link != nil:
		return f.Link.State != Linked && !f.Afresh
	}
	return f.Unwanted && f.Open == nil // what was begun is brought to an end
}

// ForOrder decides about an order: to link or to create its deal or lead, or to compare the two.
func ForOrder(f OrderFacts) Plan {
	if f.leadMoved() {
		return Plan{Now: Changes{Follow: []Job{look(Lead, f.Link.RemoteID)}}}
	}
	if f.Afresh && (f.Deal != nil || f.Lead != nil) {
		f = asIfNothingWereAgreed(f)
	}
	switch {
	case f.Link == nil && f.Target == Lead:
		return newOrderLead(f)
	case f.Link == nil:
		return newDeal(f)
	case f.Gone && f.Target == Lead:
		return Plan{Now: Changes{Follow: []Job{look(Lead, f.Link.RemoteID)}}}
	case f.Gone:
		return dealGone(f)
	case f.Link.State == Deleted && f.Deal != nil && !f.Afresh:
		return adoptRestored(f, f.Link.RemoteID)
	case f.RowsErr != nil:
		return rowsUnread(f)
	case f.Target == Lead:
		return openLead(f)
	}
	return linkedDeal(f)
}

// oldest is the lowest number. Of several records with our key people have copied one, and the oldest is ours.
func oldest(ids []int64) (id int64, found bool) {
	for _, other := range ids {
		if id == 0 || other < id {
			id = other
		}
	}
	return id, id != 0
}

// ErrMissing is the failure of a command whose record was not there. A look at the record is due, and the next attempt
// knows what became of it.
var ErrMissing = errors.New("запись удалена в Битрикс24; проверяем, что с ней стало")

// besideFields adds what a linked order has in its deal or lead beside fields: the product rows, and the note that it
// was deleted.
func besideFields(f OrderFacts, p Plan) Plan {
	rows := changeRows(f)
	if rows.Failure != nil {
		return Plan{Now: p.Now.and(rows.Now), Commands: p.Commands, Failure: rows.Failure}
	}
	note := deletedNote(f)
	p.Now = p.Now.and(rows.Now).and(note.Now)
	p.Commands = append(append(p.Commands, rows.Commands...), note.Commands...)
	p.Failure = note.Failure
	return p
}

// StageField pairs, in what both sides have agreed on, the order's status with the deal's stage (crm.item.*).
const (
	StageField    = "stageId"
	commentsField = "comments"
	OriginField   = "originId" // agreed once our external key is on the deal
	TitleField    = "title"    // agreed for deals that were made of a lead: they keep its title until the order's replaces it
	contactsField = "contactIds"
	amountField   = "opportunity"
	fixedField    = "isManualOpportunity" // the amount does not follow the rows
)
