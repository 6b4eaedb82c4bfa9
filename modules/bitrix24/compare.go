package bitrix24

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/samber/lo"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// comparison is a row of bitrix24_comparisons: one «Сверка» of the orders of a period with their deals. Only what is not
// the same has a row of its own.
type comparison struct {
	ID         int64 `gorm:"primaryKey"`
	PortalID   int64
	Actor      string
	Since      time.Time
	Until      time.Time
	State      backfillState // running or complete
	BeforeID   int64         // orders are read from the newest to the oldest, down to this one by now
	Total      int64         // orders of the period
	Same       int64
	Different  int64
	Missing    int64
	Gone       int64
	StartedAt  time.Time
	FinishedAt *time.Time
}

func (comparison) TableName() string { return "bitrix24_comparisons" }

// Compared is how many orders have been looked at.
func (c comparison) Compared() int64 { return c.Same + c.Different + c.Missing + c.Gone }

// Over reports whether the comparison is complete.
func (c comparison) Over() bool { return c.State == complete }

// comparedRow is a row of bitrix24_comparison_rows: an order that is not the same on both sides.
type comparedRow struct {
	ComparisonID int64 `gorm:"primaryKey"`
	OrderID      int64 `gorm:"primaryKey"`
	RemoteID     int64
	Result       comparedResult
	Fields       []comparedField `gorm:"serializer:json"`
	MendedAt     *time.Time
}

func (comparedRow) TableName() string { return "bitrix24_comparison_rows" }

type comparedResult string

const (
	resultDifferent comparedResult = "different"
	resultMissing   comparedResult = "missing"
	resultGone      comparedResult = "gone"
)

// Label says the result in words.
func (r comparedResult) Label() string {
	return map[comparedResult]string{resultDifferent: "отличается", resultMissing: "нет в Битрикс24", resultGone: "удалена там"}[r]
}

// comparedField is a field whose two values differ.
type comparedField struct {
	Name   string // as people call it
	Key    string // as the link's agreement does
	Ours   string
	Theirs string
	Code   string `json:",omitempty"` // of the portal's value, where Theirs is its name
}

// compareOrders compares the next orders of a comparison.
type compareOrders struct{ ID int64 }

// Kind and Key name the job.
func (compareOrders) Kind() string  { return bulkLane + ".compare" }
func (a compareOrders) Key() string { return fmt.Sprintf("comparison/%d", a.ID) }

// comparePage is how many orders one step compares: what is in memory at a time.
const comparePage = 100

// beginComparison starts a comparison.
func (m *Module) beginComparison(ctx context.Context, c *comparison) error {
	total, err := m.Orders.Count(ctx, orders.Query{From: c.Since, To: c.Until})
	if err != nil {
		return err
	}
	return m.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		c.State, c.StartedAt, c.Total = running, db.Now(), total
		if err := tx.Create(c).Error; err != nil {
			return fmt.Errorf("store a comparison: %w", err)
		}
		return m.Jobs.Enqueue(tx, compareOrders{ID: c.ID}, jobs.Behind())
	})
}

// compare does one step: a page of orders is read here and there, and what differs is stored.
func (m *Module) compare(ctx context.Context, id int64) error {
	if _, why, err := m.active(ctx); err != nil || why != "" {
		return errors.Join(err, jobs.RetryAfter(m.opts.PauseMax, errors.New(string(why))))
	}
	c, err := m.connect(ctx)
	if err != nil {
		return err
	}
	var it comparison
	err = m.DB.From(ctx).First(&it, id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) || err == nil && it.Over() {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read comparison %d: %w", id, err)
	}
	list, err := m.Orders.List(ctx, orders.Query{From: it.Since, To: it.Until, Before: it.BeforeID, Take: comparePage})
	if err != nil {
		return err
	}
	pairs, err := c.pair(ctx, list)
	if err == nil {
		err = c.readPairs(ctx, pairs)
	}
	if err != nil {
		return c.pauses(err)
	}
	var rows []comparedRow
	for _, p := range pairs {
		row := comparedRow{ComparisonID: id, OrderID: p.order.ID, Fields: []comparedField{}}
		if p.link != nil {
			row.RemoteID = p.link.RemoteID
		}
		switch {
		case p.leftOut:
			continue
		case p.link == nil:
			row.Result, it.Missing = resultMissing, it.Missing+1
		case p.gone:
			row.Result, it.Gone = resultGone, it.Gone+1
		default:
			if row.Fields = c.differences(p); len(row.Fields) == 0 {
				it.Same++
				continue
			}
			row.Result, it.Different = resultDifferent, it.Different+1
		}
		rows = append(rows, row)
	}
	return m.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		if len(rows) > 0 {
			if err := tx.Clauses(clause.OnConflict{UpdateAll: true}).Create(&rows).Error; err != nil {
				return fmt.Errorf("store what differs: %w", err)
			}
		}
		if len(list) < comparePage {
			now := db.Now()
			it.State, it.FinishedAt = complete, &now
		} else {
			it.BeforeID = list[len(list)-1].ID
		}
		if err := tx.Save(&it).Error; err != nil {
			return fmt.Errorf("store a comparison: %w", err)
		}
		if it.Over() {
			return nil
		}
		return m.Jobs.Enqueue(tx, compareOrders{ID: id}, jobs.Behind())
	})
}

