package mapping_test

import (
	"strings"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
)

// What a manager may change by hand on the portal is given to a new deal and never sent again.
func TestDealFields_leaveWhatAManagerMayChange(t *testing.T) {
	fields := mapping.DealFields(input(order()))
	for _, byHand := range []string{
		"title", "categoryId", "stageId", "assignedById", "typeId", "comments", "contactIds",
		"companyId", "originId",
	} {
		if value, sent := fields[byHand]; sent {
			t.Errorf("%s is sent with every change: %v", byHand, value)
		}
	}
}

func TestDealFields_writeOnlyChosenFields(t *testing.T) {
	in := input(order())
	in.Rules.Fields = mapping.FieldNames{Payment: "UF_CRM_PAID"}
	fields := mapping.DealFields(in)
	if fields["UF_CRM_PAID"] != "Не оплачен, онлайн-оплата" {
		t.Errorf("the chosen field is %v", fields["UF_CRM_PAID"])
	}
	for name := range fields {
		if name == "" || strings.HasPrefix(name, "UF_CRM_PIXLPARK") {
			t.Errorf("%q is sent and was not chosen", name)
		}
	}
}

func TestNewDeal_startsAtTheStageOfTheOrdersStatus(t *testing.T) {
	for status, want := range map[orders.Status]any{
		orders.Placed: "NEW", orders.PrintingInProgress: "EXECUTING", orders.Shipped: nil,
	} {
		in := input(order())
		in.Order.Status = status
		if got := mapping.NewDeal(in, nil, nil)["stageId"]; got != want {
			t.Errorf("%s: stage %v, want %v", status, got, want)
		}
	}
}

func TestNewDeal_beginsOnTheOrdersDayInTheAccountsZone(t *testing.T) {
	in := input(order())
	in.Order.CreatedAt = time.Date(2026, 11, 23, 21, 0, 0, 0, time.UTC) // midnight in Moscow
	if got := mapping.NewDeal(in, nil, nil)["begindate"]; got != "2026-11-24" {
		t.Errorf("begindate = %v", got)
	}
}

func TestDealClient_leavesOutWhoIsUnknown(t *testing.T) {
	if fields := mapping.DealClient(nil, nil); len(fields) > 0 {
		t.Errorf("fields of nobody: %v", fields)
	}
	if fields := mapping.DealClient(nil, 77); len(fields) != 1 || fields["companyId"] != 77 {
		t.Errorf("fields of a company alone: %v", fields)
	}
}

func TestDelivery(t *testing.T) {
	for _, c := range []struct {
		name     string
		shipping orders.Shipping
		address  orders.Address
		tracking string
		want     string
	}{
		{"nothing known", orders.Shipping{}, orders.Address{}, "", ""},
		{
			"a pick-up point goes by its name, not by its address",
			orders.Shipping{Type: orders.Point, Title: "Мира, 1"},
			orders.Address{City: "Екатеринбург"},
			"", "Мира, 1",
		},
		{
			"a pick-up point without a name",
			orders.Shipping{Type: orders.Point},
			orders.Address{City: "Екатеринбург"},
			"",
			"Точка выдачи\nЕкатеринбург",
		},
		{
			"the way alone",
			orders.Shipping{Type: orders.TransportCompany, Title: " "},
			orders.Address{},
			"", "Транспортная компания",
		},
		{"an address without a way", orders.Shipping{}, orders.Address{City: "Тула", Line1: " ул. Мира, 1 "}, "", "Тула, ул. Мира, 1"},
		{
			"a recipient without a phone",
			orders.Shipping{Type: orders.Courier},
			orders.Address{FullName: "Олег"},
			"",
			"Курьерская служба\nПолучатель: Олег",
		},
		{"a tracking number", orders.Shipping{Type: orders.Courier}, orders.Address{}, "RB1", "Курьерская служба\nНомер отправления: RB1"},
	} {
		if got := mapping.Delivery(&orders.Order{
			Shipping: c.shipping, Address: c.address,
			Tracking: c.tracking,
		}); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestPayment_withoutAMethod(t *testing.T) {
	if got := mapping.Payment(&orders.Order{Total: 1}); got != "Не оплачен" {
		t.Errorf("payment = %q", got)
	}
}

func TestDiscussion_isEmptyWhenNobodySaidAnything(t *testing.T) {
	in := input(order())
	in.Order.Comment = " \n "
	if got := mapping.Discussion(in); got != "" {
		t.Errorf("discussion = %q", got)
	}
}

// The keys tell records of one kind from another with the same number.
func TestKeys_areOfOneRecordEach(t *testing.T) {
	seen := map[string]bool{}
	for _, key := range []string{
		mapping.OrderKey(7, ""), mapping.ClientKey(7, ""), mapping.OrganizationKey(7, ""), mapping.LegalEntityKey(7, ""),
		mapping.OrderLeadKey(7, ""), mapping.ClientLeadKey(7, ""), mapping.OrganizationLeadKey(7, ""), mapping.OrderKey(77, ""),
		mapping.OrderKey(7, "1f9a03c7"), mapping.OrderKey(7, "a3b4c5d6"), mapping.ClientKey(7, "1f9a03c7"),
	} {
		if seen[key] {
			t.Errorf("%s stands for two records", key)
		}
		seen[key] = true
	}
}
