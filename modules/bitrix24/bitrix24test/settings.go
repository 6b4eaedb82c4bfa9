package bitrix24test

import (
	"strings"
	"testing"

	"github.com/pixlpark/panel/app/db"
)

// EachApart is each for panels that are not connected yet.
func EachApart(t *testing.T, scenario func(t *testing.T, x *Pair), changes ...func(a *Arranged)) {
	t.Helper()
	t.Parallel()
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			scenario(t, Apart(t, dialect, changes...))
		})
	}
}

// TheFour are the fields that people copy from the portal.
func (x *Pair) TheFour() []string {
	return []string{
		"enabled", "on", "portal_url", x.PortalURL, "user_id", "1",
		"application_token", PortalToken, "code", WebhookCode,
	}
}

// SqliteOnly leaves Postgres out, where the database does not matter and the cases are many.
func SqliteOnly(a *Arranged) { a.Only = db.SQLite }

// LacksSecrets looks for the portal's secrets in a text.
func LacksSecrets(t testing.TB, where, text string) {
	t.Helper()
	for _, secret := range []string{WebhookCode, PortalToken} {
		if i := strings.Index(text, secret); i >= 0 {
			t.Errorf("%s holds a secret: …%s", where, text[max(0, i-120):min(len(text), i+40)])
		}
	}
}
