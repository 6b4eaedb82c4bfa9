package bitrix24test

import (
	"fmt"
	"net/http"

	"github.com/pixlpark/panel/app/staff"
)

// ComparePage is the address of «Сверка».
const ComparePage = "/admin/bitrix24/compare"

// Compare has the orders of all days compared with their deals.
func (x *Pair) Compare() {
	x.T.Helper()
	x.As(staff.Administrator).Post(ComparePage, "from", "2020-01-01", "to", "2099-01-01").Want(x.T, http.StatusSeeOther)
	x.Drain()
}

// Found is what the last comparison counted: the same, different, missing, gone.
func (x *Pair) Found() string {
	x.T.Helper()
	n := func(column string) int64 {
		return x.Number("SELECT " + column + " FROM bitrix24_comparisons ORDER BY id DESC LIMIT 1")
	}
	return fmt.Sprint(n("same"), n("different"), n("missing"), n("gone"))
}
