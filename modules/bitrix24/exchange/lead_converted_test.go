package exchange_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

func quarterOfAnHourLater(x *bitrix24test.Pair) {
	x.T.Helper()
	table := x.Host().DB.From(x.T.Context()).Table("bitrix24_links")
	var agreed string
	x.Must(table.Where("agreed LIKE ?", "%converted%").Select("agreed").Scan(&agreed).Error)
	_, rest, _ := strings.Cut(agreed, `"converted":{"o":"`)
	seen, _, ok := strings.Cut(rest, `"`)
	if !ok {
		x.T.Fatalf("no conversion was seen: %s", agreed)
	}
	at, err := time.Parse(time.RFC3339, seen)
	x.Must(err)
	agreed = strings.ReplaceAll(agreed, seen, at.Add(-15*time.Minute).Format(time.RFC3339))
	x.Must(x.Host().DB.From(x.T.Context()).Table("bitrix24_links").Where("agreed LIKE ?", "%converted%").Update("agreed", agreed).Error)
	x.Hurry()
	x.Settle()
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
			bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
				x.Do("create_contact", emulator.Args{"fields": map[string]any{"NAME": "Другая"}})
				order := x.Place()
				client := int64(x.Order(order).Number("UserId"))
				x.SetStatus(order, "Pending")
				x.Settle()
				lead, _ := x.Lead(bitrix24test.ClientLead(client), 1)
				args := emulator.Args{"id": lead}
				for field, value := range variant {
					args[field] = value
				}
				if args["category"] != nil {
					args["category"] = x.Do("add_category", emulator.Args{"name": "Опт"})["id"]
				}
				made := x.Do("convert_lead", args)
				x.Settle()
				id, deal := x.WholeDeal(order)
				bitrix24test.Equal(t, "deal", id, made["deal"])
				bitrix24test.Equal(t, "lead of the deal", deal["LEAD_ID"], lead)
				if category := args["category"]; category != nil {
					bitrix24test.Equal(t, "funnel", deal["CATEGORY_ID"], category)
				} else {
					bitrix24test.Equal(t, "funnel", deal["CATEGORY_ID"], 0)
					bitrix24test.Equal(t, "stage of the order's status", deal["STAGE_ID"], "PREPARATION")
				}
				contact := bitrix24test.Number(t, deal["CONTACT_ID"])
				if contact == 0 {
					t.Fatal("the deal has no contact")
				}
				if made["contact"] != 0 {
					bitrix24test.Equal(t, "contact", contact, made["contact"])
				}
				record, _ := x.Portal.Contact(contact)
				bitrix24test.Equal(t, "key of the contact", bitrix24test.WithoutToken(record["ORIGIN_ID"]),
					fmt.Sprintf("client:%d", client))
				x.As(staff.Operator).Get(fmt.Sprintf("/admin/clients/%d", client)).Want(t, http.StatusOK).Lacks(t, "Отправить в Битрикс24")

				// From now on everything is as with any deal: both ways, and the next order is a deal at once.
				if args["category"] == nil {
					x.Do("move_deal", emulator.Args{"id": id, "stage": "EXECUTING"})
					x.Settle()
					bitrix24test.Equal(t, "status after a move", x.Order(order).Value("Status"), "PrintingInProgress")
				}
				changes := x.Portal.Stats().Changes
				x.Settle()
				bitrix24test.Equal(t, "changes at rest", x.Portal.Stats().Changes-changes, 0)
				next := x.Place(bitrix24test.By(client))
				x.Settle()
				_, deal = x.Deal(next)
				bitrix24test.Equal(t, "contact of the next order", deal["CONTACT_ID"], contact)
				x.Lead(bitrix24test.ClientLead(client), 1)
			}, bitrix24test.WithLeads)
		})
	}
}

