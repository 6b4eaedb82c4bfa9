package plan_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

func randomOf(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 7)) }

// comparedFacts are an order and its deal, read whole, in which any of the compared things may differ.
func comparedFacts(r *rand.Rand) plan.OrderFacts {
	pick := func(values ...string) string { return values[r.IntN(len(values))] }
	o := &orders.Order{
		ID: 42, Status: orders.Placed, Currency: "RUB", DeliveryPrice: orders.Money(r.IntN(2) * 300_00),
		Shipping: orders.Shipping{Type: orders.Courier, Title: pick("", "Почта")},
		Items:    []orders.Item{{ID: 1, Name: "Визитки", Price: 10_00, Quantity: int64(1 + r.IntN(3))}},
	}
	if r.IntN(2) == 0 {
		o.Items = append(o.Items, orders.Item{ID: 2, Name: "Буклеты", Price: 7_00, Quantity: 1})
	}
	o.Recount()
	in := mapping.OrderInput{
		Order: o, PageURL: "https://panel/42", ArchiveURL: "https://panel/a/42", Zone: time.UTC,
		Rules: mapping.Rules{
			Fields: mapping.FieldNames{Delivery: "UF_DELIVERY"},
			Funnels: map[int64]mapping.Funnel{0: {Stages: []mapping.StageRule{
				{StageID: "NEW", Status: orders.Placed}, {StageID: "WON", Status: orders.Delivered},
			}}},
		},
	}
	f := plan.OrderFacts{
		Frame:  plan.Frame{PortalID: 1, Rules: in.Rules, Stages: stages{}, Now: time.Unix(1_700_000_000, 0)},
		Input:  in,
		Target: plan.Deal,
		Link: &plan.Link{ID: 1, LocalID: 42, RemoteID: 7, Entity: plan.Deal, Local: plan.Order, Agreed: mapping.Agreed{
			plan.OriginField: {Ours: "Y"}, "comments": {Ours: mapping.Print(mapping.Comment(in))},
		}},
		Wanted: mapping.Rows(o), Rows: map[string]plan.OwnedRow{}, Sent: map[string]bool{},
		Contact: plan.Customer{ID: int64(3)}, Afresh: true,
	}
	delivery, _ := json.Marshal(pick(mapping.Delivery(o), "другая"))
	f.Deal = &rest.Deal{
		ID: 7, StageID: rest.Text(pick("NEW", "WON", "LOSE")), Opportunity: rest.Money(o.Total) + rest.Money(r.IntN(2)),
		ContactIDs: [][]rest.ID{nil, {3}, {3, 4}, {4}}[r.IntN(4)], Custom: rest.Custom{"UF_DELIVERY": delivery},
	}
	for i, row := range f.Wanted {
		f.Sent[row.Looks()] = true
		id := int64(100 + i)
		f.Rows[row.Key] = plan.OwnedRow{ID: id, Print: row.Print()}
		switch r.IntN(4) {
		case 0: // somebody removed it
			continue
		case 1:
			row.Price++
		}
		f.There = append(f.There, rowThere(id, row))
	}
	if r.IntN(2) == 0 {
		f.There = append(f.There, rowThere(200, mapping.Row{Name: "Скидка менеджера", Price: 1, Quantity: 1}))
	}
	f.Link.Agreed.Agree(mapping.DealFields(in))
	f.Link.Agreed.Agree(mapping.DealClient(int64(3), nil))
	return f
}

func rowThere(id int64, row mapping.Row) rest.ProductRow {
	return rest.ProductRow{
		ID: rest.ID(id), ProductName: rest.Text(row.Name), Price: rest.Money(row.Price), Quantity: rest.Number(row.Quantity),
	}
}

// carryOut does to the deal of the facts what the commands of a plan say.
func carryOut(f *plan.OrderFacts, p plan.Plan) {
	deal := *f.Deal
	last := int64(300)
	for _, c := range p.Commands {
		fields := c.Fields()
		row := func(id int64) rest.ProductRow {
			price, _ := orders.ParseMoney(fields["price"].(string))
			return rowThere(id, mapping.Row{Name: fields["productName"].(string), Price: price, Quantity: fields["quantity"].(int64)})
		}
		at := func() int {
			return slices.IndexFunc(f.There, func(r rest.ProductRow) bool { return r.ID.Int64() == c.Params["id"] })
		}
		switch c.Method {
		case "crm.item.update":
			if stage, ok := fields["stageId"].(string); ok {
				deal.StageID = rest.Text(stage)
			}
			if amount, ok := fields["opportunity"].(string); ok {
				money, _ := orders.ParseMoney(amount)
				deal.Opportunity = rest.Money(money)
			}
			if ids, ok := fields["contactIds"].([]any); ok {
				deal.ContactIDs = lo.Map(ids, func(id any, _ int) rest.ID { return rest.ID(id.(int64)) })
			}
			if text, ok := fields["UF_DELIVERY"].(string); ok {
				raw, _ := json.Marshal(text)
				deal.Custom = rest.Custom{"UF_DELIVERY": raw}
			}
		case "crm.item.productrow.add":
			last++
			f.There = append(f.There, row(last))
			f.Rows = lo.Assign(f.Rows, map[string]plan.OwnedRow{}) // known by its looks
		case "crm.item.productrow.update":
			f.There[at()] = row(c.Params["id"].(int64))
		case "crm.item.productrow.delete":
			f.There = slices.Delete(f.There, at(), at()+1)
		}
	}
	f.Deal = &deal
}

// What «Сверка» shows is what it sends: an order that is the same sends nothing, and what differs is sent once and is
// the same then, whatever a manager has added.
func TestDifferences_areWhatMendingSends(t *testing.T) {
	t.Parallel()
	differing := 0
	for seed := range uint64(2000) {
		f := comparedFacts(randomOf(seed))
		differ, p := plan.Differences(f), plan.ForOrder(f)
		if p.Failure != nil || p.Again {
			t.Fatalf("seed %d: %+v", seed, p)
		}
		if (len(differ) > 0) != (len(p.Commands) > 0) {
			t.Fatalf("seed %d: differences %v, but %d commands", seed, differ, len(p.Commands))
		}
		differing += min(len(differ), 1)
		byHand := lo.CountBy(f.There, func(r rest.ProductRow) bool { return r.ID == 200 })
		carryOut(&f, p)
		if left := plan.Differences(f); len(left) > 0 {
			t.Fatalf("seed %d: %v is mended, but differs still: %v", seed, differ, left)
		}
		if n := lo.CountBy(f.There, func(r rest.ProductRow) bool { return r.ID == 200 }); n != byHand {
			t.Fatalf("seed %d: a manager's row is gone", seed)
		}
	}
	if differing < 1000 || differing == 2000 {
		t.Errorf("%d of 2000 differed", differing)
	}
}
