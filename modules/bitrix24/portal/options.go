package portal

import (
	"time"

	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// Options are the module's times and permissions. Zero values are the product's own; main reads them from the
// environment.
type Options struct {
	// Timeout of one request to the portal.
	Timeout time.Duration `env:"BITRIX24_TIMEOUT" envDefault:"65s"`
	// Settle is how long a portal may go on working after its answer was lost.
	Settle time.Duration `env:"BITRIX24_SETTLE" envDefault:"70s"`
	// AwaitStaff is how long an employee waits for the outcome of what he asked for.
	AwaitStaff time.Duration `env:"BITRIX24_AWAIT_STAFF" envDefault:"5s"`
	// AwaitSite is how long a site waits that places an order.
	AwaitSite time.Duration `env:"BITRIX24_AWAIT_SITE" envDefault:"2s"`
	// ReconcileEvery is how often changes are looked for that no event told.
	ReconcileEvery time.Duration `env:"BITRIX24_RECONCILE_EVERY" envDefault:"10m"`
	// ReconcileOverlap is how much of the last look is read again.
	ReconcileOverlap time.Duration `env:"BITRIX24_RECONCILE_OVERLAP" envDefault:"3m"`
	// EchoWait is how long a look at a record that we have just written to waits for company; 0: not at all.
	EchoWait time.Duration `env:"BITRIX24_ECHO_WAIT" envDefault:"4s"`
	// PauseMax is the longest pause of the exchange.
	PauseMax time.Duration `env:"BITRIX24_PAUSE_MAX" envDefault:"5m"`
	// RetryFirst is the wait after a record's first failure.
	RetryFirst time.Duration `env:"BITRIX24_RETRY_FIRST" envDefault:"1m"`
	// AllowPrivate lets the module call plain http and private addresses. It is for demos and tests.
	AllowPrivate bool `env:"ALLOW_PRIVATE_PORTAL"`
	// PublicURL is the panel's address if somebody set it. Without it the panel is where it listens.
	PublicURL string `env:"PUBLIC_URL"`

	// Where the portal's time passes faster than ours, in benchmarks and long tests: its limits on requests (zero:
	// those of the documents), and the clock that operating time is counted by (nil: time.Now).
	Limits rest.Limits
	Clock  func() time.Time
}

// Name prefixes the module's tables, addresses, templates and jobs.
const Name = "bitrix24"

// Actor is whom the history of an order names when the module changed it.
var Actor = staff.Module("bitrix24", "Битрикс24")

// Lane is where all exchange with the portal queues.
const Lane = "bitrix24"

// BulkLane is the lane of long work that gathers and compares. It never holds up the exchange.
const BulkLane = "bitrix24_bulk"
