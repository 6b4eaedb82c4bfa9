package rest

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// Webhook is the address of an inbound webhook. The Code is a password and part of the path, so a Webhook never prints
// it: neither with fmt, whatever the verb, nor as JSON.
type Webhook struct {
	Portal *url.URL // scheme and host only
	UserID int64    // the employee on whose behalf calls run
	Code   string
}

// String is the address with the code masked.
func (w Webhook) String() string {
	portal := "no portal"
	if w.Portal != nil {
		portal = w.Portal.Scheme + "://" + w.Portal.Host
	}
	return fmt.Sprintf("%s/rest/%d/%s/", portal, w.UserID, mask)
}

// Format makes every verb print String: %d and %#v would print the fields.
func (w Webhook) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, w.String()) }

// MarshalText is String, so that a structured logger prints no more.
func (w Webhook) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// endpoint is the one address the client calls, on the webhook's own portal or on the one it has moved to.
func (w Webhook) endpoint(portal *url.URL) *url.URL {
	return portal.JoinPath("rest", strconv.FormatInt(w.UserID, 10), w.Code, "batch.json")
}

// Check returns ErrWebhook for a webhook that cannot work. It sends nothing.
func (w Webhook) Check() error {
	if w.Portal == nil || w.UserID <= 0 || !webhookCode.MatchString(w.Code) {
		return ErrWebhook
	}
	return nil
}

// ErrWebhook says that portal, employee or code are missing or malformed.
var ErrWebhook = errors.New("incomplete webhook")

var webhookCode = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

const mask = "***"

// masked hides the code in a text that came from outside.
func (w Webhook) masked(text string) string {
	if w.Code == "" {
		return text
	}
	return strings.ReplaceAll(text, w.Code, mask)
}

// maskedError is err, or a copy of its text alone if that contains the code.
func (w Webhook) maskedError(err error) error {
	text := err.Error()
	if clean := w.masked(text); clean != text {
		return errors.New(clean)
	}
	return err
}

var webhookAddress = regexp.MustCompile(
	`^(?i:(https?)://)?([^/?#@\s]+)/rest/(?:api/)?([0-9]{1,18})/([A-Za-z0-9_-]+)(?:/[A-Za-z0-9._-]*)?/?(?:\?\S*)?$`)

// ParseWebhook reads an inbound webhook's address as people paste it: with or without the scheme, a method, its
// suffix, a slash or a query at the end, and spaces around. It reports false for everything else.
func ParseWebhook(address string) (Webhook, bool) {
	found := webhookAddress.FindStringSubmatch(strings.TrimSpace(address))
	if found == nil {
		return Webhook{}, false
	}
	scheme := found[1]
	if scheme == "" {
		scheme = "https"
	}
	portal, err := ParsePortal(scheme + "://" + found[2])
	if err != nil {
		return Webhook{}, false
	}
	userID, err := strconv.ParseInt(found[3], 10, 64)
	if err != nil || userID == 0 {
		return Webhook{}, false
	}
	return Webhook{Portal: portal, UserID: userID, Code: found[4]}, true
}

// ErrPortal says that a text is no address of a portal. It never quotes the text, which may hold a secret.
var ErrPortal = errors.New("not the address of a portal")

var hostName = regexp.MustCompile(`^[\pL\pN]([\pL\pN_-]*[\pL\pN])?(\.[\pL\pN]([\pL\pN_-]*[\pL\pN])?)*\.?$`)

// ParsePortal reads a portal's address as people type it (`x.bitrix24.ru`, `https://x.bitrix24.ru/crm/`) and returns
// scheme and host alone, https if none is given. The error is ErrPortal. CheckAddress says whether it may be called.
func ParsePortal(address string) (*url.URL, error) {
	address = strings.TrimSpace(address)
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.User != nil || (u.Scheme != "https" && u.Scheme != "http") {
		return nil, ErrPortal
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if _, isIP := literalIP(host); !isIP && !hostName.MatchString(host) || strings.HasSuffix(host, ".") {
		return nil, ErrPortal
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port := u.Port(); port != "" && port != defaultPorts[u.Scheme] {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return nil, ErrPortal
		}
		host += ":" + port
	}
	return &url.URL{Scheme: u.Scheme, Host: host}, nil
}

var defaultPorts = map[string]string{"https": "443", "http": "80"}
