package rest

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// ErrForm says that a form cannot be read, or is larger than any that the portal sends.
var ErrForm = errors.New("unreadable form")

const (
	maxPairs = 5000 // a whole command with its rows fits; an event has ten
	maxDepth = 16
)

// ParseForm reads a form or a query string as PHP does: a[b][]=1 is {"a": {"b": {"0": "1"}}}. Every value is a string
// or a map[string]any; there are no slices, so a[999999999] costs nothing.
func ParseForm(body []byte) (map[string]any, error) {
	root := &formNode{}
	pairs := 0
	for rest := string(body); rest != ""; {
		var pair string
		pair, rest, _ = strings.Cut(rest, "&")
		if pair == "" {
			continue
		}
		if pairs++; pairs > maxPairs {
			return nil, fmt.Errorf("%w: over %d values", ErrForm, maxPairs)
		}
		rawKey, rawValue, _ := strings.Cut(pair, "=")
		key, err := url.QueryUnescape(rawKey)
		if err != nil {
			return nil, fmt.Errorf("%w: a bad escape in a name", ErrForm)
		}
		value, err := url.QueryUnescape(rawValue)
		if err != nil {
			return nil, fmt.Errorf("%w: a bad escape in a value", ErrForm)
		}
		path := formPath(key)
		if len(path) > maxDepth {
			return nil, fmt.Errorf("%w: over %d levels", ErrForm, maxDepth)
		}
		root.set(path, value)
	}
	return root.plain(), nil
}

// formPath splits a[b][c] into its steps; "" is the next number. A name without any is ignored, as PHP does.
func formPath(key string) []string {
	name, rest, nested := strings.Cut(key, "[")
	if name == "" {
		return nil
	}
	name = strings.NewReplacer(".", "_", " ", "_").Replace(name)
	if nested && !strings.Contains(rest, "]") {
		return []string{name + "_" + rest}
	}
	path := []string{name}
	for nested {
		step, after, closed := strings.Cut(rest, "]")
		if !closed {
			break // PHP drops what is left open
		}
		path = append(path, step)
		if nested = strings.HasPrefix(after, "["); nested {
			rest = after[1:]
		}
	}
	return path
}

// formNode is a map with the number that a[] gets next.
type formNode struct {
	values map[string]any // string or *formNode
	next   int64
}

func (n *formNode) set(path []string, value string) {
	for i, step := range path {
		if step == "" && i > 0 {
			step = strconv.FormatInt(n.next, 10)
		}
		if number, err := strconv.ParseInt(step, 10, 32); err == nil && number >= n.next &&
			strconv.FormatInt(number, 10) == step {
			n.next = number + 1
		}
		if n.values == nil {
			n.values = make(map[string]any)
		}
		if i == len(path)-1 {
			n.values[step] = value
			return
		}
		inner, ok := n.values[step].(*formNode)
		if !ok {
			inner = &formNode{}
			n.values[step] = inner
		}
		n = inner
	}
}

func (n *formNode) plain() map[string]any {
	plain := make(map[string]any, len(n.values))
	for key, value := range n.values {
		if inner, ok := value.(*formNode); ok {
			plain[key] = inner.plain()
		} else {
			plain[key] = value
		}
	}
	return plain
}
