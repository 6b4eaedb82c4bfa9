package mapping

import (
	"strconv"
	"strings"
)

// External keys (ORIGIN_ID, XML_ID) name a record of the panel on the portal: "order:42:1f9a03c7". By its key a record
// is found again when the answer to its making was lost. Numbers are given out again after the database was restored
// from a copy, so a key ends in the record's token. Records older than their tokens have keys without one, which are
// other keys, too.

// OrderKey is the external key of an order's deal, by the order's number and token.
func OrderKey(id int64, token string) string { return key("order", id, token) }

// ClientKey is the external key of a client's contact.
func ClientKey(id int64, token string) string { return key("client", id, token) }

// OrganizationKey is the external key of an organization's company.
func OrganizationKey(id int64, token string) string { return key("organization", id, token) }

// LegalEntityKey is the external key (XML_ID) of a legal entity's requisite and of its bank details.
func LegalEntityKey(id int64, token string) string { return key("legal-entity", id, token) }

// ClientLeadKey is the external key of the lead that a new client becomes.
func ClientLeadKey(id int64, token string) string { return key("lead-client", id, token) }

// OrganizationLeadKey is the external key of the lead that a new organization becomes.
func OrganizationLeadKey(id int64, token string) string { return key("lead-organization", id, token) }

// OrderLeadKey is the external key of the lead that stands for an order.
func OrderLeadKey(id int64, token string) string { return key("lead-order", id, token) }

func key(what string, id int64, token string) string {
	key := what + ":" + strconv.FormatInt(id, 10)
	if token != "" {
		key += ":" + token
	}
	return key
}

// ParseKey takes an external key apart: "lead-order", 42, "1f9a03c7". ok is false for what is no key of ours.
func ParseKey(text string) (what string, id int64, token string, ok bool) {
	what, rest, _ := strings.Cut(text, ":")
	number, token, _ := strings.Cut(rest, ":")
	id, err := strconv.ParseInt(number, 10, 64)
	return what, id, token, err == nil && id > 0 && key(what, id, token) == text
}
