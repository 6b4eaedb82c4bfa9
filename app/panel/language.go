package panel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path"
	"time"

	"github.com/labstack/echo/v4"
)

// Language is one of the two the panel speaks. The Russian text is the key; English comes from each owner's en.json.
type Language string

// The languages.
const (
	Russian Language = "ru"
	English Language = "en"
)

var languages = []Language{Russian, English}

const languageCookie = "panel_language"

type languageKey struct{}

// LanguageFrom returns the language of the request's pages; Russian where nothing was chosen.
func LanguageFrom(ctx context.Context) Language {
	if l, ok := ctx.Value(languageKey{}).(Language); ok {
		return l
	}
	return Russian
}

func (p *Panel) withLanguage(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if cookie, err := c.Cookie(languageCookie); err == nil && cookie.Value == string(English) {
			r := c.Request()
			c.SetRequest(r.WithContext(context.WithValue(r.Context(), languageKey{}, English)))
		}
		return next(c)
	}
}

// chooseLanguage keeps the choice in a cookie, so that the sign-in page speaks it too.
func (p *Panel) chooseLanguage(c echo.Context) error {
	lang := Russian
	if c.FormValue("language") == string(English) {
		lang = English
	}
	c.SetCookie(&http.Cookie{
		Name: languageCookie, Value: string(lang), Path: "/", MaxAge: int((365 * 24 * time.Hour).Seconds()),
		HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: p.PublicURL.Scheme == "https",
	})
	return SeeOther(c, localPath(c.FormValue("back")))
}

// dictionary is Russian to English.
type dictionary map[string]string

// translate returns the English words, or the Russian ones where there are none.
func (d dictionary) translate(lang Language, russian string) string {
	if lang == English {
		if english, ok := d[russian]; ok {
			return english
		}
	}
	return russian
}

// read adds the en.json files of an owner: at the root of its templates and in each folder.
func (d dictionary) read(templates folder) error {
	var broken error
	err := templates.each(".json", func(file string, text []byte) {
		if path.Base(file) != "en.json" {
			return
		}
		if err := json.Unmarshal(text, (*map[string]string)(&d)); err != nil {
			broken = fmt.Errorf("read %s: %w", file, err)
		}
	})
	return errors.Join(err, broken)
}
