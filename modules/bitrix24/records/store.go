// Package records is what the module remembers of the records on one portal: which record of the panel is which there
// (link.go), what was about to be sent when the last answer was lost (intent.go), whose product rows are whose
// (row.go), and what people chose (choices.go). The journal is kept here as well (journal.go).
//
// It talks to the database alone, never to the portal. Begin reading with Link.
package records

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
)

// Book is what the module remembers of records on one portal. Links belong to a portal, so the book of another portal
// knows nothing of them.
type Book struct {
	DB       *db.DB
	PortalID int64 // the row of bitrix24_portals
}

// NewInstallation makes another name: this panel is not the one whose name it had.
func NewInstallation(tx *db.Tx) error {
	name := make([]byte, 8)
	if _, err := rand.Read(name); err != nil {
		return fmt.Errorf("make the installation's name: %w", err)
	}
	err := tx.Exec("UPDATE bitrix24_installations SET id = ?", hex.EncodeToString(name)).Error
	if err != nil {
		return fmt.Errorf("store the installation's name: %w", err)
	}
	return nil
}

// Installation returns who we are on every portal: the ORIGINATOR_ID of every record that we create. The name is made
// once, when the module is installed.
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
