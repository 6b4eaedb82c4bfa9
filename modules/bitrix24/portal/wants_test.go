package portal_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/settings"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
)

// oneOf picks a value by chance.
func oneOf[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

// The rules are written down for Go and for SQL; whatever the order, the choice and the settings, they agree.
func TestWantsSQL_agreesWithWants(t *testing.T) {
	t.Parallel()
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			d := dbtest.Open(t, dbtest.Empty(t, dialect))
			q := d.From(t.Context())
			must := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			moment := map[db.Dialect]string{db.SQLite: "datetime", db.Postgres: "timestamptz"}[dialect]
			must(q.Exec(`CREATE TABLE o (id bigint, type text, status text, organization_id bigint, created_at ` + moment + `)`).Error)
			must(q.Exec(`CREATE TABLE c (local_id bigint, choice text)`).Error)

			keys, err := settings.NewKeys(make([]byte, 32))
			must(err)
			code, err := keys.Seal(portal.CodePlace, "code")
			must(err)
			r := rand.New(rand.NewPCG(24, 7))
			connected := db.Now()
			placed := map[int64]*orders.Order{}
			chosen := map[int64]plan.Choice{}
			for id := range int64(300) {
				o := &orders.Order{
					ID: id, Type: oneOf(r, orders.Types...).Value, Status: oneOf(r, orders.Deleted, orders.Placed),
					OrganizationID: oneOf(r, nil, lo.ToPtr(int64(5))),
					CreatedAt:      connected.Add(oneOf(r, -time.Hour, -time.Microsecond, 0, time.Microsecond, time.Hour)),
				}
				placed[id] = o
				must(q.Exec("INSERT INTO o VALUES (?, ?, ?, ?, ?)", id, o.Type, o.Status, o.OrganizationID, o.CreatedAt).Error)
				if choice := oneOf(r, "-", plan.ChoiceNone, plan.ChoiceSend, plan.ChoiceIgnore, plan.ChoiceLead); choice != "-" {
					chosen[id] = choice
					must(q.Exec("INSERT INTO c VALUES (?, ?)", id, choice).Error)
				}
			}
			for _, types := range []portal.OrderTypes{portal.AllOrders, portal.Persons, portal.Organizations} {
				for _, auto := range []bool{true, false} {
					for _, since := range []time.Time{{}, connected, connected.Add(30 * time.Minute)} {
						s := portal.Settings{
							Enabled: true, PortalID: 1, Code: code, OrderTypes: types, Auto: auto, ConnectedAt: since,
						}
						name := fmt.Sprintf("types %s, automatic %t, connected %s", types, auto, since)
						branches, args := s.WantsSQL(func(why portal.Reason) string { return string(why) })
						var rows []struct {
							ID  int64
							Why portal.Reason
						}
						must(q.Raw("SELECT o.id, CASE "+branches+" ELSE '' END AS why FROM o LEFT JOIN c ON c.local_id = o.id", args...).Scan(&rows).Error)
						if len(rows) != len(placed) {
							t.Fatalf("%s: %d orders, want %d", name, len(rows), len(placed))
						}
						for _, row := range rows {
							o := placed[row.ID]
							if want := s.Wants(o, chosen[row.ID]); row.Why != want {
								t.Errorf("%s, order %+v, choice %q: SQL says %q, Go says %q", name, *o, chosen[row.ID], row.Why, want)
							}
						}
					}
				}
			}
		})
	}
}
