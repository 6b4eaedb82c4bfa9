package bitrix24_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
)

func TestBrowser_aManagerConvertsALeadAndTheOrderIsLinked(t *testing.T) {
	t.Parallel()
	w := opened(t)
	x := bitrix24test.New(t, db.SQLite)
	x.SaveSettings("leads", "on")
	x.Run()
	order := x.Place()
	w.signIn(x, staff.Operator)
	w.eventually(x.URL+bitrix24test.Page(order), "Заказ в лиде")
	w.misses("Сделка:")

	// As on the manual's pictures: the lead is on the board, and becomes a «Качественный лид» by hand.
	w.open(x.PortalURL)
	w.follow("Лиды")
	w.click("Соколова Мария Игоревна")
	w.sees("1 149,75")
	w.click("Качественный лид")
	w.sees("Создать на основании лида")
	w.choose("//form[@action='/do/convert_lead']//select[@name='contact']", "Создать новый")
	w.click("Создать")

	w.eventually(x.URL+bitrix24test.Page(order), "Сделка:")
	deal := x.Portal.IDs("deal")[0]
	w.eventually(x.URL+bitrix24test.Page(order), "отправлен")
	w.sees(fmt.Sprintf("№ %d", deal), "совпадают")
	address, err := chromedp.Run(w.ctx, chromedp.JavascriptAttribute[string](fmt.Sprintf("//dd/a[normalize-space()='№ %d']", deal), "href"))
	x.Must(err)
	w.open(address)
	w.sees(fmt.Sprintf("Заказ № %d", order), "1 149,75", "Соколова Мария Игоревна")
	x.WholeDeal(order)
}
