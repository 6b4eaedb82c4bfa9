// Package pasted cleans what people paste without seeing it: marks of writing direction, characters without width,
// no-break spaces, digits of other scripts. All input of the program is cleaned here, so that a value that looks the
// same is the same.
package pasted

import (
	"strings"
	"unicode"
)

// Line cleans one line of text: what cannot be seen is dropped, every white space (line breaks too) becomes a plain
// one, and the ends are trimmed. Joiners stay between two characters that they join, in Persian or in an emoji. A text
// of nothing visible is empty.
func Line(s string) string { return clean(s, false) }

// Text cleans text of several lines as Line does, and keeps their ends. Those of browsers become plain.
func Text(s string) string { return clean(strings.ReplaceAll(s, "\r\n", "\n"), true) }

// Plain is Line for phones and addresses: full-width characters and the digits of all scripts become ASCII.
func Plain(s string) string { return strings.Map(narrow, Line(s)) }

// Code is Plain without white space: for ИНН and other numbers, and for addresses that a letter broke into lines.
func Code(s string) string { return strings.Join(strings.Fields(Plain(s)), "") }

// Short is what a refusal quotes of a value: sixty characters of it.
func Short(s string) string {
	if runes := []rune(s); len(runes) > 60 {
		return string(runes[:60]) + "…"
	}
	return s
}

func clean(s string, lines bool) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	var b strings.Builder
	b.Grow(len(s))
	runes, visible := []rune(s), false
	for i, r := range runes {
		switch {
		case lines && r == '\n':
			b.WriteRune(r)
		case unicode.IsSpace(r) || unicode.Is(unicode.Z, r) || unicode.Is(blank, r):
			if r == '\t' && lines {
				b.WriteRune(r)
			} else {
				b.WriteByte(' ')
			}
		case r == zeroWidthNonJoiner || r == zeroWidthJoiner:
			if i > 0 && i+1 < len(runes) && joins(runes[i-1], true) && joins(runes[i+1], false) {
				b.WriteRune(r)
			}
		case unicode.Is(unseen, r):
		default:
			visible = visible || !unicode.Is(unicode.M, r)
			b.WriteRune(r)
		}
	}
	if !visible {
		return ""
	}
	return strings.TrimSpace(b.String())
}

const (
	zeroWidthNonJoiner = '\u200C'
	zeroWidthJoiner    = '\u200D'
)

// unseen are the characters of no width that say nothing inside a value: direction, soft hyphens, fillers, the mark
// that begins a file.
var unseen = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x00AD, 0x00AD, 1}, // soft hyphen
		{0x034F, 0x034F, 1},
		{0x061C, 0x061C, 1}, // Arabic letter mark
		{0x17B4, 0x17B5, 1},
		{0x180B, 0x180F, 1}, // Mongolian
		{0x200B, 0x200B, 1}, // zero width space
		{0x200E, 0x200F, 1}, // directions
		{0x202A, 0x202E, 1},
		{0x2060, 0x206F, 1}, // word joiner, isolates
		{0xFEFF, 0xFEFF, 1}, // byte order mark
		{0xFFF9, 0xFFFB, 1},
	},
	R32: []unicode.Range32{{0x1D173, 0x1D17A, 1}, {0xE0001, 0xE0001, 1}},
}

// blank are letters and signs that are drawn as a space.
var blank = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x115F, 0x1160, 1}, {0x2800, 0x2800, 1}, {0x3164, 0x3164, 1}, {0xFFA0, 0xFFA0, 1},
	},
}

// joinerScripts are those in whose words a joiner is a matter of spelling.
var joinerScripts = []*unicode.RangeTable{
	unicode.Arabic, unicode.Syriac, unicode.Mongolian, unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi,
	unicode.Gujarati, unicode.Oriya, unicode.Tamil, unicode.Telugu, unicode.Kannada, unicode.Malayalam, unicode.Sinhala,
}

// joins reports whether a joiner beside the character means anything. before: the character stands before the joiner.
func joins(r rune, before bool) bool {
	if unicode.In(r, joinerScripts...) && !unicode.IsDigit(r) {
		return true
	}
	emoji := unicode.Is(unicode.So, r) || unicode.Is(unicode.Sk, r) && r >= 0x1F3FB // the last are colours of skin
	return emoji || before && r == 0xFE0F
}

// narrow writes a full-width character, a digit of another script and the dashes of typography in ASCII.
func narrow(r rune) rune {
	switch {
	case r < unicode.MaxASCII:
		return r
	case r >= 0xFF01 && r <= 0xFF5E:
		return r - 0xFF01 + '!'
	case unicode.IsDigit(r):
		return '0' + digit(r)
	case r >= 0x2010 && r <= 0x2015, r == 0x2212:
		return '-'
	}
	return r
}

// digit is the value of a digit of any script. Unicode keeps the ten of a script in a row.
func digit(r rune) rune {
	for _, row := range unicode.Nd.R16 {
		if r >= rune(row.Lo) && r <= rune(row.Hi) {
			return (r - rune(row.Lo)) % 10
		}
	}
	for _, row := range unicode.Nd.R32 {
		if r >= rune(row.Lo) && r <= rune(row.Hi) {
			return (r - rune(row.Lo)) % 10
		}
	}
	return 0
}
