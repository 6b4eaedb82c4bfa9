package php

import (
	"math"
	"strconv"
	"strings"
)

// Bool is PHP's (bool): only "", "0", 0, null, false and the empty array are false, so "N" and "false" are true.
func Bool(v any) bool {
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

// Int is PHP's intval. An array that is not empty is 1.
func Int(v any) int64 {
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
		return Int(Float(v))
	case *Array:
		if v.Len() > 0 {
			return 1
		}
	}
	return 0
}

// Float is PHP's floatval: the longest beginning of a string that is a number, else 0.
func Float(v any) float64 {
	switch v := v.(type) {
	case bool, *Array:
		return float64(Int(v))
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

// String is PHP's (string). An array becomes the word "Array".
func String(v any) string {
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
		return FormatFloat(v)
	}
	return "Array"
}

// FormatFloat writes a float as PHP does with serialize_precision = -1: the shortest text that is read back as the
// same number.
func FormatFloat(f float64) string {
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

// Round is PHP's round: halves go up, away from zero, after the error of binary fractions is taken off, so that 1.005
// becomes 1.01.
func Round(f float64, digits int) float64 {
	scale := math.Pow10(digits)
	exact, _ := strconv.ParseFloat(strconv.FormatFloat(f*scale, 'g', 15, 64), 64)
	return math.Round(exact) / scale
}

// TypeName is what PHP's gettype answers. Whatever is no scalar here is an array.
func TypeName(v any) string {
	switch v.(type) {
	case string:
		return "string"
	case int64:
		return "integer"
	case float64:
		return "double"
	case bool:
		return "boolean"
	}
	return "array"
}
