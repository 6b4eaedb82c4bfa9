package bitrix24_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// eachWithLeads is each, with «Передавать новых клиентов в битрикс в качестве лидов» on.

func eachWithLeads(t *testing.T, scenario func(t *testing.T, x *exchange), changes ...func(a *arranged)) {
	t.Helper()
	each(t, func(t *testing.T, x *exchange) {
		x.saveSettings("leads", "on")
		x.settle()
		scenario(t, x)
	}, changes...)
}

// leads are the portal's leads, by their external key.

func (x *exchange) leads() map[string]map[string]any {
	x.t.Helper()
	byKey := map[string]map[string]any{}
	for _, lead := range x.state().Leads {
		key := fmt.Sprint(lead["ORIGIN_ID"])
		if byKey[key] != nil {
			x.t.Errorf("two leads have the key %s", key)
		}
		byKey[key] = lead
	}
	return byKey
}

// lead is the one lead with that key, and there are so many leads altogether.

func (x *exchange) lead(key string, of int) (int64, map[string]any) {
	x.t.Helper()
	all := x.leads()
	if len(all) != of || all[key] == nil {
		x.t.Fatalf("%d leads, want %d with %s among them: %v", len(all), of, key, all)
	}
	return number(x.t, fmt.Sprint(all[key]["ID"])), all[key]
}

func clientLead(id int64) string       { return fmt.Sprintf("lead-client:%d", id) }
func organizationLead(id int64) string { return fmt.Sprintf("lead-organization:%d", id) }
func orderLead(id int64) string        { return fmt.Sprintf("lead-order:%d", id) }

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

// leadSum is what the rows of a lead add up to.

func (x *exchange) leadSum(lead int64) (sum orders.Money) {
	x.t.Helper()
	for _, row := range x.state().Rows[fmt.Sprintf("L%d", lead)] {
		var price float64
		var quantity float64
		_, err := fmt.Sscan(fmt.Sprint(row["PRICE"], " ", row["QUANTITY"]), &price, &quantity)
		x.must(err)
		sum += orders.Money(price*100*quantity + 0.5)
	}
	return sum
}

// wholeDeal checks that the only deal is the order's, with everything that the module writes after a conversion.

// quarterOfAnHourLater lets the time pass that a deal has for appearing after a conversion.

func TestPersonRegistered_becomesALead(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		client := x.employee()
		x.settle()
		_, lead := x.lead(clientLead(client), 1)
		equal(t, "title", lead["TITLE"], "Соколова Мария Игоревна")
		equal(t, "name", fmt.Sprint(lead["LAST_NAME"], lead["NAME"], lead["SECOND_NAME"]), "СоколоваМарияИгоревна")
		equal(t, "stage", lead["STATUS_ID"], "NEW")
		equal(t, "phone", multi(t, lead, "PHONE"), "MOBILE +79123456701")
		equal(t, "e-mail", multi(t, lead, "EMAIL"), "HOME sokolova@example.ru")
		if s := x.state(); len(s.Contacts)+len(s.Deals)+len(s.Companies) != 0 {
			t.Errorf("%d contacts, %d deals, %d companies beside the lead", len(s.Contacts), len(s.Deals), len(s.Companies))
		}
		x.Call("PATCH", fmt.Sprintf("/api/clients/%d", client), apptest.JSON{"FirstName": "Марья"}).Want(t, http.StatusOK)
		x.settle()
		_, lead = x.lead(clientLead(client), 1)
		equal(t, "name after a change", lead["NAME"], "Марья")
	})
}

func TestPersonRegistered_whomThePortalKnows_isLinkedAndNoLead(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		x.do("create_contact", emulator.Args{"fields": map[string]any{
			"NAME": "Маша", "PHONE": []any{map[string]any{"VALUE": "8 912 345-67-01", "VALUE_TYPE": "WORK"}},
		}})
		client := x.employee()
		order := x.place(by(client))
		x.settle()
		if got := len(x.state().Leads); got != 0 {
			t.Errorf("%d leads, want none", got)
		}
		x.deal(order)
	})
}

func TestRegisteredBeforeTheSwitch_isNoLead(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		client := x.employee()
		x.saveSettings("leads", "on")
		order := x.place(by(client))
		x.settle()
		x.deal(order)
		if got := len(x.state().Leads); got != 0 {
			t.Errorf("%d leads, want none", got)
		}
	})
}

