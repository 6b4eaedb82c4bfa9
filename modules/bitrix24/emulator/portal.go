package emulator

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	mathrand "math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// Options say what the portal is like at its start. The zero value is a portal without limits, without /control, in
// memory only, whose webhook is /rest/1/secret/.
type Options struct {
	// UserID and Code are the inbound webhook: 1 and "secret" when empty.
	UserID int64
	Code   string
	// Scopes of that webhook, "crm" when empty.
	Scopes []string
	// Limits switches the request bucket and the operating time on.
	Limits bool
	// EventsURL and Token make an outbound webhook; without an address none exists. Events are what it subscribes to, the
	// nine of ManualEvents when empty.
	EventsURL, Token string
	Events           []string
	// Control serves /control. Never switch it on where strangers can reach the portal.
	Control bool
	// DataDir keeps the records as JSON over restarts; empty means memory only.
	DataDir string
	// Domain is the portal's name in events, learnt from the first request when empty.
	Domain string
	// Zone is the portal's time zone, UTC+3 when nil.
	Zone *time.Location
	// Clock replaces time.Now in tests.
	Clock func() time.Time
	// Client delivers events; http.DefaultTransport with the portal's own timeout when nil.
	Client *http.Client
	// Seed makes faults by chance repeatable; 0 takes a random one.
	Seed uint64
	// Empty leaves out the demo products; stock directories, funnels and employees are always there.
	Empty bool
}

// A Portal is one Bitrix24 account. It is an http.Handler; it is safe for concurrent use.
type Portal struct {
	opts    Options
	zone    *time.Location
	methods methods
	mux     *http.ServeMux
	queue   *queue
	member  string
	closed  chan struct{}
	once    sync.Once
	tasks   sync.WaitGroup

	mu        sync.Mutex // guards what follows
	*data                // the records
	behaviour Behaviour
	faults    faults
	limits    limits
	stats     Stats
	offset    time.Duration // of the portal's clock
	domain    string
	inbound   []*Inbound
	outbound  []*Outbound
	journal   journal
	dirty     bool  // there is something to write to DataDir
	version   int64 // grows with every change: pages look at it
}

// New is Open for a portal that keeps nothing. It panics when a DataDir is given and cannot be read.
func New(opts Options) *Portal {
	p, err := Open(opts)
	if err != nil {
		panic(err)
	}
	return p
}

// Open makes a portal, reads what an earlier one left in DataDir, and starts the event queue. Close ends it.
func Open(opts Options) (*Portal, error) {
	if opts.UserID == 0 {
		opts.UserID = 1
	}
	if opts.Code == "" {
		opts.Code = "secret"
	}
	if len(opts.Scopes) == 0 {
		opts.Scopes = []string{"crm"}
	}
	if len(opts.Events) == 0 {
		opts.Events = ManualEvents()
	}
	if opts.Zone == nil {
		opts.Zone = time.FixedZone("MSK", 3*60*60)
	}
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	if opts.Seed == 0 {
		opts.Seed = mathrand.Uint64()
	}
	p := &Portal{opts: opts, zone: opts.Zone, closed: make(chan struct{}), domain: opts.Domain, member: memberID()}
	p.behaviour = DefaultBehaviour()
	p.behaviour.RateLimit, p.behaviour.OperatingLimit = opts.Limits, opts.Limits
	p.reset()
	p.inbound = []*Inbound{{ID: 1, Title: "Входящий вебхук", UserID: opts.UserID, Code: opts.Code, Scopes: opts.Scopes}}
	if opts.EventsURL != "" {
		p.addOutbound(&Outbound{Title: "Исходящий вебхук", URL: opts.EventsURL, Token: opts.Token}, opts.Events)
	}
	p.methods = p.allMethods()
	p.mux = p.routes()
	if err := p.load(); err != nil {
		return nil, fmt.Errorf("load portal: %w", err)
	}
	p.queue = newQueue(p)
	if opts.DataDir != "" {
		p.tasks.Go(p.keepSaved)
	}
	return p, nil
}

// memberID is a new random number of a portal, which no renaming changes.
func memberID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

// reset does so for the caller that holds the lock.
func (p *Portal) reset() {
	p.data = newData()
	p.seed()
	p.stats = newStats()
	p.faults = faults{random: mathrand.New(mathrand.NewPCG(p.opts.Seed, 1))}
	p.limits = limits{}
	p.offset = 0
	p.journal = journal{}
	p.save()
}

// Reset makes records, counters and faults those of the start. Events that still wait are forgotten; webhooks and
// behaviour stay.
func (p *Portal) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue.clear()
	p.reset()
}

// ServeHTTP serves the REST API, the portal's pages and, if the options say so, /control.
func (p *Portal) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	if p.domain == "" {
		p.domain = r.Host
	}
	p.mu.Unlock()
	p.mux.ServeHTTP(w, r)
}

// routes are all addresses of the portal.
func (p *Portal) routes() *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("/rest/", p.serveREST)
	if p.opts.Control {
		p.controlRoutes(mux)
	}
	p.pageRoutes(mux)
	return mux
}

// Flush waits until every event that has arisen so far is delivered or lost.
func (p *Portal) Flush(ctx context.Context) error {
	return p.queue.wait(ctx)
}

// Close stops the event queue without delivering the rest and writes the records to DataDir.
func (p *Portal) Close() error {
	var err error
	p.once.Do(func() {
		close(p.closed)
		p.queue.close()
		p.tasks.Wait()
		err = p.writeData()
	})
	return err
}

// background does something later, unless the portal is closed first.
func (p *Portal) background(after time.Duration, do func()) {
	p.tasks.Go(func() {
		timer := time.NewTimer(after)
		defer timer.Stop()
		select {
		case <-timer.C:
			do()
		case <-p.closed:
		}
	})
}

// now is the portal's clock.
func (p *Portal) now() time.Time {
	return p.opts.Clock().Add(p.offset)
}

// moment is now as records keep it: to the second.
func (p *Portal) moment() time.Time {
	return p.now().UTC().Truncate(time.Second)
}

// save marks the records as changed.
func (p *Portal) save() {
	p.dirty = true
	p.version++
}
