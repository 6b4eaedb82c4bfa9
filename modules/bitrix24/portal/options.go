package portal

import (
	"time"

	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// Options are the module's times and permissions. Zero values are the product's own; main reads them from the
// environment.
type Options struct {
	Timeout          time.Duration `env:"BITRIX24_TIMEOUT" envDefault:"65s"`          // of one request to the portal
	Settle           time.Duration `env:"BITRIX24_SETTLE" envDefault:"70s"`           // how long a portal may go on working after its answer was lost
	AwaitStaff       time.Duration `env:"BITRIX24_AWAIT_STAFF" envDefault:"5s"`       // how long an employee waits for the outcome
	AwaitSite        time.Duration `env:"BITRIX24_AWAIT_SITE" envDefault:"2s"`        // how long a site's order waits
	ReconcileEvery   time.Duration `env:"BITRIX24_RECONCILE_EVERY" envDefault:"10m"`  // how often changes are looked for that no event told
	ReconcileOverlap time.Duration `env:"BITRIX24_RECONCILE_OVERLAP" envDefault:"3m"` // how much of the last look is read again
	PauseMax         time.Duration `env:"BITRIX24_PAUSE_MAX" envDefault:"5m"`         // the longest pause of the exchange
	RetryFirst       time.Duration `env:"BITRIX24_RETRY_FIRST" envDefault:"1m"`       // the wait after a record's first failure
	AllowPrivate     bool          `env:"ALLOW_PRIVATE_PORTAL"`                       // plain http and private addresses: for demos and tests

	// Where the portal's time passes faster than ours, in benchmarks and long tests: its limits on requests (zero: those of
	// the documents), and the clock that operating time is counted by (nil: time.Now).
	Limits rest.Limits
	Clock  func() time.Time
}

// Name prefixes the module's tables, addresses, templates and jobs.
const Name = "bitrix24"

// Actor is who the history of an order says it was.
var Actor = staff.Module("bitrix24", "Битрикс24")

// Lane is where all exchange with the portal queues.
const Lane = "bitrix24"

// BulkLane is for long work beside the exchange: it gathers and compares, and holds up nobody.
const BulkLane = "bitrix24_bulk"
