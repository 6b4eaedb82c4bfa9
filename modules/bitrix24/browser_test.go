package bitrix24_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/staff"
)

// window is a real Chromium. A message on the console, such as a violation of the content security policy, fails the
// test.
type window struct {
	t   *testing.T
	ctx context.Context
}

// chromium opens a window, or skips loudly where there is no Chromium; with REQUIRE_ALL=1 that is a failure.
func chromium(t *testing.T) *window {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil && os.Getenv("REQUIRE_ALL") != "1" {
		t.Skip("NO CHROMIUM: nobody clicks through panel, shop and portal")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.Flag("no-sandbox", true),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.UserDataDir(t.TempDir()), chromedp.WindowSize(1400, 900))
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
			if !strings.Contains(m.Text, "status of 422") { // how a refused form comes back
				t.Errorf("console: %s %s (%s)", m.Type, m.Text, m.URL)
			}
		}
	}()
	t.Cleanup(func() { quit(); <-heard })
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	return &window{t: t, ctx: ctx}
}

func (w *window) do(steps ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	if err := chromedp.Do(w.ctx, steps...); err != nil {
		w.t.Fatal(err)
	}
}

// open goes to an address and waits for its heading.
func (w *window) open(address string) {
	w.t.Helper()
	w.do(chromedp.Navigate(address), chromedp.WaitVisible("h1"))
}

// fill types into fields by name.
func (w *window) fill(pairs ...string) {
	w.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		w.do(chromedp.SetValue(fmt.Sprintf("[name=%q]", pairs[i]), pairs[i+1]))
	}
}

// press clicks a button and waits for the page that follows.
func (w *window) press(selector string) {
	w.t.Helper()
	if _, err := chromedp.Run(w.ctx, chromedp.Evaluate[bool]("window.before = true")); err != nil {
		w.t.Fatal(err)
	}
	w.do(chromedp.Click(selector))
	for w.ctx.Err() == nil {
		// While one page gives way to the next there is nothing to ask.
		there, err := chromedp.Run(w.ctx, chromedp.Evaluate[bool]("!window.before && document.readyState === 'complete'"))
		if err == nil && there {
			return
		}
	}
	w.t.Fatal(w.ctx.Err())
}

// eventually opens a page until it shows a text: what the text waits for happens in the background.
func (w *window) eventually(address, text string) {
	w.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		w.open(address)
		shown, err := chromedp.Run(w.ctx, chromedp.Text("body"))
		if err != nil {
			w.t.Fatal(err)
		}
		if strings.Contains(shown, text) {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("%s never shows %q, but:\n%s", address, text, shown)
		}
	}
}

func TestBrowser_aCustomerOrdersAManagerDragsTheDealAndTheStatusFollows(t *testing.T) {
	t.Parallel()
	w := chromium(t)
	x := connected(t, db.SQLite)
	x.Run()

	w.open(x.URL + "/site/register")
	w.fill("FirstName", "Мария", "LastName", "Соколова", "Email", "maria@example.ru", "Phone", "+79123456789", "password", "correct-horse")
	w.press("main form button, form.card button")
	w.open(x.URL + "/site/products/cards")
	w.press("form[action*='cards'] button, main form button")
	w.open(x.URL + "/site/checkout")
	w.do(chromedp.Click("[name=payer]"), chromedp.Click("[name=delivery]"), chromedp.Click("[name=PaymentMethod]"))
	w.press("form[enctype] .buttons button")

	w.eventually(x.portalURL+"/crm/deal/kanban/", "Заказ № ")
	deals := x.portal.IDs("deal")
	if len(deals) != 1 {
		t.Fatalf("%d deals, want 1", len(deals))
	}
	deal, _ := x.portal.Deal(deals[0])
	number := strings.TrimPrefix(deal["ORIGIN_ID"], "order:")

	// The card is dropped onto another column, as portal.js hears it from a mouse.
	w.open(x.portalURL + "/crm/deal/kanban/")
	_, err := chromedp.Run(w.ctx, chromedp.Evaluate[bool](`(() => {
		const card = document.querySelector("article.card"), column = document.querySelector("[data-stage=EXECUTING]"), data = new DataTransfer();
		for (const [target, type] of [[card, "dragstart"], [column, "dragenter"], [column, "dragover"], [column, "drop"], [card, "dragend"]])
			target.dispatchEvent(new DragEvent(type, {bubbles: true, cancelable: true, dataTransfer: data}));
		return true;
	})()`))
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); deal["STAGE_ID"] != "EXECUTING"; deal, _ = x.portal.Deal(deals[0]) {
		if time.Now().After(deadline) {
			t.Fatalf("the deal is still at %s", deal["STAGE_ID"])
		}
		w.do(chromedp.WaitVisible("h1"))
	}

	w.open(x.URL + "/login")
	x.As(staff.Administrator) // makes the account the form below signs in to
	w.fill("email", "admin@demo", "password", app.DemoPassword)
	w.press("form button")
	w.eventually(x.URL+"/admin/orders/"+number, "В печать")
	w.eventually(x.URL+"/admin/orders/"+number+"/history", "Битрикс24")
	x.As(staff.Administrator).Get("/admin/orders/"+number).Want(t, http.StatusOK, "отправлен")
}
