package php

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxDepth is the default depth of PHP's json_decode.
const maxDepth = 512

// DecodeJSON reads one JSON value as PHP's json_decode(..., true) does: objects and lists both become arrays, and an
// object keeps its order. It returns an error for broken JSON, for text after the value, for a number beyond the range
// of a float, and for nesting deeper than 512.
func DecodeJSON(body []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	v, err := decodeValue(dec, 0)
	if err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("text after the JSON value")
	}
	return v, nil
}

// decodeValue reads the next value; its containers are depth levels deep.
func decodeValue(dec *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, errors.New("nested too deeply")
	}
	token, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Delim:
		out := &Array{}
		for dec.More() {
			if token == '{' {
				key, err := dec.Token()
				if err != nil {
					return nil, err
				}
				v, err := decodeValue(dec, depth+1)
				if err != nil {
					return nil, err
				}
				out.Set(key.(string), v)
				continue
			}
			v, err := decodeValue(dec, depth+1)
			if err != nil {
				return nil, err
			}
			out.Append(v)
		}
		_, err := dec.Token()
		return out, err
	case json.Number:
		if n, err := strconv.ParseInt(token.String(), 10, 64); err == nil {
			return n, nil
		}
		f, err := token.Float64()
		if err != nil {
			return nil, fmt.Errorf("number %s: %w", token, err)
		}
		return f, nil
	}
	return token, nil
}

// AppendJSON writes a value as PHP's json_encode does with the flags that Bitrix24 sets: slashes are escaped, quotes,
// angle brackets and ampersands are written as \u00XX, and other letters stay as they are. An array whose keys run 0,
// 1, 2 becomes a list, an empty one []. A value must be nil, a bool, an int64, a float64, a string, an EmptyObject or
// an *Array; another one panics.
func AppendJSON(b []byte, v any) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return append(b, '0')
		}
		return append(b, FormatFloat(v)...)
	case string:
		return appendString(b, v)
	case EmptyObject:
		return append(b, "{}"...)
	case *Array:
		return appendArray(b, v)
	}
	panic(fmt.Sprintf("php: no JSON for %T", v))
}

// appendArray writes a list or an object.
func appendArray(b []byte, a *Array) []byte {
	isList := a.IsList()
	if isList {
		b = append(b, '[')
	} else {
		b = append(b, '{')
	}
	for i := range a.Len() {
		if i > 0 {
			b = append(b, ',')
		}
		if !isList {
			b = append(appendString(b, a.keys[i]), ':')
		}
		b = AppendJSON(b, a.vals[i])
	}
	if isList {
		return append(b, ']')
	}
	return append(b, '}')
}

// appendString writes a text; broken UTF-8 becomes the replacement sign.
func appendString(b []byte, s string) []byte {
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	b = append(b, '"')
	from := 0
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf || c >= 0x20 && !strings.ContainsAny(s[i:i+1], `"\/<>&'`) {
			continue
		}
		b = append(b, s[from:i]...)
		from = i + 1
		switch c {
		case '\\', '/':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, `\n`...)
		case '\r':
			b = append(b, `\r`...)
		case '\t':
			b = append(b, `\t`...)
		default:
			b = fmt.Appendf(b, `\u%04X`, c)
		}
	}
	return append(append(b, s[from:]...), '"')
}
