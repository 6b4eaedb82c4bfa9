package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/sirupsen/logrus"

	"github.com/pixlpark/panel/app/api"
	"github.com/pixlpark/panel/app/cache"
	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/export"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/once"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/settings"
	"github.com/pixlpark/panel/app/shop"
	"github.com/pixlpark/panel/app/sites"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/app/tariff"
	"github.com/pixlpark/panel/migrations"
	"github.com/pixlpark/panel/static"
	"github.com/pixlpark/panel/templates"
)

// App is the host with its modules, put together and migrated: an http.Handler, and a program when Run.
type App struct {
	Staff *staff.Service

	cfg    Config
	log    *logrus.Logger
	host   Host // what every module is given, without its name
	echo   *echo.Echo
	lines  []db.Line // migrations: the host's, then each module's
	models []any
	ready  []ReadyFunc
}

// ReadyFunc is called once the database is migrated and before the first request.
type ReadyFunc func(ctx context.Context) error

// shutdown is how long running requests and exchanges are given after SIGTERM.
const shutdown = 70 * time.Second

// New puts the host and its modules together, from top to bottom: services, modules, migrations, the check of models,
// templates. Any failure stops the start, and names the module it came from. Close what New returned.
func New(ctx context.Context, cfg Config, log *logrus.Logger, modules ...Module) (*App, error) {
	a := &App{cfg: cfg, log: log, echo: echo.New()}
	if err := a.build(ctx); err != nil {
		return nil, err
	}
	err := a.register(modules)
	if err == nil {
		err = a.start(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// build constructs the services and the host's own pages.
func (a *App) build(ctx context.Context) error {
	public, err := a.cfg.publicURL()
	if err != nil {
		return err
	}
	zone, err := time.LoadLocation(a.cfg.TimeZone)
	if err != nil {
		return fmt.Errorf("TIME_ZONE: %w", err)
	}
	keys, formKey, err := a.cfg.keys()
	if err != nil {
		return err
	}
	proxies, err := a.cfg.proxies()
	if err != nil {
		return err
	}
	log := logrus.NewEntry(a.log)
	d, err := db.Open(ctx, db.Options{URL: a.cfg.DatabaseURL, Path: filepath.Join(a.cfg.DataDir, "panel.db"), Log: log})
	if err != nil {
		return err
	}
	h := &a.host
	h.DB, h.Log, h.PublicURL, h.Location = d, log, public, zone
	h.Cache = cache.New(d)
	h.Settings = settings.New(d, h.Cache, keys)
	h.Jobs = jobs.New(d, jobs.Config{
		RetryFirst: a.cfg.JobsRetryFirst, PauseMax: a.cfg.JobsPauseMax, Lease: a.cfg.JobsLease, Grace: shutdown, Log: log,
	})
	h.Sites = sites.New(d)
	h.Tariff = tariff.New(d, h.Settings)
	h.Clients = clients.New(d)
	h.Organizations = organizations.New(d, h.Clients)
	h.Orders = orders.New(d, h.Sites, h.Clients, h.Organizations)
	a.Staff = staff.New(d, a.cfg.PasswordCost)
	h.Panel, err = panel.New(panel.Options{
		DB: d, Staff: a.Staff, Log: log, PublicURL: public, Location: zone, SecretKey: formKey,
		Proxies: proxies, Dev: a.cfg.Dev,
		Templates: a.onDisk("templates", templates.FS), Static: a.onDisk("static", static.FS),
	})
	if err != nil {
		return errors.Join(err, d.Close())
	}
	h.Export = export.New(h.Panel, h.Tariff)
	a.lines = []db.Line{{Name: "app", FS: migrations.FS}}
	a.models = hostModels()
	a.routes() //nolint:contextcheck // what is put together here runs with the contexts of requests
	a.tidyUp()
	return nil
}

// onDisk is a folder of the sources with DEV=1, when the program was started beside them, so that a page shows what
// was just edited; else what is built in.
func (a *App) onDisk(folder string, builtIn fs.FS) fs.FS {
	if info, err := os.Stat(folder); a.cfg.Dev && err == nil && info.IsDir() {
		return os.DirFS(folder)
	}
	return builtIn
}

// routes puts the host's pages, the public API and the shop on the server.
func (a *App) routes() {
	h := &a.host
	h.Admin, h.API = h.Panel.Attach(a.echo)
	h.Orders.Pages(h.Panel, h.Admin, a.Staff)
	h.Clients.Pages(h.Panel, h.Admin, a.Staff)
	h.Organizations.Pages(h.Panel, h.Admin, a.Staff)
	h.Orders.AddSettingsTab("Выгрузка заказов", export.URL)
	h.Export.Pages(h.Admin, h.Orders.SettingsTabs)
	h.Sites.Pages(h.Panel, h.Admin)
	h.Tariff.Pages(h.Panel, h.Admin)
	h.Jobs.Pages(h.Panel, h.Admin, map[string]jobs.Thing{
		"order":        {Label: "Заказ", URL: "/admin/orders"},
		"client":       {Label: "Клиент", URL: "/admin/clients"},
		"organization": {Label: "Организация", URL: "/admin/organizations"},
	})
	h.Panel.OnCacheReset(func(context.Context) error {
		h.Cache.Forget("")
		return nil
	})
	h.Orders.ServeArchive(a.echo, h.Location, h.Log)
	api.Register(h.API, api.Deps{
		DB: h.DB, Sites: h.Sites, Clients: h.Clients, Organizations: h.Organizations, Orders: h.Orders,
		PublicURL: h.PublicURL.String(), Location: h.Location, Log: h.Log,
	})
	shop.Register(a.echo, shop.Deps{
		Panel: h.Panel, Sites: h.Sites, Clients: h.Clients, Organizations: h.Organizations, Orders: h.Orders,
	})

	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	metrics.MustRegister(h.Jobs.Meters())
	metrics.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "db_statements_total", Help: "Statements that this process has had executed by the database.",
	}, func() float64 { return float64(h.DB.Statements()) }))
	h.Metrics = metrics
	a.echo.GET("/metrics", echo.WrapHandler(promhttp.HandlerFor(metrics, promhttp.HandlerOpts{})))
	a.echo.GET("/healthz", func(c echo.Context) error { return c.String(http.StatusOK, "alive\n") })
	a.echo.GET("/readyz", a.readyz)
}