func TestLeadConvertedIntoAContactOnly_theDealIsMadeAfterAQuarterOfAnHour(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		client := int64(x.Order(order).Number("UserId"))
		x.Settle()
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 1)
		made := x.Do("convert_lead", emulator.Args{"id": lead, "deal": false, "contact": true})
		x.Settle()
		x.Call(
			"POST", fmt.Sprintf("/api/orders/%d/comments", order),
			apptest.JSON{"Text": "Есть новости?", "VisibleToClient": true},
		).Want(t, http.StatusOK)
		x.Settle()
		if got := len(x.Portal.IDs("deal")); got != 0 {
			t.Fatalf("%d deals while one may still appear, want none", got)
		}
		x.SaveSettings("auto", "-") // concerns new orders only
		quarterOfAnHourLater(x)
		_, deal := x.WholeDeal(order)
		bitrix24test.Equal(t, "lead of the deal", deal["LEAD_ID"], lead)
		bitrix24test.Equal(t, "contact", deal["CONTACT_ID"], made["contact"])
	}, bitrix24test.WithLeads)
}

func TestDealThatAppearsLateAfterTheConversion_isTaken(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		x.Settle()
		lead, _ := x.Lead(bitrix24test.ClientLead(int64(x.Order(order).Number("UserId"))), 1)
		x.Do("convert_lead", emulator.Args{"id": lead, "deal": false, "contact": true})
		x.Settle()
		x.SetStatus(order, "Pending") // between conversion and the deal's appearance nothing is pushed
		x.Settle()
		hook := x.PortalURL + "/rest/1/" + bitrix24test.WebhookCode
		for range 2 { // of several the oldest is taken
			answer, err := http.Get(fmt.Sprintf("%s/crm.item.add?entityTypeId=2&fields[leadId]=%d&fields[title]=x", hook, lead))
			x.Must(err)
			_ = answer.Body.Close()
			bitrix24test.Equal(t, "made by a robot", answer.StatusCode, http.StatusOK)
		}
		x.Hurry()
		x.Settle()
		deals := x.Portal.IDs("deal")
		bitrix24test.Equal(t, "deals", len(deals), 2)
		id, deal := x.Deal(order)
		bitrix24test.Equal(t, "the oldest", id, min(deals[0], deals[1]))
		bitrix24test.Equal(t, "stage", deal["STAGE_ID"], "PREPARATION")
		bitrix24test.Equal(t, "sum of rows", x.RowsSum(id), orders.Money(1149_75))
		x.Hurry()
		x.Settle()
		bitrix24test.Equal(t, "deals in the end", len(x.Portal.IDs("deal")), 2)
	}, bitrix24test.WithLeads)
}

func TestOrganizationsLead_isClosedByItselfOnceTheEmployeesIsConverted(t *testing.T) {
	for name, company := range map[string]any{
		"Сделка + Контакт + Компания": true, "Сделка + Контакт": false, "a company that was there": int64(1),
	} {
		t.Run(name, func(t *testing.T) {
			bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
				if company == int64(1) {
					x.Do("create_company", emulator.Args{"fields": map[string]any{"TITLE": "ООО «Северный ветер»", "COMPANY_TYPE": "CUSTOMER"}})
				}
				client := x.NewClient()
				organization := x.NewOrganization(client).ID()
				order := x.Place(bitrix24test.By(client), bitrix24test.Set("OrganizationId", organization))
				x.Settle()
				lead, _ := x.Lead(bitrix24test.ClientLead(client), 2)
				profile := fmt.Sprintf("/admin/organizations/%d", organization)
				x.As(staff.Operator).Get(profile).Want(t, http.StatusOK).Lacks(t, "Bitrix ID")
				x.Do("convert_lead", emulator.Args{"id": lead, "deal": true, "contact": true, "company": company})
				x.Settle()
				_, deal := x.WholeDeal(order)
				x.WholeCompany(deal)
				_, own := x.Lead(organizationLead(organization), 2)
				bitrix24test.Equal(t, "the organization's lead", own["STATUS_ID"], "CONVERTED")
				bitrix24test.Equal(t, "its company", own["COMPANY_ID"], deal["COMPANY_ID"])
				x.As(staff.Operator).Get(profile).Want(t, http.StatusOK, "Bitrix ID", deal["COMPANY_ID"]).Lacks(t, "Отправить в Битрикс24")
				stamped, _ := x.Portal.Company(bitrix24test.Number(t, deal["COMPANY_ID"]))
				bitrix24test.Equal(t, "key of the company", bitrix24test.WithoutToken(stamped["ORIGIN_ID"]),
					fmt.Sprintf("organization:%d", organization))
			}, bitrix24test.WithLeads)
		})
	}
}

