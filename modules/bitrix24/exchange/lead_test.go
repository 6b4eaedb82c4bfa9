package exchange_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

func organizationLead(id int64) string { return fmt.Sprintf("lead-organization:%d", id) }

// multi is the only value of a multifield.
func multi(t testing.TB, record map[string]any, kind string) string {
	t.Helper()
	list, _ := record[kind].([]any)
	if len(list) != 1 {
		t.Fatalf("%d values of %s, want 1: %v", len(list), kind, record[kind])
	}
	value := list[0].(map[string]any)
	return fmt.Sprint(value["VALUE_TYPE"], " ", value["VALUE"])
}

// wholeDeal checks that the only deal is the order's, with everything that the module writes after a conversion.

// quarterOfAnHourLater lets the time pass that a deal has for appearing after a conversion.
func TestPersonRegistered_becomesALead(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := x.NewClient()
		x.Settle()
		_, lead := x.Lead(bitrix24test.ClientLead(client), 1)
		bitrix24test.Equal(t, "title", lead["TITLE"], "Соколова Мария Игоревна")
		bitrix24test.Equal(t, "name", fmt.Sprint(lead["LAST_NAME"], lead["NAME"], lead["SECOND_NAME"]), "СоколоваМарияИгоревна")
		bitrix24test.Equal(t, "stage", lead["STATUS_ID"], "NEW")
		bitrix24test.Equal(t, "phone", multi(t, lead, "PHONE"), "MOBILE +79123456701")
		bitrix24test.Equal(t, "e-mail", multi(t, lead, "EMAIL"), "HOME sokolova@example.ru")
		if s := x.State(); len(s.Contacts)+len(s.Deals)+len(s.Companies) != 0 {
			t.Errorf("%d contacts, %d deals, %d companies beside the lead", len(s.Contacts), len(s.Deals), len(s.Companies))
		}
		x.Call("PATCH", fmt.Sprintf("/api/clients/%d", client), apptest.JSON{"FirstName": "Марья"}).Want(t, http.StatusOK)
		x.Settle()
		_, lead = x.Lead(bitrix24test.ClientLead(client), 1)
		bitrix24test.Equal(t, "name after a change", lead["NAME"], "Марья")
	}, bitrix24test.WithLeads)
}

func TestPersonRegistered_whomThePortalKnows_isLinkedAndNoLead(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Do("create_contact", emulator.Args{"fields": map[string]any{
			"NAME": "Маша", "PHONE": []any{map[string]any{"VALUE": "8 912 345-67-01", "VALUE_TYPE": "WORK"}},
		}})
		client := x.NewClient()
		order := x.Place(bitrix24test.By(client))
		x.Settle()
		if got := len(x.State().Leads); got != 0 {
			t.Errorf("%d leads, want none", got)
		}
		x.Deal(order)
	}, bitrix24test.WithLeads)
}

func TestRegisteredBeforeTheSwitch_isNoLead(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := x.NewClient()
		x.SaveSettings("leads", "on")
		order := x.Place(bitrix24test.By(client))
		x.Settle()
		x.Deal(order)
		if got := len(x.State().Leads); got != 0 {
			t.Errorf("%d leads, want none", got)
		}
	})
}

func TestOrganizationRegistered_becomesTwoLeads(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := x.NewClient()
		organization := x.NewOrganization(client).ID()
		x.Settle()
		_, own := x.Lead(organizationLead(organization), 2)
		bitrix24test.Equal(t, "title", own["TITLE"], "ООО «Северный ветер»")
		bitrix24test.Equal(t, "company", own["COMPANY_TITLE"], "ООО «Северный ветер»")
		bitrix24test.Equal(t, "phone", multi(t, own, "PHONE"), "MOBILE +73432001020")
		_, employee := x.Lead(bitrix24test.ClientLead(client), 2)
		bitrix24test.Equal(t, "title of the employee's", employee["TITLE"], "Соколова Мария Игоревна")
		bitrix24test.Equal(t, "company of the employee's", employee["COMPANY_TITLE"], "ООО «Северный ветер»")

		order := x.Place(bitrix24test.By(client), bitrix24test.Set("OrganizationId", organization))
		x.Settle()
		id, employee := x.Lead(bitrix24test.ClientLead(client), 2)
		bitrix24test.Equal(
			t, "the order is in the employee's lead", bitrix24test.Kopecks(t, fmt.Sprint(employee["OPPORTUNITY"])),
			orders.Money(1149_75),
		)
		bitrix24test.Equal(t, "sum of its rows", x.LeadSum(id), orders.Money(1149_75))
		if s := x.State(); len(s.Contacts)+len(s.Deals)+len(s.Companies) != 0 {
			t.Errorf("order %d: %d contacts, %d deals, %d companies beside the leads", order, len(s.Contacts), len(s.Deals), len(s.Companies))
		}
	}, bitrix24test.WithLeads)
}

