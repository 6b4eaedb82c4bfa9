package bitrix24_test

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
)

// restoreCopy has a copy made of the database, and some orders later the panel start again on that copy. The orders and
// clients in between are lost here: their records stay in the portal, nobody's, and none of them is ever another's. What
// was changed in between may differ until it is changed again.
func restoreCopy(c *chaos, random *rand.Rand) {
	c.world.Lock()
	c.fleet.killAll()
	saved := c.fleet.copy()
	before := c.remember()
	c.fleet.launchAll()
	c.world.Unlock()

	until := c.placed.Load() + 5 + random.Int64N(int64(max(c.orders/20, 5)))
	c.waitFor(nil, func() bool { return c.placed.Load() >= until || c.loaded.Load() })
	pause(c.ctx, time.Second)

	c.world.Lock()
	defer c.world.Unlock()
	c.fleet.killAll()
	c.fleet.database = saved
	c.fleet.launchAll()
	before()
	c.restores.Add(1)
	for _, w := range c.workers {
		for _, o := range w.orders { // sent in the lost hours: if it is changed before it is found, rows of then stay
			o.loose = o.loose || c.linked("order", o.id, "deal")+c.linked("order", o.id, "lead") == 0
		}
	}
}

func (f *fleet) killAll() {
	for _, p := range f.processes {
		p.kill()
	}
}

func (f *fleet) launchAll() {
	for _, p := range f.processes {
		f.launch(p)
	}
	f.allReady()
}

// copy copies the database, which no process may have open.
func (f *fleet) copy() db.Options {
	if f.server != nil {
		return f.server.Copy(f.t, f.database)
	}
	return dbtest.Copy(f.t, f.database)
}

// remember keeps what is true now. What it returns makes it true again, but for what people did in the portal since.
func (c *chaos) remember() (restore func()) {
	type memory struct {
		clients []chaosClient
		orders  []chaosOrder
		company *chaosCompany
	}
	all := make([]memory, len(c.workers))
	for i, w := range c.workers {
		m := memory{company: w.company}
		for _, client := range w.clients {
			m.clients = append(m.clients, *client)
		}
		for _, o := range w.orders {
			m.orders = append(m.orders, o.clone())
		}
		all[i] = m
	}
	return func() {
		for i, w := range c.workers {
			m := all[i]
			c.lost.Add(int64(len(w.orders) - len(m.orders)))
			w.returning = max(w.returning, len(w.clients))
			for n := range m.orders {
				m.orders[n].restored(w.orders[n])
				*w.orders[n] = m.orders[n]
			}
			for n := range m.clients {
				if m.clients[n] != *w.clients[n] {
					m.clients[n].loose = true
				}
				*w.clients[n] = m.clients[n]
			}
			w.orders, w.clients, w.company = w.orders[:len(m.orders)], w.clients[:len(m.clients)], m.company
		}
	}
}

// restored tells an order of a copy what has been done to it since.
func (o *chaosOrder) restored(since *chaosOrder) {
	o.loose = o.loose || o.total != since.total || o.status != since.status || !slices.Equal(o.comments, since.comments)
	o.title, o.byHand, o.gone, o.rejected = since.title, since.byHand, since.gone, since.rejected
}

func (o *chaosOrder) clone() chaosOrder {
	c := *o
	c.comments = slices.Clone(o.comments)
	return c
}
