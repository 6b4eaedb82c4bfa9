package emulator

import (
	"testing"
	"time"
)

func TestBucket_refusesAndRecovers(t *testing.T) {
	t.Parallel()
	c := newClock()
	r := newRig(t, func(o *Options) { o.Limits, o.Clock = true, c.now })
	for range 50 {
		r.call("profile", nil)
	}
	r.fails("profile", nil, 503, "QUERY_LIMIT_EXCEEDED", "Too many requests")
	r.fails("profile", nil, 503, "QUERY_LIMIT_EXCEEDED", "")
	c.step(time.Second)
	r.call("profile", nil)
	r.batch(0, list{"profile", "profile", "profile"}) // counts as one
	r.fails("profile", nil, 503, "QUERY_LIMIT_EXCEEDED", "")
	r.SetBehaviour(func(b *Behaviour) { b.BucketSize, b.BucketRate = 250, 5 })
	r.call("profile", nil)
	same(t, "requests", r.Stats().Requests, 56)
	same(t, "refused", r.Stats().Refused["QUERY_LIMIT_EXCEEDED"], 3)
}

func TestOperatingTime_blocksOneMethodUntilItsOldestMinuteIsGone(t *testing.T) {
	t.Parallel()
	c := newClock()
	r := newRig(t, func(o *Options) { o.Limits, o.Clock = true, c.now })
	r.SetBehaviour(func(b *Behaviour) {
		b.RateLimit, b.OperatingSeconds, b.Cost = false, 10, map[string]float64{"crm.deal.list": 4}
	})
	_, body := r.post("crm.deal.list", nil)
	times := body["time"].(obj)
	same(t, "operating", times["operating"], any(4.0))
	same(t, "reset", times["operating_reset_at"], any(float64(c.now().Add(10*time.Minute).Unix())))
	c.step(time.Minute)
	out := r.batch(0, obj{"a": "crm.deal.list", "b": "crm.deal.list", "c": "crm.deal.list", "d": "crm.lead.list"})
	same(t, "the call that crosses the limit still works", len(out["result"].(obj)), 3)
	same(t, "the next is blocked", out["result_error"].(obj)["c"].(obj)["error"], any("OPERATION_TIME_LIMIT"))
	r.fails("crm.deal.list", nil, 429, "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.")
	c.step(9*time.Minute + time.Second)
	r.call("crm.deal.list", nil)
}

func TestRequestTime_cutsALongBatchOff(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Limits = true })
	r.SetBehaviour(func(b *Behaviour) { b.Cost = map[string]float64{"crm.deal.add": 25} })
	cmd := list{}
	for range 5 {
		cmd = append(cmd, "crm.deal.add?fields[TITLE]=x")
	}
	r.fails("batch", obj{"cmd": cmd}, 504, "ERROR_UNEXPECTED_ANSWER", "")
	same(t, "what ran stays", len(r.IDs("deal")), 3)
}
