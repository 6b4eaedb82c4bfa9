// Command ours does the work of ../compare.mjs through modules/bitrix24/rest, in the manner of the module: what makes
// a deal is never repeated before the portal was asked for the deal's external key.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: ours single|groups ORDERS")
		os.Exit(2)
	}
	if err := work(context.Background(), os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "ours:", err)
		os.Exit(1)
	}
}

func work(ctx context.Context, manner, orders string) error {
	n, err := strconv.Atoi(orders)
	if err != nil {
		return fmt.Errorf("number of orders: %w", err)
	}
	portal, err := rest.ParsePortal(os.Getenv("PORTAL"))
	if err != nil {
		return err
	}
	hook := rest.Webhook{Portal: portal, UserID: 1, Code: os.Getenv("CODE")}
	c := &customers{client: rest.New(hook, rest.Options{
		AllowPrivate: true,
		Limiter:      rest.NewLimiter(rest.LimiterOptions{}),
	})}
	if manner == "groups" {
		return c.together(ctx, n)
	}
	for i := range n {
		if err := c.alone(ctx, i); err != nil {
			return fmt.Errorf("order %d: %w", i+1, err)
		}
	}
	return nil
}

// customers are people whom the portal does not know, who order once each.
type customers struct{ client *rest.Client }

// alone makes one order's contact, deal and rows by one chain of references.
func (c *customers) alone(ctx context.Context, i int) error {
	var look rest.Batch
	c.search(&look, i)
	if _, err := c.do(ctx, &look); err != nil {
		return err
	}
	chain := rest.Batch{Halt: true}
	contact := chain.Add("contact", "crm.contact.add", c.contact(i))
	deal := chain.Add("deal", "crm.deal.add", c.deal(i, contact))
	chain.Add("rows", "crm.deal.productrows.set", rest.Params{"id": deal, "rows": rows})
	_, err := c.do(ctx, &chain)
	if !rest.Unknown(err) {
		return err
	}
	// The answer is lost. The deal is looked for; its rows are set again in the same request, which changes nothing if
	// they are there.
	again := rest.Batch{Halt: true}
	found := again.Add("found", "crm.deal.list", byKey(key(i)))
	again.Add("rows", "crm.deal.productrows.set", rest.Params{"id": found.Field("0", "ID"), "rows": rows})
	_, err = c.do(ctx, &again)
	return err
}

// together makes everything in waves without references: what a wave made is known before the next leaves.
func (c *customers) together(ctx context.Context, n int) error {
	var look, contacts, deals, sums rest.Batch
	for i := range n {
		c.search(&look, i)
		contacts.Add(name("contact", i), "crm.contact.add", c.contact(i))
	}
	if _, err := c.do(ctx, &look); err != nil {
		return err
	}
	made, err := c.do(ctx, &contacts)
	if err != nil {
		return err
	}
	for i := range n {
		var id rest.ID
		if err := made.Decode(name("contact", i), &id); err != nil {
			return err
		}
		deals.Add(name("deal", i), "crm.deal.add", c.deal(i, id.Int64()))
	}
	ids, err := c.makeDeals(ctx, &deals, n)
	if err != nil {
		return err
	}
	for i, id := range ids {
		sums.Add(name("rows", i), "crm.deal.productrows.set", rest.Params{"id": id, "rows": rows})
	}
	_, err = c.do(ctx, &sums)
	return err
}

// makeDeals makes the deals, or finds those that a request made whose answer was lost.
func (c *customers) makeDeals(ctx context.Context, deals *rest.Batch, n int) ([]int64, error) {
	ids := make([]int64, n)
	made, err := c.do(ctx, deals)
	if err == nil {
		for i := range ids {
			var id rest.ID
			if err := made.Decode(name("deal", i), &id); err != nil {
				return nil, err
			}
			ids[i] = id.Int64()
		}
		return ids, nil
	}
	if !rest.Unknown(err) {
		return nil, err
	}
	var look rest.Batch
	look.Add("there", "crm.deal.list", byKey(keys(n)...))
	answer, err := c.do(ctx, &look)
	if err != nil {
		return nil, err
	}
	var there rest.List[struct{ ID rest.ID }]
	if err := answer.Decode("there", &there); err != nil {
		return nil, err
	}
	if len(there) != n {
		return nil, fmt.Errorf("%d deals are there, want %d: the portal is still at work", len(there), n)
	}
	for i, d := range there {
		ids[i] = d.ID.Int64()
	}
	return ids, nil
}

// do makes one request. A command that the portal refused is an error here.
func (c *customers) do(ctx context.Context, b *rest.Batch) (*rest.Result, error) {
	result, err := c.client.Do(ctx, b)
	if err != nil {
		return nil, err
	}
	return result, result.Err()
}

func (c *customers) search(b *rest.Batch, i int) {
	b.Add(name("phone", i), "crm.duplicate.findbycomm", rest.Params{"type": "PHONE", "values": []any{phone(i)}})
	b.Add(name("email", i), "crm.duplicate.findbycomm", rest.Params{"type": "EMAIL", "values": []any{email(i)}})
}

func (c *customers) contact(i int) rest.Params {
	return rest.Params{"fields": rest.Params{
		"NAME":  fmt.Sprintf("Клиент %d", i+1),
		"PHONE": []any{rest.Params{"VALUE": phone(i), "VALUE_TYPE": "MOBILE"}},
		"EMAIL": []any{rest.Params{"VALUE": email(i), "VALUE_TYPE": "HOME"}},
	}}
}

func (c *customers) deal(i int, contact any) rest.Params {
	return rest.Params{"fields": rest.Params{
		"TITLE": fmt.Sprintf("Клиент %d", i+1), "CONTACT_ID": contact, "ORIGINATOR_ID": "compare", "ORIGIN_ID": key(i),
	}}
}

var rows = []any{
	rest.Params{"PRODUCT_NAME": "Строка 1", "PRICE": "18", "QUANTITY": 5},
	rest.Params{"PRODUCT_NAME": "Строка 2", "PRICE": "810", "QUANTITY": 1},
	rest.Params{"PRODUCT_NAME": "Строка 3", "PRICE": "300.25", "QUANTITY": 1},
}

func byKey(keys ...string) rest.Params {
	return rest.Params{
		"filter": rest.Params{"ORIGINATOR_ID": "compare", "@ORIGIN_ID": keys},
		"select": []string{"ID", "ORIGIN_ID"}, "start": -1,
	}
}

func keys(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = key(i)
	}
	return all
}

func name(what string, i int) string { return fmt.Sprintf("%s%d", what, i) }
func key(i int) string               { return fmt.Sprintf("order:%d", i+1) }
func phone(i int) string             { return fmt.Sprintf("+7912345%04d", i) }
func email(i int) string             { return fmt.Sprintf("client%d@example.ru", i) }
