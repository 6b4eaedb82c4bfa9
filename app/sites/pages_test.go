package sites_test

import (
	"regexp"
	"testing"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/panel/paneltest"
	"github.com/pixlpark/panel/app/sites"
	"github.com/pixlpark/panel/app/staff"
)

const root = "/admin/settings/sites"

func open(t *testing.T, d *db.DB) (*paneltest.Site, *sites.Service) {
	t.Helper()
	service := sites.New(d)
	return paneltest.New(t, d, func(s *paneltest.Site) { service.Pages(s.Panel, s.Admin) }), service
}

var shownToken = regexp.MustCompile(`Bearer ([^<]+)<`)

// tokenOn is the token that a page shows.
func tokenOn(t *testing.T, a paneltest.Answer) string {
	t.Helper()
	found := shownToken.FindStringSubmatch(a.Text)
	if found == nil {
		t.Fatal("the page shows no token")
	}
	return found[1]
}

func TestPages_siteAndItsTokens(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		site, shops := open(t, d)
		site.SignIn(staff.Administrator)
		site.Get(root).Want(t, 200, "Сайтов пока нет")
		site.Post(root+"/new", "Name", "Печать", "URL", "shop.ru").Want(t, 422, "Укажите адрес сайта целиком",
			`value="shop.ru"`)
		site.Post(root+"/new", "Name", "", "URL", "https://shop.ru").Want(t, 422, "Заполните поле",
			`value="https://shop.ru"`)

		first := tokenOn(t, site.Post(root+"/new", "Name", "Печать", "URL", "https://shop.ru").
			Want(t, 200, "больше мы его не покажем"))
		added, err := shops.ByToken(t.Context(), first)
		paneltest.Must(t, err)
		site.Get(root).Want(t, 200, "Печать", "https://shop.ru").Lacks(t, first)
		site.Get(root+"/1").Want(t, 200, "Выдать новый токен").Lacks(t, first, added.TokenHash)

		got := site.Post(root+"/1", "Name", "Печать на Белинского", "URL", "https://shop.ru").Want(t, 303)
		site.Get(got.Location).Want(t, 200, "Печать на Белинского", "Сохранено")
		if _, err := shops.ByToken(t.Context(), first); err != nil {
			t.Errorf("renaming the site took its token away: %v", err)
		}

		second := tokenOn(t, site.Post(root+"/1/token").Want(t, 200))
		if _, err := shops.ByToken(t.Context(), first); err == nil {
			t.Error("the old token still works")
		}
		if _, err := shops.ByToken(t.Context(), second); err != nil {
			t.Errorf("the new token does not work: %v", err)
		}
		site.Get(root+"/99").Want(t, 404, "Такого сайта нет")
		site.Post(root+"/x/token").Want(t, 404)
	})
}

func TestPages_onlyForAdministrators(t *testing.T) {
	t.Parallel()
	site, shops := open(t, dbtest.New(t, db.SQLite))
	_, token, err := shops.Add(t.Context(), "Печать", "https://shop.ru", "")
	paneltest.Must(t, err)
	site.SignIn(staff.Supervisor)
	for _, path := range []string{root, root + "/new", root + "/1"} {
		site.Get(path).Want(t, 403)
	}
	site.Post(root+"/1/token").Want(t, 403)
	site.Post(root+"/1", "Name", "Чужой", "URL", "https://other.ru").Want(t, 403)
	if _, err := shops.ByToken(t.Context(), token); err != nil {
		t.Errorf("a supervisor took the token away: %v", err)
	}
}
