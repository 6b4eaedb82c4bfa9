package orders_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/app/staff"
)

// countersAreTrue compares the kept counters with a count of the orders themselves.
func (a *account) countersAreTrue() {
	a.t.Helper()
	kept, err := a.Counts(a.t.Context())
	if err != nil {
		a.t.Fatal(err)
	}
	var rows []struct {
		Status orders.Status
		Total  int64
	}
	if err := a.db.From(a.t.Context()).Model(&orders.Order{}).Select("status, count(*) AS total").Group("status").
		Find(&rows).Error; err != nil {
		a.t.Fatal(err)
	}
	real := map[orders.Status]int64{}
	for _, r := range rows {
		real[r.Status] = r.Total
	}
	for status, n := range kept {
		if real[status] != n {
			a.t.Errorf("%s is counted %d, there are %d", status, n, real[status])
		}
	}
	for status, n := range real {
		if kept[status] != n {
			a.t.Errorf("%s is counted %d, there are %d", status, kept[status], n)
		}
	}
}

func TestCounts_stayTrueThroughRandomLives(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newAccount(t, d)
		random := rand.New(rand.NewPCG(7, 8))
		all := append(orders.Statuses(), orders.Deleted)
		var ids []int64
		for range 60 {
			if len(ids) < 5 || random.IntN(3) == 0 {
				ids = append(ids, a.place(a.draft()).ID)
				continue
			}
			a.change(ids[random.IntN(len(ids))], func(o *orders.Order) { o.Status = all[random.IntN(len(all))] })
		}
		a.countersAreTrue()
		visible, err := a.Count(t.Context(), orders.Query{})
		listed, _ := a.Count(t.Context(), orders.Query{ClientID: a.client.ID}) // counted, not kept
		if err != nil || visible != listed {
			t.Errorf("%d orders by the counters, %d by counting, %v", visible, listed, err)
		}
		incoming := orders.Query{Statuses: orders.InGroup(orders.Incoming)}
		kept, _ := a.Count(t.Context(), incoming)
		incoming.ClientID = a.client.ID
		if counted, _ := a.Count(t.Context(), incoming); counted != kept {
			t.Errorf("%d incoming by the counters, %d by counting", kept, counted)
		}
	})
}

