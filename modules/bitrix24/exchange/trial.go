package exchange

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// GatherPage is how many records of a kind an export reads at a time.
const GatherPage = 100

// Selection says which records an export covers.
type Selection struct {
	Since, Until *time.Time   // when placed or registered; nil: without a bound; Until itself is left out
	Kinds        []plan.Local // in the order they leave: a deal needs its contact and company
}

// Covers reports whether a record of that time is in the period.
func (s Selection) Covers(at time.Time) bool {
	return (s.Since == nil || !at.Before(*s.Since)) && (s.Until == nil || at.Before(*s.Until))
}

// FoundRecord is a record that an export may cover.
type FoundRecord struct {
	ID int64
	At time.Time     // when it was placed or registered
	No portal.Reason // why it is not sent; empty: it is
}

// RecordsPage reads up to take records of a kind whose numbers are below before (0: all), newest first. Only orders
// are bounded by the period; others are left to the caller, by Selection.Covers.
func (x *Exchange) RecordsPage(
	ctx context.Context,
	s portal.Settings,
	sel Selection,
	kind plan.Local,
	before int64,
	take int,
) ([]FoundRecord, error) {
	switch kind {
	case plan.Client:
		list, err := x.Clients.List(ctx, clients.Query{Before: before, Take: take})
		return lo.Map(
			list, func(c *clients.Client, _ int) FoundRecord { return FoundRecord{ID: c.ID, At: c.RegisteredAt} },
		), err
	case plan.Organization:
		list, err := x.Organizations.List(ctx, organizations.Query{Before: before, Take: take})
		return lo.Map(list, func(o *organizations.Organization, _ int) FoundRecord {
			return FoundRecord{ID: o.ID, At: o.RegisteredAt}
		}), err
	}
	q := orders.Query{Before: before, Take: take}
	q.From, q.To = lo.FromPtr(sel.Since), lo.FromPtr(sel.Until)
	list, err := x.Orders.List(ctx, q)
	if err != nil {
		return nil, err
	}
	chosen, err := x.portals.Book(s.PortalID).
		Choices(ctx, plan.Order, lo.Map(list, func(o *orders.Order, _ int) int64 { return o.ID }))
	if err != nil {
		return nil, err
	}
	return lo.Map(list, func(o *orders.Order, _ int) FoundRecord {
		return FoundRecord{ID: o.ID, At: o.CreatedAt, No: s.ExcludedFromExport(o, chosen[o.ID])}
	}), nil
}

// Planned is a line of «Пробный запуск»: what the export would do with one record, in Russian.
type Planned struct {
	Name, URL string
	Verb      string
	Details   []string
}

// The verbs of a plan.
const (
	VerbCreate = "создать"
	VerbChange = "обновить"
	VerbLink   = "связать"
	VerbNone   = "ничего не менять"
	VerbSkip   = "не отправлять"
	VerbFail   = "ошибка"
)

// Tone is the colour of the line's verb, as package panel names colours.
func (p Planned) Tone() string {
	return map[string]string{
		VerbCreate: "good", VerbChange: "info", VerbLink: "info", VerbSkip: "warning", VerbFail: "bad",
	}[p.Verb]
}

// trySize is how many records «Пробный запуск» looks at.
const trySize = 50

// Trial plans an export of the newest records of the period, by the very plans that it would carry out. The portal is
// only asked, and nothing is stored.
func (x *Exchange) Trial(ctx context.Context, sel Selection) ([]Planned, error) {
	c, err := x.Connect(ctx)
	if err != nil {
		return nil, err
	}
	r := newRun(c)
	r.bulk, r.class, r.tried = true, rest.People, map[plan.Note][]string{}
	var lines []Planned
	for _, kind := range sel.Kinds {
		list, err := x.newest(ctx, c.Current, sel, kind, trySize/len(sel.Kinds))
		if err != nil {
			return nil, err
		}
		for _, found := range list {
			if found.No != "" {
				lines = append(lines, line(kind, found.ID, VerbSkip, string(found.No)))
				continue
			}
			r.workOnRecord(kind, found.ID, false)
		}
	}
	asked := [3][]int64{lo.Keys(r.organizations), lo.Keys(r.clients), lo.Keys(r.orders)}
	for _, step := range []func(context.Context) error{
		r.loadOrders, r.loadOrganizations, r.loadClients, r.readForContacts, r.ask,
	} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	known := r.linkedBefore()
	for _, step := range []func(context.Context) error{r.settleClients, r.settleOrganizations, r.settleOrders} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return append(lines, r.plan(asked, known)...), nil
}

// tries reports whether the run is a trial. Then it keeps what the journal would say of the changes, and nothing else
// becomes of them.
func (r *run) tries(now plan.Changes) bool {
	if r.tried == nil {
		return false
	}
	lines := now.Lines
	if take := now.Order; take != nil {
		lines = append(slices.Clone(lines), plan.Line{About: take.About, Text: take.Took})
	}
	for _, l := range lines {
		record := plan.Note{Local: l.About.Local, LocalID: l.About.LocalID}
		r.tried[record] = append(r.tried[record], strings.TrimSpace(l.Text))
	}
	if take := now.Party; take != nil {
		record := plan.Note{Local: take.Link.Local, LocalID: take.Link.LocalID}
		for range take.Fields {
			r.tried[record] = append(r.tried[record], take.Took)
		}
	}
	return true
}

