package emulator

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// benched is a portal with many deals and no network around it.
func benched(b *testing.B, deals int) func(method, body string) {
	b.Helper()
	p := New(Options{})
	b.Cleanup(func() { _ = p.Close() })
	send := func(method, body string) {
		req := httptest.NewRequest(http.MethodPost, "/rest/1/secret/"+method, strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		p.ServeHTTP(w, req)
		if w.Code != http.StatusOK {
			b.Fatal(w.Body.String())
		}
	}
	for from := 0; from < deals; from += 50 {
		send("batch", addBatch(from))
	}
	b.ResetTimer()
	return send
}

// addBatch is a batch that adds fifty deals with their rows.
func addBatch(from int) string {
	cmd := make([]string, 0, 50)
	for i := range 50 {
		fields := url.Values{
			"entityTypeId": {"2"}, "fields[title]": {fmt.Sprint("Заказ № ", from+i)},
			"fields[originId]": {fmt.Sprint("order:", from+i)}, "fields[opportunity]": {"100.50"},
			"fields[contactIds][0]": {"5"},
		}
		cmd = append(cmd, fmt.Sprintf(`"c%d":"crm.item.add?%s"`, i, fields.Encode()))
	}
	return `{"halt":0,"cmd":{` + strings.Join(cmd, ",") + `}}`
}

func BenchmarkBatch_adding50Deals(b *testing.B) {
	send := benched(b, 0)
	n := 0
	for b.Loop() {
		send("batch", addBatch(n))
		n += 50
	}
}

func BenchmarkList_byOriginAmong20000(b *testing.B) {
	send := benched(b, 20_000)
	for b.Loop() {
		send("crm.deal.list", `{"filter":{"=ORIGIN_ID":"order:12345"},"select":["ID"],"start":-1}`)
	}
}

func BenchmarkList_scanByIDAmong20000(b *testing.B) {
	send := benched(b, 20_000)
	for b.Loop() {
		send(
			"crm.item.list",
			`{"entityTypeId":2,"order":{"id":"ASC"},"filter":{">id":15000},"select":["id","title","stageId"],"start":-1}`,
		)
	}
}

func BenchmarkList_changedSinceAmong20000(b *testing.B) {
	send := benched(b, 20_000)
	for b.Loop() {
		send(
			"crm.deal.list",
			`{"filter":{">=DATE_MODIFY":"2099-01-01T00:00:00+03:00"},"select":["ID"],"order":{"ID":"ASC"},"start":-1}`,
		)
	}
}
