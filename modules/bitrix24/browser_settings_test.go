package bitrix24_test

import (
	"fmt"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// statusOf is the list beside a stage, paidBy its check box, typeOf the list beside a type of company.
func statusOf(stage string) string {
	return fmt.Sprintf("//tr[th[normalize-space()=%q]]//select", stage)
}

func paidBy(stage string) string {
	return fmt.Sprintf("//tr[th[normalize-space()=%q]]//label[normalize-space()='Перевести заказ в оплаченный']", stage)
}

func typeOf(company string) string { return statusOf(company) }

func TestBrowser_anAdministratorFillsInTheFormAsTheManualSays(t *testing.T) {
	t.Parallel()
	w := opened(t)
	x := bitrix24test.New(t, db.SQLite, bitrix24test.Unconnected)
	x.Do("add_category", emulator.Args{"name": "Опт"})
	w.signIn(x, staff.Administrator)

	w.menu("Заказы", "Настройка")
	w.click("Выгрузка заказов")
	w.sees("ERP и CRM системы")
	w.misses("URL портала")
	w.flip("Битрикс24")
	w.sees("URL портала", x.URL+"/api/bitrix/events", "Обновление сделки, Обновление контакта, Обновление компании, Обновление лида, "+
		"Удаление сделки, Удаление контакта, Удаление компании, Удаление лида, Удаление товара")

	// Mistakes come back as they were typed, each said beside its field.
	w.write("URL портала", "битрикс точка ру", "ID сотрудника, создавшего вебхуки", "один", "Токен исходящего вебхука", bitrix24test.PortalToken,
		"Код входящего вебхука (batch)", "wrongcode1", "ID ответственного за сделку", "2")
	w.choose(labelled("Типы отправляемых заказов"), "Заказы частных лиц")
	w.flip("Автоматически отправлять заказы в Bitrix")
	auto := w.checked("Автоматически отправлять заказы в Bitrix")
	w.click("Сохранить")
	w.complains("ID сотрудника, создавшего вебхуки", "число")
	w.write("ID сотрудника, создавшего вебхуки", "1")
	w.click("Сохранить")
	w.complains("URL портала", "Это не адрес портала")
	w.holds(labelled("URL портала"), "битрикс точка ру")
	w.write("URL портала", x.PortalURL)
	w.click("Сохранить")
	w.complains("Код входящего вебхука (batch)", "неверный код вебхука")
	w.holds(labelled("URL портала"), x.PortalURL)
	w.holds(labelled("ID сотрудника, создавшего вебхуки"), "1")
	w.holds(labelled("ID ответственного за сделку"), "2")
	w.holds(labelled("Типы отправляемых заказов"), "persons")
	bitrix24test.Equal(t, "the automatic switch", w.checked("Автоматически отправлять заказы в Bitrix"), auto)
	w.misses("Статус заказа в Pixlpark")

	// The token was typed once and is kept; the right code brings the portal's funnels and both tables.
	if !auto {
		w.flip("Автоматически отправлять заказы в Bitrix")
	}
	w.write("Код входящего вебхука (batch)", bitrix24test.WebhookCode)
	w.click("Сохранить")
	w.sees(
		"Сохранено", "Опт", "Стадия сделки в Bitrix24", "Статус заказа в Pixlpark", "Предложение",
		"Тип компании в Bitrix24", "Тип компании в Pixlpark",
	)
	for stage, status := range map[string]string{
		"Новая": "Placed", "Подготовка документов": "Pending", "Счёт на предоплату": "WaitingForPayment", "В работе": "PrintingInProgress",
		"Финальный счёт": "Fulfilled", "Сделка успешна": "Delivered", "Сделка провалена": "Cancelled", "Анализ причины провала": "Returned",
	} {
		w.holds(statusOf(stage), status)
	}
	w.holds(typeOf("Клиент"), "Client")

	w.choose(statusOf("Подготовка документов"), "Проверка макета")
	w.do(chromedp.Click(paidBy("Подготовка документов")))
	w.choose(typeOf("Партнер"), "Компания-партнер")
	w.click("Сохранить")
	w.sees("Сохранено")
	w.misses("Предложение")
	w.holds(statusOf("Подготовка документов"), "PrepressInProgress")
	w.holds(typeOf("Партнер"), "Partner")

	// What was typed is in force: an order becomes a deal of employee 2, and a dragged deal changes and pays the order.
	order := x.Place()
	deal, record := x.Deal(order)
	bitrix24test.Equal(t, "responsible", record["ASSIGNED_BY_ID"], "2")
	x.Must(x.Portal.MoveDeal(deal, "PREPARATION"))
	x.Settle()
	bitrix24test.Equal(t, "status", x.Order(order).Value("Status"), "PrepressInProgress")
	bitrix24test.Equal(t, "payment", x.Order(order).Value("PaymentStatus"), "Paid")

	// Another funnel has stages of its own.
	w.choose(labelled("Направление сделки"), "Опт")
	w.click("Сохранить")
	w.sees("Направление: Опт", "Прежнее направление: Общая")
}
