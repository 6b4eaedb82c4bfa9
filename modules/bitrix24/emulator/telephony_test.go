package emulator

import (
	"strings"
	"testing"
)

func TestTelephony(t *testing.T) {
	t.Parallel()
	call := obj{"FROM_LINE": "reg150907", "TO_NUMBER": "+79990000000", "TEXT_TO_PRONOUNCE": "Заказ 1"}
	r := newRig(t)
	r.fails("voximplant.callback.start", call, 403, "insufficient_scope", "")
	r = newRig(t, func(o *Options) { o.Scopes = []string{"crm", "telephony"} })
	r.subscribe("ONVOXIMPLANTCALLEND")
	got := r.call("voximplant.callback.start", call).(obj)
	if s, _ := got["CALL_ID"].(string); got["RESULT"] != true || !strings.HasPrefix(s, "callback.") {
		t.Errorf("answer = %v", got)
	}
	sameList(t, "event", r.sent(), "ONVOXIMPLANTCALLEND")
	r.fails(
		"voximplant.callback.start", obj{"FROM_LINE": "reg150907", "TO_NUMBER": "12", "TEXT_TO_PRONOUNCE": "x"}, 400,
		"ERROR_CORE", "Phone number is not correct",
	)
	r.fails("voximplant.infocall.startwithtext", call, 403, "insufficient_scope", "")
	same(t, "statistic", len(r.call("voximplant.statistic.get", nil).([]any)), 1)
	same(t, "set answers 1 for any line", r.call("voximplant.line.outgoing.set", obj{"LINE_ID": "x"}), any(1.0))
	same(t, "default line", r.call("voximplant.line.outgoing.get", nil), any("x"))
}
