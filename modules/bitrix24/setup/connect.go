package setup

import (
	"context"
	"fmt"
	"net/url"
	"strconv"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// Connect fills in the settings form as an administrator would: this webhook, the outbound token, the proposed tables.
// It is for demos and tests; a panel that is connected already is left as it is.
func (x *Setup) Connect(ctx context.Context, hook rest.Webhook, token string) error {
	saved, err := x.portals.Current(ctx)
	if err != nil || saved.Connected() {
		return err
	}
	f, err := x.Open(ctx)
	if err != nil {
		return err
	}
	f.Section = portal.Name
	d, err := x.portals.ReadLists(ctx, x.portals.Client(hook, 0))
	if err != nil {
		return fmt.Errorf("read the portal's lists: %w", err)
	}
	values := url.Values{}
	set := func(name, value string) { values.Set(portal.Name+"."+name, value) }
	set("enabled", "on")
	set("portal_url", hook.Portal.String())
	set("user_id", strconv.FormatInt(hook.UserID, 10))
	set("code", hook.Code)
	set("application_token", token)
	set("auto", "on")
	for _, funnel := range d.Funnels {
		for _, s := range funnel.Stages {
			set("stage."+s.ID+".status", string(mapping.Proposal(s.ID)))
		}
	}
	for _, t := range d.CompanyTypes {
		if proposed := mapping.CompanyTypeProposal(t.ID); proposed != organizations.NoType {
			set("company_type."+t.ID, string(proposed))
		}
	}
	if !f.Bind(values) {
		return fmt.Errorf("connect: the form refuses its own proposal")
	}
	if err := f.Check(ctx); err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	return x.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error { return f.Save(ctx, tx) })
}