func TestOrganizationRegistered_becomesTwoLeads(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		client := x.employee()
		organization := x.organization(client).ID()
		x.settle()
		_, own := x.lead(organizationLead(organization), 2)
		equal(t, "title", own["TITLE"], "ООО «Северный ветер»")
		equal(t, "company", own["COMPANY_TITLE"], "ООО «Северный ветер»")
		equal(t, "phone", multi(t, own, "PHONE"), "MOBILE +73432001020")
		_, employee := x.lead(clientLead(client), 2)
		equal(t, "title of the employee's", employee["TITLE"], "Соколова Мария Игоревна")
		equal(t, "company of the employee's", employee["COMPANY_TITLE"], "ООО «Северный ветер»")

		order := x.place(by(client), set("OrganizationId", organization))
		x.settle()
		id, employee := x.lead(clientLead(client), 2)
		equal(t, "the order is in the employee's lead", kopecks(t, fmt.Sprint(employee["OPPORTUNITY"])), orders.Money(1149_75))
		equal(t, "sum of its rows", x.leadSum(id), orders.Money(1149_75))
		if s := x.state(); len(s.Contacts)+len(s.Deals)+len(s.Companies) != 0 {
			t.Errorf("order %d: %d contacts, %d deals, %d companies beside the leads", order, len(s.Contacts), len(s.Deals), len(s.Companies))
		}
	})
}

func TestOrdersOfANewClient_goIntoHisLeadAndFurtherOnesIntoTheirOwn(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		first := x.place()
		client := int64(x.order(first).Number("UserId"))
		x.settle()
		id, lead := x.lead(clientLead(client), 1)
		equal(t, "title", lead["TITLE"], "Соколова Мария Игоревна")
		equal(t, "amount", kopecks(t, fmt.Sprint(lead["OPPORTUNITY"])), orders.Money(1149_75))
		equal(t, "sum of rows", x.leadSum(id), orders.Money(1149_75))
		contains(t, "comment", fmt.Sprint(lead["COMMENTS"]), "[URL="+x.URL+page(first)+"]")
		contains(t, "discussion", fmt.Sprint(lead["UF_CRM_PIXLPARK_DISCUSSION"]), "Позвоните, когда будет готово")
		contains(t, "delivery", fmt.Sprint(lead["UF_CRM_PIXLPARK_DELIVERY"]), "Офис компании на Белинского")
		equal(t, "source", lead["SOURCE_ID"], "WEB")
		contains(t, "about the source", fmt.Sprint(lead["SOURCE_DESCRIPTION"]), "Типография «Демо»")
		equal(t, "utm", lead["UTM_SOURCE"], "yandex")
		x.As(staff.Operator).Get(page(first)).Want(t, http.StatusOK, "Заказ в лиде", fmt.Sprintf("%s/crm/lead/details/%d/", x.portalURL, id))

		x.Call("PUT", fmt.Sprintf("/api/orders/%d/items", first), []apptest.JSON{{"MaterialId": 8, "Name": "Фотопостер (30x40 см)", "Quantity": 2, "ItemPrice": "810.00"}}).
			Want(t, http.StatusOK)
		x.Call("POST", fmt.Sprintf("/api/orders/%d/comments", first), apptest.JSON{"Text": "Добавьте рамку", "VisibleToClient": true}).Want(t, http.StatusOK)
		x.settle()
		_, lead = x.lead(clientLead(client), 1)
		equal(t, "changed amount", kopecks(t, fmt.Sprint(lead["OPPORTUNITY"])), orders.Money(1869_75))
		equal(t, "changed sum of rows", x.leadSum(id), orders.Money(1869_75))
		contains(t, "changed discussion", fmt.Sprint(lead["UF_CRM_PIXLPARK_DISCUSSION"]), "Добавьте рамку")

		x.saveSettings("leads", "-") // an open lead goes on being one
		second := x.place(by(client))
		x.settle()
		other, lead := x.lead(orderLead(second), 2)
		equal(t, "amount of the second", kopecks(t, fmt.Sprint(lead["OPPORTUNITY"])), orders.Money(1149_75))
		equal(t, "rows of the second", x.leadSum(other), orders.Money(1149_75))
		equal(t, "rows of the first", x.leadSum(id), orders.Money(1869_75))
		if s := x.state(); len(s.Contacts)+len(s.Deals) != 0 {
			t.Errorf("%d contacts and %d deals beside the leads", len(s.Contacts), len(s.Deals))
		}
	})
}

func TestSendWithLeadsOn_makesAContactOrACompanyNeverALead(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		client := x.employee()
		organization := x.organization(client).ID()
		x.saveSettings("leads", "on")
		operator := x.As(staff.Operator)
		operator.Post(fmt.Sprintf("/admin/clients/%d/actions/bitrix24.send", client)).Want(t, http.StatusSeeOther)
		operator.Post(fmt.Sprintf("/admin/organizations/%d/actions/bitrix24.send", organization)).Want(t, http.StatusSeeOther)
		x.settle()
		s := x.state()
		if len(s.Leads) != 0 || len(s.Contacts) != 1 || len(s.Companies) != 1 {
			t.Errorf("%d leads, %d contacts, %d companies; want 0, 1, 1", len(s.Leads), len(s.Contacts), len(s.Companies))
		}
	})
}

