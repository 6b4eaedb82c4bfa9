// Package setup is the settings form of the integration: what an administrator fills in to connect a portal, and what
// is asked of the portal before it is saved.
//
// A form is opened (setup.go), drawn (form.go, tables.go), bound by the host, checked against the portal and saved
// (save.go). A webhook that the portal refuses is never stored. The package sends no order and changes none: what is
// saved here is read by package portal.
//
// Begin with Setup.Open, then edit.check.
package setup

import (
	"context"
	"fmt"
	"net/url"
	"strconv"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
)

// Setup opens the settings form, and does what the buttons below it say.
type Setup struct {
	*app.Host
	portals  *portal.Portals
	exchange *exchange.Exchange
}

// New returns the setup of a host.
func New(h *app.Host, portals *portal.Portals, x *exchange.Exchange) *Setup {
	return &Setup{Host: h, portals: portals, exchange: x}
}

// Open opens the form on the settings in force.
func (x *Setup) Open(ctx context.Context) (*form.Form, error) {
	saved, err := x.portals.Current(ctx)
	if err != nil {
		return nil, err
	}
	e := &edit{Setup: x, saved: saved, edited: saved}
	if e.lists, err = x.portals.Lists(ctx, saved.PortalID); err != nil {
		return nil, err
	}
	if e.move, err = x.portals.Move(ctx, saved); err != nil {
		return nil, err
	}
	// A secret that cannot be opened, since the panel's key is another, has to be typed anew.
	if e.token, err = x.Settings.Keys.Open(portal.TokenPlace, saved.Token); err != nil {
		e.token = ""
	}
	if e.code, err = x.Settings.Keys.Open(portal.CodePlace, saved.Code); err != nil {
		e.code = ""
	}
	if e.edited.CategoryID != 0 {
		e.category = strconv.FormatInt(e.edited.CategoryID, 10)
	}
	return e.fields(ctx)
}

// edit is the form while somebody fills it in: the settings that are edited, and what was typed beside them.
type edit struct {
	*Setup
	saved    portal.Settings // what is in force
	edited   portal.Settings // what will be, once it is saved
	lists    portal.Lists
	move     *portal.Move // nil, or the question that has to be answered before anything is asked of the portal
	token    string       // as stored, or as typed
	code     string
	category string     // of the choice «Направление сделки», a number or defaultFunnel
	values   url.Values // as posted: rows of tables that were never shown are read from here
	form     *form.Form
	read     bool            // the portal answered while this form was checked
	forget   map[int64]*bool // funnels that are gone, and whether their rules are to be dropped
	portalID int64           // … and is this one of those we know; 0: it is new to us
	sameAs   []int64         // … and these, under other addresses
}

// defaultFunnel is «По умолчанию».
const defaultFunnel = ""

// stageRow is a row of «Стадия сделки → Статус заказа».
type stageRow struct {
	id, name string
	status   orders.Status
	paid     bool
	hint     string // what a person has to decide about a stage that is gone
}

// remark adds a sentence that is shown once the form is saved.
func (e *edit) remark(format string, args ...any) {
	e.form.Remarks = append(e.form.Remarks, fmt.Sprintf(format, args...))
}
