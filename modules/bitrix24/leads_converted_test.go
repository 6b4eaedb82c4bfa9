package bitrix24_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

func (x *exchange) wholeDeal(order int64) (int64, emulator.Record) {
	x.t.Helper()
	t := x.t
	if all := x.portal.IDs("deal"); len(all) != 1 {
		t.Fatalf("%d deals, want 1", len(all))
	}
	id, deal := x.deal(order)
	equal(t, "title", deal["TITLE"], fmt.Sprintf("Заказ № %d", order))
	equal(t, "amount", kopecks(t, deal["OPPORTUNITY"]), orders.Money(1149_75))
	equal(t, "sum of rows", x.rowsSum(id), orders.Money(1149_75))
	equal(t, "number of rows", len(x.portal.Rows(id)), 3)
	contains(t, "discussion", deal["UF_CRM_PIXLPARK_DISCUSSION"], "Позвоните, когда будет готово")
	contains(t, "delivery", deal["UF_CRM_PIXLPARK_DELIVERY"], "Офис компании на Белинского")
	contains(t, "comment", deal["COMMENTS"], "[URL="+x.URL+page(order)+"]")
	contains(t, "about the source", deal["SOURCE_DESCRIPTION"], "Типография «Демо»")
	x.As(staff.Operator).Get(page(order)).Want(t, http.StatusOK, "отправлен", fmt.Sprintf("%s/crm/deal/details/%d/", x.portalURL, id))
	return id, deal
}

func (x *exchange) quarterOfAnHourLater() {
	x.t.Helper()
	table := x.Host().DB.From(x.t.Context()).Table("bitrix24_links")
	var agreed string
	x.must(table.Where("agreed LIKE ?", "%converted%").Select("agreed").Scan(&agreed).Error)
	_, rest, _ := strings.Cut(agreed, `"converted":{"o":"`)
	seen, _, ok := strings.Cut(rest, `"`)
	if !ok {
		x.t.Fatalf("no conversion was seen: %s", agreed)
	}
	at, err := time.Parse(time.RFC3339, seen)
	x.must(err)
	agreed = strings.ReplaceAll(agreed, seen, at.Add(-15*minute).Format(time.RFC3339))
	x.must(x.Host().DB.From(x.t.Context()).Table("bitrix24_links").Where("agreed LIKE ?", "%converted%").Update("agreed", agreed).Error)
	x.Hurry()
	x.settle()
}

func TestLeadConverted_linksTheOrderAndWritesEverythingByItself(t *testing.T) {
	for name, variant := range map[string]emulator.Args{
		"Сделка + Контакт":                      {"deal": true, "contact": true, "company": false},
		"Сделка + Контакт + Компания":           {"deal": true, "contact": true, "company": true},
		"Сделка and a contact that was there":   {"deal": true, "contact": int64(1), "company": false},
		"Сделка only":                           {"deal": true, "contact": false, "company": false},
		"Сделка + Контакт, in another category": {"deal": true, "contact": true, "company": false, "category": int64(1)},
	} {
		t.Run(name, func(t *testing.T) {
			eachWithLeads(t, func(t *testing.T, x *exchange) {
				x.do("create_contact", emulator.Args{"fields": map[string]any{"NAME": "Другая"}})
				order := x.place()
				client := int64(x.order(order).Number("UserId"))
				x.setStatus(order, "Pending")
				x.settle()
				lead, _ := x.lead(clientLead(client), 1)
				args := emulator.Args{"id": lead}
				for field, value := range variant {
					args[field] = value
				}
				if args["category"] != nil {
					args["category"] = x.do("add_category", emulator.Args{"name": "Опт"})["id"]
				}
				made := x.do("convert_lead", args)
				x.settle()
				id, deal := x.wholeDeal(order)
				equal(t, "deal", id, made["deal"])
				equal(t, "lead of the deal", deal["LEAD_ID"], lead)
				if category := args["category"]; category != nil {
					equal(t, "funnel", deal["CATEGORY_ID"], category)
				} else {
					equal(t, "funnel", deal["CATEGORY_ID"], 0)
					equal(t, "stage of the order's status", deal["STAGE_ID"], "PREPARATION")
				}
				contact := number(t, deal["CONTACT_ID"])
				if contact == 0 {
					t.Fatal("the deal has no contact")
				}
				if made["contact"] != 0 {
					equal(t, "contact", contact, made["contact"])
				}
				record, _ := x.portal.Contact(contact)
				equal(t, "key of the contact", record["ORIGIN_ID"], fmt.Sprintf("client:%d", client))
				x.As(staff.Operator).Get(fmt.Sprintf("/admin/clients/%d", client)).Want(t, http.StatusOK).Lacks(t, "Отправить в Битрикс24")

				// From now on everything is as with any deal: both ways, and the next order is a deal at once.
				if args["category"] == nil {
					x.do("move_deal", emulator.Args{"id": id, "stage": "EXECUTING"})
					x.settle()
					equal(t, "status after a move", x.order(order).Value("Status"), "PrintingInProgress")
				}
				changes := x.portal.Stats().Changes
				x.settle()
				equal(t, "changes at rest", x.portal.Stats().Changes-changes, 0)
				next := x.place(by(client))
				x.settle()
				_, deal = x.deal(next)
				equal(t, "contact of the next order", deal["CONTACT_ID"], contact)
				x.lead(clientLead(client), 1)
			})
		})
	}
}

