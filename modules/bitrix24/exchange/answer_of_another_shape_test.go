package exchange_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
)

// answering puts something between panel and portal that changes answers once armed.
func answering(x *bitrix24test.Pair, change func(answer string) string) (arm func()) {
	armed := false
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r = r.Clone(context.WithoutCancel(r.Context()))
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer := httptest.NewRecorder()
		x.Portal.ServeHTTP(answer, r)
		text := answer.Body.String()
		if armed && strings.Contains(string(body), "crm.item.add") {
			armed, text = false, change(text)
		}
		w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
		w.WriteHeader(answer.Code)
		_, _ = io.WriteString(w, text)
	}))
	x.T.Cleanup(server.Close)
	x.PortalURL = server.URL
	return func() { armed = true }
}

func TestAnswerOfAnotherShape_isLookedIntoAndNothingIsMadeTwice(t *testing.T) {
	for name, change := range map[string]func(string) string{
		"item without id": func(a string) string { return strings.ReplaceAll(a, `"id":`, `"uid":`) },
		"no item":         func(a string) string { return strings.ReplaceAll(a, `"item":`, `"thing":`) },
		"item is a list":  func(a string) string { return strings.ReplaceAll(a, `"item":{`, `"item":[],"x":{`) },
		"item is null":    func(a string) string { return strings.ReplaceAll(a, `"item":{`, `"item":null,"x":{`) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := bitrix24test.New(t, "sqlite", bitrix24test.Unconnected)
			arm := answering(x, change)
			x.Must(x.Module.Connect(t.Context(), x.Webhook(), bitrix24test.PortalToken))
			x.Drain()
			arm()
			order := x.Place()
			x.Recover()
			id, _ := x.Deal(order)
			bitrix24test.Equal(t, "contacts", len(x.Portal.IDs("contact")), 1)
			bitrix24test.Equal(t, "sum of rows", x.RowsSum(id), orders.Money(1149_75))
			var zero int64
			x.Must(x.Host().DB.From(t.Context()).Table("bitrix24_links").Where("remote_id = 0").Count(&zero).Error)
			bitrix24test.Equal(t, "links to nothing", zero, 0)
		})
	}
}
