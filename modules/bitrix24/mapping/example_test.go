package mapping_test

import (
	"fmt"
	"time"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// An order becomes the fields of a deal and its product rows. Sending them is for package rest.
func Example() {
	o := &orders.Order{
		ID: 1000001, Source: orders.FromSite, Status: orders.Placed, Currency: "RUB",
		CreatedAt: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC), DeliveryPrice: 150_00,
		Shipping: orders.Shipping{Type: orders.Courier, Title: "До двери"},
		Items:    []orders.Item{{ID: 17, Name: "Фотопостер", Quantity: 2, Price: 450_00}},
	}
	o.Recount()
	rules := mapping.Rules{Funnels: map[int64]mapping.Funnel{0: {Stages: []mapping.StageRule{
		{StageID: "NEW", Status: orders.Placed},
	}}}}
	fields := mapping.NewDeal(mapping.OrderInput{Order: o, Zone: time.UTC, Rules: rules, Origin: "pixlpark:5f0c"},
		501, nil)
	fmt.Println(fields["title"], fields["stageId"], fields["opportunity"], fields["originId"])
	for _, row := range mapping.Rows(o) {
		fmt.Println(row.Name, row.Price, "×", row.Quantity)
	}
	// Output:
	// Заказ № 1000001 NEW 1050.00 order:1000001
	// Фотопостер 450.00 × 2
	// Доставка: До двери 150.00 × 1
}

// An update sends only what was not sent before.
func ExampleAgreed_Changed() {
	agreed := mapping.Agreed{}
	agreed.Agree(rest.Params{"opportunity": "900.00", "currencyId": "RUB"})
	fmt.Println(agreed.Changed(rest.Params{"opportunity": "950.00", "currencyId": "RUB"}))
	// Output: map[opportunity:950.00]
}

// What only one side changed goes to the other.
func ExampleMergeContact() {
	agreed := mapping.SentContact(&clients.Client{ID: 7, FirstName: "Мария", LastName: "Петрова"})
	ours := &clients.Client{ID: 7, FirstName: "Мария", LastName: "Сидорова"}
	theirs := rest.Contact{
		Name: "Маша", LastName: "Петрова",
		Origin: rest.Origin{OriginatorID: "pixlpark:5f0c", OriginID: "client:7"},
	}
	merged := mapping.MergeContact(agreed, ours, theirs, "pixlpark:5f0c")
	fmt.Println("to the portal:", merged.Send)
	fmt.Println("into the panel:", merged.Take)
	// Output:
	// to the portal: map[lastName:Сидорова]
	// into the panel: map[name:Маша]
}

// Somebody moved the deal to «В работе»: the order follows.
func ExampleRules_DecideStage() {
	rules := mapping.Rules{Funnels: map[int64]mapping.Funnel{0: {Stages: []mapping.StageRule{
		{StageID: "NEW", Status: orders.Placed}, {StageID: "EXECUTING", Status: orders.PrintingInProgress, Paid: true},
	}}}}
	agreed := mapping.Pair{Ours: string(orders.Placed), Theirs: "NEW"}
	decision := rules.DecideStage(agreed, mapping.Present{Status: orders.Placed, Stage: "EXECUTING"})
	fmt.Println("order:", decision.Take.Status, "paid:", decision.Take.Paid)
	// Output: order: PrintingInProgress paid: true
}
