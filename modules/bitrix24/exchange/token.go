package exchange

import (
	"context"

	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

// Tokens returns the tokens of records of the panel, of those that there are. A key without its record's token is
// another record's.
func (x *Exchange) Tokens(ctx context.Context, ids map[plan.Local][]int64) (map[plan.Record]string, error) {
	tokens := map[plan.Record]string{}
	placed, err := x.Orders.FindMany(ctx, ids[plan.Order])
	if err != nil {
		return nil, err
	}
	for id, o := range placed {
		tokens[plan.Record{Kind: plan.Order, ID: id}] = o.Token
	}
	people, err := x.Clients.FindMany(ctx, ids[plan.Client])
	if err != nil {
		return nil, err
	}
	for id, c := range people {
		tokens[plan.Record{Kind: plan.Client, ID: id}] = c.Token
	}
	companies, err := x.Organizations.FindMany(ctx, ids[plan.Organization])
	if err != nil {
		return nil, err
	}
	for id, o := range companies {
		tokens[plan.Record{Kind: plan.Organization, ID: id}] = o.Token
	}
	return tokens, nil
}
