package form

import (
	"net/mail"
	"strconv"
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// Email is a check: one bare address.
func Email(s string) error {
	address, err := mail.ParseAddress(s)
	if err != nil || address.Address != s || len(s) > 254 {
		return badEmail
	}
	return nil
}

// Phone is a check: a number that can exist, Russian when it has no country code.
func Phone(s string) error {
	number, err := phonenumbers.Parse(s, "RU")
	if err != nil || !phonenumbers.IsValidNumber(number) {
		return badPhone
	}
	return nil
}

// parseMoney reads an amount as people write it.
func parseMoney[T ~int64](s string, p *T) error {
	s = strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", ",", ".").Replace(s)
	if s == "" {
		*p = 0
		return nil
	}
	whole, fraction, pointed := strings.Cut(s, ".")
	if len(whole) > 12 || len(fraction) > 2 || pointed && fraction == "" {
		return badMoney
	}
	kopecks, err := strconv.ParseUint(whole+(fraction + "00")[:2], 10, 63)
	if err != nil {
		return badMoney
	}
	*p = T(kopecks)
	return nil
}
