package rest

import (
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Params are the parameters of one command. Values may be strings, numbers, the types of value.go, time.Time, Ref,
// pointers to these, and slices, maps with string keys and Ordered of them, at any depth.
//
//   - nil (also a nil pointer, slice or map) is left out; so is an empty map;
//   - an empty slice is an error: a command is a query string, which cannot say "empty list", and leaving it out would
//     mean something else (a filter would match everything);
//   - a plain bool is an error: the portal wants Y or N in one place (Bool) and 1 or 0 in another;
//   - a float is written without an exponent; money is better given as Money, which is exact.
type Params map[string]any

// Ordered is a map that keeps its order, for the parameter `order`, where the first key sorts first. All other maps
// are written in the order of their keys, so that equal parameters always make equal commands.
type Ordered []Pair

// Pair is one entry of Ordered.
type Pair struct {
	Key   string
	Value any
}

// query writes parameters as PHP reads them: fields[PHONE][0][VALUE]=%2B7999. Brackets of the structure stay as they
// are, every key and value is percent-encoded once.
type query struct {
	text []byte
	refs []Ref // what the parameters refer to
}

func (q *query) object(path []byte, keys []string, value func(key string) any) error {
	for _, key := range keys {
		if key == "" || strings.ContainsAny(key, "[]\x00") {
			return fmt.Errorf("key %q cannot be written in a query", key)
		}
		inner := len(path)
		if inner == 0 {
			path = appendEscaped(path, Disarm(key))
		} else {
			path = append(appendEscaped(append(path, '['), Disarm(key)), ']')
		}
		if err := q.value(path, value(key)); err != nil {
			return err
		}
		path = path[:inner]
	}
	return nil
}

func (q *query) value(path []byte, value any) error {
	switch v := value.(type) {
	case nil:
		return nil
	case string:
		q.leaf(path, Disarm(v))
	case Ref:
		q.refs = append(q.refs, v)
		q.leaf(path, v.String())
	case Bool:
		q.leaf(path, v.String())
	case Money:
		q.leaf(path, v.String())
	case Time:
		q.leaf(path, v.String())
	case time.Time:
		q.leaf(path, Time{v}.String())
	case Ordered:
		return q.ordered(path, v)
	default:
		return q.reflected(path, reflect.ValueOf(value))
	}
	return nil
}

func (q *query) ordered(path []byte, pairs Ordered) error {
	keys := make([]string, len(pairs))
	values := make(map[string]any, len(pairs))
	for i, pair := range pairs {
		keys[i], values[pair.Key] = pair.Key, pair.Value
	}
	if len(values) != len(pairs) {
		return fmt.Errorf("%s has a key twice", path)
	}
	return q.object(path, keys, func(key string) any { return values[key] })
}

func (q *query) reflected(path []byte, v reflect.Value) error {
	switch v.Kind() {
	case reflect.String:
		q.leaf(path, Disarm(v.String()))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		q.leaf(path, strconv.FormatInt(v.Int(), 10))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		q.leaf(path, strconv.FormatUint(v.Uint(), 10))
	case reflect.Float32, reflect.Float64:
		q.leaf(path, strconv.FormatFloat(v.Float(), 'f', -1, v.Type().Bits()))
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return q.value(path, v.Elem().Interface())
	case reflect.Slice, reflect.Array:
		if v.Kind() == reflect.Slice && v.IsNil() {
			return nil
		}
		if v.Len() == 0 {
			return fmt.Errorf("%s: an empty list cannot be written in a query", path)
		}
		for i := range v.Len() {
			item := append(strconv.AppendInt(append(path, '['), int64(i), 10), ']')
			if err := q.value(item, v.Index(i).Interface()); err != nil {
				return err
			}
		}
	case reflect.Map:
		if v.Type().Key().Kind() != reflect.String {
			return fmt.Errorf("%s: %s has keys that are no strings", path, v.Type())
		}
		values := make(map[string]any, v.Len())
		for key, value := range v.Seq2() {
			values[key.String()] = value.Interface()
		}
		return q.object(path, slices.Sorted(maps.Keys(values)), func(key string) any { return values[key] })
	default:
		return fmt.Errorf("%s: cannot write %s in a query", path, v.Type())
	}
	return nil
}

func (q *query) leaf(path []byte, text string) {
	if len(q.text) > 0 {
		q.text = append(q.text, '&')
	}
	q.text = append(append(q.text, path...), '=')
	q.text = appendEscaped(q.text, text)
}

const hexDigits = "0123456789ABCDEF"

// appendEscaped percent-encodes everything but unreserved characters. A space becomes %20: a plus would be read as one
// here, yet not by everything on the way. Bytes that are not UTF-8 are replaced, the portal could not answer with
// them.
func appendEscaped(to []byte, text string) []byte {
	text = strings.ToValidUTF8(text, "\uFFFD")
	for i := range len(text) {
		c := text[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.', c == '~':
			to = append(to, c)
		default:
			to = append(to, '%', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return to
}

const wordJoiner = "\u2060" // invisible, without width, forbids a line break

var reference = regexp.MustCompile(`(?i)\$(result|error|total|next|time)`)

// Disarm breaks what the portal would take for a reference between commands ($result[deal] and the like, in any letter
// case) by an invisible character after the dollar sign. It is applied to every string of a command, so text that was
// sent must be compared with text that was read back through it. Disarming twice changes nothing.
func Disarm(text string) string {
	if !strings.Contains(text, "$") {
		return text
	}
	return reference.ReplaceAllStringFunc(text, func(found string) string { return "$" + wordJoiner + found[1:] })
}