func TestOrdersOfANewClient_goIntoHisLeadAndFurtherOnesIntoTheirOwn(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		first := x.Place()
		client := int64(x.Order(first).Number("UserId"))
		x.Settle()
		id, lead := x.Lead(bitrix24test.ClientLead(client), 1)
		bitrix24test.Equal(t, "title", lead["TITLE"], "Соколова Мария Игоревна")
		bitrix24test.Equal(t, "amount", bitrix24test.Kopecks(t, fmt.Sprint(lead["OPPORTUNITY"])), orders.Money(1149_75))
		bitrix24test.Equal(t, "sum of rows", x.LeadSum(id), orders.Money(1149_75))
		bitrix24test.Contains(t, "comment", fmt.Sprint(lead["COMMENTS"]), "[URL="+x.URL+bitrix24test.Page(first)+"]")
		bitrix24test.Contains(t, "discussion", fmt.Sprint(lead["UF_CRM_PIXLPARK_DISCUSSION"]), "Позвоните, когда будет готово")
		bitrix24test.Contains(t, "delivery", fmt.Sprint(lead["UF_CRM_PIXLPARK_DELIVERY"]), "Офис компании на Белинского")
		bitrix24test.Equal(t, "source", lead["SOURCE_ID"], "WEB")
		bitrix24test.Contains(t, "about the source", fmt.Sprint(lead["SOURCE_DESCRIPTION"]), "Типография «Демо»")
		bitrix24test.Equal(t, "utm", lead["UTM_SOURCE"], "yandex")
		x.As(staff.Operator).Get(bitrix24test.Page(first)).
			Want(t, http.StatusOK, "Заказ в лиде", fmt.Sprintf("%s/crm/lead/details/%d/", x.PortalURL, id))

		x.Call(
			"PUT", fmt.Sprintf("/api/orders/%d/items", first),
			[]apptest.JSON{{"MaterialId": 8, "Name": "Фотопостер (30x40 см)", "Quantity": 2, "ItemPrice": "810.00"}},
		).
			Want(t, http.StatusOK)
		x.Call(
			"POST", fmt.Sprintf("/api/orders/%d/comments", first),
			apptest.JSON{"Text": "Добавьте рамку", "VisibleToClient": true},
		).Want(t, http.StatusOK)
		x.Settle()
		_, lead = x.Lead(bitrix24test.ClientLead(client), 1)
		bitrix24test.Equal(t, "changed amount", bitrix24test.Kopecks(t, fmt.Sprint(lead["OPPORTUNITY"])), orders.Money(1869_75))
		bitrix24test.Equal(t, "changed sum of rows", x.LeadSum(id), orders.Money(1869_75))
		bitrix24test.Contains(t, "changed discussion", fmt.Sprint(lead["UF_CRM_PIXLPARK_DISCUSSION"]), "Добавьте рамку")

		x.SaveSettings("leads", "-") // an open lead goes on being one
		second := x.Place(bitrix24test.By(client))
		x.Settle()
		other, lead := x.Lead(bitrix24test.OrderLead(second), 2)
		bitrix24test.Equal(t, "amount of the second", bitrix24test.Kopecks(t, fmt.Sprint(lead["OPPORTUNITY"])), orders.Money(1149_75))
		bitrix24test.Equal(t, "rows of the second", x.LeadSum(other), orders.Money(1149_75))
		bitrix24test.Equal(t, "rows of the first", x.LeadSum(id), orders.Money(1869_75))
		if s := x.State(); len(s.Contacts)+len(s.Deals) != 0 {
			t.Errorf("%d contacts and %d deals beside the leads", len(s.Contacts), len(s.Deals))
		}
	}, bitrix24test.WithLeads)
}

func TestSendWithLeadsOn_makesAContactOrACompanyNeverALead(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := x.NewClient()
		organization := x.NewOrganization(client).ID()
		x.SaveSettings("leads", "on")
		operator := x.As(staff.Operator)
		operator.Post(fmt.Sprintf("/admin/clients/%d/actions/bitrix24.send", client)).Want(t, http.StatusSeeOther)
		operator.Post(fmt.Sprintf("/admin/organizations/%d/actions/bitrix24.send", organization)).Want(t, http.StatusSeeOther)
		x.Settle()
		s := x.State()
		if len(s.Leads) != 0 || len(s.Contacts) != 1 || len(s.Companies) != 1 {
			t.Errorf("%d leads, %d contacts, %d companies; want 0, 1, 1", len(s.Leads), len(s.Contacts), len(s.Companies))
		}
	})
}

func TestGuestOfAnOrganization_isNotSentAndThePageSaysSo(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		employee := x.NewClient()
		guest := x.Call("POST", "/api/clients", apptest.JSON{"FirstName": "Гостев", "Email": "guest@example.ru"}).Want(t, http.StatusCreated).ID()
		organization := x.Call("POST", "/api/organizations", apptest.JSON{
			"Name": "ООО «Тишина»", "Employees": []apptest.JSON{{"ClientId": employee, "Role": "Manager"}, {"ClientId": guest, "Role": "Guest"}},
		}).Want(t, http.StatusCreated).ID()
		path := fmt.Sprintf("/admin/organizations/%d", organization)
		x.As(staff.Operator).Post(path+"/actions/bitrix24.send").Want(t, http.StatusSeeOther)
		x.Settle()
		s := x.State()
		if len(s.Companies) != 1 || len(s.Contacts) != 1 ||
			bitrix24test.WithoutToken(s.Contacts[0]["ORIGIN_ID"]) != fmt.Sprintf("client:%d", employee) {
			t.Errorf("%d companies and contacts %v, want the employee's only", len(s.Companies), s.Contacts)
		}
		x.As(staff.Operator).Get(path).Want(t, http.StatusOK, "Не передаются в Битрикс24", "Гостев: роль «Гость»")
	})
}

