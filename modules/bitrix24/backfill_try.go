package bitrix24

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// planned is a line of «Пробный запуск»: what the export would do with a record.
type planned struct {
	Name, URL string
	Verb      string
	Details   []string
}

// The verbs of a plan.
const (
	verbMake   = "создать"
	verbChange = "обновить"
	verbLink   = "связать"
	verbNone   = "ничего не менять"
	verbSkip   = "не отправлять"
	verbFail   = "ошибка"
)

// Tone colours a verb.
func (p planned) Tone() string {
	return map[string]string{verbMake: "good", verbChange: "info", verbLink: "info", verbSkip: "warning", verbFail: "bad"}[p.Verb]
}

// trySize is how many records «Пробный запуск» looks at.
const trySize = 50

// errTried ends the transaction of a trial, so that nothing of it stays.
var errTried = errors.New("only tried")

// try goes the whole way of an export for the newest records of the period, but performs no command of those it comes
// to: what it decides is decided by the same code in a transaction that is taken back.
func (m *Module) try(ctx context.Context, sel selection) ([]planned, error) {
	c, err := m.connect(ctx)
	if err != nil {
		return nil, err
	}
	r := newRun(c)
	r.bulk, r.class = true, rest.People
	var plan []planned
	for _, kind := range sel.Kinds {
		list, err := m.newest(ctx, c.settings, sel, kind, trySize/len(sel.Kinds))
		if err != nil {
			return nil, err
		}
		for _, found := range list {
			if found.no != "" {
				plan = append(plan, line(kind, found.id, verbSkip, string(found.no)))
				continue
			}
			r.workOnRecord(kind, found.id)
		}
	}
	asked := [3][]int64{lo.Keys(r.organizations), lo.Keys(r.clients), lo.Keys(r.orders)}
	for _, step := range []func(context.Context) error{r.loadLeads, r.loadOrders, r.loadOrganizations, r.loadClients, r.look} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	known := r.linkedBefore()
	var notes map[note][]string
	err = m.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		last, err := lastEntry(tx)
		if err != nil {
			return err
		}
		for _, step := range []func(context.Context) error{r.settleLeads, r.settleClients, r.settleOrganizations, r.settleOrders} {
			if err := step(ctx); err != nil {
				return err
			}
		}
		if notes, err = entriesSince(tx, last); err != nil {
			return err
		}
		return errTried
	})
	if !errors.Is(err, errTried) {
		return nil, err
	}
	return append(plan, r.plan(asked, known, notes)...), nil
}

// newest are the newest records of a kind in the period.
func (m *Module) newest(ctx context.Context, s Settings, sel selection, kind local, most int) ([]foundRecord, error) {
	var found []foundRecord
	for before := int64(0); len(found) < most; {
		list, err := m.recordsPage(ctx, s, sel, kind, before, gatherPage)
		if err != nil {
			return nil, err
		}
		for _, f := range list {
			if sel.covers(f.at) && len(found) < most {
				found = append(found, f)
			}
		}
		if len(list) < gatherPage {
			break
		}
		before = list[len(list)-1].id
	}
	return found, nil
}

// linkedBefore are the records that were linked before the trial.
func (r *run) linkedBefore() map[note]bool {
	known := map[note]bool{}
	for id, w := range r.organizations {
		known[note{local: anOrganization, localID: id}] = w.link != nil
	}
	for id, w := range r.clients {
		known[note{local: aClient, localID: id}] = w.link != nil
	}
	for id, w := range r.orders {
		known[note{local: anOrder, localID: id}] = w.link != nil
	}
	return known
}

func lastEntry(tx *db.Tx) (int64, error) {
	var ids []int64
	if err := tx.Model(&journalEntry{}).Order("id DESC").Limit(1).Pluck("id", &ids).Error; err != nil {
		return 0, fmt.Errorf("read the journal: %w", err)
	}
	return lo.FirstOrEmpty(ids), nil
}