func TestList_searchIgnoresCaseInCyrillicToo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newAccount(t, d)
		draft := a.draft(orders.Item{Name: "ВИЗИТКИ «Ёж» 100%", Quantity: 1, Price: 1})
		draft.CustomID, draft.Address.FullName = "SHOP_77", "Пётр Ильич"
		o := a.place(draft)
		other := a.register("Ольга", "Щукина", "olga@example.ru")
		another := a.draft(orders.Item{Name: "Плакат 1000", Quantity: 1, Price: 1})
		another.ClientID = other.ID
		p := a.place(another)
		for text, want := range map[string][]int64{
			"визитки": {o.ID}, "ВиЗиТкИ «ёЖ»": {o.ID}, "ёлкин": {o.ID}, "ЁЛКИН ИВАН": {o.ID}, "IVAN@": {o.ID},
			"shop_77": {o.ID}, "пётр": {o.ID},
			fmt.Sprint(o.ID): {o.ID}, "ЩУКИНА": {p.ID}, " плакат ": {p.ID}, "100%": {o.ID}, "p_77": {o.ID}, "a_b": nil,
			`\`: nil, "'": nil,
			"example.ru": {p.ID, o.ID}, "нет такого": nil,
		} {
			list, err := a.List(t.Context(), orders.Query{Text: text})
			if got := numbers(list); err != nil || !slices.Equal(got, want) {
				t.Errorf("%q finds %v, %v; want %v", text, got, err, want)
			}
			if n, err := a.Count(t.Context(), orders.Query{Text: text}); n != int64(len(want)) || err != nil {
				t.Errorf("%q counts %d, %v; want %d", text, n, err, len(want))
			}
		}
	})
}

func numbers(list []*orders.Order) []int64 {
	var ids []int64
	for _, o := range list {
		ids = append(ids, o.ID)
	}
	return ids
}

// Paging by key shows every order once, whatever is placed or deleted meanwhile.
func TestList_pagingByKeyWhileOrdersComeAndGo(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newAccount(t, d)
		var want []int64
		for range 23 {
			want = append(want, a.place(a.draft()).ID)
		}
		slices.Reverse(want)
		var got []int64
		q := orders.Query{Take: 5}
		for {
			page, err := a.List(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			got = append(got, numbers(page)...)
			q.Before = page[len(page)-1].ID
			a.place(a.draft())                                                        // comes in front
			a.change(page[0].ID, func(o *orders.Order) { o.Status = orders.Deleted }) // goes behind us
		}
		if !slices.Equal(got, want) {
			t.Errorf("paged through %v, want %v", got, want)
		}
	})
}

func TestList_filters(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newAccount(t, d)
		firm, err := a.organizations.Register(t.Context(), staff.Site(), organizations.Organization{
			Name: "ООО", Employees: []organizations.Employee{{ClientID: a.client.ID, Role: organizations.Manager}},
		})
		if err != nil {
			t.Fatal(err)
		}
		mine := a.place(a.draft())
		draft := a.draft()
		draft.OrganizationID, draft.Paid = &firm.ID, 900_00
		firms := a.place(draft)
		other := a.register("О", "Щ", "o@example.ru")
		draft = a.draft()
		draft.ClientID, draft.Paid = other.ID, 1_00
		others := a.place(draft)
		a.change(others.ID, func(o *orders.Order) { o.Status = orders.Deleted })
		for name, tt := range map[string]struct {
			q    orders.Query
			want []int64
		}{
			"all but deleted": {orders.Query{}, []int64{firms.ID, mine.ID}},
			"deleted":         {orders.Query{Statuses: []orders.Status{orders.Deleted}}, []int64{others.ID}},
			"organization":    {orders.Query{OrganizationID: firm.ID}, []int64{firms.ID}},
			"client":          {orders.Query{ClientID: a.client.ID}, []int64{firms.ID, mine.ID}},
			"site":            {orders.Query{SiteID: a.site.ID + 1}, nil},
			"paid":            {orders.Query{Payment: orders.Paid}, []int64{firms.ID}},
			"not paid":        {orders.Query{Payment: orders.NotPaid}, []int64{mine.ID}},
			"since":           {orders.Query{From: firms.CreatedAt.In(time.FixedZone("", 5*60*60))}, []int64{firms.ID}},
			"until":           {orders.Query{To: firms.CreatedAt}, []int64{mine.ID}},
			"skip":            {orders.Query{Skip: 1}, []int64{mine.ID}},
			"take":            {orders.Query{Take: 1}, []int64{firms.ID}},
		} {
			list, err := a.List(t.Context(), tt.q)
			if got := numbers(list); err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("%s: %v, %v; want %v", name, got, err, tt.want)
			}
		}
		if byID, err := a.FindMany(t.Context(), []int64{mine.ID, 5, others.ID}); err != nil || len(byID) != 2 ||
			len(byID[mine.ID].Items) != 1 {
			t.Errorf("FindMany = %v, %v", byID, err)
		}
	})
}

func TestList_pagesThroughAPeriod(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newAccount(t, d)
		a, b, c := s.place(s.draft()), s.place(s.draft()), s.place(s.draft())
		for o, day := range map[*orders.Order]int{a: 2, b: 1, c: 2} {
			when := time.Date(2026, 3, day, 10, 0, 0, 0, time.UTC)
			must(t, d.From(t.Context()).Table("orders").Where("id = ?", o.ID).Update("created_at", when).Error)
		}
		march := func(before int64) orders.Query {
			return orders.Query{From: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), Take: 1, Before: before}
		}
		var seen []int64
		for before := int64(0); len(seen) < 4; {
			list, err := s.List(t.Context(), march(before))
			must(t, err)
			if len(list) == 0 {
				break
			}
			before = list[0].ID
			seen = append(seen, before)
		}
		if want := []int64{c.ID, a.ID, b.ID}; !slices.Equal(seen, want) {
			t.Errorf("pages showed %v, want %v: newest first, each once", seen, want)
		}
	})
}
