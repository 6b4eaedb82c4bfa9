package emulator

import (
	"fmt"
	"testing"
)

func TestContactImport_letsTimesBeSet(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for i, x := range []struct {
		imports any
		set     bool
	}{{"Y", true}, {"N", true}, {0, false}, {"", false}} {
		r.call("crm.contact.add", obj{
			"fields": obj{"NAME": "x", "DATE_CREATE": "2020-01-02T03:04:05+03:00"}, "params": obj{"IMPORT": x.imports},
		})
		got, _ := r.Contact(int64(i + 1))
		same(t, fmt.Sprintf("IMPORT=%v", x.imports), got["DATE_CREATE"] == "2020-01-02T03:04:05+03:00", x.set)
	}
}