func TestSecondLead_isOfferedTheContactAndKeepsTheFirstLink(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		first := x.Place()
		client := int64(x.Order(first).Number("UserId"))
		second := x.Place(bitrix24test.By(client))
		x.Settle()
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 2)
		made := x.Do("convert_lead", emulator.Args{"id": lead, "deal": true, "contact": true})
		x.Settle()
		other, open := x.Lead(bitrix24test.OrderLead(second), 2)
		bitrix24test.Equal(t, "contact of the open lead", open["CONTACT_ID"], made["contact"])
		again := x.Do("convert_lead", emulator.Args{"id": other, "deal": true, "contact": true})
		x.Settle()
		if again["contact"] == made["contact"] {
			t.Fatal("the second conversion was to make another contact")
		}
		x.JournalHas("переведён в другой контакт", 1)
		x.Deal(first)
		x.Deal(second)
		third := x.Place(bitrix24test.By(client))
		x.Settle()
		_, deal := x.Deal(third)
		bitrix24test.Equal(t, "contact of the third order", deal["CONTACT_ID"], made["contact"])
	}, bitrix24test.WithLeads)
}

func TestLeadWithoutAnOrder_yieldsADealThatNoOrderOwns(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := x.NewClient()
		x.Settle()
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 1)
		made := x.Do("convert_lead", emulator.Args{"id": lead, "deal": true, "contact": true})
		x.Settle()
		before, _ := x.Portal.Deal(made["deal"])
		order := x.Place(bitrix24test.By(client))
		x.Settle()
		id, deal := x.Deal(order)
		if id == made["deal"] {
			t.Error("the order took the deal that a person made without it")
		}
		bitrix24test.Equal(t, "contact", deal["CONTACT_ID"], made["contact"])
		after, _ := x.Portal.Deal(made["deal"])
		bitrix24test.Equal(t, "the other deal's title", after["TITLE"], before["TITLE"])
		bitrix24test.Equal(t, "the other deal's key", after["ORIGIN_ID"], "")
	}, bitrix24test.WithLeads)
}

// A second lead that is converted into another contact is warned of once, however often the lead is looked at.
func TestLeadConvertedIntoAnotherContact_isWarnedOfOnce(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := x.NewClient()
		x.Place(bitrix24test.By(client))
		second := x.Place(bitrix24test.By(client))
		x.Settle()
		first, _ := x.Lead(bitrix24test.ClientLead(client), 2)
		other, _ := x.Lead(bitrix24test.OrderLead(second), 2)
		x.Do("convert_lead", emulator.Args{"id": first, "deal": true, "contact": true, "company": false})
		x.Settle()
		another := x.Do("create_contact", emulator.Args{"fields": map[string]any{"NAME": "Другая"}})["id"]
		x.Do("convert_lead", emulator.Args{"id": other, "deal": true, "contact": another, "company": false})
		x.Settle()
		x.JournalHas("переведён в другой контакт", 1)
		x.Do("edit_lead", emulator.Args{"id": other, "fields": map[string]any{"COMMENTS": "Готово"}})
		x.Settle()
		x.JournalHas("переведён в другой контакт", 1)
	}, bitrix24test.WithLeads)
}
