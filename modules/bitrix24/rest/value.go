package rest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// The portal says the same thing in many ways: old methods return every scalar as a string, new ones numbers and
// booleans; "no value" may be null, "", false, 0, [] or {} (REST.md, 7). The types of this file accept them all, and
// refuse what is something else.

// ID is a record's number; 0 is none.
type ID int64

// Int64 is the id as a plain number.
func (id ID) Int64() int64 { return int64(id) }

// UnmarshalJSON accepts a number, a number in a string, and every form of "none".
func (id *ID) UnmarshalJSON(data []byte) error {
	*id = 0
	text, err := scalar(data)
	if err != nil || text == "" {
		return err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		f, ferr := strconv.ParseFloat(text, 64)
		if ferr != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
			return fmt.Errorf("%s is no id", excerpt(text))
		}
		n = int64(f)
	}
	*id = ID(n)
	return nil
}

// Text is a string; every form of "none" is "".
type Text string

// UnmarshalJSON accepts a string, a number (as it is written) and every form of "none".
func (t *Text) UnmarshalJSON(data []byte) error {
	text, err := scalar(data)
	*t = Text(text)
	return err
}

// Bool is a yes or no that the portal calls Y or N. As a parameter it is written Y or N.
type Bool bool

// String is Y or N.
func (b Bool) String() string {
	if b {
		return "Y"
	}
	return "N"
}

// UnmarshalJSON accepts Y, N, true, false, 1, 0, in strings or not, and every form of "none".
func (b *Bool) UnmarshalJSON(data []byte) error {
	*b = string(bytes.TrimSpace(data)) == "true"
	if *b {
		return nil
	}
	text, err := scalar(data)
	if err != nil {
		return err
	}
	switch strings.ToUpper(text) {
	case "Y", "1", "TRUE":
		*b = true
	case "N", "0", "FALSE", "":
	default:
		return fmt.Errorf("%s is neither yes nor no", excerpt(text))
	}
	return nil
}

// Number is a quantity, a rate, a count.
type Number float64

// UnmarshalJSON accepts a number, a number in a string, and every form of "none" as 0.
func (n *Number) UnmarshalJSON(data []byte) error {
	*n = 0
	text, err := scalar(data)
	if err != nil || text == "" {
		return err
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return fmt.Errorf("%s is no number", excerpt(text))
	}
	*n = Number(f)
	return nil
}

// Money is an amount in kopecks (hundredths of its currency). It is written with two decimals: 1234.50.
type Money int64

// String is the amount with two decimals.
func (m Money) String() string {
	sign, whole := "", uint64(m)
	if m < 0 {
		sign, whole = "-", -whole
	}
	return fmt.Sprintf("%s%d.%02d", sign, whole/100, whole%100)
}

// MarshalJSON writes a number with two decimals, which UnmarshalJSON reads back.
func (m Money) MarshalJSON() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalJSON accepts what Number does and rounds to the kopeck. "100|RUB", a custom money field, is accepted
// without its currency.
func (m *Money) UnmarshalJSON(data []byte) error {
	*m = 0
	text, err := scalar(data)
	if err != nil {
		return err
	}
	if text, _, _ = strings.Cut(text, "|"); text == "" {
		return nil
	}
	f, err := strconv.ParseFloat(text, 64)
	// Up to ten trillion a float64 tells kopecks apart with room to spare, so rounding finds the exact one.
	if err != nil || math.IsNaN(f) || math.Abs(f) > 1e13 {
		return fmt.Errorf("%s is no amount", excerpt(text))
	}
	*m = Money(math.Round(f * 100))
	return nil
}

// Time is an instant in the offset the portal gave it in, so that its calendar date is the portal's; zero is none.
// Compare with Equal, never as text. It is written as RFC 3339.
type Time struct{ At time.Time }

// String is RFC 3339, or "" for none.
func (t Time) String() string {
	if t.At.IsZero() {
		return ""
	}
	return t.At.Format(time.RFC3339)
}

// UnmarshalJSON accepts RFC 3339, a date alone (midnight UTC), and every form of "none".
func (t *Time) UnmarshalJSON(data []byte) error {
	*t = Time{}
	text, err := scalar(data)
	if err != nil || text == "" || text == "0" {
		return err
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if parsed, err := time.Parse(layout, text); err == nil {
			*t = Time{parsed}
			return nil
		}
	}
	return fmt.Errorf("%s is no time", excerpt(text))
}

// List is an array. PHP writes it as an object when a number is missing in its keys, and custom fields write false for
// none.
type List[T any] []T

// UnmarshalJSON accepts an array, an object (its values in their order) and every form of "none".
func (l *List[T]) UnmarshalJSON(data []byte) error {
	*l = nil
	return entries(data, func(_ string, value json.RawMessage) error {
		var item T
		if err := json.Unmarshal(value, &item); err != nil {
			return err
		}
		*l = append(*l, item)
		return nil
	})
}

// Map is an object. PHP writes an empty one as [], and one whose keys are 0, 1, 2 … as an array.
type Map[T any] map[string]T

// UnmarshalJSON accepts an object, an array (its positions become keys) and every form of "none".
func (m *Map[T]) UnmarshalJSON(data []byte) error {
	*m = Map[T]{}
	return entries(data, func(key string, value json.RawMessage) error {
		var item T
		if err := json.Unmarshal(value, &item); err != nil {
			return fmt.Errorf("%s: %w", excerpt(key), err)
		}
		(*m)[key] = item
		return nil
	})
}

// scalar is the text of a JSON string or number, and "" for every form of "none".
func scalar(data []byte) (string, error) {
	data = bytes.TrimSpace(data)
	if isNone(data) || len(data) == 0 {
		return "", nil
	}
	switch c := data[0]; {
	case c == '"':
		var text string
		err := json.Unmarshal(data, &text)
		return text, err
	case c == '-' || '0' <= c && c <= '9':
		return string(data), nil
	}
	return "", fmt.Errorf("%s where one value belongs", excerpt(string(data)))
}

func isNone(data []byte) bool {
	switch string(data) {
	case "null", "false", `""`:
		return true
	}
	empty := len(data) >= 2 && (data[0] == '[' && data[len(data)-1] == ']' || data[0] == '{' && data[len(data)-1] == '}')
	return empty && len(bytes.TrimSpace(data[1:len(data)-1])) == 0
}

// entries walks an object or an array in the order of its text.
func entries(data []byte, each func(key string, value json.RawMessage) error) error {
	data = bytes.TrimSpace(data)
	if isNone(data) {
		return nil
	}
	if len(data) == 0 || data[0] != '[' && data[0] != '{' {
		return fmt.Errorf("%s where several values belong", excerpt(string(data)))
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if _, err := d.Token(); err != nil {
		return err
	}
	for i := 0; d.More(); i++ {
		key := strconv.Itoa(i)
		if data[0] == '{' {
			token, err := d.Token()
			if err != nil {
				return err
			}
			key, _ = token.(string)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		if err := each(key, value); err != nil {
			return err
		}
	}
	return nil
}

// excerpt quotes the beginning of a text for an error.
func excerpt(text string) string {
	const limit = 40
	if short := []rune(text); len(short) > limit {
		text = string(short[:limit]) + "…"
	}
	return strconv.Quote(text)
}
