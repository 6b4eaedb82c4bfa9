package emulator

import (
	"math"
	"net/url"
	"strconv"
	"strings"
)

const maxNesting = 64 // PHP's max_input_nesting_level

// parseStr decodes a query or a form body into an array as PHP's parse_str does. Pairs beyond max (PHP's max_input_vars)
// are dropped without a word.
func parseStr(query string, max int) *Array {
	out := &Array{}
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		if max--; max < 0 {
			break
		}
		name, value, _ := strings.Cut(pair, "=")
		setVariable(out, unescape(name), unescape(value))
	}
	return out
}

// unescape decodes %XX and +; a broken escape stays as it is, as in PHP.
func unescape(s string) string {
	if out, err := url.QueryUnescape(s); err == nil {
		return out
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '+':
			b.WriteByte(' ')
		case s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			n, _ := strconv.ParseUint(s[i+1:i+3], 16, 8)
			b.WriteByte(byte(n))
			i += 2
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// setVariable stores one decoded pair: fields[PHONE][0][VALUE], select[], a plain name.
func setVariable(into *Array, name string, value any) {
	name = strings.TrimLeft(name, " ")
	if name == "" || name[0] == '[' {
		name = strings.Replace(name, "[", "_", 1)
	}
	if cut := strings.IndexByte(name, 0); cut >= 0 {
		name = name[:cut]
	}
	open := strings.IndexByte(name, '[')
	if open < 0 || !strings.Contains(name[open:], "]") {
		if plain := plainName(name); plain != "" {
			into.Set(plain, value)
		}
		return
	}
	path := []string{plainName(name[:open])}
	for rest := name[open:]; strings.HasPrefix(rest, "["); {
		end := strings.IndexByte(rest, ']')
		if end < 0 {
			break
		}
		path = append(path, rest[1:end])
		rest = rest[end+1:]
	}
	if len(path) > maxNesting {
		return
	}
	for i, key := range path {
		if i == len(path)-1 {
			setOrAppend(into, key, i > 0, value)
			return
		}
		var child *Array
		if key != "" || i == 0 {
			child, _ = into.Get(key).(*Array)
		}
		if child == nil {
			child = &Array{}
			setOrAppend(into, key, i > 0, child)
		}
		into = child
	}
}

func setOrAppend(a *Array, key string, nested bool, v any) {
	if nested && key == "" {
		a.Append(v)
		return
	}
	a.Set(key, v)
}

// plainName is what PHP makes of a name outside brackets: dots, spaces and a stray bracket become underscores.
func plainName(s string) string {
	return strings.NewReplacer(".", "_", " ", "_", "[", "_").Replace(s)
}

// truth is PHP's cast to bool: only "", "0", 0, null, false and the empty array are false, so "N" and "false" are true.
func truth(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != "" && v != "0"
	case int64:
		return v != 0
	case float64:
		return v != 0
	case *Array:
		return v.Len() > 0
	}
	return true
}

// integer is PHP's intval. A container that is not empty is 1: why a broken reference can hit the first record.
func integer(v any) int64 {
	switch v := v.(type) {
	case bool:
		if v {
			return 1
		}
	case int64:
		return v
	case float64:
		if math.Abs(v) < 1<<63 {
			return int64(v)
		}
	case string:
		if n, err := strconv.ParseInt(v, 10, 64); err == nil {
			return n
		}
		return integer(number(v))
	case *Array:
		if v.Len() > 0 {
			return 1
		}
	}
	return 0
}

// number is PHP's floatval: the longest leading part of a string that is a number, else 0.
func number(v any) float64 {
	switch v := v.(type) {
	case bool, *Array:
		return float64(integer(v))
	case int64:
		return float64(v)
	case float64:
		return v
	case string:
		s := strings.TrimLeft(v, " \t\n\r\v\f")
		if f, err := strconv.ParseFloat(s[:numericPrefix(s)], 64); err == nil && !math.IsInf(f, 0) {
			return f
		}
	}
	return 0
}

// numericPrefix returns the length of the number that s begins with.
func numericPrefix(s string) int {
	i := 0
	digits := func() {
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
	}
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	digits()
	if i < len(s) && s[i] == '.' {
		i++
		digits()
	}
	if end := i; i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		from := i
		if digits(); i == from {
			i = end
		}
	}
	return i
}

// text is PHP's cast to string; an array is the word "Array".
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		if v {
			return "1"
		}
		return ""
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return formatFloat(v)
	}
	return "Array"
}

// formatFloat writes a double as PHP does with serialize_precision = -1: the shortest text that reads back.
func formatFloat(f float64) string {
	if f == 0 {
		return "0"
	}
	if abs := math.Abs(f); abs >= 1e-4 && abs < 1e15 {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	sign, digits := exponent[:1], strings.TrimLeft(exponent[1:], "0")
	return mantissa + "e" + sign + digits
}
