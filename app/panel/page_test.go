package panel_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/templates"
)

// bodyPage is a page of nothing but its own template.
type bodyPage struct {
	panel.Page
	At    time.Time
	Cents kopecks
	Form  *form.Form
}

type kopecks int64

// shown renders a template as a page and returns it.
func shown(t *testing.T, page bodyPage, text, english string) *site {
	t.Helper()
	s := newSite(t, dbtest.New(t, db.SQLite), func(s *site) {
		s.Mount("shop", files("templates/page.html", `{{define "content"}}`+text+`{{end}}`, "templates/en.json", english))
		s.Location = time.FixedZone("MSK", 3*60*60)
		s.admin.GET("/page", func(c echo.Context) error { return s.Render(c, "shop/page", page) })
	})
	s.signedIn(staff.Operator)
	return s
}

func TestTemplateFunctions(t *testing.T) {
	t.Parallel()
	page := bodyPage{At: time.Date(2022, 4, 1, 4, 11, 0, 0, time.UTC), Cents: 170000}
	tests := []struct{ text, want, english string }{
		{`{{money .Cents}}`, "1 700,00 руб.", "1 700,00 RUB"},
		{`{{money 0}}`, "0,00 руб.", "0,00 RUB"},
		{`{{money 5}}`, "0,05 руб.", "0,05 RUB"},
		{`{{money -123456789}}`, "−1 234 567,89 руб.", "−1 234 567,89 RUB"},
		{`{{money 100 "EUR"}}`, "1,00 EUR", "1,00 EUR"},
		{`{{money 100 "RUB"}}`, "1,00 руб.", "1,00 RUB"},
		{`{{amount 90000}}`, "900,00", "900,00"},
		{`{{date .At}}`, "01.04.2022, 7:11", "01.04.2022, 7:11"},
		{`{{day .At}}`, "01.04.2022", "01.04.2022"},
		{`{{moment .At}}`, "1 апреля, 2022, 7:11", "1 April, 2022, 7:11"},
		{`{{date .Form}}{{day .At.UTC}}`, "01.04.2022", "01.04.2022"},
		{`{{plural 1 "заказ" "заказа" "заказов"}}`, "1 заказ", "1 order"},
		{`{{plural 22 "заказ" "заказа" "заказов"}}`, "22 заказа", "22 orders"},
		{`{{plural 11 "заказ" "заказа" "заказов"}}`, "11 заказов", "11 orders"},
		{`{{plural 1011 "заказ" "заказа" "заказов"}}`, "1 011 заказов", "1 011 orders"},
		{`{{plural 0 "заказ" "заказа" "заказов"}}`, "0 заказов", "0 orders"},
		{`{{t "Выбрано: %d" 3}}`, "Выбрано: 3", "Chosen: 3"},
		{`{{t "Без перевода"}}`, "Без перевода", "Без перевода"},
	}
	var text strings.Builder
	for i, tt := range tests {
		fmt.Fprintf(&text, "<p>[%d]%s[/%d]</p>", i, tt.text, i)
	}
	s := shown(t, page, text.String(), `{"заказ":"order","заказов":"orders","Выбрано: %d":"Chosen: %d"}`)
	plain := func() string { return strings.ReplaceAll(s.get("/admin/page").body, "\u00a0", " ") }
	russian := plain()
	s.post("/language", "language", "en", "back", "/admin/page").want(t, 303)
	english := plain()
	for i, tt := range tests {
		if want := fmt.Sprintf("[%d]%s[/%d]", i, tt.want, i); !strings.Contains(russian, want) {
			t.Errorf("%s in Russian lacks %q", tt.text, want)
		}
		if want := fmt.Sprintf("[%d]%s[/%d]", i, tt.english, i); !strings.Contains(english, want) {
			t.Errorf("%s in English lacks %q", tt.text, want)
		}
	}
}

func TestLayout(t *testing.T) {
	t.Parallel()
	s := shown(t, bodyPage{Page: panel.Page{
		Title: "ООО <Теннис>", Parent: &panel.Link{Label: "Организации", URL: "/admin/organizations"},
		Count: lo.ToPtr(int64(325)),
		Help:  "/help", Refresh: 3,
		Tabs: []panel.Tab{
			{Label: "Инфо", URL: "?tab=info", Active: true},
			{Label: "Заказы", URL: "?tab=orders", Count: lo.ToPtr(int64(0))},
		},
	}}, `содержание`, `{}`)
	got := s.get("/admin/page")
	got.want(t, 200, "ООО &lt;Теннис&gt;", `<a href="/admin/organizations">Организации</a>`, "(325)", "помощь",
		`<a href="?tab=info" aria-current="page">Инфо</a>`, `Заказы <span class="count">(0)</span>`, "содержание",
		`data-refresh="3"`, `<meta http-equiv="refresh" content="3">`)
	got.lacks(t, "Сбросить кеш сайта") // for administrators
	if found := inline.FindString(got.body); found != "" {
		t.Errorf("the page has %q inline", found)
	}
}

