package portal

import (
	"context"
	"fmt"
	"net/url"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/records"
)

// Known returns the portals that this panel was connected to, the latest first and at most limit of them. Those that
// were set aside are left out.
func (p *Portals) Known(ctx context.Context, limit int) ([]Portal, error) {
	var rows []Portal
	err := p.DB.From(ctx).Where("address NOT LIKE '%#%'").Order("id DESC").Limit(limit).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read the portals: %w", err)
	}
	return rows, nil
}

// TakeOver makes portalID the portal at an address, whichever other had that address before, and returns it. The
// portals in same are known to be this one under other addresses: it takes over what is known of their records.
func (p *Portals) TakeOver(tx *db.Tx, portalID int64, address *url.URL, same []int64) (*Portal, error) {
	text := address.Scheme + "://" + address.Host
	if err := SetAside(tx, "address = ? AND id <> ?", text, portalID); err != nil {
		return nil, err
	}
	for _, other := range lo.Without(same, portalID) {
		if err := records.Join(tx, other, portalID); err != nil {
			return nil, err
		}
		if err := SetAside(tx, "id = ? AND address NOT LIKE '%#%'", other); err != nil {
			return nil, err
		}
	}
	var row Portal
	if err := tx.First(&row, portalID).Error; err != nil {
		return nil, fmt.Errorf("read portal %d: %w", portalID, err)
	}
	if row.Address == text {
		return &row, nil
	}
	row.Address, row.MovedTo, row.Trouble = text, "", ""
	if err := tx.Select("address", "moved_to", "trouble").Updates(&row).Error; err != nil {
		return nil, fmt.Errorf("rename portal %d: %w", portalID, err)
	}
	return &row, nil
}
