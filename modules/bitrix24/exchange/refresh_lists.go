package exchange

import (
	"context"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
)

// RefreshLists reads the portal's lists anew, once a day.
type RefreshLists struct{}

// Kind and Key name the job.
func (RefreshLists) Kind() string { return portal.Lane + ".refresh_lists" }

func (RefreshLists) Key() string { return "lists" }

func (r *run) refreshLists(ctx context.Context) error {
	d, err := r.portals.ReadLists(ctx, r.Client)
	if err != nil {
		return err
	}
	d.PortalID = r.Portal.ID
	return r.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		return r.portals.KeepLists(ctx, tx, d)
	})
}