// tried is the order as it would be once it follows its deal; nil if it does not change.
func tried(o *orders.Order, take *plan.OrderTake) *orders.Order {
	if take == nil {
		return nil
	}
	after := *o
	take.Apply(&after)
	return &after
}

// newest returns up to most of the newest records of a kind in the period.
func (x *Exchange) newest(
	ctx context.Context,
	s portal.Settings,
	sel Selection,
	kind plan.Local,
	most int,
) ([]FoundRecord, error) {
	var found []FoundRecord
	for before := int64(0); len(found) < most; {
		list, err := x.RecordsPage(ctx, s, sel, kind, before, GatherPage)
		if err != nil {
			return nil, err
		}
		for _, f := range list {
			if sel.Covers(f.At) && len(found) < most {
				found = append(found, f)
			}
		}
		if len(list) < GatherPage {
			break
		}
		before = list[len(list)-1].ID
	}
	return found, nil
}

// linkedBefore tells of each record whether it was linked before the trial.
func (r *run) linkedBefore() map[plan.Note]bool {
	known := map[plan.Note]bool{}
	for id, w := range r.organizations {
		known[plan.Note{Local: plan.Organization, LocalID: id}] = w.Link != nil
	}
	for id, w := range r.clients {
		known[plan.Note{Local: plan.Client, LocalID: id}] = w.Link != nil
	}
	for id, w := range r.orders {
		known[plan.Note{Local: plan.Order, LocalID: id}] = w.Link != nil
	}
	return known
}

// plan says of each record what would become of it. asked are the numbers of the organizations, clients and orders
// that the export covers; contacts and companies that their orders need are listed as well.
func (r *run) plan(asked [3][]int64, known map[plan.Note]bool) []Planned {
	notes := r.tried
	var lines []Planned
	add := func(kind plan.Local, id int64, failure error, commands []*plan.Command, details ...string) {
		record := plan.Note{Local: kind, LocalID: id}
		p := line(kind, id, VerbNone, append(details, notes[record]...)...)
		switch {
		case failure != nil:
			p.Verb, p.Details = VerbFail, []string{portal.Explain(failure)}
		case len(commands) > 0 && !known[record]:
			p.Verb = VerbCreate
		case len(commands) > 0:
			p.Verb = VerbChange
			p.Details = append(p.Details, changes(commands)...)
		case !known[record] && len(notes[record]) > 0:
			p.Verb = VerbLink
		case !known[record]:
			p.Verb = VerbSkip
		}
		lines = append(lines, p)
	}
	for _, id := range slices.Sorted(maps.Keys(r.organizations)) {
		w := r.organizations[id]
		isNoted := len(notes[plan.Note{Local: plan.Organization, LocalID: id}]) > 0
		isListed := slices.Contains(asked[0], id) || w.creates != "" || isNoted
		if w.organization == nil || !isListed {
			continue
		}
		details := []string{w.organization.Name}
		if w.creates != "" && len(w.organization.LegalEntities)+len(w.organization.Employees) > 0 {
			details = append(details, fmt.Sprintf(
				"реквизитов: %d, сотрудников: %d", len(w.organization.LegalEntities),
				len(w.organization.Employees),
			))
		}
		add(plan.Organization, id, w.err, w.commands, details...)
	}
	for _, id := range slices.Sorted(maps.Keys(r.clients)) {
		w := r.clients[id]
		isNoted := len(notes[plan.Note{Local: plan.Client, LocalID: id}]) > 0
		isListed := slices.Contains(asked[1], id) || w.creates != "" || isNoted
		if w.client == nil || !isListed {
			continue
		}
		add(plan.Client, id, w.err, w.commands, w.client.FullName())
	}
	for _, id := range slices.Sorted(maps.Keys(r.orders)) {
		w := r.orders[id]
		if w.order == nil {
			continue
		}
		add(plan.Order, id, w.err, w.commands, r.dealDetails(w)...)
	}
	return lines
}

// dealDetails describe the deal or lead that would be created.
func (r *run) dealDetails(w *orderWork) []string {
	if w.Link != nil || len(w.commands) == 0 {
		return nil
	}
	category := r.Current.CategoryID
	stage := r.Lists.FirstStage(category)
	if wanted, ok := r.Current.Rules.Stage(category, "", w.order.Status); ok {
		stage = wanted
	}
	rows := mapping.Rows(w.order)
	if w.Target == plan.Lead {
		return []string{fmt.Sprintf("лид на сумму %s, товаров: %d", w.order.Total.In(w.order.Currency), len(rows))}
	}
	return []string{
		fmt.Sprintf("сделка «%s», стадия «%s»", mapping.DealTitle(w.id), r.Lists.StageName(category, stage)),
		fmt.Sprintf(
			"сумма %s, строк товаров: %d на %s", w.order.Total.In(w.order.Currency), len(rows),
			mapping.Sum(rows).In(w.order.Currency),
		),
	}
}

// changes says what commands would do, and which fields they would send.
func changes(commands []*plan.Command) []string {
	var names []string
	for _, c := range commands {
		fields := c.Fields()
		if len(fields) == 0 {
			names = append(names, c.Text())
			continue
		}
		names = append(names, c.Text()+": "+strings.Join(slices.Sorted(maps.Keys(fields)), ", "))
	}
	return names
}

// line is a line of the plan about a record.
func line(kind plan.Local, id int64, verb string, details ...string) Planned {
	about := plan.Record{Kind: kind, ID: id}
	return Planned{Name: about.Name(), URL: about.URL(), Verb: verb, Details: lo.Compact(details)}
}
