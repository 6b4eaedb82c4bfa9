package bitrix24test

import (
	"fmt"

	"github.com/pixlpark/panel/app/apptest"
)

// BackfillPage is the address of «Выгрузка базы».
const BackfillPage = "/admin/bitrix24/backfill"

// Existing places orders of different customers before the portal is connected; one client was in the portal before.
func (x *Pair) Existing(n int) (placed []int64) {
	x.T.Helper()
	for i := range n {
		placed = append(placed, x.Place(func(d apptest.JSON) {
			d["Client"] = apptest.JSON{
				"FirstName": "Клиент", "LastName": fmt.Sprintf("№ %d", i),
				"Email": fmt.Sprintf("client%d@example.ru", i),
			}
		}))
	}
	return placed
}

// Connect does what the administrator does first.
func (x *Pair) Connect() {
	x.T.Helper()
	x.Must(x.Module.Connect(x.T.Context(), x.Webhook(), PortalToken))
	x.Settle()
}

// Count is how many rows a table has.
func (x *Pair) Count(table string) int64 {
	x.T.Helper()
	return x.Number("SELECT count(*) FROM " + table)
}

// Number is what a query says.
func (x *Pair) Number(query string) int64 {
	x.T.Helper()
	var n int64
	x.Must(x.Host().DB.From(x.T.Context()).Raw(query).Scan(&n).Error)
	return n
}
