package emulator

import (
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// resolve replaces references to earlier commands in every value of the tree. It does so in a text that a customer
// typed as well, because the portal cannot tell the difference (REST.md 3.3).
func (s *batchState) resolve(params *php.Array) {
	for key, v := range params.All() {
		switch v := v.(type) {
		case *php.Array:
			s.resolve(v)
		case string:
			if strings.Contains(v, "$") {
				params.Set(key, s.substitute(v))
			}
		}
	}
}

// substitute replaces the references in one text. A text that is nothing but a reference becomes the value itself,
// even an array. A reference ends at the next white space, so text that follows it without a space is lost with it.
func (s *batchState) substitute(v string) any {
	var out strings.Builder
	rest := v
	for {
		at, root, path, end := s.nextReference(rest)
		if at < 0 {
			break
		}
		value, found := follow(root, path)
		if !found && !s.container {
			value = rest[at:end]
		}
		if at == 0 && end == len(rest) && out.Len() == 0 {
			return value
		}
		out.WriteString(rest[:at] + php.String(value))
		rest = rest[end:]
	}
	return out.String() + rest
}

// nextReference finds $result[..], $error[..], $total[..], $next[..] or $time[..], in any letter case.
func (s *batchState) nextReference(v string) (at int, root any, path []string, end int) {
	for from := 0; ; {
		i := strings.IndexByte(v[from:], '$')
		if i < 0 {
			return -1, nil, nil, 0
		}
		at = from + i
		from = at + 1
		for name, root := range s.roots() {
			head := at + 1 + len(name)
			if len(v) <= head || v[head] != '[' || !strings.EqualFold(v[at+1:head], name) {
				continue
			}
			end = head
			for end < len(v) && !isSpace(v[end]) {
				end++
			}
			if path := bracketPath(v[head:end]); path != nil {
				return at, root, path, end
			}
		}
	}
}

// roots are the names that a reference may begin with.
func (s *batchState) roots() map[string]*php.Array {
	return map[string]*php.Array{"result": s.result, "error": s.errors, "total": s.total, "next": s.next, "time": s.time}
}

// isSpace reports whether c is white space as PHP's \s knows it.
func isSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f'
}

// bracketPath reads [a][b][0] and stops at the first text outside brackets.
func bracketPath(s string) []string {
	var path []string
	for strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			break
		}
		path = append(path, strings.Trim(s[1:end], `'"`))
		s = s[end+1:]
	}
	return path
}

// follow walks the path of a reference. When the path breaks off, the value is the last array on the way, and found is
// false. For an unknown command that array is the whole state of the batch, which is never empty.
func follow(root any, path []string) (value any, found bool) {
	value = root
	for i, key := range path {
		a, ok := value.(*php.Array)
		if !ok {
			return value, false
		}
		next, ok := a.Lookup(key)
		if !ok {
			if i == 0 {
				return php.List(a), false
			}
			return a, false
		}
		value = next
	}
	return value, true
}
