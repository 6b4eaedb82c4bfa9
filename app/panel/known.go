package panel

import (
	"cmp"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/staff"
)

// knownFor is how long a browser stays known to an account after the last sign-in there; browsers keep no cookie longer.
const knownFor = 400 * 24 * time.Hour

// knownKey signs what tells a known browser.
func knownKey(secret []byte) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, "panel known browsers", 32)
	if err != nil {
		return nil, fmt.Errorf("derive the key of known browsers: %w", err)
	}
	return key, nil
}

// Caller is who a request asks to be let in for: an e-mail of an employee, or any other name of an account.
func (p *Panel) Caller(c echo.Context, account string) staff.Caller {
	caller := staff.Caller{Address: c.RealIP()}
	cookie, err := c.Cookie(p.knownName(account))
	if err != nil {
		return caller
	}
	said, signature, _ := strings.Cut(cookie.Value, "/")
	browser, until, _ := strings.Cut(said, ".")
	end, err := strconv.ParseInt(until, 10, 64)
	if err == nil && db.Now().Unix() < end && hmac.Equal([]byte(signature), []byte(p.knownSign(account, said))) {
		caller.Browser = browser
	}
	return caller
}

// RememberBrowser makes the browser known to the account that somebody has just signed in to.
func (p *Panel) RememberBrowser(c echo.Context, account string, caller staff.Caller) {
	said := fmt.Sprintf("%s.%d", cmp.Or(caller.Browser, rand.Text()), db.Now().Add(knownFor).Unix())
	c.SetCookie(&http.Cookie{
		Name: p.knownName(account), Value: said + "/" + p.knownSign(account, said), Path: "/", HttpOnly: true,
		MaxAge: int(knownFor.Seconds()), SameSite: http.SameSiteLaxMode, Secure: p.PublicURL.Scheme == "https",
	})
}

// knownName is the cookie of an account; it does not tell which one.
func (p *Panel) knownName(account string) string { return "known_" + p.knownSign(account, "")[:16] }

func (p *Panel) knownSign(account, said string) string {
	mac := hmac.New(sha256.New, p.known)
	fmt.Fprintf(mac, "%q %q", account, said)
	return hex.EncodeToString(mac.Sum(nil))
}
