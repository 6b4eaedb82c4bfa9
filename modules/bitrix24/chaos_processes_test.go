package bitrix24_test

import (
	"math/rand/v2"
	"time"
)

// What happens to the panel's processes and their database. Whatever it is, every order arrives once.

// kill ends a process as a power cut does and starts it again.
func kill(c *chaos, random *rand.Rand) {
	p := c.fleet.any(random)
	p.kill()
	pause(c.ctx, time.Duration(random.Int64N(int64(300*time.Millisecond))))
	c.fleet.launch(p)
}

// freeze stops a process for longer than its lease lasts. It goes on when another has taken its turn.
func freeze(c *chaos, random *rand.Rand) {
	c.fleet.any(random).freeze(c.lease + time.Second)
}

// cut ends every session of the database but its own, as a failover does.
func cut(c *chaos, _ *rand.Rand) {
	c.fleet.allReady() // one that is only just starting would end, as it should, and nobody would start it again
	rows := c.fleet.query("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity " +
		"WHERE datname = current_database() AND pid <> pg_backend_pid()")
	if len(rows) != 1 {
		c.t.Errorf("cut the sessions: %v", rows)
	}
}

// restartPostgres has the database server die and recover.
func restartPostgres(c *chaos, _ *rand.Rand) {
	c.fleet.allReady()
	if err := c.fleet.server.Restart(); err != nil {
		c.t.Errorf("restart Postgres: %v", err)
	}
}

func (f *fleet) any(random *rand.Rand) *process { return f.processes[random.IntN(len(f.processes))] }

func (f *fleet) allReady() {
	f.t.Helper()
	for _, p := range f.processes {
		f.ready(p)
	}
}