func TestLeadConvertedIntoAContactOnly_theDealIsMadeAfterAQuarterOfAnHour(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		order := x.place()
		client := int64(x.order(order).Number("UserId"))
		x.settle()
		lead, _ := x.lead(clientLead(client), 1)
		made := x.do("convert_lead", emulator.Args{"id": lead, "deal": false, "contact": true})
		x.settle()
		x.Call("POST", fmt.Sprintf("/api/orders/%d/comments", order), apptest.JSON{"Text": "Есть новости?", "VisibleToClient": true}).Want(t, http.StatusOK)
		x.settle()
		if got := len(x.portal.IDs("deal")); got != 0 {
			t.Fatalf("%d deals while one may still appear, want none", got)
		}
		x.saveSettings("auto", "-") // concerns new orders only
		x.quarterOfAnHourLater()
		_, deal := x.wholeDeal(order)
		equal(t, "lead of the deal", deal["LEAD_ID"], lead)
		equal(t, "contact", deal["CONTACT_ID"], made["contact"])
	})
}

func TestDealThatAppearsLateAfterTheConversion_isTaken(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		order := x.place()
		x.settle()
		lead, _ := x.lead(clientLead(int64(x.order(order).Number("UserId"))), 1)
		x.do("convert_lead", emulator.Args{"id": lead, "deal": false, "contact": true})
		x.settle()
		x.setStatus(order, "Pending") // between conversion and the deal's appearance nothing is pushed
		x.settle()
		hook := x.portalURL + "/rest/1/" + webhookCode
		for range 2 { // of several the oldest is taken
			answer, err := http.Get(fmt.Sprintf("%s/crm.item.add?entityTypeId=2&fields[leadId]=%d&fields[title]=x", hook, lead))
			x.must(err)
			_ = answer.Body.Close()
			equal(t, "made by a robot", answer.StatusCode, http.StatusOK)
		}
		x.Hurry()
		x.settle()
		deals := x.portal.IDs("deal")
		equal(t, "deals", len(deals), 2)
		id, deal := x.deal(order)
		equal(t, "the oldest", id, min(deals[0], deals[1]))
		equal(t, "stage", deal["STAGE_ID"], "PREPARATION")
		equal(t, "sum of rows", x.rowsSum(id), orders.Money(1149_75))
		x.Hurry()
		x.settle()
		equal(t, "deals in the end", len(x.portal.IDs("deal")), 2)
	})
}

func TestOrganizationsLead_isClosedByItselfOnceTheEmployeesIsConverted(t *testing.T) {
	for name, company := range map[string]any{"Сделка + Контакт + Компания": true, "Сделка + Контакт": false, "a company that was there": int64(1)} {
		t.Run(name, func(t *testing.T) {
			eachWithLeads(t, func(t *testing.T, x *exchange) {
				if company == int64(1) {
					x.do("create_company", emulator.Args{"fields": map[string]any{"TITLE": "ООО «Северный ветер»", "COMPANY_TYPE": "CUSTOMER"}})
				}
				client := x.employee()
				organization := x.organization(client).ID()
				order := x.place(by(client), set("OrganizationId", organization))
				x.settle()
				lead, _ := x.lead(clientLead(client), 2)
				profile := fmt.Sprintf("/admin/organizations/%d", organization)
				x.As(staff.Operator).Get(profile).Want(t, http.StatusOK).Lacks(t, "Bitrix ID")
				x.do("convert_lead", emulator.Args{"id": lead, "deal": true, "contact": true, "company": company})
				x.settle()
				_, deal := x.wholeDeal(order)
				x.wholeCompany(deal)
				_, own := x.lead(organizationLead(organization), 2)
				equal(t, "the organization's lead", own["STATUS_ID"], "CONVERTED")
				equal(t, "its company", own["COMPANY_ID"], deal["COMPANY_ID"])
				x.As(staff.Operator).Get(profile).Want(t, http.StatusOK, "Bitrix ID", deal["COMPANY_ID"]).Lacks(t, "Отправить в Битрикс24")
				stamped, _ := x.portal.Company(number(t, deal["COMPANY_ID"]))
				equal(t, "key of the company", stamped["ORIGIN_ID"], fmt.Sprintf("organization:%d", organization))
			})
		})
	}
}

func TestSecondLead_isOfferedTheContactAndKeepsTheFirstLink(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		first := x.place()
		client := int64(x.order(first).Number("UserId"))
		second := x.place(by(client))
		x.settle()
		lead, _ := x.lead(clientLead(client), 2)
		made := x.do("convert_lead", emulator.Args{"id": lead, "deal": true, "contact": true})
		x.settle()
		other, open := x.lead(orderLead(second), 2)
		equal(t, "contact of the open lead", open["CONTACT_ID"], made["contact"])
		again := x.do("convert_lead", emulator.Args{"id": other, "deal": true, "contact": true})
		x.settle()
		if again["contact"] == made["contact"] {
			t.Fatal("the second conversion was to make another contact")
		}
		x.journalHas("переведён в другой контакт", 1)
		x.deal(first)
		x.deal(second)
		third := x.place(by(client))
		x.settle()
		_, deal := x.deal(third)
		equal(t, "contact of the third order", deal["CONTACT_ID"], made["contact"])
	})
}

func TestLeadWithoutAnOrder_yieldsADealThatNoOrderOwns(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		client := x.employee()
		x.settle()
		lead, _ := x.lead(clientLead(client), 1)
		made := x.do("convert_lead", emulator.Args{"id": lead, "deal": true, "contact": true})
		x.settle()
		before, _ := x.portal.Deal(made["deal"])
		order := x.place(by(client))
		x.settle()
		id, deal := x.deal(order)
		if id == made["deal"] {
			t.Error("the order took the deal that a person made without it")
		}
		equal(t, "contact", deal["CONTACT_ID"], made["contact"])
		after, _ := x.portal.Deal(made["deal"])
		equal(t, "the other deal's title", after["TITLE"], before["TITLE"])
		equal(t, "the other deal's key", after["ORIGIN_ID"], "")
	})
}
