package shop_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/app/shop"
	"github.com/pixlpark/panel/app/staff"
)

func TestShop_fromAdvertisementToDiscussion(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.visitor(t)
		b.get("/site?utm_source=yandex&utm_campaign=spring").want(200, "Печатный двор", "Визитки", "Фотопостер",
			"Буклеты", "от 2,90\u00a0руб.")
		b.get("/site/products/cards").want(200, "1\u00a0300,00\u00a0руб.", `value="200"`)
		b.cards()
		b.post("/site/products/posters", "format", "50×70 см", "run", "1", "frame", "oak", "film", "none", "retouch", "yes").
			to("/site/cart")
		b.get("/site/cart").want(200, "Визитки, 90×50 мм", "1\u00a0600,00\u00a0руб.", "Рама: дуб", "4\u00a0290,00\u00a0руб.")
		b.get("/site/checkout").to("/site/login")
		b.get("/site/login").want(200, "Корзина никуда не денется")
		b.registers().to("/site/checkout")
		b.get("/site/checkout").want(200, "Вы зарегистрированы", "Для себя: Смирнова Анна", "Офис компании на Белинского",
			"+79123456789")

		layout := []byte("%PDF-1.7 макет")
		placed := b.checksOut([]upload{
			{"files.0", `..\..\макет.pdf`, layout},
			{"files.1", "фото.jpg", []byte("jpeg")},
			{"files.1", "фото.jpg", []byte("another")},
		},
			"delivery", "courier", "DeliveryAddress.City", "Томск", "DeliveryAddress.AddressLine1", "пр. Ленина, 1",
			"DeliveryAddress.Phone", "8 913 000-00-00", "Comment", "позвоните")
		list, err := w.orders.List(t.Context(), orders.Query{})
		must(t, err)
		if len(list) != 1 {
			t.Fatalf("%d orders, want one", len(list))
		}
		o := list[0]
		placed.to("/site/orders/" + regexp.MustCompile(`\d+`).FindString(placed.location))
		client, err := w.clients.Find(t.Context(), o.ClientID)
		must(t, err)
		if o.Source != orders.FromSite || o.SiteID != 1 || o.UTM != (orders.UTM{Source: "yandex", Campaign: "spring"}) ||
			client.EmailText() != anna {
			t.Errorf("order = %+v of %s", o, client.EmailText())
		}
		if o.Total != 4590_00 || o.DeliveryPrice != 300_00 || o.Shipping.Number != 8120 || o.Address.City != "Томск" ||
			o.Comment != "позвоните" {
			t.Errorf("order costs %s and goes to %+v", o.Total, o.Address)
		}
		matt := orders.Option{Title: "Ламинация", Description: "матовая", Price: 1_50, Quantity: 200}
		if o.Items[0].Options[0] != matt || len(o.Items[1].Options) != 2 {
			t.Errorf("options = %+v and %+v", o.Items[0].Options, o.Items[1].Options)
		}
		history, err := w.orders.History(t.Context(), o.ID)
		must(t, err)
		if len(history) != 4 || history[1].Actor != "Система (сайт)" || history[1].Text != "Приложен файл: макет.pdf" {
			t.Errorf("history = %+v", history)
		}
		b.get(placed.location).want(200, "Заказ принят", "макет.pdf", "Курьер по городу", "пр. Ленина, 1", "Не оплачен")
		b.get("/site/orders").want(200, "Оформлен", "4\u00a0590,00\u00a0руб.", "Визитки", "!Заказ принят")
		b.get("/site/cart").want(200, "пока пусто")

		b.post(placed.location+"/messages", "Text", "<b>Когда</b> будет готово?").to(placed.location + "#messages")
		_, err = w.orders.Change(t.Context(), o.ID, staff.Timer(), func(o *orders.Order) error {
			o.Say("Менеджер", "Завтра к обеду.", true)
			o.Say("Менеджер", "клиент торопится", false)
			o.Status = orders.PrintingInProgress
			return nil
		})
		must(t, err)
		b.get(placed.location).want(200, "<b>Когда</b> будет готово?", "Завтра к обеду.", "В печать", "!клиент торопится",
			"!Приложить файлы")
		b.upload(placed.location+"/items/1/files", []upload{{"file", "поздно.pdf", layout}}).want(422, "Заказ уже в работе")
		b.post(placed.location+"/messages", "Text", "  ").want(422, "Сообщение пустое")

		// The archive of the order opens for whoever has the link, and for nobody else.
		stranger := w.visitor(t)
		stranger.get(strings.TrimPrefix(orders.ArchiveURL(w.url, o), w.url)).want(200, "PK\x03\x04")
		stranger.get("/orders/3284901/archive/wrong").want(404)
	})
}

