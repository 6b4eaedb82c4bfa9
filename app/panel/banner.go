package panel

import (
	"context"
	"encoding/json"

	"github.com/labstack/echo/v4"
)

// Tone says how a message looks.
type Tone string

// The tones of flashes and banners.
const (
	Good    Tone = "good"
	Info    Tone = "info"
	Warning Tone = "warning"
	Bad     Tone = "bad"
)

// Flash is a message on the next page after a redirect.
type Flash struct {
	Tone Tone
	Text string
}

// Banner tells administrators, on every page, about something that needs a person.
type Banner struct {
	Tone        Tone
	Text        string
	Action, URL string // what to press, optional
}

// AddBanner adds a source of banners. It is asked on every page an administrator opens: answer from memory or with one
// indexed query, and no request to another system. A failing source, or one that panics, is logged and
// left out.
func (p *Panel) AddBanner(fn func(ctx context.Context) ([]Banner, error)) {
	p.banners = append(p.banners, fn)
}

func (p *Panel) gatherBanners(ctx context.Context) []Banner {
	var all []Banner
	for _, source := range p.banners {
		found, err := slot(func() ([]Banner, error) { return source(ctx) })
		if err != nil {
			p.Log.WithError(err).WithField("module", moduleOf(source)).Error("banner left out")
			continue
		}
		all = append(all, found...)
	}
	return all
}

const flashKey = "flash"

// Flash shows a message on the next page this browser opens. The Russian text is also the key of its translation.
func (p *Panel) Flash(c echo.Context, tone Tone, text string) {
	ctx := c.Request().Context()
	var waiting []Flash
	_ = json.Unmarshal(p.sessions.GetBytes(ctx, flashKey), &waiting) // absent the first time
	packed, _ := json.Marshal(append(waiting, Flash{Tone: tone, Text: text}))
	p.sessions.Put(ctx, flashKey, packed)
}

func (p *Panel) popFlash(c echo.Context) []Flash {
	ctx := c.Request().Context()
	if !p.hasSession(ctx) {
		return nil
	}
	var waiting []Flash
	_ = json.Unmarshal(p.sessions.PopBytes(ctx, flashKey), &waiting) // absent most of the time
	return waiting
}
