// Package email is the program's one rule for an e-mail address: what is taken, what is kept, and which addresses are
// the same. Domains and names may be written in any script; a domain in Unicode and in punycode is one.
package email

import (
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"

	"github.com/pixlpark/panel/app/pasted"
	"github.com/pixlpark/panel/app/refusal"
)

// longest is how many bytes an address may have, its domain in punycode: what the columns of other systems hold.
const longest = 250

// Parse reads an address as people write it and returns it as it is kept: in lower case, its domain in Unicode.
// Nothing stays nothing. The domain has a dot, since the address is written to from outside. The error is a refusal of
// "Email".
func Parse(typed string) (string, error) {
	kept, err := Local(typed)
	if err == nil && kept != "" && !strings.Contains(kept[strings.LastIndexByte(kept, '@'):], ".") {
		return "", notEmail(typed)
	}
	return kept, err
}

// Local is Parse for the panel's own employees, who may be known by a name of their network: "admin@demo".
func Local(typed string) (string, error) {
	text := pasted.Plain(typed)
	if text == "" {
		return "", nil
	}
	name, domain, ok := cut(text)
	name = norm.NFC.String(strings.ToLower(norm.NFC.String(name)))
	if !ok || name == "" || strings.ContainsFunc(name, notInName) {
		return "", notEmail(typed)
	}
	ascii, err := domains.ToASCII(domain)
	if err != nil || len(name)+1+len(ascii) > longest || badLabels(ascii) {
		return "", notEmail(typed)
	}
	domain, err = domains.ToUnicode(ascii)
	if back, failed := domains.ToASCII(domain); err != nil || failed != nil || back != ascii ||
		strings.HasPrefix(domain, "-") || strings.Contains(domain, ".-") {
		return "", notEmail(typed)
	}
	return name + "@" + domain, nil
}

func notEmail(typed string) error {
	return refusal.Value("Email", "Проверьте адрес электронной почты: «%s». Пример: name@example.ru.", pasted.Short(typed))
}

// Check is Parse as a check of a form's field.
func Check(typed string) error {
	_, err := Parse(typed)
	return err
}

// CheckLocal is Check for the panel's own employees.
func CheckLocal(typed string) error {
	_, err := Local(typed)
	return err
}

// ASCII is a kept address with its domain in punycode, as every mail program and other system takes it.
func ASCII(kept string) string {
	name, domain, ok := cut(kept)
	if !ok {
		return kept
	}
	if ascii, err := domains.ToASCII(domain); err == nil {
		return name + "@" + ascii
	}
	return kept
}

// Forms are the spellings under which a kept address may stand in another system or in an old row.
func Forms(kept string) []string {
	if ascii := ASCII(kept); ascii != kept {
		return []string{kept, ascii}
	}
	return []string{kept}
}

// Same reports whether two spellings are of one address. What is no address is compared as text in any case.
func Same(a, b string) bool {
	return a == b || normal(a) == normal(b)
}

func normal(s string) string {
	if address, err := Parse(s); err == nil {
		return address
	}
	return strings.ToLower(pasted.Plain(s))
}

// domains maps a name as people type it (capitals, full-width letters, other dots) and checks it.
var domains = idna.New(
	idna.MapForLookup(), idna.Transitional(false), idna.BidiRule(), idna.StrictDomainName(true), idna.CheckHyphens(false),
)

func cut(address string) (name, domain string, ok bool) {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return "", "", false
	}
	return address[:at], address[at+1:], true
}

// notInName reports characters that no unquoted name has (RFC 5322, RFC 6531).
func notInName(r rune) bool {
	if r > unicode.MaxASCII {
		return !unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.S)
	}
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune(".!#$%&'*+-/=?^_{|}~`", r)
}

// badLabels reports parts of a domain that are empty, too long, or begin or end with a hyphen.
func badLabels(domain string) bool {
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return true
		}
	}
	return false
}
