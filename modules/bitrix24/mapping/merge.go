package mapping

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
)

// Pair is a field as both sides last agreed on it. The two differ where they say the same in different words: a status
// and its stage, a phone and its spelling.
type Pair struct {
	Ours   string `json:"o"`
	Theirs string `json:"t"`
}

// Agreed holds the synced fields of one link, by the portal's field name.
type Agreed map[string]Pair

// Verdict is what a merge says is to be done with a field.
type Verdict int

// The verdicts.
const (
	Keep     Verdict = iota // both sides are as agreed, or have come to the same by themselves
	Push                    // the panel's value changed: send it
	Pull                    // the portal's value changed: take it
	Conflict                // both changed, to different values: the field's own rule decides
)

// Merge compares a field with what was last agreed. equal says whether the two present values mean the same.
func Merge(agreed Pair, ours, theirs string, equal bool) Verdict {
	oursChanged, theirsChanged := ours != agreed.Ours, theirs != agreed.Theirs
	switch {
	case equal || !oursChanged && !theirsChanged:
		return Keep
	case !theirsChanged:
		return Push
	case !oursChanged:
		return Pull
	default:
		return Conflict
	}
}

// mergeField is Merge of a field whose values may be spelled in several ways: another spelling of what was agreed on
// is no change. sent is what the portal would get of ours.
func mergeField(agreed Pair, field, ours, sent, theirs string) Verdict {
	if sameValue(field, agreed.Theirs, theirs) {
		theirs = agreed.Theirs
	}
	return Merge(agreed, ours, theirs, sameValue(field, sent, theirs))
}

// Print writes any value of a field the same way every time, so that it can be compared later. Long values become a
// fingerprint: a discussion need not be kept twice.
func Print(value any) string {
	text, ok := value.(string)
	if !ok {
		raw, err := json.Marshal(value)
		if err != nil {
			panic("mapping: a field of the portal that JSON cannot hold: " + err.Error())
		}
		text = string(raw)
	}
	if len(text) <= 80 {
		return text
	}
	sum := sha256.Sum256([]byte(text))
	return fingerprint + hex.EncodeToString(sum[:16])
}

// fingerprint begins what Print makes of a long value.
const fingerprint = "sha256:"

// IsFingerprint reports whether Print has made that of a value which is not known any more.
func IsFingerprint(printed string) bool { return strings.HasPrefix(printed, fingerprint) }

// Changed returns the fields whose values are not those last sent, and remembers nothing: see Agree.
func (a Agreed) Changed(fields map[string]any) map[string]any {
	changed := map[string]any{}
	for name, value := range fields {
		if pair, sent := a[name]; !sent || pair.Ours != Print(value) {
			changed[name] = value
		}
	}
	return changed
}

// Agree notes fields as sent: from now on only another value counts as a change.
func (a Agreed) Agree(fields map[string]any) {
	for name, value := range fields {
		printed := Print(value)
		a[name] = Pair{Ours: printed, Theirs: printed}
	}
}
