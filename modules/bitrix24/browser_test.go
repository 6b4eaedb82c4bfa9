package bitrix24_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/samber/lo"
)

// window is one of a real Chromium. A message on the console, such as a violation of the content security policy, fails the
// test.
type window struct {
	t   *testing.T
	ctx context.Context
}

// chromium is the browser of all these tests, started by the first of them.
var chromium = sync.OnceValues(func() (context.Context, error) {
	opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.Flag("no-sandbox", true),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.WindowSize(1400, 900))
	ctx, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, quit := chromedp.NewContext(ctx)
	closeChromium = func() { quit(); stop() }
	return ctx, chromedp.Do(ctx)
})

var closeChromium = func() {}

func TestMain(m *testing.M) {
	code := m.Run()
	closeChromium()
	removePanel()
	os.Exit(code)
}

// opened is a window with cookies of its own. Without a Chromium the test is skipped loudly; with REQUIRE_ALL=1 that is a
// failure.
func opened(t *testing.T) *window {
	t.Helper()
	if _, err := exec.LookPath("chromium"); err != nil && os.Getenv("REQUIRE_ALL") != "1" {
		t.Skip("NO CHROMIUM: nobody clicks through panel, shop and portal")
	}
	browser, err := chromium()
	if err != nil {
		t.Fatal(err)
	}
	ctx, quit := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
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
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
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

// click follows a link, or presses a button, by its words, and waits for the page that follows.
func (w *window) click(words string) {
	w.t.Helper()
	w.press(fmt.Sprintf("(//main//*[self::a or self::button][normalize-space()=%q])[1]", words))
}

// menu goes to a page of the panel as the manual names it: section, then line.
func (w *window) menu(section, line string) {
	w.t.Helper()
	within := fmt.Sprintf("//div[contains(@class, 'nav-section')][a[normalize-space()=%q]]", section)
	w.press(within + "/a[1]")
	w.press(within + fmt.Sprintf("//li/a[normalize-space()=%q]", line))
}

// follow goes to a line of the portal's menu.
func (w *window) follow(line string) {
	w.t.Helper()
	w.press(fmt.Sprintf("//nav[@class='menu']/a[normalize-space()=%q]", line))
}

// dialog opens the form behind a link in a dialog.
func (w *window) dialog(words string) {
	w.t.Helper()
	w.do(chromedp.Click(fmt.Sprintf("//main//a[@data-dialog][normalize-space()=%q]", words)), chromedp.WaitVisible("dialog[open] form"))
}

// refused saves a dialog that stays, with a mistake beside a field.
func (w *window) refused(label, words string) {
	w.t.Helper()
	w.script("document.querySelector('dialog form').dataset.sought = 'yes'")
	w.do(chromedp.Click("//dialog//button[normalize-space()='Сохранить']"))
	w.wait("!document.querySelector('dialog form').dataset.sought")
	w.complains(label, words)
}

// labelled finds a field by its label.
func labelled(label string) string {
	return fmt.Sprintf("//*[@id=//label[normalize-space(text()[1])=%q]/@for]", label+":")
}

// write types into fields by label, key by key, over what stands there.
func (w *window) write(pairs ...string) {
	w.t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		w.do(chromedp.Clear(labelled(pairs[i])), chromedp.SendKeys(labelled(pairs[i]), pairs[i+1]))
	}
}

// choose picks a line of a list.
func (w *window) choose(list, line string) {
	w.t.Helper()
	w.do(chromedp.WaitVisible(list))
	w.script(fmt.Sprintf(`const list = document.evaluate(%q, document, null, XPathResult.FIRST_ORDERED_NODE_TYPE).singleNodeValue;
		const line = [...list.options].find((o) => o.text.trim() === %q);
		list.value = line.value;
		list.dispatchEvent(new Event("change", {bubbles: true}));`, list, line))
}

// script runs a script on the page.
func (w *window) script(text string) {
	w.t.Helper()
	if _, err := chromedp.Run(w.ctx, chromedp.Evaluate[chromedp.Void]("{"+text+"}")); err != nil {
		w.t.Fatal(err)
	}
}

// wait waits until a script's value is true, which it becomes without another page.
func (w *window) wait(script string) {
	w.t.Helper()
	if _, err := chromedp.Run(w.ctx, chromedp.Poll[bool](script)); err != nil {
		w.t.Fatalf("%s: %v", script, err)
	}
}

// flip clicks a toggle.
func (w *window) flip(words string) {
	w.t.Helper()
	w.do(chromedp.Click(fmt.Sprintf("//label[contains(@class, 'switch')][normalize-space()=%q]", words)))
}

