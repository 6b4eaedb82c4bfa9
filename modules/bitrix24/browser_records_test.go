package bitrix24_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

func TestBrowser_anOrganizationIsSentByItsButton(t *testing.T) {
	t.Parallel()
	w := opened(t)
	x := bitrix24test.New(t, db.SQLite)
	x.NewOrganization(x.NewClient())
	w.signIn(x, staff.Operator)

	w.menu("Клиенты", "Организации")
	w.click("ООО «Северный ветер»")
	w.sees("Основная информация", "Реквизиты юридических лиц", "Отправить в Битрикс24")
	w.misses("Bitrix ID")
	w.click("Отправить в Битрикс24")
	company := x.Portal.IDs("company")[0]
	w.sees(fmt.Sprintf("Bitrix ID:\n%d", company))
	w.click("Инфо")
	w.misses("Отправить в Битрикс24")

	// The portal has it, as the manual says, under «CRM / Компании».
	x.Settle()
	w.open(x.PortalURL)
	w.follow("Компании")
	w.click("ООО «Северный ветер»")
	w.sees("Соколова", "ИНН 6671234567", "КПП 667101001", "ПАО Банк «Пример» 40702810500000000001", "ИП Ветров", "ОГРНИП 314667100001111")
	bitrix24test.Equal(t, "companies", len(x.Portal.IDs("company")), 1)
}

func TestBrowser_aContactIDIsTypedIntoAClientsProfile(t *testing.T) {
	t.Parallel()
	w := opened(t)
	x := bitrix24test.New(t, db.SQLite)
	good := x.Do("create_contact", emulator.Args{"fields": map[string]any{"NAME": "Мария", "LAST_NAME": "Соколова"}})["id"]
	taken := x.Do("create_contact", emulator.Args{"fields": map[string]any{"NAME": "Пётр", "LAST_NAME": "Орлов"}})["id"]
	petr := x.Call(
		"POST", "/api/clients", apptest.JSON{"FirstName": "Пётр", "LastName": "Орлов", "Email": "petr@example.ru"},
	).Want(t, http.StatusCreated).ID()
	client := x.NewClient()
	w.signIn(x, staff.Operator)

	profile := func(client int64) string { return fmt.Sprintf("%s/admin/clients/%d", x.URL, client) }
	w.open(profile(petr))
	w.dialog("Редактировать профиль")
	w.write("Bitrix Contact ID", fmt.Sprint(taken))
	w.press("//dialog//button[normalize-space()='Сохранить']")
	w.sees("Сохранено", fmt.Sprintf("Контакт %d в Битрикс24: Пётр Орлов", taken))

	w.menu("Клиенты", "Частные лица")
	w.click("Соколова Мария Игоревна")
	w.dialog("Редактировать профиль")
	w.write("Имя для отображения", "Маша из «Ветра»", "Bitrix Contact ID", "999")
	w.refused("Bitrix Contact ID", "В Битрикс24 нет контакта 999")
	w.holds(labelled("Bitrix Contact ID"), "999")
	w.holds(labelled("Имя для отображения"), "Маша из «Ветра»")
	w.write("Bitrix Contact ID", fmt.Sprint(taken))
	w.refused("Bitrix Contact ID", fmt.Sprintf("Контакт %d уже привязан к клиенту Орлов Пётр", taken))
	w.holds(labelled("Имя для отображения"), "Маша из «Ветра»")
	w.write("Bitrix Contact ID", "сорок один")
	w.refused("Bitrix Contact ID", "число")
	w.holds(labelled("Bitrix Contact ID"), "сорок один")

	w.write("Bitrix Contact ID", fmt.Sprint(good))
	w.press("//dialog//button[normalize-space()='Сохранить']")
	w.sees("Сохранено", fmt.Sprintf("Контакт %d в Битрикс24: Мария Соколова", good), "Маша из «Ветра»")
	x.Settle()
	w.dialog("Редактировать профиль")
	w.holds(labelled("Bitrix Contact ID"), fmt.Sprint(good))
	_, deal := x.Deal(x.Place(bitrix24test.By(client)))
	bitrix24test.Equal(t, "contact of the next deal", deal["CONTACT_ID"], good)
}
