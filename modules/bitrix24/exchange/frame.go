package exchange

import (
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
)

// frame is what is the same for every record of the run, as of now.
func (r *run) frame() plan.Frame {
	_, refused := r.exchange.noImport.Load(r.Portal.ID)
	return plan.Frame{
		PortalID: r.Portal.ID, Origin: r.Origin, Rules: r.Current.Rules, Stages: r.Lists, Presets: r.Lists.Presets,
		Now: db.Now(), Settle: r.portals.Options.Settle, ClockOffset: r.clockOffset(),
		Leads:         r.leadsOn(),
		Persons:       r.Current.OrderTypes != portal.Organizations,
		Organizations: r.Current.OrderTypes != portal.Persons,
		Import:        r.bulk && !refused,
	}
}
