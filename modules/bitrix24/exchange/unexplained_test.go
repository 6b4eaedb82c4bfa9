package exchange_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
)

// failing stands before a portal that fails so many times: commands whose names begin with prefix are answered with an
// error in place of their results. Their work is done all the same, unless undone says otherwise.
type failing struct {
	undone bool
	portal http.Handler
	prefix string
	code   any
	words  string
	times  atomic.Int64
}

func failingPortal(x *bitrix24test.Pair, prefix string, code any, words string) *failing {
	f := &failing{portal: x.Portal, prefix: prefix, code: code, words: words}
	server := httptest.NewServer(f)
	x.T.Cleanup(server.Close)
	x.PortalURL = server.URL
	x.Connect()
	return f
}

func (f *failing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if f.undone && f.times.Load() > 0 {
		body = regexp.MustCompile(`"(`+f.prefix+`\d+)":"[A-Za-z.]+`).ReplaceAll(body, []byte(`"$1":"no.such.method`))
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	answer := httptest.NewRecorder()
	f.portal.ServeHTTP(answer, r)
	var whole struct {
		Result map[string]json.RawMessage `json:"result"`
		Time   json.RawMessage            `json:"time"`
	}
	results, errors := map[string]json.RawMessage{}, map[string]any{}
	if json.Unmarshal(answer.Body.Bytes(), &whole) == nil && whole.Result["result_error"] != nil {
		_ = json.Unmarshal(whole.Result["result"], &results) // an empty list if all of them failed
		_ = json.Unmarshal(whole.Result["result_error"], &errors)
		names := slices.Concat(slices.Collect(maps.Keys(results)), slices.Collect(maps.Keys(errors)))
		for _, name := range names {
			if strings.HasPrefix(name, f.prefix) && f.times.Load() > 0 {
				f.times.Add(-1)
				delete(results, name)
				errors[name] = map[string]any{"error": f.code, "error_description": f.words}
			}
		}
		whole.Result["result"], _ = json.Marshal(results)
		whole.Result["result_error"], _ = json.Marshal(errors)
		text, _ := json.Marshal(whole)
		_, _ = w.Write(text)
		return
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

// What the portal says when something broke after its work was done: documented, and as nobody wrote it down.
var afterTheWork = map[string]struct {
	code  any
	words string
}{
	"a query":      {"ERROR_CORE", "SQL query error!"},
	"general":      {"", "Failed to add. General error."},
	"in Russian":   {"", "Произошла непредвиденная ошибка"},
	"an exception": {0, "Ошибка обработчика OnAfterCrmDealAdd"},
}

func TestUnexplained_aDealThatIsThereAllTheSameIsFoundAtOnceAndNotMadeAgain(t *testing.T) {
	for name, says := range afterTheWork {
		t.Run(name, func(t *testing.T) {
			bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
				f := failingPortal(x, "deal", says.code, says.words)
				f.times.Store(1)
				order := x.Place()
				x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "ждёт", says.words)
				x.Hurry()
				x.Settle()
				x.Complete(1)
				x.AtRest()
			}, bitrix24test.Unconnected, func(s *bitrix24test.Setup) {
				s.Only = bitrix24test.Alternately(name)
				s.Options.Settle = 1 << 40 // nobody may wait for it
			})
		})
	}
}

func TestUnexplained_aContactThatIsThereAllTheSameGetsNoTwin(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		f := failingPortal(x, "contact", "ERROR_CORE", "SQL query error!")
		f.times.Store(1)
		x.Place()
		bitrix24test.Equal(t, "answers replaced", f.times.Load(), 0)
		x.Hurry()
		x.Settle()
		x.Complete(1)
	}, bitrix24test.Unconnected, func(s *bitrix24test.Setup) { s.Options.Settle = 1 << 40 })
}

func TestUnexplained_aStageThatArrivedAllTheSameIsNoChangeOfThePortal(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		f := failingPortal(x, "deal", "", "Failed to update. General error.")
		order := x.Place()
		x.Settle()
		f.times.Store(1)
		x.SetStatus(order, orders.PrintingInProgress)
		bitrix24test.Equal(t, "answers replaced", f.times.Load(), 0)
		x.SetStatus(order, orders.Fulfilled)
		x.Hurry()
		x.Settle()
		bitrix24test.Equal(t, "status", x.Order(order).Value("Status"), orders.Fulfilled)
		_, deal := x.Deal(order)
		bitrix24test.Equal(t, "stage", deal["STAGE_ID"], "FINAL_INVOICE")
	}, bitrix24test.Unconnected)
}

func TestUnexplained_aPersonIsAskedAfterFourAttempts(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		f := failingPortal(x, "deal", "", "Не удалось сохранить: общая ошибка")
		f.undone = true
		f.times.Store(4)
		order := x.Place()
		for range 2 {
			x.Hurry()
			x.Drain()
		}
		if failed := x.FailedJobs(); len(failed) > 0 {
			t.Fatalf("after three attempts a person is asked: %v", failed)
		}
		x.Hurry()
		x.Drain()
		x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "ошибка", "Не удалось сохранить: общая ошибка")
		bitrix24test.Equal(t, "jobs that wait for a person", len(x.FailedJobs()), 1)
	}, bitrix24test.Unconnected)
}