func TestShop_organizationOrdersWithItsPayer(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.visitor(t)
		company := []string{
			"as", "organization", "organization.Name", "ООО Ромашка", "organization.LegalEntities[0].Inn",
			"12", "organization.Address", "Томск",
		}
		b.registers(company...).want(422, "Должно быть цифр", `value="ООО Ромашка"`, "!correct horse")
		if n, err := w.clients.Count(t.Context(), clients.Query{}); n != 0 || err != nil {
			t.Errorf("%d clients, %v: half a registration was kept", n, err)
		}
		company[5] = "7017123456"
		b.registers(company...).to("/site/orders")
		client, err := w.clients.ByEmail(t.Context(), anna)
		must(t, err)
		found, err := w.organizations.Of(t.Context(), client.ID)
		must(t, err)
		if len(found) != 1 || found[0].LegalEntities[0].Name != "ООО Ромашка" || !found[0].MayOrder(client.ID) ||
			found[0].Type != organizations.Customer {
			t.Fatalf("organizations = %+v", found)
		}
		b.cards()
		b.get("/site/checkout").want(200, "Для организации: ООО Ромашка, ИНН 7017123456")
		payer := fmt.Sprintf("%d/%d", found[0].ID, found[0].LegalEntities[0].ID)
		b.checksOut(nil, "payer", payer, "PaymentMethod", "BankTransfer").want(303)
		o, err := w.orders.List(t.Context(), orders.Query{OrganizationID: found[0].ID})
		must(t, err)
		if len(o) != 1 || *o[0].LegalEntityID != found[0].LegalEntities[0].ID || o[0].PaymentMethod != orders.BankTransfer {
			t.Errorf("orders of the organization = %+v", o)
		}
		b.cards()
		b.checksOut(nil, "payer", payer+"0").want(422, "Выберите, для кого заказ")

		// A colleague who oversees the organization sees the order; one who only orders for it does not.
		for email, role := range map[string]organizations.Role{
			"boss@example.ru":      organizations.Supervisor,
			"colleague@example.ru": organizations.Manager,
		} {
			other := w.visitor(t)
			other.registers("Email", email, "Phone", "").to("/site/orders")
			client, err := w.clients.ByEmail(t.Context(), email)
			must(t, err)
			_, err = w.organizations.Change(t.Context(), found[0].ID, staff.Timer(), func(o *organizations.Organization) error {
				o.Employees = append(o.Employees, organizations.Employee{ClientID: client.ID, Role: role})
				return nil
			})
			must(t, err)
			want := http.StatusOK
			if role == organizations.Manager {
				want = http.StatusNotFound
			}
			other.get("/site/orders/3284901").want(want)
		}
	})
}

