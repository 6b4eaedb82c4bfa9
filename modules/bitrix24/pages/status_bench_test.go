package pages_test

import (
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
)

// BenchmarkStatus opens «Состояние обмена» with a million orders: nine of ten sent, the rest left out. Those
// who look within half a minute are shown what the first had counted.
func BenchmarkStatus(b *testing.B) {
	for dialect, many := range map[db.Dialect]int{db.SQLite: 10_000, db.Postgres: 1_000_000} {
		b.Run(string(dialect), func(b *testing.B) {
			x := bitrix24test.New(b, dialect)
			first := x.Place()
			database := x.Host().DB.From(b.Context())
			columns := "site_id, client_id, type, source, status, status_at, currency, discount, delivery_price, total, paid, archive_key, modified_at, revision"
			for _, sql := range []string{
				`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < @many)
				INSERT INTO orders (id, created_at, ` + columns + `) SELECT @first + i, created_at, ` + columns + ` FROM orders, n WHERE id = @first`,
				`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < @many * 9 / 10)
				INSERT INTO bitrix24_links (portal_id, local, local_id, entity, remote_id, checked, created_at, updated_at)
				SELECT portal_id, local, local_id + i, entity, remote_id + i, checked, created_at, updated_at FROM bitrix24_links, n
				WHERE local = 'order' AND entity = 'deal' AND local_id = @first`,
			} {
				x.Must(database.Exec(sql, map[string]any{"many": many, "first": first}).Error)
			}
			x.Must(database.Exec("UPDATE order_counts SET total = total + @many", map[string]any{"many": many}).Error)
			x.Must(database.Exec("ANALYZE").Error)
			admin := x.As(staff.Administrator)
			b.Run("first", func(b *testing.B) {
				for b.Loop() {
					x.Host().Cache.Forget("bitrix24/tally/")
					admin.Get(bitrix24test.StatusPage).Want(b, http.StatusOK)
				}
			})
			b.Run("again", func(b *testing.B) {
				for b.Loop() {
					admin.Get(bitrix24test.StatusPage).Want(b, http.StatusOK)
				}
			})
		})
	}
}
