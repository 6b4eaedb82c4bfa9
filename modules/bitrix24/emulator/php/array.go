package php

import (
	"iter"
	"slices"
	"strconv"
)

// An Array is a PHP array: ordered, with keys that are integers or strings. The zero value is an empty array, and a
// nil *Array reads as one.
//
// Keys are kept as text; an integer key is its canonical decimal form, so "7" and 7 are one key, as in PHP.
type Array struct {
	keys []string
	vals []any
	pos  map[string]int // key -> place; nil while the array is short enough to be searched from its beginning
	next int64          // the key under which Append stores
}

// An EmptyObject is PHP's stdClass without properties. It is encoded as {}, while an empty array is encoded as [].
type EmptyObject struct{}

// scanLimit is the length up to which searching the keys one by one is cheaper than keeping a map of them.
const scanLimit = 12

// List makes an array with the keys 0, 1, 2 ...
func List(vals ...any) *Array {
	a := &Array{}
	for _, v := range vals {
		a.Append(v)
	}
	return a
}

// Map makes an array of alternating keys and values. It panics when a key is no string.
func Map(pairs ...any) *Array {
	a := &Array{}
	for i := 0; i+1 < len(pairs); i += 2 {
		a.Set(pairs[i].(string), pairs[i+1])
	}
	return a
}

// ArrayOf returns the value if it is an array, else an empty one. It is no cast: PHP's (array) would wrap a scalar.
func ArrayOf(v any) *Array {
	if a, ok := v.(*Array); ok {
		return a
	}
	return &Array{}
}

// find returns the place of a key, or -1.
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
	if n, ok := IntegerKey(key); ok && n >= a.next {
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

// Append adds an element under the next free integer key, one above the largest that was ever there.
func (a *Array) Append(v any) {
	a.Set(strconv.FormatInt(a.next, 10), v)
}

// All yields keys and values in order. An element may be replaced by Set meanwhile.
func (a *Array) All() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for i := range a.Len() {
			if !yield(a.keys[i], a.vals[i]) {
				return
			}
		}
	}
}

// IsList reports whether the keys run 0, 1, 2 without a gap, in that order: then JSON shows a list.
func (a *Array) IsList() bool {
	for i := range a.Len() {
		if a.keys[i] != strconv.Itoa(i) {
			return false
		}
	}
	return true
}

// Replace sets every element of b in a, as PHP's array_replace does.
func (a *Array) Replace(b *Array) {
	for k, v := range b.All() {
		a.Set(k, v)
	}
}

// Values returns the elements without their keys, in order. The slice is the caller's own.
func (a *Array) Values() []any {
	if a == nil {
		return nil
	}
	return slices.Clone(a.vals)
}

// Without returns a copy that lacks the key.
func (a *Array) Without(key string) *Array {
	out := &Array{}
	for k, v := range a.All() {
		if k != key {
			out.Set(k, v)
		}
	}
	return out
}

// Either returns the element of the first of the keys that is there.
func (a *Array) Either(keys ...string) (any, bool) {
	for _, key := range keys {
		if v, ok := a.Lookup(key); ok {
			return v, true
		}
	}
	return nil, false
}

// IntegerKey returns the integer that PHP makes of a key like "12" or "-3", and whether it does: "012", "+1" and "1.0"
// stay text.
func IntegerKey(s string) (int64, bool) {
	if s == "" || len(s) > 19 {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != s {
		return 0, false
	}
	return n, true
}
