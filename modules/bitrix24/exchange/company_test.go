package exchange_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

func TestOrderForAnOrganization_bringsCompanyRequisitesAndEmployees(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := x.NewClient()
		organization := x.NewOrganization(client)
		order := x.Place(bitrix24test.By(client), bitrix24test.Set("OrganizationId", organization.ID()))
		x.Settle()
		_, deal := x.Deal(order)
		x.WholeCompany(deal)
		x.As(staff.Operator).Get(fmt.Sprintf("/admin/organizations/%d", organization.ID())).Want(t, http.StatusOK, "Bitrix ID").
			Lacks(t, "Отправить в Битрикс24")
		// A second order asks for nothing that is known.
		x.Place(bitrix24test.By(client), bitrix24test.Set("OrganizationId", organization.ID()))
		x.Settle()
		x.WholeCompany(deal)
	})
}

func TestSendOrganization_pressedTwiceMakesOneCompany(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		organization := x.NewOrganization(x.NewClient()).ID()
		path := fmt.Sprintf("/admin/organizations/%d", organization)
		operator := x.As(staff.Operator)
		operator.Get(path).Want(t, http.StatusOK, "Отправить в Битрикс24")
		for range 2 {
			operator.Post(path + "/actions/bitrix24.send")
		}
		x.Settle()
		company := x.Portal.IDs("company")
		if len(company) != 1 {
			t.Fatalf("%d companies, want 1", len(company))
		}
		operator.Get(path).Want(t, http.StatusOK, "Bitrix ID", fmt.Sprint(company[0])).Lacks(t, "Отправить в Битрикс24")
		record, _ := x.Portal.Company(company[0])
		x.WholeCompany(emulator.Record{"COMPANY_ID": record["ID"]})
	})
}

func TestCompanyChangedInThePortal_changesTheOrganization(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		organization := x.NewOrganization(x.NewClient()).ID()
		x.As(staff.Operator).Post(fmt.Sprintf("/admin/organizations/%d/actions/bitrix24.send", organization)).Want(t, http.StatusSeeOther)
		x.Settle()
		companies := x.State().Companies
		company := bitrix24test.Number(t, companies[0]["ID"].(string))
		x.Do("edit_company", emulator.Args{"id": company, "fields": map[string]any{
			"TITLE": "АО «Северный ветер»", "COMPANY_TYPE": "PARTNER",
			"PHONE": []any{map[string]any{"ID": multifield(t, companies, "PHONE"), "VALUE": "+73432001021", "VALUE_TYPE": "MOBILE"}},
		}})
		changes := x.Portal.Stats().Changes
		x.Settle()
		o := x.Call("GET", fmt.Sprintf("/api/organizations/%d", organization), nil).Want(t, http.StatusOK)
		bitrix24test.Equal(t, "name", o.Value("Name"), "АО «Северный ветер»")
		bitrix24test.Equal(t, "type", o.Value("Type"), "Partner")
		bitrix24test.Equal(t, "phone", strings.NewReplacer(" ", "", "-", "").Replace(o.Value("Phone")), "+73432001021")
		bitrix24test.Equal(t, "changes caused on the portal", x.Portal.Stats().Changes-changes, 0)

		x.Do("delete_company", emulator.Args{"id": company})
		x.Settle()
		x.As(staff.Operator).Get(fmt.Sprintf("/admin/organizations/%d", organization)).
			Want(t, http.StatusOK, "Отправить в Битрикс24").Lacks(t, "Bitrix ID")
	})
}

