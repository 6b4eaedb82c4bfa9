package records_test

import (
	"fmt"
	"os"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// migrationsUntil is the module's line as it was when its last migration had that number.
func migrationsUntil(t testing.TB, last string) db.Line {
	t.Helper()
	files := fstest.MapFS{}
	for _, dialect := range []string{"sqlite", "postgres"} {
		list, err := os.ReadDir(path.Join("..", "migrations", dialect))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range list {
			name := path.Join(dialect, file.Name())
			data, err := os.ReadFile(path.Join("..", "migrations", name))
			if err != nil {
				t.Fatal(err)
			}
			if number, _, _ := strings.Cut(file.Name(), "_"); number <= last {
				files[name] = &fstest.MapFile{Data: data}
			}
		}
	}
	return db.Line{Name: "bitrix24", FS: files}
}

// A database of the time when refused e-mails were kept as choices keeps them, and what people chose.
func TestMigration_refusedEmailsGetATableOfTheirOwn(t *testing.T) {
	t.Parallel()
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			d := dbtest.Open(t, dbtest.Empty(t, dialect))
			must := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			must(d.Migrate(t.Context(), migrationsUntil(t, "00004")))
			q := d.From(t.Context())
			must(q.Exec("INSERT INTO bitrix24_portals (id, address, created_at) VALUES (1, 'https://x.bitrix24.ru', ?)", db.Now()).Error)
			must(q.Exec(`INSERT INTO bitrix24_choices (portal_id, local, local_id, choice, actor, created_at) VALUES
				(1, 'client_email', 5, 'a..b@example.ru', 'Битрикс24', ?), (1, 'organization_email', 5, 'c@', 'Битрикс24', ?), (1, 'client', 5, 'send', 'Иван', ?)`,
				db.Now(), db.Now(), db.Now()).Error)
			must(q.Exec("INSERT INTO bitrix24_rows (portal_id, entity, order_id, key, row_id, print) VALUES (1, 'deal', 7, 'item/1', 3, 'old'), (1, 'lead', 7, 'item/1', 2, 'old')").Error)
			must(d.Migrate(t.Context(), migrationsUntil(t, "99999")))
			var emails, choices, sent []string
			must(q.Table("bitrix24_refused_emails").Order("local").Select("local || ' ' || email").Scan(&emails).Error)
			must(q.Table("bitrix24_choices").Select("local || ' ' || choice").Scan(&choices).Error)
			must(q.Table("bitrix24_sent_rows").Select("looks").Scan(&sent).Error)
			bitrix24test.Equal(t, "refused e-mails", emails, []string{"client a..b@example.ru", "organization c@"})
			bitrix24test.Equal(t, "choices", choices, []string{"client send"})
			bitrix24test.Equal(t, "rows that were sent", sent, []string{"old"})
		})
	}
}

// What was sent before the table of sent rows was made is recognized by the print of what was last sent.
func TestRowsSentBeforeTheyWereNoted_areOurs(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		deal, _ := x.Deal(order)
		x.Settle()
		database := x.Host().DB.From(t.Context())
		x.Must(database.Exec("DELETE FROM bitrix24_sent_rows").Error)
		x.Must(database.Exec("INSERT INTO bitrix24_sent_rows (portal_id, order_id, looks) SELECT portal_id, order_id, print FROM bitrix24_rows").Error)
		x.Do("delete_deal", emulator.Args{"id": deal})
		x.Settle()
		x.Call(
			"PUT", fmt.Sprintf("/api/orders/%d/items", order),
			[]apptest.JSON{{"Name": "Печать", "Quantity": 1, "ItemPrice": 500}},
		).Want(t, 200)
		x.Settle()
		x.Do("restore_deal", emulator.Args{"id": deal})
		x.Reconcile()
		x.Recover()
		again, record := x.Deal(order)
		bitrix24test.Equal(t, "sum of rows", x.RowsSum(again), bitrix24test.Kopecks(t, record["OPPORTUNITY"]))
		bitrix24test.Equal(t, "number of rows", len(x.Portal.Rows(again)), 2)
		bitrix24test.Equal(t, "amount", bitrix24test.Kopecks(t, record["OPPORTUNITY"]), orders.Money(500_00+300_25-50_50))
	})
}