// checked reports whether a toggle is on.
func (w *window) checked(words string) bool {
	w.t.Helper()
	on, err := chromedp.Run(w.ctx, chromedp.JavascriptAttribute[bool](
		fmt.Sprintf("//label[contains(@class, 'switch')][normalize-space()=%q]/input", words), "checked",
	))
	if err != nil {
		w.t.Fatal(err)
	}
	return on
}

// holds compares what stands in a field.
func (w *window) holds(field, want string) {
	w.t.Helper()
	got, err := chromedp.Run(w.ctx, chromedp.Value(field))
	if err != nil {
		w.t.Fatal(err)
	}
	bitrix24test.Equal(w.t, field, got, want)
}

// complains looks for words beside the field of a label, in the place for its mistake.
func (w *window) complains(label, words string) {
	w.t.Helper()
	got, err := chromedp.Run(w.ctx, chromedp.Text(fmt.Sprintf(
		"//div[contains(@class, 'broken')][label[normalize-space(text()[1])=%q]]//p[@class='field-error']",
		label+":",
	)))
	if err != nil {
		w.t.Fatal(err)
	}
	bitrix24test.Contains(w.t, "beside "+label, got, words)
}

// sees looks for words that a person can see on the page.
func (w *window) sees(words ...string) {
	w.t.Helper()
	bitrix24test.Contains(w.t, "the page", w.shown(), words...)
}

// misses looks for words that must not be on the page.
func (w *window) misses(words ...string) {
	w.t.Helper()
	shown := w.shown()
	for _, some := range words {
		if strings.Contains(shown, some) {
			w.t.Errorf("the page shows %q: %.2000s", some, shown)
		}
	}
}

// shown is the page's text as it is seen, with plain spaces.
func (w *window) shown() string {
	w.t.Helper()
	shown, err := chromedp.Run(w.ctx, chromedp.Text("body"))
	if err != nil {
		w.t.Fatal(err)
	}
	return strings.ReplaceAll(shown, "\u00a0", " ")
}

// signIn enters the panel as the demo's employee of a role.
func (w *window) signIn(x *bitrix24test.Pair, role staff.Role) {
	w.t.Helper()
	x.As(role) // makes the account
	employee, _ := lo.Find(app.DemoStaff, func(e staff.NewEmployee) bool { return e.Role == role })
	w.open(x.URL + "/login")
	w.fill("email", employee.Email, "password", employee.Password)
	w.press("form button")
}

// eventually opens a page until it shows a text: what the text waits for happens in the background.
func (w *window) eventually(address, text string) {
	w.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		w.open(address)
		shown := w.shown()
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
	w := opened(t)
	x := bitrix24test.New(t, db.SQLite)
	x.Run()

	w.open(x.URL + "/site/register")
	w.fill("FirstName", "Мария", "LastName", "Соколова", "Email", "maria@example.ru", "Phone", "+79123456789", "password", "correct-horse")
	w.press("main form button, form.card button")
	w.open(x.URL + "/site/products/cards")
	w.press("form[action*='cards'] button, main form button")
	w.open(x.URL + "/site/checkout")
	w.do(chromedp.Click("[name=payer]"), chromedp.Click("[name=delivery]"), chromedp.Click("[name=PaymentMethod]"))
	w.press("form[enctype] .buttons button")

	w.eventually(x.PortalURL+"/crm/deal/kanban/", "Заказ № ")
	deals := x.Portal.IDs("deal")
	if len(deals) != 1 {
		t.Fatalf("%d deals, want 1", len(deals))
	}
	deal, _ := x.Portal.Deal(deals[0])
	number := strings.TrimPrefix(bitrix24test.WithoutToken(deal["ORIGIN_ID"]), "order:")

	// The card is dropped onto another column, as portal.js hears it from a mouse.
	w.open(x.PortalURL + "/crm/deal/kanban/")
	_, err := chromedp.Run(w.ctx, chromedp.Evaluate[bool](`(() => {
		const card = document.querySelector("article.card"), column = document.querySelector("[data-stage=EXECUTING]"), data = new DataTransfer();
		for (const [target, type] of [[card, "dragstart"], [column, "dragenter"], [column, "dragover"], [column, "drop"], [card, "dragend"]])
			target.dispatchEvent(new DragEvent(type, {bubbles: true, cancelable: true, dataTransfer: data}));
		return true;
	})()`))
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); deal["STAGE_ID"] != "EXECUTING"; deal, _ = x.Portal.Deal(deals[0]) {
		if time.Now().After(deadline) {
			t.Fatalf("the deal is still at %s", deal["STAGE_ID"])
		}
		w.do(chromedp.WaitVisible("h1"))
	}

	w.signIn(x, staff.Administrator)
	w.eventually(x.URL+"/admin/orders/"+number, "В печать")
	w.eventually(x.URL+"/admin/orders/"+number+"/history", "Битрикс24")
	x.As(staff.Administrator).Get("/admin/orders/"+number).Want(t, http.StatusOK, "отправлен")
}
