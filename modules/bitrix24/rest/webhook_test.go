package rest

import (
	"errors"
	"net/url"
	"testing"
)

func TestParseWebhook(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, address, portal string
		userID                int64
		code                  string
	}{
		{"as the form shows it", "https://x.bitrix24.ru/rest/11/abc123/", "https://x.bitrix24.ru", 11, "abc123"},
		{"without the last slash", "https://x.bitrix24.ru/rest/11/abc123", "https://x.bitrix24.ru", 11, "abc123"},
		{"with a method", "https://x.bitrix24.ru/rest/11/abc123/batch.json", "https://x.bitrix24.ru", 11, "abc123"},
		{"with a method and a slash", "https://x.bitrix24.ru/rest/1/abc/crm.deal.get/", "https://x.bitrix24.ru", 1, "abc"},
		{"with a query", "https://x.bitrix24.ru/rest/1/abc/crm.deal.get.json?id=5", "https://x.bitrix24.ru", 1, "abc"},
		{"with spaces around", " \thttps://x.bitrix24.ru/rest/11/abc/ \n", "https://x.bitrix24.ru", 11, "abc"},
		{"without a scheme", "x.bitrix24.ru/rest/11/abc/", "https://x.bitrix24.ru", 11, "abc"},
		{"in capitals", "HTTPS://X.Bitrix24.RU/rest/11/AbC/", "https://x.bitrix24.ru", 11, "AbC"},
		{"of REST 3", "https://x.bitrix24.ru/rest/api/11/abc/", "https://x.bitrix24.ru", 11, "abc"},
		{"of the demo portal", "http://127.0.0.1:8080/rest/1/secret/", "http://127.0.0.1:8080", 1, "secret"},
		{"of a Cyrillic domain", "https://печать.рф/rest/7/abc/", "https://печать.рф", 7, "abc"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			hook, ok := ParseWebhook(tt.address)
			if !ok {
				t.Fatal("not recognized")
			}
			if portal := hook.Portal.Scheme + "://" + hook.Portal.Host; portal != tt.portal || hook.UserID != tt.userID ||
				hook.Code != tt.code {
				t.Errorf("got %s, %d, %q; want %s, %d, %q",
					hook.Portal, hook.UserID, hook.Code, tt.portal, tt.userID, tt.code)
			}
			if err := hook.Check(); err != nil {
				t.Errorf("Check() = %v", err)
			}
		})
	}
}

func TestParseWebhook_refuses(t *testing.T) {
	t.Parallel()
	for _, address := range []string{
		"", "x.bitrix24.ru", "https://x.bitrix24.ru/", "https://x.bitrix24.ru/rest/", "https://x.bitrix24.ru/rest/11/",
		"https://x.bitrix24.ru/rest/abc/11/", "https://x.bitrix24.ru/rest/0/abc/", "ftp://x.bitrix24.ru/rest/11/abc/",
		"https://user:pass@x.bitrix24.ru/rest/11/abc/", "https://x.bitrix24.ru/rest/11/a b/", "https:///rest/11/abc/",
		"https://x.bitrix24.ru/rest/99999999999999999999/abc/", "see https://x.bitrix24.ru/rest/11/abc/ there",
	} {
		if hook, ok := ParseWebhook(address); ok {
			t.Errorf("ParseWebhook(%q) = %v, want none", address, hook)
		}
	}
}

func TestParsePortal(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"x.bitrix24.ru":                   "https://x.bitrix24.ru",
		" X.Bitrix24.ru/ ":                "https://x.bitrix24.ru",
		"https://x.bitrix24.ru///":        "https://x.bitrix24.ru",
		"https://x.bitrix24.ru:443/crm/":  "https://x.bitrix24.ru",
		"https://x.bitrix24.ru./?a=1#b":   "https://x.bitrix24.ru",
		"http://localhost:8081":           "http://localhost:8081",
		"http://portal.example:80":        "http://portal.example",
		"crm.example.com:8443":            "https://crm.example.com:8443",
		"https://[2a00:1450::1]:8443/abc": "https://[2a00:1450::1]:8443",
	} {
		got, err := ParsePortal(address)
		if err != nil || got.String() != want {
			t.Errorf("ParsePortal(%q) = %v, %v; want %s", address, got, err, want)
		}
	}
	for _, address := range []string{
		"", "   ", "https://", "ftp://x.ru", "https://a b.ru", "https://-x.ru", "https://x..ru",
		"https://u:p@x.ru", "javascript:alert(1)", "https://x.ru:abc", "https://<script>/",
	} {
		if got, err := ParsePortal(address); !errors.Is(err, ErrPortal) {
			t.Errorf("ParsePortal(%q) = %v, %v; want ErrPortal", address, got, err)
		}
	}
}

func TestWebhookCheck(t *testing.T) {
	t.Parallel()
	portal := &url.URL{Scheme: "https", Host: "x.bitrix24.ru"}
	for name, hook := range map[string]Webhook{
		"nothing":            {},
		"no portal":          {UserID: 1, Code: "abc"},
		"no employee":        {Portal: portal, Code: "abc"},
		"no code":            {Portal: portal, UserID: 1},
		"a code with a path": {Portal: portal, UserID: 1, Code: "../../x"},
	} {
		if err := hook.Check(); !errors.Is(err, ErrWebhook) {
			t.Errorf("%s: Check() = %v, want ErrWebhook", name, err)
		}
	}
}
