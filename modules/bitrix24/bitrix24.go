package bitrix24

import (
	"embed"
	"sync"
	"time"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

//go:embed all:templates all:static all:migrations
var files embed.FS

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

// Module keeps the panel's orders, clients and organizations and a Bitrix24 portal's CRM in step.
type Module struct {
	*app.Host
	opts Options

	probing  *rest.Limiter // of portals that are not stored yet
	suspects suspects
	noImport sync.Map // portals that do not let the webhook import
	exports  Exports
	meters   meters

	mu   sync.Mutex
	used map[int64]*rest.Operating // by portal
}

// New returns the module for main's list.
func New(opts Options) *Module {
	return &Module{opts: opts, probing: rest.NewLimiter(rest.LimiterOptions{Limits: opts.Limits}), used: map[int64]*rest.Operating{}}
}

// Name prefixes the module's tables, addresses, templates and jobs.
func (m *Module) Name() string { return "bitrix24" }

// actor is who the history of an order says it was.
var actor = staff.Module("bitrix24", "Битрикс24")

// lane is where all exchange with the portal queues.
const lane = "bitrix24"

// bulkLane is for long work beside the exchange: it gathers and compares, and holds up nobody.
const bulkLane = "bitrix24_bulk"

// Register declares everything the module adds to the panel.
func (m *Module) Register(h *app.Host) error {
	m.Host, m.exports = h, m
	if err := h.Files(files); err != nil {
		return err
	}
	if err := m.meter(h.Metrics); err != nil {
		return err
	}
	h.Models(&portal{}, &Link{}, &intent{}, &rowLink{}, &sentRow{}, &choiceRow{}, &refusedEmail{}, &journalEntry{}, &auditEntry{}, &phoneCall{}, &backfill{}, &backfilled{}, &vanished{}, &comparison{}, &comparedRow{}, &productLink{}, &check{})

	h.Export.AddSection(m.section())
	h.Orders.OnSaved(m.orderSaved)
	h.Clients.OnSaved(m.clientSaved)
	h.Organizations.OnSaved(m.organizationSaved)
	h.Tariff.OnChanged(m.tariffChanged)

	h.Orders.AddAction(m.sendOrder())
	h.Orders.AddWidget(m.orderWidget())
	h.Orders.AddPhoneWidget(m.phoneWidget())
	h.Clients.AddFields(m.clientFields)
	h.Clients.AddAction(m.sendClient())
	h.Organizations.AddFields(m.organizationFields)
	h.Organizations.AddAction(m.sendOrganization())

	h.Panel.AddBanner(m.banners)
	h.API.POST("/bitrix/events", m.receiveEvent)
	h.API.POST("/bitrix/events/", m.receiveEvent)
	h.Admin.POST("/bitrix24/orders/:number/call", m.call, panel.Require(staff.Operator))
	h.Admin.POST("/bitrix24/orders/:number/:deed", m.orderDeed, panel.Require(staff.Operator))
	h.Admin.GET("/bitrix24/check", m.doctorPage, panel.Require(staff.Administrator))
	h.Admin.POST("/bitrix24/check", m.checkAgain, panel.Require(staff.Administrator))
	h.Admin.GET("/bitrix24/status", m.statusPage, panel.Require(staff.Administrator))
	h.Admin.POST("/bitrix24/status/:deed", m.statusDeed, panel.Require(staff.Administrator))
	h.Admin.GET("/bitrix24/journal", m.journalPage, panel.Require(staff.Administrator))
	h.Admin.POST("/bitrix24/journal/:id/retry", m.retryEntry, panel.Require(staff.Administrator))
	h.Panel.AddMenu(panel.MenuItem{Section: "Заказы", Label: "Состояние обмена", URL: statusURL, Role: staff.Administrator})
	h.Panel.AddMenu(panel.MenuItem{Section: "Заказы", Label: "Журнал обмена", URL: journalURL, Role: staff.Administrator})

	m.bulkPages(h)
	retryFirst, pauseMax := jobs.RetryFirst(m.opts.RetryFirst), jobs.PauseMax(m.opts.PauseMax)
	jobs.Handle(h.Jobs, bulkLane, 1, m.bulkWork, retryFirst, pauseMax)
	jobs.Handle(h.Jobs, lane, groupLimit, m.exchange, jobs.BulkLimit(bulkLimit), retryFirst, pauseMax)
	h.Jobs.Probe(lane, m.probe)
	h.Jobs.Every(m.opts.ReconcileEvery, reconcile{}, jobs.WithPriority(jobs.Reconcile))
	h.Jobs.Every(24*time.Hour, refreshLists{}, jobs.WithPriority(jobs.Reconcile))
	h.Jobs.Every(24*time.Hour, pruneJournal{}, jobs.Behind())
	return nil
}
