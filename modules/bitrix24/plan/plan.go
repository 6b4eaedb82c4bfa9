package plan

import (
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/modules/bitrix24/mapping"
)

// Plan is what is to be done about one record. The zero value is nothing at all.
type Plan struct {
	// Now is stored at once, since it follows from what was read and the portal need not be told.
	Now Changes

	// Again says that Now changes what the plan was made of. Once it is stored the record is planned anew, and nothing
	// leaves before that.
	Again bool

	Commands []*Command // for the portal, in this order

	// Of a client or organization: the command that creates its contact or company, and the one that creates its lead.
	Creates, CreatesLead string

	InClientLead bool // the order goes into its client's lead, which carries no other order then

	// Failure is why the record cannot be dealt with: a *Wait if it is only put off, else what is in the way, as an error
	// that people can read. Now is stored all the same.
	Failure error
}

// Wait puts off one record. It is an error, so that it takes the place of a failure, but it is none: the attempt does
// not count.
type Wait struct {
	For time.Duration // until the next attempt; 0: with the next group
	Why string        // in Russian, for the record's page
}

// Error says in Russian what is waited for.
func (w *Wait) Error() string { return w.Why }

// settling puts off a record that the portal may still be working on.
func settling(wait time.Duration) error {
	return &Wait{For: wait, Why: "ответ Битрикс24 потерян; проверяем, не создана ли запись, прежде чем создавать её снова"}
}

// Frame is what is the same for every record of a group of jobs: who and where we are, and what people have set up.
type Frame struct {
	PortalID int64 // the row of bitrix24_portals
	Origin   mapping.Origin
	Rules    mapping.Rules
	Stages   Stages
	Presets  mapping.Presets
	Now      time.Time

	ListsAt  time.Time // when the portal's lists were last read; zero: never
	Relisted bool      // they were read for the sake of this very group

	Settle      time.Duration // how long the portal may go on working after an answer was lost
	ClockOffset time.Duration // how far the portal's clock is ahead of ours

	Leads         bool // new clients become leads: the switch is on, and the portal has leads at all
	Persons       bool // orders and leads of persons are sent, «Типы отправляемых заказов»
	Organizations bool // those of organizations are sent
	Import        bool // new deals leave by crm.item.batchImport, which does not set off the portal's robots

	// The portal limits the time of each method. Of two that do the same an import takes the one that has more left.
	ImportSingly bool // the deals of an import leave by crm.item.import
	RowsByDeal   bool // their product rows leave by crm.deal.productrows.set
}

// Stages are the portal's own names of its funnels and stages, as its lists last had them.
type Stages interface {
	StageName(category int64, stage string) string // the code itself if it is not in the lists
	FunnelName(category int64) string              // its number if it is not in the lists
	FirstStage(category int64) string              // where the portal puts a deal that has no stage; empty: unknown
	HasStage(category int64, stage string) bool    // true of all stages of a funnel that is not in the lists
}

// unsettled puts off a record that was looked for and not found, while the portal may still carry out an earlier
// command: it may go on working after the connection was closed. It returns nil when there is nothing to wait for.
func (f Frame) unsettled(i *Intent) error {
	if i == nil {
		return nil
	}
	wait := i.SentAt.Add(f.Settle).Sub(f.Now)
	if wait <= 0 {
		return nil
	}
	return settling(wait)
}

// newLink returns a link that is not saved yet, to a record that was just seen on the portal. agreed is what both sides
// have agreed on; nil: nothing yet.
func (f Frame) newLink(kind Local, id int64, e Entity, remoteID int64, agreed mapping.Agreed) *Link {
	return &Link{
		PortalID: f.PortalID, Local: kind, LocalID: id, Entity: e, RemoteID: remoteID, Checked: true,
		Agreed: lo.Assign(mapping.Agreed{}, agreed),
	}
}
