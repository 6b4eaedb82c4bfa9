package bitrix24_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// TestManual holds every sentence of the vendor's manual against the tests that prove it: testdata/manual.json has them
// in the manual's order.
func TestManual(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("testdata", "manual.json"))
	if err != nil {
		t.Fatal(err)
	}
	var sentences []struct {
		Place, Says string
		Tests       []string
	}
	if err := json.Unmarshal(text, &sentences); err != nil {
		t.Fatal(err)
	}
	known := testNames(t)
	for _, s := range sentences {
		if len(s.Tests) == 0 {
			t.Errorf("%s: %q is proved by nothing", s.Place, s.Says)
		}
		for _, name := range s.Tests {
			if !known[name] {
				t.Errorf("%s: %q names %s, which does not exist", s.Place, s.Says, name)
			}
		}
	}
}

// testNames are the tests of the module, whatever package they are in.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	var files []string
	for _, pattern := range []string{"*_test.go", "*/*_test.go"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	known := map[string]bool{}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && strings.HasPrefix(fn.Name.Name, "Test") {
				known[fn.Name.Name] = true
			}
		}
	}
	return known
}

func TestManualForm_showsHandlerAddressEventsAndFieldsInOrder(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		form := x.As(staff.Administrator).Get(bitrix24test.SettingsPage).Want(t, http.StatusOK, x.URL+"/api/bitrix/events",
			"Обновление сделки", "Обновление контакта", "Обновление компании", "Обновление лида", "Удаление сделки",
			"Удаление контакта", "Удаление компании", "Удаление лида", "Удаление товара").Text
		at := 0
		for _, label := range []string{
			"URL портала", "ID сотрудника, создавшего вебхуки", "Токен исходящего вебхука", "Код входящего вебхука", "Типы отправляемых заказов",
			"Направление сделки", "ID ответственного за сделку", "Автоматически отправлять заказы", "в качестве лидов", "Использовать телефонию",
		} {
			next := strings.Index(form[at:], label)
			if next < 0 {
				t.Fatalf("%q is missing, or stands before its predecessor", label)
			}
			at += next
		}
	})
}

func TestManualResponsible_comesFromTheSettingsAndAChangeByHandStays(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.SaveSettings("responsible_id", "2")
		order := x.Place()
		x.Settle()
		id, deal := x.Deal(order)
		bitrix24test.Equal(t, "responsible of a new deal", deal["ASSIGNED_BY_ID"], "2")
		x.Do("edit_deal", emulator.Args{"id": id, "fields": map[string]any{"ASSIGNED_BY_ID": 3}})
		x.Settle()
		x.SetStatus(order, orders.Pending)
		x.Settle()
		_, deal = x.Deal(order)
		bitrix24test.Equal(t, "stage", deal["STAGE_ID"], "PREPARATION")
		bitrix24test.Equal(t, "responsible chosen in the card", deal["ASSIGNED_BY_ID"], "3")
	})
}

func TestManualDeal_ofAnOrganizationHasAllItsSections(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := x.NewClient()
		order := x.Place(bitrix24test.By(client), bitrix24test.Set("OrganizationId", x.NewOrganization(client).ID()))
		x.Settle()
		id, deal := x.Deal(order)
		reply := x.Order(order)
		bitrix24test.Equal(t, "amount", bitrix24test.Kopecks(t, deal["OPPORTUNITY"]), orders.Money(1149_75))
		bitrix24test.Equal(t, "currency", deal["CURRENCY_ID"], "RUB")
		if deal["COMPANY_ID"] == "" || deal["CONTACT_ID"] == "" {
			t.Errorf("company %q and contact %q, want both", deal["COMPANY_ID"], deal["CONTACT_ID"])
		}
		bitrix24test.Equal(t, "source", deal["SOURCE_ID"], "WEB")
		bitrix24test.Contains(t, "about the source", deal["SOURCE_DESCRIPTION"], "https://shop.example.ru")
		bitrix24test.Contains(t, "start date", deal["BEGINDATE"], reply.Value("DateCreated")[:10])
		bitrix24test.Contains(t, "comment", deal["COMMENTS"], "[URL="+x.URL+bitrix24test.Page(order)+"]", "[URL="+reply.Value("DownloadLink")+"]")
		bitrix24test.Contains(t, "discussion", deal["UF_CRM_PIXLPARK_DISCUSSION"], "Позвоните, когда будет готово")
		bitrix24test.Contains(t, "delivery", deal["UF_CRM_PIXLPARK_DELIVERY"], "Офис компании на Белинского")
		bitrix24test.Equal(t, "rows", len(x.Portal.Rows(id)), 3)
		bitrix24test.Equal(t, "sum of rows", x.RowsSum(id), orders.Money(1149_75))
		x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "контакт", "компания", fmt.Sprint(id))
	})
}
