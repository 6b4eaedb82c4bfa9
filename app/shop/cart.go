package shop

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
)

// maxLines is how much a cart may hold.
const maxLines = 20

type homePage struct {
	page
	Products []Product
}

func (s *shop) home(c echo.Context) error {
	return s.render(c, http.StatusOK, "home", homePage{s.page(c, visitorOf(c).Site.Name), Catalogue})
}

type productPage struct {
	page
	Product Product
}

func (s *shop) product(c echo.Context) error {
	p, err := productBy(c.Param("slug"))
	if err != nil {
		return err
	}
	view := productPage{s.page(c, p.Name), p}
	view.Values = url.Values{"format": {p.Formats[0].Name}, "run": {strconv.FormatInt(p.Runs[0], 10)}}
	for _, extra := range p.Extras {
		view.Values.Set(extra.Name, extra.Answers[0].Name)
	}
	return s.render(c, http.StatusOK, "product", view)
}

func (s *shop) addToCart(c echo.Context) error {
	p, err := productBy(c.Param("slug"))
	if err != nil {
		return err
	}
	typed, err := panel.Values(c)
	if err != nil {
		return err
	}
	cart := visitorOf(c).Cart
	chosen, err := p.choose(typed)
	if err == nil && len(cart) >= maxLines {
		err = refusal.Value("", "В корзине не больше %d позиций: оформите этот заказ и начните следующий.", maxLines)
	}
	view := productPage{s.page(c, p.Name), p}
	if view.refused(err, typed) {
		return s.render(c, http.StatusUnprocessableEntity, "product", view)
	}
	if err := s.keepCart(c, append(slices.Clone(cart), line{choice: chosen})); err != nil {
		return err
	}
	return panel.SeeOther(c, root+"/cart")
}

type cartPage struct{ page }

func (s *shop) cart(c echo.Context) error {
	return s.render(c, http.StatusOK, "cart", cartPage{s.page(c, "Корзина")})
}

func (s *shop) removeFromCart(c echo.Context) error {
	typed, err := panel.Values(c)
	if err != nil {
		return err
	}
	cart := visitorOf(c).Cart
	if n, err := strconv.Atoi(typed.Get("line")); err == nil && within(n, len(cart)) {
		if err := s.keepCart(c, slices.Delete(slices.Clone(cart), n, n+1)); err != nil {
			return err
		}
	}
	return panel.SeeOther(c, root+"/cart")
}
