package backfill_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// exportAnother places an order that is not sent by itself, and exports it.
func exportAnother(x *bitrix24test.Pair) (order int64) {
	x.T.Helper()
	order = x.Place()
	x.As(staff.Administrator).Post(bitrix24test.BackfillPage, "what", "order", "action", "start").Want(x.T, http.StatusSeeOther)
	x.Settle()
	return order
}

// limited has orders wait for an export, and the portal limit how long methods may work.
func limited(x *bitrix24test.Pair, costs map[string]float64) {
	x.T.Helper()
	x.SaveSettings("auto", "-")
	x.Portal.SetBehaviour(func(b *emulator.Behaviour) { b.OperatingLimit, b.RequestSeconds, b.Cost = true, 0, costs })
}

// The portal limits how long a method may work. Of two that do the same each takes half.
func TestBackfill_sharesTheLoadAmongMethods(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		limited(x, nil)
		var placed []int64
		for range 4 {
			placed = append(placed, exportAnother(x))
		}
		ran := x.Portal.Stats().Commands
		for _, method := range []string{
			"crm.item.productrow.set", "crm.deal.productrows.set", "crm.item.import", "crm.item.batchImport",
		} {
			bitrix24test.Equal(t, method, ran[method], 2)
		}
		// The old method does not tell the rows' numbers. They are found all the same.
		bitrix24test.Equal(t, "rows of unknown numbers", x.Count("bitrix24_intents"), 0)
		for _, order := range placed {
			id, deal := x.Deal(order)
			bitrix24test.Equal(t, "amount", bitrix24test.Kopecks(t, deal["OPPORTUNITY"]), orders.Money(1149_75))
			bitrix24test.Equal(t, "sum of rows", x.RowsSum(id), orders.Money(1149_75))
			x.Do("add_row", emulator.Args{"deal": id, "row": map[string]any{
				"PRODUCT_NAME": "Выезд замерщика", "PRICE": 500, "QUANTITY": 1,
			}})
			x.ChangeOrder(order, func(o *orders.Order) { o.DeliveryPrice = 0 })
			x.Settle()
			bitrix24test.Equal(t, "sum of rows", x.RowsSum(id), orders.Money(1149_75-300_25+500_00))
		}
		x.AtRest()
	})
}

func TestBackfill_namesTheLimitThatItWaitsFor(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		limited(x, map[string]float64{"crm.item.productrow.set": 461, "crm.deal.productrows.set": 461})
		for range 3 {
			exportAnother(x)
		}
		x.As(staff.Administrator).Get(bitrix24test.BackfillPage).Want(t, http.StatusOK,
			"Темп задаёт предел портала: методы crm.item.productrow.set и crm.deal.productrows.set могут работать не дольше 480 секунд",
			"Выгрузка продолжится в").Lacks(t, "повторяются")
		bitrix24test.Equal(t, "deals so far", len(x.Portal.IDs("deal")), 2)
		bitrix24test.Equal(t, "refused for their time", x.Portal.Stats().Refused["OPERATION_TIME_LIMIT"], 0)
	})
}

func TestBackfill_lostAnswersOfTheOtherMethodsMakeNothingTwice(t *testing.T) {
	for _, method := range []string{"crm.item.import", "crm.deal.productrows.set"} {
		t.Run(method, func(t *testing.T) {
			bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
				limited(x, nil)
				exportAnother(x)
				x.Fail(emulator.Fault{Fault: "lost_response", Method: method, Count: 1})
				order := exportAnother(x)
				x.Recover()
				id, _ := x.Deal(order)
				bitrix24test.Equal(t, "sum of rows", x.RowsSum(id), orders.Money(1149_75))
				bitrix24test.Equal(t, "deals", len(x.Portal.IDs("deal")), 2)
			}, func(s *bitrix24test.Setup) { s.Options.Settle = time.Millisecond })
		})
	}
}
