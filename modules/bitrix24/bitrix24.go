package bitrix24

import (
	"context"
	"embed"
	"errors"
	"time"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/backfill"
	"github.com/pixlpark/panel/modules/bitrix24/compare"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/pages"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
	"github.com/pixlpark/panel/modules/bitrix24/setup"
)

//go:embed all:templates all:static all:migrations
var files embed.FS

// Options are the module's times and permissions.
type Options = portal.Options

// Module is the door of the integration: it makes the rooms, and hands to them whatever the panel calls the module
// for.
type Module struct {
	*app.Host
	options Options

	portals  *portal.Portals
	exchange *exchange.Exchange
	backfill *backfill.Exports
	compare  *compare.Comparisons
	pages    *pages.Pages
	setup    *setup.Setup
}

// New returns the module for main's list. It does nothing until the program calls Register.
func New(opts Options) *Module { return &Module{options: opts} }

// Name prefixes the module's tables, addresses, templates and jobs.
func (m *Module) Name() string { return portal.Name }

// Connect fills in the settings form and saves it, as an administrator would. It is for the demo and for tests; a
// panel that is connected already is left as it is.
func (m *Module) Connect(ctx context.Context, hook rest.Webhook, token string) error {
	return m.setup.Connect(ctx, hook, token)
}

// Register declares everything the module adds to the panel. The program calls it once, before it migrates the
// database.
func (m *Module) Register(h *app.Host) error {
	if err := m.makeRooms(h); err != nil {
		return err
	}
	if err := h.Files(files); err != nil {
		return err
	}
	h.Models(
		&portal.Portal{}, &exchange.Vanished{}, &exchange.StrayRecord{}, &plan.ProductLink{},
		&plan.Link{}, &plan.Intent{}, &plan.RowLink{}, &plan.SentRow{}, &plan.Copy{}, &records.ChoiceRow{},
		&records.RefusedEmail{}, &records.JournalEntry{}, &records.AuditEntry{},
	)
	h.Models(pages.Models()...)
	h.Models(compare.Models()...)
	h.Models(backfill.Models()...)

	h.Export.AddSection(m.section())
	h.Orders.OnSaved(m.orderSaved)
	h.Clients.OnSaved(m.clientSaved)
	h.Organizations.OnSaved(m.organizationSaved)
	h.Tariff.OnChanged(m.tariffChanged)

	h.Orders.AddAction(m.pages.SendOrder())
	h.Orders.AddWidget(m.pages.OrderWidget())
	h.Orders.AddPhoneWidget(m.pages.PhoneWidget())
	h.Clients.AddFields(m.pages.ClientFields)
	h.Clients.AddAction(m.pages.SendClient())
	h.Organizations.AddFields(m.pages.OrganizationFields)
	h.Organizations.AddAction(m.pages.SendOrganization())
	h.Panel.AddBanner(m.pages.Banners)
	h.Panel.AddBanner(m.pages.VanishedBanner)
	h.Panel.AddBanner(m.compare.StraysBanner)

	h.API.POST("/bitrix/events", m.receiveEvent)
	h.API.POST("/bitrix/events/", m.receiveEvent)
	operators, administrators := panel.Require(staff.Operator), panel.Require(staff.Administrator)
	h.Admin.POST("/bitrix24/orders/:number/call", m.pages.Call, operators)
	h.Admin.POST("/bitrix24/orders/:number/:action", m.pages.OrderAction, operators)
	h.Admin.GET("/bitrix24/check", m.pages.Doctor, administrators)
	h.Admin.POST("/bitrix24/check", m.pages.CheckAgain, administrators)
	h.Admin.GET("/bitrix24/status", m.pages.Status, administrators)
	h.Admin.POST("/bitrix24/status/:action", m.pages.StatusAction, administrators)
	h.Admin.GET("/bitrix24/journal", m.pages.Journal, administrators)
	h.Admin.POST("/bitrix24/journal/:id/retry", m.pages.RetryEntry, administrators)
	h.Admin.GET("/bitrix24/vanished", m.pages.Vanished, administrators)
	h.Admin.POST("/bitrix24/vanished/:decision", m.pages.DecideVanished, administrators)
	h.Admin.GET("/bitrix24/move", m.pages.Move, administrators)
	h.Admin.POST("/bitrix24/move/:answer", m.pages.AnswerMove, administrators)
	h.Admin.GET("/bitrix24/compare", m.compare.Page, administrators)
	h.Admin.POST("/bitrix24/compare", m.compare.Start, administrators)
	h.Admin.POST("/bitrix24/compare/:id/mend", m.compare.Mend, administrators)
	h.Admin.POST("/bitrix24/strays/away", m.compare.PutStraysAway, administrators)
	h.Admin.GET("/bitrix24/backfill", m.backfill.Page, administrators)
	h.Admin.POST("/bitrix24/backfill", m.backfill.Start, administrators)
	h.Admin.POST("/bitrix24/backfill/:id/:action", m.backfill.Change, administrators)
	for _, item := range []panel.MenuItem{
		{Label: "Состояние обмена", URL: pages.StatusURL},
		{Label: "Журнал обмена", URL: pages.JournalURL},
		{Label: "Сверка", URL: compare.URL},
		{Label: "Выгрузка базы", URL: backfill.URL},
	} {
		item.Section, item.Role = "Заказы", staff.Administrator
		h.Panel.AddMenu(item)
	}

	h.OnReady(m.ready)
	m.handleLanes(h)
	h.Jobs.Every(m.options.ReconcileEvery, exchange.Reconcile{}, jobs.WithPriority(jobs.Reconcile))
	h.Jobs.Every(24*time.Hour, exchange.RefreshLists{}, jobs.WithPriority(jobs.Reconcile))
	h.Jobs.Every(24*time.Hour, exchange.CheckDeleted{}, jobs.WithPriority(jobs.Bulk))
	h.Jobs.Every(24*time.Hour, pages.PruneJournal{}, jobs.Behind())
	return nil
}

// ready does what is due at each start, before the first request.
func (m *Module) ready(ctx context.Context) error {
	return errors.Join(m.portals.Remember(ctx), m.portals.SealAnew(ctx))
}

// makeRooms makes the packages' values, each from those it stands on.
func (m *Module) makeRooms(h *app.Host) (err error) {
	m.Host = h
	if m.portals, err = portal.New(h, m.options); err != nil {
		return err
	}
	queue := backfill.NewQueue(h)
	m.exchange = exchange.New(h, m.portals, queue)
	m.backfill = backfill.New(h, m.portals, m.exchange, queue)
	m.compare = compare.New(h, m.portals, m.exchange)
	m.pages = pages.New(h, m.portals, m.exchange)
	m.setup = setup.New(h, m.portals, m.exchange)
	return nil
}
