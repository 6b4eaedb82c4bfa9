package rest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// A contact and a deal of his are made by one request: the deal refers to the contact that is made before it.
func Example() {
	portal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"result":{"result":{"contact":{"item":{"id":501}},"deal":{"item":{"id":"77"}}},"result_error":[]}}`))
	}))
	defer portal.Close()
	hook, _ := rest.ParseWebhook(portal.URL + "/rest/11/k3q9z8/")
	client := rest.New(hook, rest.Options{AllowPrivate: true}) // a portal has a public address; this one has none

	batch := &rest.Batch{Halt: true}
	contact := batch.Add("contact", "crm.item.add", rest.Params{
		"entityTypeId": rest.TypeContact, "fields": rest.Params{"name": "Мария"},
	})
	batch.Add("deal", "crm.item.add", rest.Params{
		"entityTypeId": rest.TypeDeal, "fields": rest.Params{
			"title":      "Заказ № 1",
			"contactIds": []any{contact.Field("item", "id")},
		},
	})
	result, err := client.Do(context.Background(), batch)
	if err != nil {
		fmt.Println("the whole request failed:", err)
		return
	}
	var deal rest.Item[rest.Deal]
	if err := result.Decode("deal", &deal); err != nil {
		fmt.Println("the deal was not made:", err)
		return
	}
	fmt.Println("deal", deal.Item.ID)
	// Output: deal 77
}

// The webhook's code is a password: it is never printed.
func ExampleParseWebhook() {
	hook, ok := rest.ParseWebhook(" x.bitrix24.ru/rest/11/k3q9z8/profile.json ")
	fmt.Println(hook, ok)
	// Output: https://x.bitrix24.ru/rest/11/***/ true
}

// Equal parameters always make equal commands.
func ExampleBatch_Add() {
	var batch rest.Batch
	batch.Add("list", "crm.item.list", rest.Params{
		"entityTypeId": rest.TypeDeal, "filter": rest.Params{"@id": []int64{77, 78}}, "select": []string{"id"}, "start": -1,
	})
	fmt.Println(batch.Commands()[0])
	// Output: crm.item.list?entityTypeId=2&filter[%40id][0]=77&filter[%40id][1]=78&select[0]=id&start=-1
}

// After a failure, Unknown says whether the portal may have done the work all the same.
func ExampleUnknown() {
	refused := &rest.Error{Method: "crm.item.add", Description: "Access denied.", Status: http.StatusOK}
	lost := &rest.RequestError{Method: rest.BatchMethod, Sent: true, Err: context.DeadlineExceeded}
	fmt.Println(rest.Unknown(refused), rest.Unknown(lost))
	// Output: false true
}

// An event is believed only when its token is the one that the outbound webhook was given.
func ExampleParseEvent() {
	event, err := rest.ParseEvent("application/x-www-form-urlencoded",
		[]byte("event=ONCRMDEALUPDATE&data[FIELDS][ID]=77&auth[domain]=x.bitrix24.ru&auth[application_token]=t0ken"))
	fmt.Println(event, err, event.Signed("t0ken"), event.Signed("another"))
	// Output: ONCRMDEALUPDATE 77 of x.bitrix24.ru <nil> true false
}

// A bucket lets a few requests through at once and then as many a second as the portal allows.
func ExampleBucket_Take() {
	limits := rest.Limits{Rate: 2, Burst: 2, Reserve: 1}
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	var bucket rest.Bucket
	for range 3 {
		var wait time.Duration
		bucket, wait = bucket.Take(now, limits, rest.People)
		fmt.Println(wait)
	}
	// Output:
	// 0s
	// 0s
	// 500ms
}
