package bitrix24test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// Equal compares a field of the portal with what it should be.
func Equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s = %q, want %q", what, fmt.Sprint(got), fmt.Sprint(want))
	}
}

// Contains looks for words in a text.
func Contains(t testing.TB, what, text string, words ...string) {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			t.Errorf("%s lacks %q: %.2000s", what, w, text)
		}
	}
}

// LacksSecrets looks for the portal's secrets in a text.
func LacksSecrets(t testing.TB, where, text string) {
	t.Helper()
	for _, secret := range []string{WebhookCode, PortalToken} {
		if i := strings.Index(text, secret); i >= 0 {
			t.Errorf("%s holds a secret: …%s", where, text[max(0, i-120):min(len(text), i+40)])
		}
	}
}

// Number reads a number of the portal.
func Number(t testing.TB, text string) int64 {
	t.Helper()
	var n int64
	if _, err := fmt.Sscan(text, &n); err != nil {
		t.Fatalf("%q is no number", text)
	}
	return n
}

// Kopecks reads an amount of the portal: "1149.75", or "1149.750000".
func Kopecks(t testing.TB, text string) orders.Money {
	t.Helper()
	whole, fraction, _ := strings.Cut(text, ".")
	fraction = strings.TrimRight(fraction, "0")
	if len(fraction) > 2 {
		t.Fatalf("amount %q has more than two decimals", text)
	}
	var rubles, cents int64
	if _, err := fmt.Sscan(whole, &rubles); err != nil {
		t.Fatalf("amount %q: %v", text, err)
	}
	if fraction != "" {
		if _, err := fmt.Sscan(strings.TrimLeft(fraction+strings.Repeat("0", 2-len(fraction)), "0")+"", &cents); err != nil {
			cents = 0
		}
	}
	return orders.Money(rubles*100 + cents)
}

// WholeCompany checks that the portal has exactly one company with everything that the organization has.
func (x *Pair) WholeCompany(deal emulator.Record) {
	x.T.Helper()
	t := x.T
	s := x.State()
	if len(s.Companies) != 1 || len(s.Contacts) != 1 || len(s.Requisites) != 2 || len(s.Bankdetails) != 1 {
		t.Fatalf(
			"%d companies, %d contacts, %d requisites, %d bank details; want 1, 1, 2, 1", len(s.Companies),
			len(s.Contacts), len(s.Requisites), len(s.Bankdetails),
		)
	}
	company := s.Companies[0]
	Equal(t, "company of the deal", deal["COMPANY_ID"], company["ID"])
	Equal(t, "name", company["TITLE"], "ООО «Северный ветер»")
	Equal(t, "type", company["COMPANY_TYPE"], "CUSTOMER")
	Equal(t, "employees", fmt.Sprint(s.Links.CompanyContacts[company["ID"].(string)]), fmt.Sprint([]any{s.Contacts[0]["ID"]}))
	if got := len(s.Addresses); got < 2 {
		t.Errorf("%d addresses, want both legal ones", got)
	}
	for _, r := range s.Requisites {
		switch r["RQ_INN"] {
		case "6671234567":
			Equal(t, "КПП", r["RQ_KPP"], "667101001")
			Equal(t, "ОГРН", r["RQ_OGRN"], "1146671000011")
			Equal(t, "owner of the bank details", s.Bankdetails[0]["ENTITY_ID"], r["ID"])
		case "667112345678":
			Equal(t, "ОГРНИП", r["RQ_OGRNIP"], "314667100001111")
		default:
			t.Errorf("a requisite with ИНН %v", r["RQ_INN"])
		}
	}
	Equal(t, "account", s.Bankdetails[0]["RQ_ACC_NUM"], "40702810500000000001")
}