// pair is an order and its deal.
type pair struct {
	order   *orders.Order
	link    *Link
	leftOut bool // by the rules, or in a lead
	contact int64
	company int64
	known   map[string]rowLink

	deal *rest.Deal
	gone bool
	rows []rest.ProductRow
	err  error
}

// pair finds the links of a page of orders.
func (c *connection) pair(ctx context.Context, list []*orders.Order) ([]*pair, error) {
	ids := lo.Map(list, func(o *orders.Order, _ int) int64 { return o.ID })
	deals, err := c.links(ctx, c.portal.ID, anOrder, aDeal, ids)
	if err != nil {
		return nil, err
	}
	leads, err := c.links(ctx, c.portal.ID, anOrder, aLead, ids)
	if err != nil {
		return nil, err
	}
	chosen, err := c.choices(ctx, c.portal.ID, anOrder, ids)
	if err != nil {
		return nil, err
	}
	rows, err := c.rowLinks(ctx, c.portal.ID, aDeal, ids)
	if err != nil {
		return nil, err
	}
	contacts, err := c.links(ctx, c.portal.ID, aClient, aContact, lo.Uniq(lo.Map(list, func(o *orders.Order, _ int) int64 { return o.ClientID })))
	if err != nil {
		return nil, err
	}
	companies, err := c.links(ctx, c.portal.ID, anOrganization, aCompany, lo.Uniq(lo.FilterMap(list, func(o *orders.Order, _ int) (int64, bool) {
		return lo.FromPtr(o.OrganizationID), o.OrganizationID != nil
	})))
	if err != nil {
		return nil, err
	}
	return lo.Map(list, func(o *orders.Order, _ int) *pair {
		p := &pair{order: o, link: deals[o.ID], known: rows[o.ID]}
		p.leftOut = chosen[o.ID] == choiceIgnore || p.link == nil && (leads[o.ID] != nil || c.settings.leavesOut(o, chosen[o.ID]) != "")
		if l := contacts[o.ClientID]; l != nil {
			p.contact = l.RemoteID
		}
		if l := companies[lo.FromPtr(o.OrganizationID)]; o.OrganizationID != nil && l != nil {
			p.company = l.RemoteID
		}
		return p
	}), nil
}

// readPairs reads the deals, fifty to a command, then the rows of those that are there. A deal that the list leaves out
// is looked at by itself.
func (c *connection) readPairs(ctx context.Context, pairs []*pair) error {
	fields := c.settings.Fields
	linkedPairs := lo.Filter(pairs, func(p *pair, _ int) bool { return p.link != nil && !p.leftOut })
	var questions, singles []question
	for _, some := range lo.Chunk(linkedPairs, 50) {
		questions = append(questions, question{
			method: "crm.item.list",
			params: rest.Params{
				"entityTypeId": rest.TypeDeal, "start": -1, "useOriginalUfNames": "Y",
				"select": append([]string{"id", "stageId", "categoryId", "opportunity", "contactId", "contactIds", "companyId"},
					lo.Compact([]string{fields.Discussion, fields.Delivery, fields.DeliveryID, fields.Payment})...),
				"filter": rest.Params{"@id": lo.Map(some, func(p *pair, _ int) int64 { return p.link.RemoteID })},
			},
			answer: func(result *rest.Result, name string) error {
				var items rest.Items[rest.Deal]
				if err := result.Decode(name, &items); err != nil {
					return err
				}
				byID := lo.KeyBy(items.Items, func(d rest.Deal) int64 { return d.ID.Int64() })
				for _, p := range some {
					if deal, ok := byID[p.link.RemoteID]; ok {
						p.deal = &deal
						continue
					}
					singles = append(singles, question{
						method: "crm.item.get", params: rest.Params{"entityTypeId": rest.TypeDeal, "id": p.link.RemoteID, "useOriginalUfNames": "Y"},
						answer: func(result *rest.Result, name string) error {
							p.deal, p.gone, p.err = confirm(result, name, func(x *rest.Deal) *rest.ID { return &x.ID })
							return p.err
						},
					})
				}
				return nil
			},
		})
	}
	if err := c.ask(ctx, questions, rest.Background); err != nil {
		return err
	}
	if err := c.ask(ctx, singles, rest.Background); err != nil {
		return err
	}
	return c.readRows(ctx, lo.Filter(linkedPairs, func(p *pair, _ int) bool { return p.deal != nil }))
}

