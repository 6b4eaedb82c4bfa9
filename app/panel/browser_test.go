package panel_test

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/staff"
)

// browser opens a real Chromium, or skips loudly where there is none; with REQUIRE_ALL=1 that is a failure. A message
// on the console, such as a violation of the content security policy, fails the test.
func browser(t *testing.T) context.Context {
	t.Helper()
	found := false
	for _, name := range []string{
		"chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
		"headless-shell",
	} {
		_, err := exec.LookPath(name)
		found = found || err == nil
	}
	if !found && os.Getenv("REQUIRE_ALL") != "1" {
		t.Skip("NO CHROMIUM: the script of the pages is not tested")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.Flag("no-sandbox", true),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1280, 800))
	ctx, stop := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), opts...)
	t.Cleanup(stop)
	ctx, quit := chromedp.NewContext(ctx)
	messages := chromedp.Console(ctx)
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		for m, err := range messages {
			if err != nil {
				return
			}
			// A 422 is how a refused form comes back; the browser calls it a failure to load.
			if !strings.Contains(m.Text, "status of 422") {
				t.Errorf("console: %s %s (%s)", m.Type, m.Text, m.URL)
			}
		}
	}()
	t.Cleanup(func() { quit(); <-heard })
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func TestBrowser_pagesWorkWithTheirScript(t *testing.T) {
	t.Parallel()
	ctx := browser(t)
	name, polls := "", 0
	s := newSite(t, dbtest.New(t, db.SQLite), func(s *site) {
		s.Mount("shop", files(
			"templates/list.html", `{{define "content"}}
				<a id="edit" data-dialog href="/admin/edit">Изменить</a>
				<form data-selection><input type="checkbox" data-select-all id="all">
					<input type="checkbox" name="id" value="1" id="one"><input type="checkbox" name="id" value="2">
					<div class="selection-bar">Выбрано: <b data-selected></b></div></form>
				<details class="menu"><summary id="more">…</summary><div class="menu-list"><button id="inside">x</button></div></details>
				<p id="live" data-live>{{.Cents}}</p>{{end}}`,
			"templates/edit.html",
			`{{define "content"}}<form class="card" method="post">{{template "form/fields" .Form}}{{template "form/buttons" .Form}}</form>{{end}}`,
			"templates/fold.html",
			`{{define "content"}}<form class="card" method="post">{{template "form/switched" .Form}}</form>{{end}}`,
		))
		s.admin.GET("/list", func(c echo.Context) error {
			polls++
			return s.Render(c, "shop/list", bodyPage{Page: panel.Page{Title: "Список", Refresh: 1}, Cents: kopecks(polls)})
		})
		edit := func(c echo.Context) error {
			f := &form.Form{Fields: []*form.Field{form.Text("name", "Имя", &name).Required()}}
			page := bodyPage{Page: panel.Page{Title: "Правка"}, Form: f}
			if c.Request().Method == http.MethodPost {
				ok, err := s.Submit(c, form.Forms{f})
				if err != nil {
					return err
				}
				if ok {
					s.Flash(c, panel.Good, "Сохранено")
					return panel.SeeOther(c, "/admin/list")
				}
				page.Status = http.StatusUnprocessableEntity
			}
			return s.Render(c, "shop/edit", page)
		}
		s.admin.GET("/edit", edit)
		s.admin.POST("/edit", edit)
		s.admin.GET("/fold", func(c echo.Context) error {
			off := false
			f := &form.Form{Switch: form.Toggle("on", "CRM", &off), Fields: []*form.Field{
				form.Text("name", "Имя", &name),
				form.Table([]string{"Стадия", "Статус", ""}, []form.Row{{Label: "Подготовка документов", Cells: []*form.Field{
					form.Select("status", "", &name, []form.Option[string]{{Value: "", Label: "Ждать ответа клиента (препресс)"}}),
					form.Toggle("paid", "Перевести заказ в оплаченный", &off),
				}}}),
			}}
			return s.Render(c, "shop/fold", bodyPage{Page: panel.Page{Title: "Интеграции"}, Form: f})
		})
	})
	e := s.employee("anna@demo", staff.Operator)

	do := func(what string, actions ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		if err := chromedp.Do(ctx, actions...); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	// until waits for a condition on the page. A page that is just being left cannot answer: it is asked again.
	until := func(what, js string) {
		t.Helper()
		for {
			met, err := chromedp.Run(ctx, chromedp.Evaluate[bool](js))
			if err == nil && met {
				return
			}
			select {
			case <-ctx.Done():
				t.Fatalf("%s: %v (%s)", what, err, js)
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	css := func(selector string) chromedp.CSS { return chromedp.CSS(selector) }

	do("sign in", chromedp.Navigate(s.url+"/admin/list"), chromedp.SendKeys(css("#email"), e.Email),
		chromedp.SendKeys(css("#password"), password), chromedp.Click(css("button.primary")))
	until("the list after signing in", `document.querySelector("h1")?.textContent === "Список"`)

	until("no bar without a selection", `getComputedStyle(document.querySelector(".selection-bar")).display === "none"`)
	do("choose one", chromedp.Click(css("#one")))
	until("the bar counts one",
		`document.querySelector("[data-selected]").textContent === "1" && document.querySelector("#all").indeterminate`)
	do("choose all", chromedp.Click(css("#all")))
	until("the bar counts all", `document.querySelector("[data-selected]").textContent === "2"`)

	do("open the menu", chromedp.Click(css("#more")))
	until("the menu is open", `document.querySelector("details.menu").open`)
	do("click elsewhere", chromedp.Click(css("h1")))
	until("the menu is closed", `!document.querySelector("details.menu").open`)

	until("live parts are fetched anew", `Number(document.querySelector("#live").textContent) > 1`)

	do("open the dialog", chromedp.Click(css("#edit")))
	until("the dialog shows the form", `document.querySelector("dialog[open] form [name=name]") !== null`)
	do("save it empty", chromedp.Click(css("dialog button.primary")))
	until("the dialog shows the error", `document.querySelector("dialog .field-error")?.textContent === "Заполните поле"`)
	do("fill it in", chromedp.SendKeys(css("dialog [name=name]"), "Олег"), chromedp.Click(css("dialog button.primary")))
	until("the list says so", `document.querySelector(".flash.good")?.textContent === "Сохранено"`)
	if name != "Олег" {
		t.Errorf("name = %q, want Олег", name)
	}

	do("a folded form", chromedp.Navigate(s.url+"/admin/fold"))
	body := `getComputedStyle(document.querySelector(".fold-body")).display`
	until("switched off it is folded", body+` === "none"`)
	do("switch it on", chromedp.Click(css(".fold-head .switch")))
	until("switched on it unfolds in place", body+` !== "none"`)

	do("a narrow screen", chromedp.EmulateViewport(380, 800))
	until("nothing is wider than the screen", "document.documentElement.scrollWidth <= 380")
	side := `getComputedStyle(document.querySelector(".sidebar")).display`
	until("the menu is behind a button", side+` === "none"`)
	do("press it", chromedp.Click(css(".topbar label")))
	until("the menu is there", side+` !== "none"`)
}
