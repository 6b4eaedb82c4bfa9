package emulator

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// raw posts and returns what a client sees: status and body, or an error.
func (r *rig) raw(method, body string) (int, string, error) {
	r.t.Helper()
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Post(r.hook+method, "application/json", strings.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(content) + resp.Header.Get("Location"), err
}

func (r *rig) fault(f Fault) {
	r.t.Helper()
	if err := r.Fail(f); err != nil {
		r.t.Fatal(err)
	}
}

const addDeal = `{"fields":{"TITLE":"x"}}`

func TestFaults_whatTheClientSeesAndWhatWasDone(t *testing.T) {
	t.Parallel()
	for _, x := range []struct {
		fault  Fault
		status int
		body   string
		broken bool
		done   bool
	}{
		{Fault{Fault: "down"}, 0, "", true, false},
		{Fault{Fault: "lost_response"}, 0, "", true, true},
		{Fault{Fault: "half_body"}, 200, `{"result":1`, true, true},
		{Fault{Fault: "error_500"}, 500, "INTERNAL_SERVER_ERROR", false, false},
		{Fault{Fault: "html_502"}, 502, "<html>", false, false},
		{Fault{Fault: "limit"}, 503, "QUERY_LIMIT_EXCEEDED", false, false},
		{Fault{Fault: "operating"}, 429, "OPERATION_TIME_LIMIT", false, false},
		{Fault{Fault: "revoked"}, 401, "INVALID_CREDENTIALS", false, false},
		{Fault{Fault: "plan"}, 403, "ACCESS_DENIED", false, false},
		{Fault{Fault: "scope", Scopes: []string{"user"}}, 403, "insufficient_scope", false, false},
		{
			Fault{Fault: "moved", To: "https://new.bitrix24.ru/"},
			302, "https://new.bitrix24.ru/rest/1/secret/crm.deal.add",
			false, false,
		},
		{Fault{Fault: "slow", DelayMS: 5}, 200, `"result":1`, false, true},
	} {
		t.Run(x.fault.Fault, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.fault(x.fault)
			started := time.Now()
			status, body, err := r.raw("crm.deal.add", addDeal)
			same(t, "broken", err != nil, x.broken)
			if !x.broken || x.fault.Fault == "half_body" {
				same(t, "status", status, x.status)
				if !strings.Contains(body, x.body) {
					t.Errorf("body = %q, want %q in it", body, x.body)
				}
			}
			if wait := x.fault.delay(); time.Since(started) < wait {
				t.Errorf("answered before %s", wait)
			}
			same(t, "done", len(r.IDs("deal")) == 1, x.done)
			same(t, "requests", r.Stats().Requests, 1)
			r.fault(Fault{Fault: "none"})
			r.call("crm.deal.add", obj{"fields": obj{"TITLE": "x"}})
		})
	}
}

func TestFault_lateWorksAfterTheConnectionIsClosed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.subscribe("ONCRMDEALADD")
	r.fault(Fault{Fault: "late", DelayMS: 20, Count: 1})
	if _, _, err := r.raw("crm.deal.add", addDeal); err == nil {
		t.Error("answered")
	}
	same(t, "not yet done", len(r.IDs("deal")), 0)
	<-r.arrived
	same(t, "done", len(r.IDs("deal")), 1)
}

func TestFaults_countMethodAndProbability(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.fault(Fault{Fault: "limit", Count: 2, Method: "crm.item.add"})
	r.call("profile", nil)
	r.fails("batch", obj{"cmd": obj{"a": "crm.item.add?entityTypeId=2"}}, 503, "QUERY_LIMIT_EXCEEDED", "")
	r.fails("crm.item.add", nil, 503, "QUERY_LIMIT_EXCEEDED", "")
	r.fails("crm.item.add", nil, 400, "100", "")
	same(t, "used up", len(r.Faults()), 0)

	r.fault(Fault{Fault: "operating", Method: "crm.deal.list"})
	out := r.batch(0, obj{"a": "crm.deal.list", "b": "crm.lead.list"})
	same(
		t, "inside a batch only the method is blocked", out["result_error"].(obj)["a"].(obj)["error"],
		any("OPERATION_TIME_LIMIT"),
	)
	same(t, "the other goes on", out["result"].(obj)["b"] != nil, true)
	r.fault(Fault{Fault: "none"})

	r.fault(Fault{Fault: "error_500", Probability: 0.3})
	broken := 0
	for range 200 {
		if status, _ := r.post("profile", nil); status == 500 {
			broken++
		}
	}
	if broken < 30 || broken > 90 {
		t.Errorf("%d of 200 failed at 30 %%", broken)
	}
	if err := r.Fail(Fault{Fault: "no such"}); err == nil {
		t.Error("an unknown fault was taken")
	}
}

func TestFault_clock(t *testing.T) {
	t.Parallel()
	c := newClock()
	r := newRig(t, func(o *Options) { o.Clock = c.now })
	r.fault(Fault{Fault: "clock", OffsetS: -90})
	_, body := r.post("profile", nil)
	same(t, "date_start", body["time"].(obj)["date_start"], any("2026-11-23T14:58:30+03:00"))
}

func TestFault_scopeIsSeenByTheScopeMethod(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Scopes = []string{"crm", "telephony"} })
	r.fault(Fault{Fault: "scope", Scopes: []string{"user"}})
	same(t, "scope", r.call("scope", nil).([]any)[0], any("user"))
	same(t, "isAvailable", r.call("method.get", obj{"name": "crm.deal.add"}).(obj)["isAvailable"], any(false))
}

func TestFault_slowerThanTheRequestLimitIsCutOff(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.SetBehaviour(func(b *Behaviour) { b.RequestSeconds = 0.01 })
	r.fault(Fault{Fault: "slow", DelayMS: 60_000})
	status, body, err := r.raw("crm.deal.add", addDeal)
	if err != nil || status != http.StatusGatewayTimeout || !strings.Contains(body, "<html>") {
		t.Errorf("%d %q %v", status, body, err)
	}
}