func TestLanguage_isKeptAndTakesOnlyTheTwo(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, db.SQLite), nil)
	s.get("/login").want(t, 200, `<html lang="ru">`, "Войти")
	got := s.post("/language", "language", "en", "back", "https://evil.example/login")
	if got.location != "/login" {
		t.Errorf("goes back to %q, want /login here", got.location)
	}
	s.get("/login").want(t, 200, `<html lang="en">`, "Sign in")
	s.post("/language", "language", "<script>", "back", "/login").want(t, 303)
	s.get("/login").want(t, 200, `<html lang="ru">`)
}

func TestMenu(t *testing.T) {
	t.Parallel()
	ok := func(s *site) echo.HandlerFunc {
		return func(c echo.Context) error { return s.Render(c, "panel/home", panel.Page{Title: "Х"}) }
	}
	s := newSite(t, dbtest.New(t, db.SQLite), func(s *site) {
		s.AddMenu(panel.MenuItem{Section: "Заказы", Label: "Все", URL: "/admin/orders"})
		s.AddMenu(panel.MenuItem{Section: "Заказы", Label: "В работе", URL: "/admin/orders?group=work"})
		s.AddMenu(panel.MenuItem{Section: "Заказы", Label: "Статистика", URL: "/admin/orders/stats", Role: staff.Supervisor})
		s.AddSection(panel.Section{Title: "Клиенты", Icon: "users", Rank: 20})
		s.AddMenu(panel.MenuItem{Section: "Клиенты", Label: "Частные лица", URL: "/admin/clients"})
		s.AddSection(panel.Section{Title: "Заказы", Icon: "shopping-cart", Add: "/admin/orders/new", Rank: 10})
		for _, path := range []string{"/orders", "/orders/3284923", "/orders/stats", "/clients", "/elsewhere"} {
			s.admin.GET(path, ok(s))
		}
	})
	s.signedIn(staff.Operator)
	current := regexp.MustCompile(`aria-current="page">([^<]+)<`)
	for path, want := range map[string]string{
		"/admin/orders":                 "Все",
		"/admin/orders?group=work":      "В работе",
		"/admin/orders?group=other":     "Все",
		"/admin/orders?q=x&group=work":  "В работе",
		"/admin/orders/3284923":         "Все",
		"/admin/clients":                "Частные лица",
		"/admin/elsewhere":              "",
		"/admin/orders/3284923?group=x": "Все",
	} {
		body := s.get(path).body
		got := ""
		if m := current.FindStringSubmatch(body); m != nil {
			got = m[1]
		}
		if got != want {
			t.Errorf("%s: current entry = %q, want %q", path, got, want)
		}
	}
	got := s.get("/admin/orders")
	got.want(t, 200, `href="/admin/orders/new"`, "Клиенты")
	got.lacks(t, "Статистика", "Частные лица", "Сотрудники") // not this role's; closed; closed
	if strings.Index(got.body, "Заказы</span>") > strings.Index(got.body, "Клиенты</span>") {
		t.Error("sections are not in the order of their ranks")
	}
	if got := s.get("/admin"); got.location != "/admin/orders" {
		t.Errorf("/admin leads to %q, want the first page", got.location)
	}
}

func TestStaticFiles(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, db.SQLite), func(s *site) {
		s.Mount("shop", files("static/shop.css", "p{}", "static/phone.js", "1"))
	})
	page := s.get("/login").body
	address := regexp.MustCompile(`/static/panel/panel\.css\?v=\w+`).FindString(page)
	if address == "" || !strings.Contains(page, "/static/shop/shop.css?v=") || strings.Contains(page, "phone.js") {
		t.Fatalf("the page has other style sheets: %.600s", page)
	}
	got := s.get(address)
	got.want(t, 200, ".card")
	if got.header.Get("Cache-Control") != "public, max-age=31536000, immutable" ||
		!strings.HasPrefix(got.header.Get("Content-Type"), "text/css") {
		t.Errorf("under its hash: %v", got.header)
	}
	if got := s.get("/static/panel/panel.css").header.Get("Cache-Control"); got != "no-cache" {
		t.Errorf("without the hash: Cache-Control = %q, want no-cache", got)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/static/panel/panel.css", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("If-None-Match", got.header.Get("Etag"))
	s.do(r).want(t, http.StatusNotModified)
	s.get("/static/shop/phone.js").want(t, 200, "1")
	s.get("/favicon.ico").want(t, 200, "<svg")
	for _, path := range []string{
		"/static/panel/static.go", "/static/panel/../panel.go", "/static/panel/%2e%2e/x",
		"/static/nobody/x.css", "/static/panel/",
	} {
		s.get(path).want(t, 404)
	}
}

