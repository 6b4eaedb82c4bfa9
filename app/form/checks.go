package form

import (
	"net/mail"

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
