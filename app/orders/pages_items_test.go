package orders_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
)

// typed are an order's items as the form posts them back unchanged.
func typed(o *orders.Order) []string {
	form := []string{"revision", revision(o), "DiscountPrice", ""}
	for i, item := range o.Items {
		place := fmt.Sprintf("Items[%d]", i)
		form = append(form, place+".Id", fmt.Sprint(item.ID),
			place+".Name", item.Name, place+".Description", item.Description,
			place+".ItemPrice", item.Price.String(), place+".Quantity", fmt.Sprint(item.Quantity),
			place+".Comment", item.Comment, place+".MaterialId", fmt.Sprint(item.MaterialID))
		for n, option := range item.Options {
			place := fmt.Sprintf("%s.Options[%d]", place, n)
			form = append(form, place+".Title", option.Title, place+".Description", option.Description,
				place+".Price", option.Price.String(), place+".Quantity", fmt.Sprint(option.Quantity))
		}
	}
	return form
}

// with replaces a value of a form, or adds it.
func with(form []string, name, value string) []string {
	form = append([]string(nil), form...)
	for i := 0; i < len(form); i += 2 {
		if form[i] == name {
			form[i+1] = value
			return form
		}
	}
	return append(form, name, value)
}

func TestItems_areEditedByHand(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, staff.Operator)
		o := s.place()
		_, err := s.orders.AttachFile(t.Context(), o.ID, o.Items[0].ID, "макет.pdf", strings.NewReader("pdf"))
		must(t, err)
		s.get(page(o, "/items")).want(200, "Элементы заказа", `value="Штендер арочный"`, `value="850,00"`,
			"Тип: 120x60 см", "1 700,00")

		s.post(page(o, "/items"), typed(o)...).want(303)
		if got := s.find(o.ID); got.Revision != 1 {
			t.Errorf("saving what was there wrote revision %d: %+v", got.Revision, got.Items)
		}

		form := typed(o)
		form = with(form, "Items[0].Quantity", "3")
		form = with(form, "Items[0].Options[0].Price", "10,5")
		form = with(form, "DiscountPrice", "100")
		s.post(page(o, "/items"), form...).want(303)
		changed := s.find(o.ID)
		if changed.Total != 2550_00+10_50+850_00-100_00 || changed.Items[0].ID != o.Items[0].ID ||
			len(changed.Items[0].Files) != 1 {
			t.Errorf("total = %v, items = %+v", changed.Total, changed.Items)
		}
		s.get(page(o)).want(200, "Элементы заказа сохранены", "3 310,50 руб.", "макет.pdf")
	})
}

func TestItems_buttonsWorkWithoutAScriptAndStoreNothing(t *testing.T) {
	t.Parallel()
	s := open(t, dbtest.New(t, db.SQLite), staff.Operator)
	o := s.place()
	press := func(form []string, button string) answer {
		return s.post(page(o, "/items"), with(form, "button", button)...).want(200, `name="revision" value="1"`)
	}
	press(typed(o), "add").want(200, `name="Items[2].Name" value=""`, `name="Items[2].Quantity" value="1"`)
	press(typed(o), "add 1").want(200, `name="Items[1].Options[0].Title"`)
	press(typed(o), "remove 0").want(200, `name="Items[0].Name" value="Штендер прямоугольный"`).lacks("Штендер арочный")
	press(typed(o), "remove 0 0").want(200, "Штендер арочный").lacks("Конструкция")
	press(with(typed(o), "Items[0].Quantity", "4"), "count").want(200, "4 250,00")
	press(with(typed(o), "Items[0].Quantity", "много"), "count").want(200, `value="много"`)
	for _, nonsense := range []string{"remove 9", "remove -1", "remove x", "remove 0 9", "add 9", "remove"} {
		press(typed(o), nonsense).want(200, "Штендер арочный", "Штендер прямоугольный", "Конструкция")
	}
	if got := s.find(o.ID); got.Revision != 1 {
		t.Errorf("a button changed the order: revision %d", got.Revision)
	}
}

func TestItems_badInputIsMarkedAndKept(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := open(t, d, staff.Operator)
		o := s.place(func(d *orders.Draft) { d.Paid = 1000_00 })
		for _, bad := range []struct{ field, value, says string }{
			{"Items[0].Quantity", "-2", "Количество должно быть от 1"},
			{"Items[0].Quantity", "два", "Введите целое число"},
			{"Items[1].ItemPrice", "10,123", "не больше двух знаков"},
			{"Items[1].ItemPrice", "-10", "Цена не может быть отрицательной"},
			{"Items[1].ItemPrice", "0", "Оплачено больше, чем стоит заказ"},
			{"Items[1].Name", "", "Укажите название."},
			{"Items[1].Name", strings.Repeat("ж", 600), "Слишком длинно: не больше 500 знаков"},
			{"Items[0].Options[0].Quantity", "1.5", "Введите целое число"},
			{"Items[0].Options[0].Title", "", "Укажите название опции"},
			{"Items[0].MaterialId", "-1", "Номер товара не может быть отрицательным"},
			{"DiscountPrice", "99999", "Скидка больше суммы заказа"},
			{"DiscountPrice", "x", "Введите сумму"},
			{"revision", "0", "Пока вы редактировали"},
		} {
			got := s.post(page(o, "/items"), with(typed(o), bad.field, bad.value)...)
			if bad.field == "revision" {
				got.want(409, bad.says)
				continue
			}
			got.want(422, bad.says, "Штендер", fmt.Sprintf(`name="%s" value="%s"`, bad.field, bad.value))
		}
		both := with(with(typed(o), "Items[0].Quantity", "a"), "Items[1].ItemPrice", "b")
		s.post(page(o, "/items"), both...).want(422, "Введите целое число", "Введите сумму")
		s.post(page(o, "/items"), "revision", "1").want(422, "В заказе должна быть хотя бы одна позиция")
		if got := s.find(o.ID); got.Revision != 1 || len(got.Items) != 2 {
			t.Errorf("bad input changed the order: %+v", got)
		}
	})
}

func TestItems_nobodyReachesIntoAnotherOrder(t *testing.T) {
	t.Parallel()
	s := open(t, dbtest.New(t, db.SQLite), staff.Operator)
	mine, other := s.place(), s.place()
	s.post(page(mine, "/items"), with(typed(mine), "Items[0].Id", fmt.Sprint(other.Items[0].ID))...).want(303)
	if got := s.find(other.ID); len(got.Items) != 2 || got.Items[0].ID != other.Items[0].ID {
		t.Errorf("the other order's items = %+v", got.Items)
	}
	if got := s.find(mine.ID); len(got.Items) != 2 || got.Items[0].ID == other.Items[0].ID {
		t.Errorf("own items = %+v", got.Items)
	}
}