// entriesSince are the lines the trial has written into the journal, by record.
func entriesSince(tx *db.Tx, last int64) (map[note][]string, error) {
	var entries []journalEntry
	if err := tx.Where("id > ?", last).Order("id").Find(&entries).Error; err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	notes := map[note][]string{}
	for _, e := range entries {
		record := note{local: e.Local, localID: e.LocalID}
		notes[record] = append(notes[record], e.Text)
	}
	return notes, nil
}

// plan says of each record what would become of it. Contacts and companies that orders need come with them.
func (r *run) plan(asked [3][]int64, known map[note]bool, notes map[note][]string) []planned {
	var plan []planned
	add := func(kind local, id int64, failure error, tasks []*task, details ...string) {
		record := note{local: kind, localID: id}
		p := line(kind, id, verbNone, append(details, notes[record]...)...)
		tasks = lo.Compact(tasks)
		switch {
		case failure != nil:
			p.Verb, p.Details = verbFail, []string{explain(failure)}
		case len(tasks) > 0 && !known[record]:
			p.Verb = verbMake
		case len(tasks) > 0:
			p.Verb = verbChange
			p.Details = append(p.Details, changes(tasks)...)
		case !known[record] && len(notes[record]) > 0:
			p.Verb = verbLink
		case !known[record]:
			p.Verb = verbSkip
		}
		plan = append(plan, p)
	}
	for _, id := range slices.Sorted(maps.Keys(r.organizations)) {
		w := r.organizations[id]
		if w.organization == nil || !slices.Contains(asked[0], id) && w.make == nil && len(notes[note{local: anOrganization, localID: id}]) == 0 {
			continue
		}
		details := []string{w.organization.Name}
		if w.make != nil && len(w.organization.LegalEntities)+len(w.organization.Employees) > 0 {
			details = append(details, fmt.Sprintf("реквизитов: %d, сотрудников: %d", len(w.organization.LegalEntities), len(w.organization.Employees)))
		}
		add(anOrganization, id, w.err, append([]*task{w.make, w.lead.make}, w.tasks...), details...)
	}
	for _, id := range slices.Sorted(maps.Keys(r.clients)) {
		w := r.clients[id]
		if w.client == nil || !slices.Contains(asked[1], id) && w.make == nil && len(notes[note{local: aClient, localID: id}]) == 0 {
			continue
		}
		add(aClient, id, w.err, []*task{w.make, w.change, w.lead.make}, w.client.FullName())
	}
	for _, id := range slices.Sorted(maps.Keys(r.orders)) {
		w := r.orders[id]
		if w.order == nil {
			continue
		}
		add(anOrder, id, w.err, w.tasks, r.dealDetails(w)...)
	}
	return plan
}

// dealDetails are what a deal that is made would be like.
func (r *run) dealDetails(w *orderWork) []string {
	if w.link != nil || len(w.tasks) == 0 {
		return nil
	}
	category := r.settings.CategoryID
	stage := r.firstStage(category)
	if wanted, ok := r.settings.Rules.Stage(category, "", w.order.Status); ok {
		stage = wanted
	}
	rows := mapping.Rows(w.order)
	if w.target == aLead {
		return []string{fmt.Sprintf("лид на сумму %s, товаров: %d", w.order.Total.In(w.order.Currency), len(rows))}
	}
	return []string{
		fmt.Sprintf("сделка «%s», стадия «%s»", mapping.DealTitle(w.id), r.lists.stageName(category, stage)),
		fmt.Sprintf("сумма %s, строк товаров: %d на %s", w.order.Total.In(w.order.Currency), len(rows), mapping.Sum(rows).In(w.order.Currency)),
	}
}

// changes names the fields that commands would send.
func changes(tasks []*task) []string {
	var names []string
	for _, t := range tasks {
		fields, ok := t.params()["fields"].(rest.Params)
		if !ok || len(fields) == 0 {
			names = append(names, taskText(t))
			continue
		}
		names = append(names, taskText(t)+": "+strings.Join(slices.Sorted(maps.Keys(fields)), ", "))
	}
	return names
}

func line(kind local, id int64, verb string, details ...string) planned {
	about := record{kind, id}
	return planned{Name: about.name(), URL: about.url(), Verb: verb, Details: lo.Compact(details)}
}
