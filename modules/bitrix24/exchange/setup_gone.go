package exchange

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// What the portal's set-up was when its lists were last read may be gone when a record is sent: a stage, a funnel, a
// source, a custom field, the responsible employee. The portal then refuses the record, or does something else than it
// was told. Either way the lists are read again at once, and the record is sent without what is gone.

// refreshLists reads the portal's lists and keeps them. The run goes by them from then on.
func (r *run) refreshLists(ctx context.Context) error {
	lists, err := r.portals.ReadLists(ctx, r.Client)
	if refused, ok := rest.AsRefusal(err); ok && refused.Method != rest.BatchMethod {
		r.relisted = true
		return errors.New(portal.Explain(err)) // one list may not be read; the exchange goes on
	}
	if err != nil {
		return r.exchange.Pauses(err)
	}
	lists.PortalID = r.Portal.ID
	err = r.DB.Transaction(
		ctx, func(ctx context.Context, tx *db.Tx) error { return r.portals.KeepLists(ctx, tx, &lists) },
	)
	if err != nil {
		return err
	}
	r.Lists, r.Current, r.relisted = lists, r.saved.Against(lists), true
	return nil
}

// doubtAge is how long a doubt is not raised again that came to nothing. Else a portal that refuses all orders for
// another reason would have its lists read for each.
const doubtAge = time.Minute

// doubts remember when which doubt about a portal's lists was raised. The zero value is ready for use.
type doubts struct {
	mu     sync.Mutex
	raised map[string]time.Time
}

// isNew reports whether a doubt is worth reading the lists. An empty one is none.
func (d *doubts) isNew(portalID int64, doubt string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	at, raised := d.raised[fmt.Sprint(portalID, " ", doubt)]
	return doubt != "" && (!raised || time.Since(at) >= doubtAge)
}

// raise notes that the lists are read for the sake of a doubt.
func (d *doubts) raise(portalID int64, doubt string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.raised == nil || len(d.raised) > 1000 {
		d.raised = map[string]time.Time{}
	}
	d.raised[fmt.Sprint(portalID, " ", doubt)] = time.Now()
}

// forget drops all doubts of all portals, since one of them was right.
func (d *doubts) forget() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.raised = nil
}

// noteSetupGone looks through what was refused. If the portal lacks something of its set-up that was sent, the record
// is sent again at once without it, and everything that waited for the record with it.
func (r *run) noteSetupGone(ctx context.Context) error {
	refused := lo.Filter(r.commands, func(c *plan.Command, _ int) bool { return r.sendsSetup(c) })
	isNew := slices.ContainsFunc(refused, func(c *plan.Command) bool {
		return r.exchange.doubts.isNew(r.Portal.ID, setupOf(c))
	})
	if !isNew || r.relisted {
		return nil
	}
	settings, lists := r.Current, r.Lists
	err := r.refreshLists(ctx)
	if err != nil && !jobs.Pauses(err) {
		r.Log.WithError(err).Warn("lists of the portal not read")
	}
	isSame := reflect.DeepEqual(settings.Rules, r.Current.Rules) && sameFields(settings.Fields, lists, r.Lists)
	if isSame && !jobs.Pauses(err) {
		for _, c := range refused {
			r.exchange.doubts.raise(r.Portal.ID, setupOf(c))
		}
		return nil
	}
	wait := &plan.Wait{Why: "на портале изменились настройки: передаём снова, без того, чего там больше нет"}
	causes := lo.Map(refused, func(c *plan.Command, _ int) error { return c.Outcome.Err })
	for _, c := range r.commands {
		if slices.ContainsFunc(causes, func(cause error) bool { return errors.Is(c.Outcome.Err, cause) }) {
			c.Outcome.Err = wait
		}
	}
	r.exchange.doubts.forget()
	if err != nil {
		return err
	}
	return r.journalSetupGone(ctx, refused)
}

// journalSetupGone says in the journal of each record why it is sent again.
func (r *run) journalSetupGone(ctx context.Context, refused []*plan.Command) error {
	text := "Настройки портала изменились, передаём снова"
	if lost := r.saved.Lost(r.Lists); len(lost) > 0 {
		text = portal.LostText(lost) + " Передаём снова, без этого"
	}
	return r.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		for _, c := range refused {
			if err := r.journalFailure(tx, c.About, plan.Outward, text); err != nil {
				return err
			}
		}
		return nil
	})
}

// setupFields are the fields whose values belong to the portal's set-up.
var setupFields = []string{"assignedById", "categoryId", "companyType", plan.StageField, "sourceId", "typeId"}

// sendsSetup reports whether a command was refused that sends something of the portal's set-up, for a reason that may
// be that.
func (r *run) sendsSetup(c *plan.Command) bool {
	refused, ok := rest.AsRefusal(c.Outcome.Answer)
	return ok && (refused.WrongValue() || refused.Unexplained()) && setupOf(c) != ""
}

// setupOf writes down what a command sends of the portal's set-up.
func setupOf(c *plan.Command) string {
	var sent []string
	for name, value := range c.Fields() {
		switch {
		case slices.Contains(setupFields, name):
			sent = append(sent, fmt.Sprint(name, "=", value))
		case strings.HasPrefix(name, "UF_"):
			sent = append(sent, name)
		}
	}
	slices.Sort(sent)
	return strings.Join(sent, " ")
}

// sameFields reports whether two readings of the lists have the same of the chosen custom fields.
func sameFields(chosen mapping.FieldNames, before, now portal.Lists) bool {
	return portal.Present(chosen, before.DealFields) == portal.Present(chosen, now.DealFields) &&
		portal.Present(chosen, before.LeadFields) == portal.Present(chosen, now.LeadFields)
}
