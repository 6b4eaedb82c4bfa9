package bitrix24

import (
	"context"
	"embed"
	"time"

	"github.com/pixlpark/panel/modules/bitrix24/setup"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/backfill"
	"github.com/pixlpark/panel/modules/bitrix24/compare"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/pages"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

//go:embed all:templates all:static all:migrations
var files embed.FS

// Options are the module's times and permissions.
type Options = portal.Options

// Module keeps the panel's orders, clients and organizations and a Bitrix24 portal's CRM in step.
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

// New returns the module for main's list.
func New(opts Options) *Module { return &Module{options: opts} }

// Name prefixes the module's tables, addresses, templates and jobs.
func (m *Module) Name() string { return portal.Name }

// Connect fills in the settings form and saves it, as an administrator would: for the demo.
func (m *Module) Connect(ctx context.Context, hook rest.Webhook, token string) error {
	return m.setup.Connect(ctx, hook, token)
}

// Register declares everything the module adds to the panel.
func (m *Module) Register(h *app.Host) error {
	var err error
	m.Host = h
	if m.portals, err = portal.New(h, m.options); err != nil {
		return err
	}
	m.backfill = backfill.New(h, m.portals)
	m.exchange = exchange.New(h, m.portals, m.backfill)
	m.backfill.Connect(m.exchange)
	m.compare = compare.New(h, m.portals, m.exchange)
	m.pages = pages.New(h, m.portals, m.exchange)
	m.setup = setup.New(h, m.portals, m.exchange)
	if err := h.Files(files); err != nil {
		return err
	}
	h.Models(&portal.Portal{}, &records.Link{}, &records.Intent{}, &records.RowLink{}, &records.SentRow{}, &records.ChoiceRow{}, &records.RefusedEmail{}, &records.JournalEntry{}, &records.AuditEntry{}, &pages.PhoneCall{}, &backfill.Export{}, &backfill.Record{}, &exchange.Vanished{}, &compare.Comparison{}, &compare.Row{}, &exchange.ProductLink{}, &pages.Check{})

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
	h.API.POST("/bitrix/events", m.receiveEvent)
	h.API.POST("/bitrix/events/", m.receiveEvent)
	h.Admin.POST("/bitrix24/orders/:number/call", m.pages.Call, panel.Require(staff.Operator))
	h.Admin.POST("/bitrix24/orders/:number/:action", m.pages.OrderAction, panel.Require(staff.Operator))
	h.Admin.GET("/bitrix24/check", m.pages.DoctorPage, panel.Require(staff.Administrator))
	h.Admin.POST("/bitrix24/check", m.pages.CheckAgain, panel.Require(staff.Administrator))
	h.Admin.GET("/bitrix24/status", m.pages.StatusPage, panel.Require(staff.Administrator))
	h.Admin.POST("/bitrix24/status/:action", m.pages.StatusAction, panel.Require(staff.Administrator))
	h.Admin.GET("/bitrix24/journal", m.pages.JournalPage, panel.Require(staff.Administrator))
	h.Admin.POST("/bitrix24/journal/:id/retry", m.pages.RetryEntry, panel.Require(staff.Administrator))
	h.Panel.AddMenu(panel.MenuItem{Section: "Заказы", Label: "Состояние обмена", URL: pages.StatusURL, Role: staff.Administrator})
	h.Panel.AddMenu(panel.MenuItem{Section: "Заказы", Label: "Журнал обмена", URL: pages.JournalURL, Role: staff.Administrator})

	m.bulkPages(h)
	retryFirst, pauseMax := jobs.RetryFirst(m.portals.Options.RetryFirst), jobs.PauseMax(m.portals.Options.PauseMax)
	jobs.Handle(h.Jobs, portal.BulkLane, 1, m.bulkWork, retryFirst, pauseMax)
	jobs.Handle(h.Jobs, portal.Lane, exchange.GroupLimit, m.exchange.Handle, jobs.BulkLimit(exchange.BulkLimit), retryFirst, pauseMax)
	h.Jobs.Probe(portal.Lane, m.exchange.Probe)
	h.Jobs.Every(m.portals.Options.ReconcileEvery, exchange.Reconcile{}, jobs.WithPriority(jobs.Reconcile))
	h.Jobs.Every(24*time.Hour, exchange.RefreshLists{}, jobs.WithPriority(jobs.Reconcile))
	h.Jobs.Every(24*time.Hour, pages.PruneJournal{}, jobs.Behind())
	return nil
}