func TestShop_whatIsRefusedComesBackWithWhatWasTyped(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.visitor(t)
		for words, change := range map[string][]string{
			"Представьтесь":    {"FirstName", " "},
			"по ней вы будете": {"Email", ""},
			"Проверьте адрес":  {"Email", "anna@"},
			"Проверьте номер":  {"Phone", "123"},
			"не короче восьми": {"password", "short"},
		} {
			b.registers(change...).want(422, words, "Смирнова", "!correct horse")
		}
		b.registers().to("/site/orders")
		w.visitor(t).registers("Phone", "").want(422, "зарегистрироваться не получилось")

		for words, change := range map[string][]string{
			"Выберите размер":     {"format", "1×1"},
			"Выберите количество": {"run", "201"},
			"Выберите: Ламинация": {"coat", "gold"},
		} {
			choice := append([]string{"format", "90×50 мм", "run", "200", "coat", "matt", "corners", "no", "design", "own"},
				change...)
			b.post("/site/products/cards", choice...).want(422, words)
		}
		b.cards()
		for words, change := range map[string][]string{
			"способ доставки": {"delivery", "pigeon"},
			"способ оплаты":   {"PaymentMethod", "PersonalAccount"},
			"Куда доставить?": {"delivery", "carrier", "DeliveryAddress.City", "Томск"},
			"Проверьте номер": {"DeliveryAddress.Phone", "1"},
			"Слишком длинно":  {"Comment", strings.Repeat("я", 10_001)},
		} {
			b.checksOut([]upload{{"files.0", "макет.pdf", []byte("x")}}, change...).want(422, words, "Оформление заказа")
		}
		b.checksOut([]upload{{"files.0", "пусто.pdf", nil}}).want(422, "пустой")
		b.checksOut([]upload{{"files.0", "большой.tif", make([]byte, orders.MaxFileSize+1)}}).want(422, "больше 25 МБ")
		b.checksOut([]upload{{"files.0", "огромный.tif", make([]byte, 2*orders.MaxFileSize+2<<20)}}).
			want(413, "не больше 50 МБ")
		if n, err := w.orders.Count(t.Context(), orders.Query{}); n != 0 || err != nil {
			t.Errorf("%d orders, %v; want none", n, err)
		}
		b.post("/site/cart/remove", "line", "7").to("/site/cart")
		b.post("/site/cart/remove", "line", "0").to("/site/cart")
		b.get("/site/checkout").to("/site/cart")
		b.checksOut(nil).to("/site/cart")
	})
}

func TestShop_blockedClientCannotOrder(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.visitor(t)
		b.registers().to("/site/orders")
		b.cards()
		_, err := w.clients.Change(t.Context(), 1, staff.Timer(), func(c *clients.Client) error {
			c.Status = clients.Blocked
			return nil
		})
		must(t, err)
		b.checksOut(nil).want(422, "заблокирован")
	})
}

func TestShop_signingInAndOut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.visitor(t).registers().to("/site/orders")
		b := w.visitor(t)
		b.get("/site/orders").to("/site/login")
		b.post("/site/login", "Email", anna, "password", "wrong horse").want(422, "Неверная почта или пароль", anna)
		b.post("/site/login", "Email", "nobody@example.ru", "password", "correct horse").want(422,
			"Неверная почта или пароль")
		b.post("/site/login", "Email", " Anna@Example.RU", "password", "correct horse").to("/site/orders")
		b.get("/site/login").to("/site/orders")
		b.get("/admin/staff").want(303) // a client is nobody in the panel
		b.post("/site/logout").to("/site")
		b.get("/site/orders").to("/site/login")

		for range 5 {
			b.post("/site/login", "Email", anna, "password", "guess").want(422)
		}
		b.post("/site/login", "Email", anna, "password", "correct horse").want(429, "Слишком много попыток")
	})
}

func TestShop_accountsWithoutPasswordStayClosed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		email := anna
		_, err := w.clients.Register(t.Context(), staff.Timer(), clients.Client{FirstName: "Анна", Email: &email})
		must(t, err)
		b := w.visitor(t)
		b.post("/site/login", "Email", anna, "password", "").want(422, "Неверная почта или пароль")
		b.registers("Phone", "").want(422, "зарегистрироваться не получилось") // knowing an e-mail is no proof of owning it
	})
}