// start migrates, checks and parses.
func (a *App) start(ctx context.Context) error {
	if err := a.host.DB.Migrate(ctx, a.lines...); err != nil {
		return err
	}
	if err := a.host.DB.Check(ctx, a.models...); err != nil {
		return fmt.Errorf("models and tables differ: %w", err)
	}
	if err := a.host.Panel.Parse(); err != nil {
		return err
	}
	for _, fn := range a.ready {
		if err := fn(ctx); err != nil {
			return err
		}
	}
	return nil
}

// hostModels are the GORM models of the host, for the check at start.
func hostModels() []any {
	models := []any{
		&orders.Order{}, &orders.Item{}, &orders.File{}, &orders.Message{}, &orders.Payment{}, &orders.Event{},
		&clients.Client{}, &organizations.Organization{}, &organizations.LegalEntity{}, &organizations.Employee{},
		&sites.Site{},
	}
	for _, more := range [][]any{jobs.Models(), settings.Models(), panel.Models(), staff.Models(), once.Models()} {
		models = append(models, more...)
	}
	return models
}

func (a *App) readyz(c echo.Context) error {
	ctx := c.Request().Context()
	err := a.host.DB.Ping(ctx)
	if err == nil {
		err = a.host.DB.Migrated(ctx, a.lines...)
	}
	if err != nil {
		a.log.WithError(err).Error("not ready")
		return c.String(http.StatusServiceUnavailable, "database or migrations are not fine\n")
	}
	lanes, err := a.host.Jobs.Neglected(ctx)
	if err != nil {
		a.log.WithError(err).Error("not ready")
		return c.String(http.StatusServiceUnavailable, "database or migrations are not fine\n")
	}
	if len(lanes) > 0 { // orders are taken all the same, so a balancer must go on sending people here
		return c.String(http.StatusOK, "ready, but no process does the jobs of "+strings.Join(lanes, ", ")+"\n")
	}
	return c.String(http.StatusOK, "ready\n")
}

// ServeHTTP makes the app a handler, for tests and for programs that serve it themselves.
// HEAD is answered as GET would be; the server leaves out the body.
func (a *App) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodHead {
		get := *r
		get.Method = http.MethodGet
		r = &get
	}
	a.echo.ServeHTTP(w, r)
}

// Host is what modules are given, for whoever seeds or tests the app.
func (a *App) Host() *Host { return &a.host }

// Close lets the database go.
func (a *App) Close() error { return a.host.DB.Close() }

// Run is Serve on the configured address.
func (a *App) Run(ctx context.Context) error {
	listener, err := net.Listen("tcp", a.cfg.Addr)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", a.cfg.Addr, err)
	}
	return a.Serve(ctx, listener)
}

// Serve answers requests and works the jobs until ctx ends; then it stops listening, finishes requests and running
// exchanges, and returns.
func (a *App) Serve(ctx context.Context, listener net.Listener) error {
	if err := a.host.Panel.Invite(ctx); err != nil {
		return errors.Join(err, listener.Close())
	}
	server := &http.Server{
		Handler: a, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 5 * time.Minute, WriteTimeout: 10 * time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
	}
	a.log.WithField("address", "http://"+listener.Addr().String()).Info("panel is listening")
	failed := make(chan error, 2)
	working, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			failed <- fmt.Errorf("serve: %w", err)
			stop()
		}
	}()
	ended := make(chan error, 1)
	go func() {
		err := a.host.Jobs.Run(working)
		if working.Err() == nil {
			stop() // without jobs the panel would take orders that nobody delivers
		}
		ended <- err
	}()
	<-working.Done()
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdown)
	defer cancel()
	err := errors.Join(server.Shutdown(closing), <-ended)
	select {
	case serveErr := <-failed:
		err = errors.Join(err, serveErr)
	default:
	}
	return err
}

// keys are those that seal secrets at rest, and the one for secrets that travel through a form.
func (c Config) keys() (*settings.Keys, []byte, error) {
	dir := c.DataDir
	if c.DatabaseURL != "" {
		dir = "" // several processes must share a key: SECRET_KEY
	}
	keys, err := settings.LoadKeys(dir, c.SecretKey)
	if err != nil {
		return nil, nil, err
	}
	formKey, err := keys.Derive("form")
	return keys, formKey, err
}
