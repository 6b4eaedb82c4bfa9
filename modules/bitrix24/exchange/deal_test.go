package exchange_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

func TestWhatAManagerChangedByHand_isNotOverwritten(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		deal, record := x.Deal(order)
		x.Do("edit_deal", emulator.Args{"id": deal, "fields": map[string]any{
			"TITLE": "Соколова: фотографии", "ASSIGNED_BY_ID": 3, "COMMENTS": record["COMMENTS"] + "\nПеревезти до пятницы", "SOURCE_ID": "CALL",
		}})
		x.Settle()
		x.SetStatus(order, orders.PrintingInProgress)
		x.Call("POST", fmt.Sprintf("/api/orders/%d/payments", order), apptest.JSON{"Amount": 100, "Method": "Cash"}).Want(t, http.StatusOK)
		x.Call(
			"POST", fmt.Sprintf("/api/orders/%d/comments", order),
			apptest.JSON{"Text": "Уже печатаете?", "VisibleToClient": true},
		).Want(t, http.StatusOK)
		x.Call(
			"PUT", fmt.Sprintf("/api/orders/%d/items", order),
			apptest.JSON{"Items": []apptest.JSON{{"Name": "Визитки", "Quantity": 3, "ItemPrice": 1000}}},
		).Want(t, http.StatusOK)
		x.Settle()
		_, record = x.Deal(order)
		bitrix24test.Equal(t, "title", record["TITLE"], "Соколова: фотографии")
		bitrix24test.Equal(t, "responsible", record["ASSIGNED_BY_ID"], "3")
		bitrix24test.Equal(t, "source", record["SOURCE_ID"], "CALL")
		bitrix24test.Contains(t, "comment", record["COMMENTS"], "Перевезти до пятницы", x.URL+bitrix24test.Page(order))
		bitrix24test.Equal(t, "stage", record["STAGE_ID"], "EXECUTING")
		bitrix24test.Equal(t, "amount", bitrix24test.Kopecks(t, record["OPPORTUNITY"]), orders.Money(3249_75))
		bitrix24test.Contains(t, "discussion", record["UF_CRM_PIXLPARK_DISCUSSION"], "Уже печатаете?")
		bitrix24test.Contains(t, "payment", record["UF_CRM_PIXLPARK_PAYMENT"], "100,00")
	})
}
