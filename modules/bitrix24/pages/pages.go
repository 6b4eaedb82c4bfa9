package pages

import (
	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
)

// Pages are what the module adds to the pages of the panel, and its own of journal, state and check.
type Pages struct {
	*app.Host
	portals  *portal.Portals
	exchange *exchange.Exchange
}

// New returns them for a host.
func New(h *app.Host, portals *portal.Portals, x *exchange.Exchange) *Pages {
	return &Pages{Host: h, portals: portals, exchange: x}
}