func TestIcons_ofTheTemplatesAreInTheSprite(t *testing.T) {
	t.Parallel()
	s := newSite(t, dbtest.New(t, db.SQLite), nil)
	sprite := s.get("/static/panel/icons.svg").body
	for name, text := range readTemplates(t) {
		for _, m := range regexp.MustCompile(`\bicon "([^"]+)"`).FindAllStringSubmatch(text, -1) {
			if !strings.Contains(sprite, `id="`+m[1]+`"`) {
				t.Errorf("%s uses icon %q, which static/icons.svg lacks", name, m[1])
			}
		}
	}
}

func TestEnglish_coversTheShell(t *testing.T) {
	t.Parallel()
	var english strings.Builder
	for name, text := range readTemplates(t) {
		if strings.HasSuffix(name, "en.json") {
			english.WriteString(text)
		}
	}
	words := regexp.MustCompile(`\bt "([^"]+)"`)
	for name, text := range readTemplates(t) {
		folder, _, _ := strings.Cut(name, "/")
		if !slices.Contains([]string{"layout.html", "boxes.html", "form", "panel", "staff"}, folder) {
			continue
		}
		for _, m := range words.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(english.String(), `"`+m[1]+`":`) {
				t.Errorf("%s: %q has no English words", name, m[1])
			}
		}
	}
}

func readTemplates(t *testing.T) map[string]string {
	t.Helper()
	texts := map[string]string{}
	err := fs.WalkDir(templates.FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(templates.FS, name)
		texts[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return texts
}

func TestFormTemplates_drawEveryKind(t *testing.T) {
	t.Parallel()
	text, lines, secret, hidden, pick := `"><script>alert(1)</script>`, "a\nb", "s3cret", "h", "blue"
	n, cents, on := int64(11), int64(170050), true
	f := &form.Form{
		Section: "crm", Switch: form.Toggle("enabled", "CRM", &on), Notice: "Портал не отвечает",
		Buttons: []form.Button{{Label: "Проверить", Action: "/admin/check"}},
		Fields: []*form.Field{
			form.Text("text", "Текст", &text).Help("подсказка").Example("пример"), form.Textarea("lines", "Строки", &lines),
			form.Secret("secret", "Код", &secret), form.Hidden("hidden", &hidden), form.Number("n", "Номер", &n),
			form.Money("cents", "Сумма", &cents),
			form.Select("pick", "Выбор", &pick, []form.Option[string]{
				{Value: "red", Label: "Красный"},
				{Value: "blue", Label: "Синий"},
			}),
			form.Static("Адрес", "https://panel.example/api").Copyable(),
			form.Toggle("tel", "Телефония", &on).Lock("Нет права telephony"),
			form.Folded("Дополнительные настройки", form.Text("line", "Линия", &lines)),
			form.Table([]string{"Стадия", "Статус", ""}, []form.Row{{Label: "Новая", Hint: "предложение", Cells: []*form.Field{
				form.Select("stage.C1:NEW.status", "", &pick, []form.Option[string]{{Value: "blue", Label: "Синий"}}),
				form.Toggle("stage.C1:NEW.paid", "Оплачен", &on),
			}}}),
		},
	}
	s := shown(t, bodyPage{Page: panel.Page{Title: "Форма"}, Form: f},
		`<form method="post">{{template "form/switched" .Form}}</form>`, `{}`)
	got := s.get("/admin/page")
	got.want(t, 200, `name="crm.enabled" value="on" role="switch" checked`, "Портал не отвечает",
		`formaction="/admin/check"`,
		`value="&#34;&gt;&lt;script&gt;`, "подсказка", `placeholder="пример"`, `>a`, `type="password"`, "••••••••",
		`<input type="hidden" name="crm.hidden" value="h">`, `value="11"`, `value="1700,50"`,
		`<option value="blue" selected>Синий</option>`,
		`data-copy="https://panel.example/api"`, "Нет права telephony", "disabled",
		"<summary>Дополнительные настройки</summary>",
		`name="crm.stage.C1:NEW.status" aria-label="Новая: Статус"`, `name="crm.stage.C1:NEW.paid"`, "предложение")
	got.lacks(t, "s3cret", "<script>alert", "ZgotmplZ")
}
