package records

import (
	"fmt"
	"strings"

	"github.com/pixlpark/panel/app/db"
)

// joined are the tables whose rows a book hands over, each with what must be unique in a book. Product rows come before
// links: those of a deal that the other book does not know must not be told from its links any more.
var joined = []struct {
	table  string
	unique []string // columns beside portal_id, by comma
}{
	{"bitrix24_rows", []string{"entity, order_id"}},
	{"bitrix24_sent_rows", []string{"order_id, looks"}},
	{"bitrix24_intents", []string{"entity, key"}},
	{"bitrix24_copies", []string{"entity, remote_id"}},
	{"bitrix24_choices", []string{"local, local_id"}},
	{"bitrix24_refused_emails", []string{"local, local_id"}},
	{"bitrix24_products", []string{"site_id, material_id"}},
	{"bitrix24_links", []string{"local, entity, local_id", "local, entity, remote_id"}},
}

// Join hands over what one book remembers to another of the same portal, which was connected twice under two addresses.
// Where both know something about a record, the other's stays, and what the first knew is left behind with it.
func Join(tx *db.Tx, from, to int64) error {
	for _, t := range joined {
		sql := "UPDATE " + t.table + " SET portal_id = ? WHERE portal_id = ?"
		args := []any{to, from}
		for _, columns := range t.unique {
			sql += " AND NOT EXISTS (SELECT 1 FROM " + t.table + " other WHERE other.portal_id = ?"
			for column := range strings.SplitSeq(columns, ", ") {
				sql += " AND other." + column + " = " + t.table + "." + column
			}
			sql, args = sql+")", append(args, to)
		}
		if t.table == "bitrix24_rows" { // rows are those of the deal or lead that the book links the order to
			sql += ` AND NOT EXISTS (SELECT 1 FROM bitrix24_links l WHERE l.portal_id = ? AND l.local = 'order'
				AND l.entity = bitrix24_rows.entity AND l.local_id = bitrix24_rows.order_id)`
			args = append(args, to)
		}
		if err := tx.Exec(sql, args...).Error; err != nil {
			return fmt.Errorf("join what is known of portals %d and %d: %w", from, to, err)
		}
	}
	return nil
}
