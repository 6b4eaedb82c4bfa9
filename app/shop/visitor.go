package shop

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/sites"
)

// What a session remembers of a visitor.
const (
	clientKey = "shop.client"
	siteKey   = "shop.site"
	cartKey   = "shop.cart"
	utmKey    = "shop.utm"
	noticeKey = "shop.notice"
)

// visitor is whoever looks at the shop.
type visitor struct {
	Site   *sites.Site
	Client *clients.Client // nil: not signed in
	Cart   []line
	utm    orders.UTM // of the address he came by
}

// line is a choice in the cart with what it makes.
type line struct {
	choice
	Item orders.Item
}

// Total is what the cart costs.
func (v *visitor) Total() (sum orders.Money) {
	for _, l := range v.Cart {
		sum += l.Item.Sum()
	}
	return sum
}

type visitorKey struct{}

func visitorOf(c echo.Context) *visitor {
	v, _ := c.Request().Context().Value(visitorKey{}).(*visitor)
	return v
}

// visit reads the session, and remembers the site and the advertising mark that the address names.
func (s *shop) visit(c echo.Context) (*visitor, error) {
	ctx, sessions := c.Request().Context(), s.Panel.Sessions()
	v := &visitor{}
	var err error
	if v.Site, err = s.site(ctx, c.QueryParam("site")); err != nil {
		return nil, err
	}
	if id := sessions.GetInt64(ctx, clientKey); id != 0 {
		v.Client, err = s.Clients.Find(ctx, id)
		if _, gone := refusal.From(err); err != nil && !gone {
			return nil, err
		}
	}
	if mark := utmOf(c.QueryParams()); mark != (orders.UTM{}) {
		text, err := json.Marshal(mark)
		if err != nil {
			return nil, fmt.Errorf("remember advertising mark: %w", err)
		}
		sessions.Put(ctx, utmKey, string(text))
	}
	// Both are ours; what an older program wrote otherwise is as good as nothing.
	_ = json.Unmarshal([]byte(sessions.GetString(ctx, utmKey)), &v.utm)
	var choices []choice
	_ = json.Unmarshal([]byte(sessions.GetString(ctx, cartKey)), &choices)
	for _, chosen := range choices {
		if item, ok := chosen.item(); ok {
			v.Cart = append(v.Cart, line{chosen, item})
		}
	}
	return v, nil
}

// site is the shop that is shown: the one asked for, the one looked at before, the account's first.
func (s *shop) site(ctx context.Context, asked string) (*sites.Site, error) {
	sessions := s.Panel.Sessions()
	id := sessions.GetInt64(ctx, siteKey)
	if asked != "" {
		if id, _ = strconv.ParseInt(asked, 10, 64); id <= 0 {
			return nil, refusal.Unknown("Такого сайта нет.")
		}
	}
	if id != 0 {
		site, err := s.Sites.Find(ctx, id)
		if err == nil && asked != "" {
			sessions.Put(ctx, siteKey, id)
		}
		return site, err
	}
	all, err := s.Sites.All(ctx)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, refusal.Unknown("В панели ещё нет ни одного сайта.")
	}
	return all[0], nil
}

// utmOf reads the advertising mark of an address, each part cut to what an order keeps.
func utmOf(query url.Values) orders.UTM {
	part := func(name string) string {
		runes := []rune(query.Get("utm_" + name))
		return string(runes[:min(len(runes), 250)])
	}
	return orders.UTM{
		Source: part("source"), Medium: part("medium"), Campaign: part("campaign"),
		Content: part("content"), Term: part("term"),
	}
}

// keepCart writes the cart into the session.
func (s *shop) keepCart(c echo.Context, cart []line) error {
	choices := make([]choice, len(cart))
	for i, l := range cart {
		choices[i] = l.choice
	}
	text, err := json.Marshal(choices)
	if err != nil {
		return fmt.Errorf("keep cart: %w", err)
	}
	s.Panel.Sessions().Put(c.Request().Context(), cartKey, string(text))
	return nil
}

// signIn begins a session of the client under a new token; the cart stays.
func (s *shop) signIn(c echo.Context, client *clients.Client) error {
	ctx := c.Request().Context()
	if err := s.Panel.Sessions().RenewToken(ctx); err != nil {
		return fmt.Errorf("renew session: %w", err)
	}
	s.Panel.Sessions().Put(ctx, clientKey, client.ID)
	return s.Clients.Visited(ctx, client.ID)
}

// signedIn asks strangers to sign in; the cart waits for them.
func (s *shop) signedIn(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if visitorOf(c).Client == nil {
			return panel.SeeOther(c, root+"/login")
		}
		return next(c)
	}
}
