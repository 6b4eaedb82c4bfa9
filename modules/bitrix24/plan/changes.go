package plan

import (
	"cmp"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// Changes are what the panel is to store, all of it or nothing. Whoever carries them out decides nothing any more.
type Changes struct {
	Links   []*Link     // to save, new or changed; a new one settles the intent to create its record
	Agree   []Agreement // what both sides have agreed on from now on
	Unlink  []*Link     // to drop
	Settled []Open      // intents whose outcome is known by now
	Choices []Chosen    // what is remembered as a person's choice from now on
	Copies  []Copy      // deals that carry an order's key and are not its deal

	Order *OrderTake // the order follows its deal
	Party *PartyTake // the client or organization follows the contact or company

	Rows        []RowLink // product rows of the portal that stand for a part of an order
	RowsGone    []RowLink // those that stand for nothing any more
	RowsAnew    *RowSet   // replaces all that was known of an order's rows
	RowsUnknown []int64   // orders of whose rows nobody knows which are ours: the next push reads them first
	SentRows    []SentRow // how rows look that were sent

	Products    []ProductLink // products of the catalogue that are linked from now on
	ProductGone int64         // a product whose links are dropped

	Relist  bool   // the portal's lists are read again before the next group is planned
	Dropped string // custom fields that the portal has dropped in silence: its lists may be old, too

	Lacks string // a method of exports that the portal does not let the webhook use: another is used from now on

	Sent *SentClient // a client who is pushed if he was changed since he was sent

	Lines  []Line // of the journal
	Follow []Job  // what is to be done next
	Caught bool   // something the portal changed: it counts as caught if reconciliation asked for this look
}

// Agreement is what both sides have agreed on about some fields of a linked record. The other fields stay as they are.
type Agreement struct {
	Link   *Link
	Fields mapping.Agreed
	Seen   *rest.Deal // the deal or lead as the portal has it by now; nil: not seen

	// Instead says that the link takes the place of another of its kind to the same record. A legal entity that was
	// removed and typed in anew finds its former requisite by the ИНН.
	Instead bool
}

// Open names an intent.
type Open struct {
	Entity Entity
	Key    string
}

// Chosen is a choice about a record.
type Chosen struct {
	Record Record
	Choice Choice
}

// RowSet is all that is known of the product rows of an order's deal or lead.
type RowSet struct {
	Entity  Entity
	OrderID int64
	Rows    map[string]OwnedRow // by the part of the order they stand for
}

// OrderTake is what an order becomes because its deal has. It is stored only if the order is still in the status it was
// planned from. The panel's own rules may refuse it: then Refused takes the place of Lines, and nothing else changes.
type OrderTake struct {
	ID      int64
	From    orders.Status
	To      orders.Status
	Paid    bool   // what is still due counts as paid
	History string // for the order's history
	About   Note   // for the journal's lines
	Took    string // what the journal says if the order has changed
	Refused string // what it says, followed by the reason, if the panel refuses
}

// Apply changes the order to what its deal says.
func (t *OrderTake) Apply(o *orders.Order) {
	o.Status = t.To
	o.Note(t.History)
	if t.Paid && o.Due() > 0 {
		o.Pay(o.Due(), o.PaymentMethod)
	}
}

// PartyTake is what a client or organization takes over from its contact or company, field by field. The panel's own
// rules may refuse a value: Became says what follows from what became of each.
type PartyTake struct {
	Link   *Link             // as it is if the panel takes everything; saved before anything is changed
	Fields map[string]string // by their names in Agreed; an empty value clears the field
	Ours   map[string]string // the panel's values before
	Took   string            // what the journal says of a field that was taken over
}

// SentClient is a client as he was when his contact was created. Whoever changed him meanwhile saw no link yet, and
// enqueued nothing. Whoever stores this locks his row, so that a change that is just being made is seen as well.
type SentClient struct{ ID, Revision int64 }

// Line is a line of the journal about something that was done, in Russian.
type Line struct {
	About     Note
	Direction Direction
	Text      string
	Failed    bool // it is about something that was refused, by either side
}

// inward is a line about something that the panel took from the portal.
func inward(about Note, text string) Line { return Line{About: about, Direction: Inward, Text: text} }

// refused is a line about something of the portal that the panel did not take.
func refused(about Note, text string) Line {
	return Line{About: about, Direction: Inward, Text: text, Failed: true}
}

// Job is what is to be done next: a push of a record of the panel, or a look at one of the portal.
type Job struct {
	Push *Record
	Look *Look
	Slow bool // the look gives way to live orders, as reconciliation does
}

// Look names a record of the portal that is to be looked at.
type Look struct {
	Entity Entity
	ID     int64
}

// push is the job that brings a record of the panel up to date on the portal.
func push(kind Local, id int64) Job { return Job{Push: &Record{Kind: kind, ID: id}} }

// look is the job that looks at a record of the portal.
func look(e Entity, id int64) Job { return Job{Look: &Look{Entity: e, ID: id}} }

// Empty reports whether there is nothing to store.
func (c Changes) Empty() bool {
	return len(c.Links)+len(c.Agree)+len(c.Unlink)+len(c.Settled)+len(c.Choices)+len(c.Copies)+len(c.Rows)+
		len(c.RowsGone)+len(c.RowsUnknown)+len(c.SentRows)+len(c.Products)+len(c.Lines)+len(c.Follow) == 0 &&
		c.Order == nil && c.Party == nil && c.Sent == nil && c.RowsAnew == nil && c.ProductGone == 0 &&
		!c.Relist && c.Dropped == "" && c.Lacks == ""
}

// and adds further changes, which are stored with these.
func (c Changes) and(more Changes) Changes {
	c.Links, c.Unlink = append(c.Links, more.Links...), append(c.Unlink, more.Unlink...)
	c.Agree = append(c.Agree, more.Agree...)
	c.Settled, c.Choices = append(c.Settled, more.Settled...), append(c.Choices, more.Choices...)
	c.Copies = append(c.Copies, more.Copies...)
	c.Rows, c.RowsGone = append(c.Rows, more.Rows...), append(c.RowsGone, more.RowsGone...)
	c.RowsUnknown, c.SentRows = append(c.RowsUnknown, more.RowsUnknown...), append(c.SentRows, more.SentRows...)
	c.Lines, c.Follow = append(c.Lines, more.Lines...), append(c.Follow, more.Follow...)
	c.Products = append(c.Products, more.Products...)
	c.Lacks = cmp.Or(c.Lacks, more.Lacks)
	c.Relist = c.Relist || more.Relist
	c.Dropped = cmp.Or(c.Dropped, more.Dropped)
	c.Caught = c.Caught || more.Caught
	if more.Order != nil {
		c.Order = more.Order
	}
	if more.Party != nil {
		c.Party = more.Party
	}
	if more.Sent != nil {
		c.Sent = more.Sent
	}
	if more.RowsAnew != nil {
		c.RowsAnew = more.RowsAnew
	}
	return c
}