func TestGuestRegisteredWithLeadsOn_theOrganizationHasNoEmployeesLead(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Fail(emulator.Fault{Fault: "down"}) // so that both are known before anything is sent
		guest := x.Call("POST", "/api/clients", apptest.JSON{"FirstName": "Гостев", "Email": "guest@example.ru"}).Want(t, http.StatusCreated).ID()
		organization := x.Call("POST", "/api/organizations", apptest.JSON{
			"Name": "ООО «Тишина»", "Employees": []apptest.JSON{{"ClientId": guest, "Role": "Guest"}},
		}).Want(t, http.StatusCreated).ID()
		x.Fail(emulator.Fault{Fault: "none"})
		x.Recover()
		x.Lead(organizationLead(organization), 1)
	}, bitrix24test.WithLeads)
}

func TestSimpleCRM_contactAndDealAreMadeDirectlyAndTheSwitchSaysSo(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Do("set_mode", emulator.Args{"mode": int64(2)})
		x.SaveSettings("leads", "on")
		x.As(staff.Administrator).Get(bitrix24test.SettingsPage).Want(t, http.StatusOK, "простой режим CRM")
		order := x.Place()
		x.Settle()
		if s := x.State(); len(s.Leads) != 0 || len(s.Contacts) != 1 || len(s.Deals) != 1 {
			t.Errorf("%d leads, %d contacts, %d deals; want 0, 1, 1", len(s.Leads), len(s.Contacts), len(s.Deals))
		}
		x.Deal(order)
	})
}

func TestLeads_followOrderTypesAndResponsible(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.SaveSettings("order_types", "organizations", "responsible_id", "2", "auto", "-")
		person := x.Call("POST", "/api/clients", apptest.JSON{"FirstName": "Пётр", "Email": "petr@example.ru"}).Want(t, http.StatusCreated).ID()
		x.Settle()
		bitrix24test.Equal(t, "leads of a person", len(x.State().Leads), 0)
		x.Place(bitrix24test.By(person))
		client := x.NewClient()
		organization := x.NewOrganization(client).ID()
		x.Settle()
		_, own := x.Lead(organizationLead(organization), 2) // the automatic switch concerns orders only
		bitrix24test.Equal(t, "responsible", own["ASSIGNED_BY_ID"], "2")
		id, _ := x.Lead(bitrix24test.ClientLead(client), 2)
		x.Place(bitrix24test.By(client), bitrix24test.Set("OrganizationId", organization))
		x.Settle()
		bitrix24test.Equal(t, "an order that is not sent by itself", x.LeadSum(id), orders.Money(0))
		bitrix24test.Equal(t, "deals", len(x.Portal.IDs("deal")), 0)
	}, bitrix24test.WithLeads)
}

func TestLostAnswerToALead_itIsMadeOnce(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Fail(emulator.Fault{Fault: "lost_response", Method: "crm.item.add", Count: 2})
		order := x.Place()
		client := int64(x.Order(order).Number("UserId"))
		x.Place(bitrix24test.By(client))
		x.Recover()
		if got := len(x.Leads()); got != 2 {
			t.Errorf("%d leads, want the client's and the second order's", got)
		}
		id, _ := x.Lead(bitrix24test.ClientLead(client), 2)
		bitrix24test.Equal(t, "sum of rows", x.LeadSum(id), orders.Money(1149_75))
	}, bitrix24test.WithLeads)
}

// Nobody is to make a guest a lead; an order of his that an employee sends is a deal.
func TestOrderOfAGuestSentByTheButton_isADeal(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.SaveSettings("auto", "-")
		x.Fail(emulator.Fault{Fault: "down"}) // so that his role is known before anything is sent
		guest := x.NewClient()
		x.Call("POST", "/api/organizations", apptest.JSON{
			"Name": "ООО «Тишина»", "Employees": []apptest.JSON{{"ClientId": guest, "Role": "Guest"}},
		}).Want(t, http.StatusCreated)
		x.Fail(emulator.Fault{Fault: "none"})
		x.Recover()
		order := x.Place(bitrix24test.By(guest))
		x.As(staff.Operator).Post(bitrix24test.Page(order)+"/actions/bitrix24.send").Want(t, http.StatusSeeOther)
		x.Settle()
		_, deal := x.Deal(order)
		if deal["CONTACT_ID"] == "" || deal["CONTACT_ID"] == "0" {
			t.Error("the deal has no contact")
		}
		if leads := x.Leads(); leads[bitrix24test.OrderLead(order)] != nil || leads[bitrix24test.ClientLead(guest)] != nil {
			t.Errorf("leads %v", leads)
		}
	}, bitrix24test.WithLeads)
}
