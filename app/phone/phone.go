// Package phone is the program's one rule for a phone number: what is taken, what is kept, and how it is shown, dialled
// and compared. The extension belongs to the number: two people of one office are two.
package phone

import (
	"regexp"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/pixlpark/panel/app/pasted"
	"github.com/pixlpark/panel/app/refusal"
)

// Parse reads a number as people write it, Russian unless it says otherwise, and returns it as it is kept: in E.164,
// with "#" before its extension: "+73432001020#101". Nothing stays nothing. The error is a refusal of "Phone".
func Parse(typed string) (string, error) {
	number, extension := split(pasted.Plain(typed))
	if number == "" && extension == "" {
		return "", nil
	}
	parsed, err := phonenumbers.Parse(number, "RU")
	if err != nil || !phonenumbers.IsValidNumber(parsed) || extension == "" && parsed.GetExtension() != "" {
		return "", refusal.Value("Phone", "Проверьте номер телефона: «%s». Пример: +7 912 345-67-89.", pasted.Short(typed))
	}
	return join(phonenumbers.Format(parsed, phonenumbers.E164), extension), nil
}

// Check is Parse as a check of a form's field.
func Check(typed string) error {
	_, err := Parse(typed)
	return err
}

// Same reports whether two spellings are of one number. What is no number is compared letter by letter.
func Same(a, b string) bool { return a == b || normal(a) == normal(b) }

func normal(s string) string {
	if number, err := Parse(s); err == nil {
		return number
	}
	return pasted.Plain(s)
}

// Words shows a kept number to people: "+73432001020 доб. 101".
func Words(kept string) string {
	number, extension := Cut(kept)
	if extension == "" {
		return kept
	}
	return number + " доб.\u00a0" + extension
}

// Dial is a kept number as an address "tel:" has it (RFC 3966): "+73432001020;ext=101".
func Dial(kept string) string {
	number, extension := Cut(kept)
	if extension == "" {
		return kept
	}
	return number + ";ext=" + extension
}

// Cut separates a kept number from its extension.
func Cut(kept string) (number, extension string) {
	number, extension, _ = strings.Cut(kept, "#")
	return number, extension
}

func join(number, extension string) string {
	if extension == "" {
		return number
	}
	return number + "#" + extension
}

// What stands between a number and its extension: a word in one of the languages of the neighbourhood, or a sign. A
// comma or semicolon may as well begin a second phone, so only a short number after it is an extension.
var (
	withWord = regexp.MustCompile(`(?i)^(.*?[\d)])[\s,;.(#/-]*` +
		`(?:добавочн[а-я]*|доб|доп|внутренн[а-я]*|внутр|внут|вн|тоновы[а-я]*|тон|дод|дад|унутр|ішкі|ички|` +
		`extension|extn|ext|xt|x|х|interno|int|anexo|poste|durchwahl|dw|dahili)` +
		`[\s.:=№#*-]*(\d[\d\s-]{0,18})\)?#?$`)
	withSign  = regexp.MustCompile(`^(.*?[\d)])\s*[(]?\s*[#*]+\s*(\d[\d\s-]{0,18})\)?#?$`)
	withComma = regexp.MustCompile(`^(.*?[\d)])\s*[,;]+\s*(\d{1,6})#?$`)
	scheme    = regexp.MustCompile(`(?i)^(?:tel|callto|sip):\s*`)
)

// longestExtension is what RFC 3966 and the makers of telephone exchanges leave room for.
const longestExtension = 15

// split separates the extension, digits only, from the rest.
func split(typed string) (number, extension string) {
	typed = scheme.ReplaceAllString(typed, "")
	for _, form := range []*regexp.Regexp{withWord, withSign, withComma} {
		if parts := form.FindStringSubmatch(typed); parts != nil {
			extension = strings.Map(digitsOnly, parts[2])
			if len(extension) <= longestExtension {
				return parts[1], extension
			}
		}
	}
	return typed, ""
}

func digitsOnly(r rune) rune {
	if r < '0' || r > '9' {
		return -1
	}
	return r
}
