package emulator

import (
	"iter"
	"strconv"
)

// An Array is a PHP array: ordered, with keys that are integers or strings. Requests are decoded into it and answers are
// built from it, because the portal's own shapes ([] for an empty map, a list when the keys run 0, 1, 2) follow from it.
//
// Keys are kept as text; an integer key is its canonical decimal form, so "7" and 7 are one key, as in PHP.
type Array struct {
	keys []string
	vals []any
	pos  map[string]int // made once the array outgrows a scan
	next int64          // the key that appending uses
}

// emptyObject is encoded as {}: what PHP's empty stdClass becomes, unlike an empty array.
type emptyObject struct{}

const scanLimit = 12

// listOf makes an array with the keys 0, 1, 2 ...
func listOf(vals ...any) *Array {
	a := &Array{}
	for _, v := range vals {
		a.Append(v)
	}
	return a
}

// object makes an array of alternating keys and values.
func object(pairs ...any) *Array {
	a := &Array{}
	for i := 0; i+1 < len(pairs); i += 2 {
		a.Set(pairs[i].(string), pairs[i+1])
	}
	return a
}

func (a *Array) find(key string) int {
	if a == nil {
		return -1
	}
	if a.pos != nil {
		if i, ok := a.pos[key]; ok {
			return i
		}
		return -1
	}
	for i, k := range a.keys {
		if k == key {
			return i
		}
	}
	return -1
}

// Len counts the elements; a nil array has none.
func (a *Array) Len() int {
	if a == nil {
		return 0
	}
	return len(a.keys)
}

// Lookup returns the element of that key and whether there is one.
func (a *Array) Lookup(key string) (any, bool) {
	if i := a.find(key); i >= 0 {
		return a.vals[i], true
	}
	return nil, false
}

// Get returns the element of that key, or nil.
func (a *Array) Get(key string) any {
	v, _ := a.Lookup(key)
	return v
}

// Set replaces the element of that key in its place, or adds it at the end.
func (a *Array) Set(key string, v any) {
	if i := a.find(key); i >= 0 {
		a.vals[i] = v
		return
	}
	if n, ok := integerKey(key); ok && n >= a.next {
		a.next = n + 1
	}
	a.keys = append(a.keys, key)
	a.vals = append(a.vals, v)
	switch {
	case a.pos != nil:
		a.pos[key] = len(a.keys) - 1
	case len(a.keys) > scanLimit:
		a.pos = make(map[string]int, 2*len(a.keys))
		for i, k := range a.keys {
			a.pos[k] = i
		}
	}
}

// Append adds an element under the next free integer key.
func (a *Array) Append(v any) {
	a.Set(strconv.FormatInt(a.next, 10), v)
}

// All yields keys and values in order.
func (a *Array) All() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for i := range a.Len() {
			if !yield(a.keys[i], a.vals[i]) {
				return
			}
		}
	}
}

// IsList says whether the keys run 0, 1, 2 without a gap, in that order: then JSON shows a list.
func (a *Array) IsList() bool {
	for i := range a.Len() {
		if a.keys[i] != strconv.Itoa(i) {
			return false
		}
	}
	return true
}

// merge sets every element of b in a; later ones win, as PHP's array_replace does.
func (a *Array) merge(b *Array) {
	for k, v := range b.All() {
		a.Set(k, v)
	}
}

// either returns the element of the first of the keys that is there: the old methods take fields and FIELDS alike.
func (a *Array) either(keys ...string) (any, bool) {
	for _, key := range keys {
		if v, ok := a.Lookup(key); ok {
			return v, true
		}
	}
	return nil, false
}

// integerKey tells the integer that PHP makes of a key like "12" or "-3"; "012", "+1" and "1.0" stay text.
func integerKey(s string) (int64, bool) {
	if s == "" || len(s) > 19 {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != s {
		return 0, false
	}
	return n, true
}
