package bitrix24_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/pixlpark/panel/app/db"
)

// trouble is one kind of what happens while orders come in: to the machines and the portal as a whole (strike), or to an
// order and those who have to do with it (deed). What the model then expects is said where it is done.
type trouble struct {
	name   string
	often  int        // among those of its kind
	only   db.Dialect // the database that it concerns; empty: any
	long   bool       // it is left out of the run that is part of the tests, which has to be short and to find nothing by chance
	strike func(c *chaos, random *rand.Rand)
	deed   func(w *chaosWorker, o *chaosOrder) bool // false: it cannot be done to this order now
}

// troubles are all that a run is made of, besides the portal's faults.
var troubles = []trouble{
	{name: "process killed", often: 30, strike: kill},
	{name: "process frozen", often: 15, only: db.Postgres, strike: freeze},
	{name: "sessions cut", often: 10, only: db.Postgres, strike: cut},
	{name: "Postgres restarted", often: 10, long: true, only: db.Postgres, strike: restartPostgres},
	{name: "copy restored", often: 6, long: true, strike: restoreCopy},
	{name: "leads switched", often: 12, long: true, strike: switchLeads},
	{name: "funnel chosen", often: 8, long: true, strike: chooseFunnel},
	{name: "responsible chosen", often: 5, long: true, strike: chooseResponsible},
	{name: "portal renamed", often: 6, long: true, strike: renamePortal},
	{name: "stage added", often: 6, long: true, strike: addStage},
	{name: "stage deleted", often: 6, long: true, strike: deleteStage},
	{name: "funnel added", often: 5, long: true, strike: addFunnel},
	{name: "funnel deleted", often: 5, long: true, strike: deleteFunnel},

	{name: "status changed", often: 20, deed: changeStatus},
	{name: "deal moved", often: 18, deed: moveDeal},
	{name: "comment written", often: 10, deed: writeComment},
	{name: "items changed", often: 8, deed: changeItems},
	{name: "order paid", often: 6, deed: pay},
	{name: "row added by hand", often: 8, deed: addRow},
	{name: "deal renamed", often: 8, deed: renameDeal},
	{name: "client renamed here", often: 8, deed: renameClient},
	{name: "client renamed there", often: 6, deed: renameContact},
	{name: "client renamed on both sides", often: 3, deed: renameOnBothSides},
	{name: "contact merged", often: 4, long: true, deed: mergeContact},
	{name: "company changed", often: 6, long: true, deed: changeCompany},
	{name: "lead converted", often: 16, long: true, deed: convertLead},
	{name: "lead rejected", often: 2, long: true, deed: rejectLead},
	{name: "lead deleted and restored", often: 4, long: true, deed: restoreLead},
	{name: "deal deleted and restored", often: 6, long: true, deed: restoreDeal},
	{name: "deal deleted", often: 1, long: true, deed: deleteDeal},
	{name: "deal copied", often: 4, long: true, deed: copyDeal},
	{name: "deal merged", often: 2, long: true, deed: mergeDeals},
	{name: "deal merged away", often: 1, long: true, deed: mergeDealAway},
}

// strikes are those that hit the whole of this run.
func (c *chaos) strikes() (found []trouble) {
	for _, t := range troubles {
		if t.strike != nil && (t.only == "" || t.only == c.fleet.dialect) && (c.chaosScale.long || !t.long) {
			found = append(found, t)
		}
	}
	return found
}

// deeds are those that people do to single orders of this run.
func (c *chaos) deeds() (found []trouble) {
	for _, t := range troubles {
		if t.deed != nil && (c.chaosScale.long || !t.long) {
			found = append(found, t)
		}
	}
	return found
}

// choose takes one of them, the frequent ones more often.
func choose(from []trouble, random *rand.Rand) trouble {
	sum := 0
	for _, t := range from {
		sum += t.often
	}
	n := random.IntN(sum)
	for _, t := range from {
		if n -= t.often; n < 0 {
			return t
		}
	}
	return from[0]
}

// strikeAtRandom has a trouble happen at each of so many random moments of the exchange. Half of the moments are counted
// in orders placed, half in deals made: those of a long run come when no order comes any more.
func (c *chaos) strikeAtRandom(delivered <-chan struct{}) {
	random := rand.New(rand.NewPCG(c.seed, 99))
	moments := make([]int64, c.kills)
	for i := range moments {
		moments[i] = random.Int64N(int64(2 * c.orders))
	}
	slices.Sort(moments)
	for _, moment := range moments {
		c.waitFor(delivered, func() bool { return c.placed.Load()+c.deals() >= moment })
		pause(c.ctx, time.Duration(random.Int64N(int64(500*time.Millisecond))))
		if c.ctx.Err() != nil {
			return
		}
		t := choose(c.strikes(), random)
		c.note(t.name)
		t.strike(c, random)
	}
}

// disturb does something to an order, here or in the portal.
func (w *chaosWorker) disturb(o *chaosOrder) {
	t := choose(w.deeds(), w.random)
	if t.deed(w, o) {
		w.note(t.name)
		o.history = append(o.history, t.name)
	}
}

// note counts a trouble.
func (c *chaos) note(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.happened[name]++
}

// times is how often a trouble happened.
func (c *chaos) times(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.happened[name]
}

// told lists what happened how often.
func (c *chaos) told() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []string
	for _, t := range troubles {
		if n := c.happened[t.name]; n > 0 {
			list = append(list, fmt.Sprintf("%s %d", t.name, n))
		}
	}
	return strings.Join(list, ", ")
}
