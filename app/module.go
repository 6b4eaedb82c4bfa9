package app

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/sirupsen/logrus"

	"github.com/pixlpark/panel/app/cache"
	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/export"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/settings"
	"github.com/pixlpark/panel/app/sites"
	"github.com/pixlpark/panel/app/tariff"
)

// A Module adds something to the panel. It is constructed in main, registered once, and lives as long as the process.
type Module interface {
	// Name is short, lower case and unique: it prefixes tables, URLs, templates and job kinds.
	Name() string
	// Register declares what the module adds: hooks, pages, fields, jobs. It runs before the database is migrated, so it
	// makes no query, and no request.
	Register(h *Host) error
}

// Host is what a module is given. Each module gets its own, scoped to its name.
type Host struct {
	DB       *db.DB
	Cache    *cache.Cache
	Settings *settings.Store
	Jobs     *jobs.Queue
	Log      *logrus.Entry // carries module=<name>

	Panel         *panel.Panel
	Sites         *sites.Service
	Tariff        *tariff.Service
	Orders        *orders.Service
	Clients       *clients.Service
	Organizations *organizations.Service
	Export        *export.Page

	Admin   *echo.Group           // /admin, signed in, guarded against requests of other sites
	API     *echo.Group           // /api, public: a module checks its own callers
	Metrics prometheus.Registerer // /metrics

	PublicURL *url.URL       // under which people and other systems reach the panel
	Location  *time.Location // the account's time zone

	name string
	app  *App
}

// Files mounts what a module embeds: templates/, static/ and migrations/ inside files, each optional. Templates are
// called <module>/<file>, static files /static/<module>/<file>, and the migrations are a line of their own.
func (h *Host) Files(files fs.FS) error {
	h.Panel.Mount(h.name, h.app.onDisk(path.Join("modules", h.name), files))
	_, err := fs.Stat(files, "migrations")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("files of module %s: %w", h.name, err)
	}
	migrations, err := fs.Sub(files, "migrations")
	if err != nil {
		return err
	}
	h.app.lines = append(h.app.lines, db.Line{Name: h.name, FS: migrations})
	return nil
}

// Models names the module's GORM models: at start they are checked against the migrated tables, and a difference stops
// the start.
func (h *Host) Models(models ...any) { h.app.models = append(h.app.models, models...) }

// OnReady registers fn to run once the database is migrated, before the first request: the place for a module's first
// query.
func (h *Host) OnReady(fn ReadyFunc) { h.app.ready = append(h.app.ready, fn) }

var moduleName = regexp.MustCompile(`^[a-z][a-z0-9]{1,30}$`)

// register gives each module its own Host, in the order of main.
func (a *App) register(modules []Module) error {
	seen := map[string]bool{"app": true, "panel": true}
	for _, m := range modules {
		name := m.Name()
		if !moduleName.MatchString(name) || seen[name] {
			return fmt.Errorf("module name %q is not lower case letters and digits, or is taken", name)
		}
		seen[name] = true
		h := a.host
		h.name, h.app = name, a
		h.Log = a.log.WithField("module", name)
		if err := m.Register(&h); err != nil {
			return fmt.Errorf("register module %s: %w", name, err)
		}
	}
	return nil
}