func TestGuestOfAnOrganization_isNotSentAndThePageSaysSo(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		employee := x.employee()
		guest := x.Call("POST", "/api/clients", apptest.JSON{"FirstName": "Гостев", "Email": "guest@example.ru"}).Want(t, http.StatusCreated).ID()
		organization := x.Call("POST", "/api/organizations", apptest.JSON{
			"Name": "ООО «Тишина»", "Employees": []apptest.JSON{{"ClientId": employee, "Role": "Manager"}, {"ClientId": guest, "Role": "Guest"}},
		}).Want(t, http.StatusCreated).ID()
		path := fmt.Sprintf("/admin/organizations/%d", organization)
		x.As(staff.Operator).Post(path+"/actions/bitrix24.send").Want(t, http.StatusSeeOther)
		x.settle()
		s := x.state()
		if len(s.Companies) != 1 || len(s.Contacts) != 1 || s.Contacts[0]["ORIGIN_ID"] != fmt.Sprintf("client:%d", employee) {
			t.Errorf("%d companies and contacts %v, want the employee's only", len(s.Companies), s.Contacts)
		}
		x.As(staff.Operator).Get(path).Want(t, http.StatusOK, "Не передаются в Битрикс24", "Гостев: роль «Гость»")
	})
}

func TestGuestRegisteredWithLeadsOn_theOrganizationHasNoEmployeesLead(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		x.fail(emulator.Fault{Fault: "down"}) // so that both are known before anything is sent
		guest := x.Call("POST", "/api/clients", apptest.JSON{"FirstName": "Гостев", "Email": "guest@example.ru"}).Want(t, http.StatusCreated).ID()
		organization := x.Call("POST", "/api/organizations", apptest.JSON{
			"Name": "ООО «Тишина»", "Employees": []apptest.JSON{{"ClientId": guest, "Role": "Guest"}},
		}).Want(t, http.StatusCreated).ID()
		x.fail(emulator.Fault{Fault: "none"})
		x.recover()
		x.lead(organizationLead(organization), 1)
	})
}

func TestSimpleCRM_contactAndDealAreMadeDirectlyAndTheSwitchSaysSo(t *testing.T) {
	each(t, func(t *testing.T, x *exchange) {
		x.do("set_mode", emulator.Args{"mode": int64(2)})
		x.saveSettings("leads", "on")
		x.As(staff.Administrator).Get(settingsPage).Want(t, http.StatusOK, "простой режим CRM")
		order := x.place()
		x.settle()
		if s := x.state(); len(s.Leads) != 0 || len(s.Contacts) != 1 || len(s.Deals) != 1 {
			t.Errorf("%d leads, %d contacts, %d deals; want 0, 1, 1", len(s.Leads), len(s.Contacts), len(s.Deals))
		}
		x.deal(order)
	})
}

func TestLeads_followOrderTypesAndResponsible(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		x.saveSettings("order_types", "organizations", "responsible_id", "2", "auto", "-")
		person := x.Call("POST", "/api/clients", apptest.JSON{"FirstName": "Пётр", "Email": "petr@example.ru"}).Want(t, http.StatusCreated).ID()
		x.settle()
		equal(t, "leads of a person", len(x.state().Leads), 0)
		x.place(by(person))
		client := x.employee()
		organization := x.organization(client).ID()
		x.settle()
		_, own := x.lead(organizationLead(organization), 2) // the automatic switch concerns orders only
		equal(t, "responsible", own["ASSIGNED_BY_ID"], "2")
		id, _ := x.lead(clientLead(client), 2)
		x.place(by(client), set("OrganizationId", organization))
		x.settle()
		equal(t, "an order that is not sent by itself", x.leadSum(id), orders.Money(0))
		equal(t, "deals", len(x.portal.IDs("deal")), 0)
	})
}

func TestLostAnswerToALead_itIsMadeOnce(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		x.fail(emulator.Fault{Fault: "lost_response", Method: "crm.item.add", Count: 2})
		order := x.place()
		client := int64(x.order(order).Number("UserId"))
		x.place(by(client))
		x.recover()
		if got := len(x.leads()); got != 2 {
			t.Errorf("%d leads, want the client's and the second order's", got)
		}
		id, _ := x.lead(clientLead(client), 2)
		equal(t, "sum of rows", x.leadSum(id), orders.Money(1149_75))
	})
}

// Nobody is to make a guest a lead; an order of his that an employee sends is a deal.
func TestOrderOfAGuestSentByTheButton_isADeal(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		x.saveSettings("auto", "-")
		x.fail(emulator.Fault{Fault: "down"}) // so that his role is known before anything is sent
		guest := x.employee()
		x.Call("POST", "/api/organizations", apptest.JSON{
			"Name": "ООО «Тишина»", "Employees": []apptest.JSON{{"ClientId": guest, "Role": "Guest"}},
		}).Want(t, http.StatusCreated)
		x.fail(emulator.Fault{Fault: "none"})
		x.recover()
		order := x.place(by(guest))
		x.As(staff.Operator).Post(page(order)+"/actions/bitrix24.send").Want(t, http.StatusSeeOther)
		x.settle()
		_, deal := x.deal(order)
		if deal["CONTACT_ID"] == "" || deal["CONTACT_ID"] == "0" {
			t.Error("the deal has no contact")
		}
		if leads := x.leads(); leads[orderLead(order)] != nil || leads[clientLead(guest)] != nil {
			t.Errorf("leads %v", leads)
		}
	})
}
