package records

import (
	"context"
	"fmt"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
)

// Book is what the module remembers of records on one portal: links, intents, rows and choices. Links belong to a
// portal, so the book of another portal knows nothing of them.
type Book struct {
	DB       *db.DB
	PortalID int64 // the row of bitrix24_portals
}

// Installation is who we are on every portal: ORIGINATOR_ID of what we make.
func Installation(ctx context.Context, database *db.DB) (mapping.Origin, error) {
	var ids []string
	if err := database.From(ctx).Table("bitrix24_installations").Limit(1).Pluck("id", &ids).Error; err != nil {
		return "", fmt.Errorf("read the installation's name: %w", err)
	}
	if len(ids) == 0 {
		return "", fmt.Errorf("the installation has no name")
	}
	return mapping.Origin("pixlpark:" + ids[0]), nil
}