// readRows reads the product rows of deals, those of fifty deals to a request, until none has more.
func (c *connection) readRows(ctx context.Context, pairs []*pair) error {
	last := map[*pair]int64{}
	for len(pairs) > 0 {
		var more []*pair
		questions := lo.Map(pairs, func(p *pair, _ int) question {
			return question{
				method: "crm.item.productrow.list",
				params: rest.Params{
					"filter": rest.Params{"=ownerType": "D", "=ownerId": p.link.RemoteID, ">id": last[p]}, "order": rest.Params{"id": "ASC"}, "start": -1,
				},
				answer: func(result *rest.Result, name string) error {
					var read rest.ProductRows
					if err := result.Decode(name, &read); err != nil {
						return err
					}
					p.rows = append(p.rows, read.ProductRows...)
					if len(read.ProductRows) == 50 {
						last[p] = read.ProductRows[49].ID.Int64()
						more = append(more, p)
					}
					return nil
				},
			}
		})
		if err := c.ask(ctx, questions, rest.Background); err != nil {
			return err
		}
		pairs = more
	}
	return nil
}

// The keys of differences that are no field of the deal.
const rowsKey = "rows"

// differences are the fields in which an order and its deal are not the same.
func (c *connection) differences(p *pair) []comparedField {
	o, deal := p.order, p.deal
	fields := []comparedField{}
	differ := func(name, key, ours, theirs string) {
		if plain(ours) != plain(theirs) {
			fields = append(fields, comparedField{Name: name, Key: key, Ours: ours, Theirs: theirs})
		}
	}
	differ("Сумма", "opportunity", o.Total.In(o.Currency), orders.Money(deal.Opportunity).In(o.Currency))
	r := newRun(c)
	category, stage := deal.CategoryID.Int64(), string(deal.StageID)
	if wanted, ok := c.settings.Rules.Stage(category, stage, o.Status); ok && wanted != stage {
		fields = append(fields, comparedField{
			Name: "Статус и стадия", Key: stageField, Code: stage, Theirs: r.stageName(category, stage),
			Ours: fmt.Sprintf("%s (стадия «%s»)", o.Status.Label(), r.stageName(category, wanted)),
		})
	}
	if p.contact != 0 && !lo.Contains(append(deal.ContactIDs, deal.ContactID), rest.ID(p.contact)) {
		differ("Контакт", "contactIds", fmt.Sprint(p.contact), numbers(deal.ContactIDs))
	}
	if p.company != 0 {
		differ("Компания", "companyId", fmt.Sprint(p.company), numbers(lo.Compact([]rest.ID{deal.CompanyID})))
	}
	if ours, theirs := rowTexts(p); ours != theirs {
		fields = append(fields, comparedField{Name: "Товары", Key: rowsKey, Ours: ours, Theirs: theirs})
	}
	in := r.input(&orderWork{id: o.ID, order: o, target: aDeal})
	sent, names := mapping.DealFields(in), in.Rules.Fields
	for _, custom := range []struct{ name, key string }{
		{"Лента обсуждения", names.Discussion}, {"Доставка", names.Delivery}, {"Идентификатор доставки", names.DeliveryID}, {"Оплата", names.Payment},
	} {
		if text, ok := sent[custom.key].(string); ok && custom.key != "" {
			differ(custom.name, custom.key, text, deal.Custom.Text(custom.key))
		}
	}
	return fields
}

// plain is a text as both sides would show it.
func plain(text string) string {
	return strings.TrimSpace(strings.ReplaceAll(rest.Disarm(text), "\r\n", "\n"))
}

func numbers(ids []rest.ID) string {
	return strings.Join(lo.Map(ids, func(id rest.ID, _ int) string { return fmt.Sprint(id.Int64()) }), ", ")
}

// rowTexts are the rows that stand for the order here and there; rows a manager added by hand are not looked at.
func rowTexts(p *pair) (ours, theirs string) {
	there := lo.KeyBy(p.rows, func(row rest.ProductRow) int64 { return row.ID.Int64() })
	var here, ofThem []string
	for _, row := range mapping.Rows(p.order) {
		here = append(here, rowText(row.Name, row.Price, float64(row.Quantity), p.order.Currency))
		if known, ok := p.known[row.Key]; ok {
			if other, ok := there[known.RowID]; ok {
				ofThem = append(ofThem, rowText(string(other.ProductName), orders.Money(other.Price), float64(other.Quantity), p.order.Currency))
				continue
			}
		}
		ofThem = append(ofThem, "нет строки")
	}
	return strings.Join(here, "\n"), strings.Join(ofThem, "\n")
}

func rowText(name string, price orders.Money, quantity float64, currency string) string {
	return fmt.Sprintf("%s — %s × %g", plain(name), price.In(currency), quantity)
}