func TestShop_ordersOfOthersAreNotThere(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.visitor(t)
		b.registers().to("/site/orders")
		b.cards()
		placed := b.checksOut(nil)
		other := w.visitor(t)
		other.registers("Email", "eve@example.ru", "Phone", "").to("/site/orders")
		other.get(placed.location).want(404, "Такого заказа у вас нет", "В каталог")
		other.post(placed.location+"/messages", "Text", "привет").want(404)
		other.upload(placed.location+"/items/1/files", []upload{{"file", "x.pdf", []byte("x")}}).want(404)
		other.get("/site/orders").want(200, "ещё ничего не заказывали")
		b.upload(placed.location+"/items/999/files", []upload{{"file", "x.pdf", []byte("x")}}).want(404)
		b.upload(placed.location+"/items/1/files", []upload{{"file", "ещё.pdf", []byte("x")}}).to(placed.location)
		b.get(placed.location).want(200, "ещё.pdf")
		_, err := w.orders.SetStatus(t.Context(), 3284901, staff.Timer(), orders.Deleted)
		must(t, err)
		b.get(placed.location).want(404)
		b.get("/site/orders").want(200, "!3284901")
		b.get("/site/orders/abc").want(404)
		b.get("/site/nowhere").want(404, "Такой страницы нет")
		b.get("/site/products/cars").want(404, "Такого товара у нас нет")
	})
}

func TestShop_theSiteAskedForIsRemembered(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.visitor(t)
		b.get("/site?site=2").want(200, "Второй магазин")
		b.get("/site/cart").want(200, "Второй магазин")
		b.registers().to("/site/orders")
		b.cards()
		b.checksOut(nil).want(303)
		list, err := w.orders.List(t.Context(), orders.Query{SiteID: 2})
		must(t, err)
		if len(list) != 1 {
			t.Errorf("%d orders of the second site, want 1", len(list))
		}
		b.get("/site?site=99").want(404)
		b.get("/site?site=x").want(404)
	})
}

func TestCatalogue_everyChoiceCanBeOrdered(t *testing.T) {
	t.Parallel()
	w := open(t, dbtest.New(t, db.SQLite))
	b := w.visitor(t)
	b.registers().to("/site/orders")
	for _, p := range shop.Catalogue {
		for _, f := range p.Formats {
			if len(f.Prices) != len(p.Runs) {
				t.Errorf("%s, %s: %d prices for %d runs", p.Name, f.Name, len(f.Prices), len(p.Runs))
			}
		}
		last := []string{"format", p.Formats[len(p.Formats)-1].Name, "run", "1000"}
		if p.Slug == "posters" {
			last[3] = "5"
		}
		for _, extra := range p.Extras {
			last = append(last, extra.Name, extra.Answers[len(extra.Answers)-1].Name)
		}
		b.post("/site/products/"+p.Slug, last...).to("/site/cart")
	}
	b.checksOut(nil).want(303)
}

// Whether the second click comes at once or after the first has emptied the cart, it makes no second order.
func TestShop_twoClicksMakeOneOrder(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		b := w.visitor(t)
		b.registers().to("/site/orders")
		b.cards()
		b.get("/site/checkout").want(200, `name="key" value="`)
		const key = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		var clicks sync.WaitGroup
		led := make(chan string, 3)
		for range cap(led) {
			clicks.Go(func() {
				got := b.checksOut([]upload{{"files.0", "макет.pdf", []byte("x")}}, "key", key)
				if got.status != http.StatusSeeOther {
					t.Errorf("a click is answered %d", got.status)
				}
				led <- got.location
			})
		}
		clicks.Wait()
		close(led)
		list, err := w.orders.List(t.Context(), orders.Query{})
		must(t, err)
		if len(list) != 1 || len(list[0].Items[0].Files) != 1 {
			t.Fatalf("orders = %+v, want one with one file", list)
		}
		for location := range led {
			if location != fmt.Sprintf("/site/orders/%d", list[0].ID) && location != "/site/cart" {
				t.Errorf("a click leads to %s, but the order is %d", location, list[0].ID)
			}
		}
		b.cards()
		b.checksOut(nil, "key", "").want(422, "Откройте страницу заново")
	})
}