func TestAddressOfAnOrganization_changesInItsCompanyAndLeavesTheRestOfTheComment(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		organization := x.NewOrganization(x.NewClient()).ID()
		x.As(staff.Operator).Post(fmt.Sprintf("/admin/organizations/%d/actions/bitrix24.send", organization)).Want(t, http.StatusSeeOther)
		x.Settle()
		company := x.Portal.IDs("company")[0]
		comment := func() string {
			record, _ := x.Portal.Company(company)
			return record["COMMENTS"]
		}
		bitrix24test.Equal(t, "comment", comment(), "Фактический адрес: Екатеринбург, ул. Белинского, 86")
		x.Do("edit_company", emulator.Args{
			"id":     company,
			"fields": map[string]any{"COMMENTS": "Звонить до 12\n" + comment() + "\nПлатят вовремя"},
		})
		x.Settle()
		for _, c := range []struct{ address, comment string }{
			{"Пермь, ул. Мира, 1", "Звонить до 12\nФактический адрес: Пермь, ул. Мира, 1\nПлатят вовремя"},
			{"", "Звонить до 12\nПлатят вовремя"},
			{"Тула", "Звонить до 12\nПлатят вовремя\nФактический адрес: Тула"},
		} {
			x.Call("PATCH", fmt.Sprintf("/api/organizations/%d", organization), apptest.JSON{"Address": c.address}).Want(t, http.StatusOK)
			x.Settle()
			bitrix24test.Equal(t, "comment", comment(), c.comment)
		}
	})
}

func TestCompanyFoundByINN_isLinkedAndNotMadeAgain(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := x.NewClient()
		company := x.Do("create_company", emulator.Args{"fields": map[string]any{"TITLE": "Северный ветер (старый)"}})["id"]
		hook := x.PortalURL + "/rest/1/" + bitrix24test.WebhookCode + "/crm.requisite.add?fields[ENTITY_TYPE_ID]=4&fields[PRESET_ID]=1&fields[NAME]=x&fields[RQ_INN]=6671234567&fields[ENTITY_ID]=" + fmt.Sprint(company)
		resp, err := http.Get(hook)
		x.Must(err)
		_ = resp.Body.Close()
		bitrix24test.Equal(t, "status of the requisite", resp.StatusCode, http.StatusOK)
		order := x.Place(bitrix24test.By(client), bitrix24test.Set("OrganizationId", x.NewOrganization(client).ID()))
		x.Settle()
		_, deal := x.Deal(order)
		bitrix24test.Equal(t, "company of the deal", deal["COMPANY_ID"], company)
		if got := len(x.Portal.IDs("company")); got != 1 {
			t.Errorf("%d companies, want 1", got)
		}
		record, _ := x.Portal.Company(company)
		bitrix24test.Equal(t, "the portal's name is kept", record["TITLE"], "Северный ветер (старый)")
		if got := len(x.State().Requisites); got != 2 {
			t.Errorf("%d requisites, want the found one and the ИП's", got)
		}
	})
}

func TestPhoneOfACompanyThatThePanelCannotTake_staysOnBothSides(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		organization := x.Call(
			"POST", "/api/organizations", apptest.JSON{"Name": "ООО «Ромашка»", "Phone": "+7 495 123-45-67"},
		).Want(t, http.StatusCreated).ID()
		x.As(staff.Operator).Post(fmt.Sprintf("/admin/organizations/%d/actions/bitrix24.send", organization)).Want(t, http.StatusSeeOther)
		x.Settle()
		companies := x.State().Companies
		company := bitrix24test.Number(t, companies[0]["ID"].(string))
		x.Do("edit_company", emulator.Args{"id": company, "fields": map[string]any{
			"PHONE": []any{map[string]any{"ID": multifield(t, companies, "PHONE"), "VALUE": "добавочный 12", "VALUE_TYPE": "MOBILE"}},
		}})
		x.Settle()
		x.JournalHas("не принято", 1)
		x.Call("PATCH", fmt.Sprintf("/api/organizations/%d", organization), apptest.JSON{"Name": "ООО «Василёк»"}).Want(t, http.StatusOK)
		x.Settle()
		x.JournalHas("не принято", 1)
		record, _ := x.Portal.Company(company)
		bitrix24test.Equal(t, "title", record["TITLE"], "ООО «Василёк»")
		bitrix24test.Equal(t, "the portal keeps its own", record["PHONE.MOBILE"], "добавочный 12")
		bitrix24test.Equal(t, "the panel, too", x.Call("GET", fmt.Sprintf("/api/organizations/%d", organization), nil).
			Want(t, http.StatusOK).Value("Phone"), "+74951234567")
	})
}
