package mapping

import (
	"maps"
	"strings"
	"testing"
)

func TestMerge(t *testing.T) {
	agreed := Pair{Ours: "a", Theirs: "A"}
	for _, c := range []struct {
		name, ours, theirs string
		equal              bool
		want               Verdict
	}{
		{"as agreed", "a", "A", false, Keep},
		{"the panel changed it", "b", "A", false, Push},
		{"the portal changed it", "a", "B", false, Pull},
		{"both did, to different values", "b", "C", false, Conflict},
		{"both did, to the same", "b", "B", true, Keep},
	} {
		if got := Merge(agreed, c.ours, c.theirs, c.equal); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestAgreed_changedAndAgree(t *testing.T) {
	long := strings.Repeat("обсуждение ", 100)
	fields := map[string]any{
		"title": "Заказ № 1", "sum": int64(5), "contactIds": []any{501},
		"discussion": long, "empty": "",
	}
	agreed := Agreed{}
	if changed := agreed.Changed(fields); len(changed) != len(fields) {
		t.Errorf("changed before anything was sent: %v, want all", changed)
	}
	agreed.Agree(fields)
	if changed := agreed.Changed(fields); len(changed) > 0 {
		t.Errorf("changed after it was sent: %v", changed)
	}
	for name, value := range map[string]any{
		"title": "Заказ № 2", "sum": int64(6), "contactIds": []any{502},
		"discussion": long + "!", "empty": "x",
	} {
		now := maps.Clone(fields)
		now[name] = value
		if changed := agreed.Changed(now); len(changed) != 1 || changed[name] == nil {
			t.Errorf("another %s: changed %v", name, changed)
		}
	}
}

// What is kept of a field is short, however long its value.
func TestPrint_isShort(t *testing.T) {
	if got := Print("Заказ"); got != "Заказ" {
		t.Errorf("a short text is printed %q", got)
	}
	long := Print(strings.Repeat("я", 20_000))
	if len(long) > 80 || !strings.HasPrefix(long, "sha256:") {
		t.Errorf("a long text is printed %q", long)
	}
}
