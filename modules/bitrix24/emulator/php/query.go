package php

import (
	"net/url"
	"strconv"
	"strings"
)

// maxNesting is PHP's max_input_nesting_level: a name with more brackets is dropped.
const maxNesting = 64

// ParseQuery decodes a query or a form body into an array as PHP's parse_str does. Pairs beyond max, PHP's
// max_input_vars, are dropped without an error.
func ParseQuery(query string, max int) *Array {
	out := &Array{}
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		if max--; max < 0 {
			break
		}
		name, value, _ := strings.Cut(pair, "=")
		SetVariable(out, unescape(name), unescape(value))
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

// isHex reports whether c is a hexadecimal digit.
func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// SetVariable stores a value under a name as a form writes it: fields[PHONE][0][VALUE], select[], or a plain name. The
// name is already decoded.
func SetVariable(into *Array, name string, value any) {
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

// setOrAppend stores under the key, or under the next free one for the empty brackets of a[].
func setOrAppend(a *Array, key string, nested bool, v any) {
	if nested && key == "" {
		a.Append(v)
		return
	}
	a.Set(key, v)
}

// plainName is what PHP makes of a name outside brackets: a dot, a space and a bracket that is never closed become
// underscores.
func plainName(s string) string {
	return strings.NewReplacer(".", "_", " ", "_", "[", "_").Replace(s)
}
