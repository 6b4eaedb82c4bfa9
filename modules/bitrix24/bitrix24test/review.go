package bitrix24test

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
)

// ByHand calls a method as somebody else's program would, with another webhook of the portal.
func (x *Pair) ByHand(method, query string, args ...any) {
	x.T.Helper()
	answer, err := http.Get(x.PortalURL + "/rest/1/" + WebhookCode + "/" + method + "?" + fmt.Sprintf(query, args...))
	x.Must(err)
	defer answer.Body.Close()
	if text, _ := io.ReadAll(answer.Body); answer.StatusCode != http.StatusOK {
		x.T.Fatalf("%s: %s: %s", method, answer.Status, text)
	}
}

// ChangeOrder changes an order as an employee would.
func (x *Pair) ChangeOrder(id int64, change func(o *orders.Order)) {
	x.T.Helper()
	_, err := x.Host().Orders.Change(x.T.Context(), id, staff.Module("test", "Проверка"), func(o *orders.Order) error {
		change(o)
		return nil
	})
	x.Must(err)
}

// AtRest checks that nothing waits and nothing was given up.
func (x *Pair) AtRest() {
	x.T.Helper()
	var failed []string
	x.Must(x.Host().DB.From(x.T.Context()).Table("jobs").
		Where("state = 'failed' OR last_error <> '' AND state = 'waiting'").
		Select("kind || ' ' || key || ': ' || last_error").Scan(&failed).Error)
	if len(failed) > 0 {
		x.T.Errorf("jobs that failed: %s", strings.Join(failed, "; "))
	}
}
