package emulator_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// A test of any Go program that talks to Bitrix24 needs no more than this.
func Example() {
	portal := emulator.New(emulator.Options{})
	defer portal.Close()
	server := httptest.NewServer(portal)
	defer server.Close()

	webhook := server.URL + portal.Webhook() // what the program under test is configured with
	resp, err := http.PostForm(webhook+"/crm.deal.add", url.Values{"fields[TITLE]": {"Заказ № 1"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = resp.Body.Close()
	_ = portal.MoveDeal(1, "WON") // a person drags it on the kanban
	deal, _ := portal.Deal(1)
	fmt.Println(deal["TITLE"], deal["STAGE_ID"], deal["CLOSED"])
	// Output: Заказ № 1 WON Y
}

// Faults and events: what a client has to survive, and what its handler hears.
func ExamplePortal_Fail() {
	heard := make(chan string, 1)
	handler := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		heard <- r.FormValue("event")
	}))
	defer handler.Close()
	portal := emulator.New(emulator.Options{EventsURL: handler.URL, Token: "token"})
	defer portal.Close()
	server := httptest.NewServer(portal)
	defer server.Close()

	_ = portal.Fail(emulator.Fault{Fault: "lost_response", Count: 1})
	resp, err := http.PostForm(server.URL+portal.Webhook()+"/crm.deal.add", nil)
	if err == nil {
		_ = resp.Body.Close()
	}
	fmt.Println("answer lost:", err != nil)
	_, _ = portal.Do("create_deal", emulator.Args{"fields": emulator.Args{"TITLE": "x"}})
	_ = portal.MoveDeal(1, "EXECUTING")
	_ = portal.Flush(context.Background())
	fmt.Println(<-heard)
	// Output:
	// answer lost: true
	// ONCRMDEALUPDATE
}
