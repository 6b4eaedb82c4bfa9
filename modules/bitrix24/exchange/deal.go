package exchange

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// dealTask returns the command that creates the order's deal. Deals of an export are imported, which does not set off
// the portal's robots, unless the portal refuses imports.
func (r *run) dealTask(w *orderWork) *task {
	if _, refused := r.exchange.noImport.Load(r.Portal.ID); r.bulk && !refused && w.leadID == 0 {
		return r.importDeal(w)
	}
	return r.newDeal(w)
}

// firstStage is where the portal puts a deal that is created without a stage; empty if the lists do not know the
// funnel.
func (r *run) firstStage(category int64) string {
	stages := r.Lists.Stages(category)
	if len(stages) == 0 {
		return ""
	}
	return stages[0].ID
}

// OrderInput returns what a deal or lead of an order is made of. target says which of the two. The site's name and
// address, which only a new record gets, are left to the caller.
func (c *Connection) OrderInput(o *orders.Order, target plan.Entity) mapping.OrderInput {
	in := mapping.OrderInput{Order: o, Zone: c.Location, Rules: c.Current.Rules, Origin: c.Origin}
	there := c.Lists.DealFields
	if target == plan.Lead {
		there = c.Lists.LeadFields
	}
	in.Rules.Fields = portal.Present(in.Rules.Fields, there)
	in.PageURL = c.PublicURL.JoinPath("admin", "orders", strconv.FormatInt(o.ID, 10)).String()
	in.ArchiveURL = orders.ArchiveURL(c.PublicURL.String(), o)
	return in
}

// input is OrderInput with the site.
func (r *run) input(w *orderWork) mapping.OrderInput {
	in := r.OrderInput(w.order, w.target)
	if w.site != nil {
		in.SiteName, in.SiteURL = w.site.Name, w.site.URL
	}
	return in
}

// customer are the deal's contact and company, as numbers or as references to the commands that create them.
func (w *orderWork) customer() rest.Params {
	return mapping.DealClient(w.client.recordID(), w.organization.companyID())
}

// customerTasks are the commands of this run that create the deal's contact and company.
func (w *orderWork) customerTasks() []*task {
	tasks := []*task{w.client.create}
	if w.organization != nil {
		tasks = append(tasks, w.organization.create)
	}
	return lo.Compact(tasks)
}

// newDeal returns the command that creates the order's deal (crm.item.add).
func (r *run) newDeal(w *orderWork) *task {
	in := r.input(w)
	sent := mapping.Agreed{
		StageField:  {Ours: string(w.order.Status), Theirs: r.stageOfNew(w.order.Status)},
		originField: {Ours: "Y"},
	}
	sent.Agree(mapping.DealFields(in))
	sent.Agree(rest.Params{commentsField: mapping.Comment(in)})
	t := task{
		name:  fmt.Sprintf("deal%d", w.id),
		after: w.customerTasks(), entity: plan.Deal, key: mapping.OrderKey(w.id), agreed: sent,
		note: plan.About(plan.Order, w.id, plan.Deal, 0),
	}
	fields := func() rest.Params {
		fields := mapping.NewDeal(in, w.client.recordID(), w.organization.companyID())
		if w.leadID != 0 {
			fields["leadId"] = w.leadID
		}
		return fields
	}
	return addItem(t, rest.TypeDeal, DealNumber, fields, func(tx *db.Tx, created *rest.Deal) error {
		agreed := maps.Clone(sent)
		agreed.Agree(w.customer())
		agreed[StageField] = mapping.Pair{Ours: string(w.order.Status), Theirs: string(created.StageID)}
		l := r.Book.NewLink(plan.Order, w.id, plan.Deal, created.ID.Int64(), agreed)
		l.See(created)
		return records.SaveLink(tx, l)
	})
}

// StageField is the deal's stage (crm.item.*). In what both sides have agreed on, it pairs the order's status with the
// stage.
const StageField = "stageId"

const (
	commentsField = "comments"
	originField   = "originId" // agreed once our external key is on the deal
)

// stageOfNew is the stage at which a new deal begins: that of the order's status, else the first of its funnel.
func (r *run) stageOfNew(status orders.Status) string {
	if stage, ok := r.Current.Stage(r.Current.CategoryID, "", status); ok {
		return stage
	}
	return r.firstStage(r.Current.CategoryID)
}

// adoptDeal links a deal that an earlier attempt created. What was sent then is what both sides have agreed on;
// whatever has changed since, on either side, is settled by the next push.
func (r *run) adoptDeal(ctx context.Context, w *orderWork, id int64) error {
	return r.conclude(ctx, &w.done, func(ctx context.Context, tx *db.Tx) error {
		agreed := mapping.Agreed{}
		if w.intent != nil {
			maps.Copy(agreed, w.intent.Agreed)
		}
		agreed[originField] = mapping.Pair{Ours: "Y"}
		l := r.Book.NewLink(plan.Order, w.id, plan.Deal, id, agreed)
		if err := records.SaveLink(tx, l); err != nil {
			return err
		}
		// The rows left with the deal, or they did not: the next push reads them first.
		if err := r.exchange.RowsUnknown(tx, r.Portal.ID, w.id); err != nil {
			return err
		}
		text := "Сделка уже создана прошлой попыткой, ответ которой потерялся: связана, второй не будет"
		about := plan.About(plan.Order, w.id, plan.Deal, id)
		if err := r.Journal(tx, about, plan.Inward, text); err != nil {
			return err
		}
		// Events about the deal were dropped so far, since nobody knew whose it is. People may have moved it
		// meanwhile.
		if err := r.Jobs.Enqueue(tx, Pull{Entity: plan.Deal, ID: id}, jobs.WithPriority(jobs.Pull)); err != nil {
			return err
		}
		return r.Jobs.Enqueue(tx, PushOrder{ID: w.id}, r.follow()...)
	})
}

// settleLinkedDeal moves the deal or takes its stage over, and sends the fields and rows that changed.
func (r *run) settleLinkedDeal(ctx context.Context, w *orderWork) error {
	move, err := r.settleStage(ctx, w)
	if err != nil || w.err != nil {
		return err
	}
	fields, agreed := rest.Params{}, maps.Clone(w.link.Agreed)
	if move != nil {
		fields[StageField], agreed[StageField] = move.Send, move.Agreed
	}
	in := r.input(w)
	sent := maps.Clone(mapping.DealFields(in))
	isCustomerNew := len(w.customerTasks()) > 0
	if !isCustomerNew {
		maps.Copy(sent, w.customer())
	}
	changed := agreed.Changed(sent)
	if w.deal != nil && agreed[originField].Ours == "" {
		// A person made this deal of the order's lead, or it was found by its key. It still lacks what a new deal
		// gets.
		own := mapping.ConvertedDeal(in, string(w.deal.Title), agreed[titleField].Theirs)
		maps.Copy(changed, own)
		agreed[originField] = mapping.Pair{Ours: "Y"}
	}
	if comment := mapping.Comment(in); w.deal != nil && agreed[commentsField].Ours != mapping.Print(comment) {
		changed[commentsField] = withOurLinks(string(w.deal.Comments), comment)
		agreed.Agree(rest.Params{commentsField: comment})
	}
	if w.deal != nil {
		keepContacts(changed, w.deal.ContactIDs, w.link.Agreed)
	}
	if changed["opportunity"] != nil {
		changed["isManualOpportunity"] = "Y"
	}
	agreed.Agree(sent)
	maps.Copy(fields, changed)
	if len(fields) > 0 || isCustomerNew {
		r.add(w, r.updateDeal(w, fields, agreed))
	}
	return r.settleBesideFields(ctx, w)
}

// settleStage takes over what the deal's stage says of the order. It returns the decision to move the deal, or nil
// when the deal stays where it is, or was not read. If the order has to wait, w.err says why.
func (r *run) settleStage(ctx context.Context, w *orderWork) (move *mapping.StageDecision, err error) {
	if w.deal == nil {
		return nil, nil
	}
	err = r.settleChange(ctx, w.link, w.changeIntent, map[string]string{StageField: string(w.deal.StageID)})
	if err != nil {
		return nil, putOff(err, &w.err)
	}
	decision := r.decideStage(w)
	moves := decision.Send != ""
	if takes := decision.Take.Status != "" || decision.Unknown || decision.Conflict; takes || !moves {
		if err := r.takeStage(ctx, w, decision); err != nil || w.err != nil {
			return nil, err
		}
	}
	if !moves {
		return nil, nil
	}
	return &decision, nil
}

// decideStage compares the order's status with the deal's stage. The side that changed last wins.
func (r *run) decideStage(w *orderWork) mapping.StageDecision {
	agreed := w.link.Agreed[StageField]
	category, stage := w.deal.CategoryID.Int64(), string(w.deal.StageID)
	if agreed == (mapping.Pair{}) && !w.deal.MovedTime.At.After(w.deal.CreatedTime.At) {
		// The deal was found by its key, and nobody has moved it since it was created: it stands where the order stood
		// then.
		if rule, ok := r.Current.Rules.Status(category, stage); ok {
			agreed = mapping.Pair{Ours: string(rule.Status), Theirs: stage}
		}
	}
	return r.Current.Rules.DecideStage(agreed, mapping.Present{
		Status: w.order.Status, StatusAt: w.order.StatusAt, Category: category, Stage: stage,
		StageAt: w.deal.MovedTime.At.Add(-r.clockOffset()),
	})
}

// updateDeal returns the command that sends the fields which changed (crm.item.update), with a contact or company that
// is created in the same run.
func (r *run) updateDeal(w *orderWork, fields rest.Params, agreed mapping.Agreed) *task {
	creating := w.customerTasks()
	t := task{
		name:  fmt.Sprintf("deal%d", w.id),
		after: creating, note: plan.About(plan.Order, w.id, plan.Deal, w.link.RemoteID),
		onMissing: r.lookAtTarget(w),
	}
	if fields[StageField] != nil {
		t.entity, t.key = plan.Deal, changeKey(mapping.OrderKey(w.id))
		t.agreed = mapping.Agreed{StageField: agreed[StageField]}
	}
	withCustomer := func() rest.Params {
		if len(creating) > 0 {
			customer := rest.Params(w.link.Agreed.Changed(w.customer()))
			if w.deal != nil {
				keepContacts(customer, w.deal.ContactIDs, w.link.Agreed)
			}
			maps.Copy(fields, customer)
		}
		return fields
	}
	return updateItem(
		t,
		rest.TypeDeal,
		w.link.Target,
		DealNumber,
		withCustomer,
		func(tx *db.Tx, changed *rest.Deal) error {
			if len(creating) > 0 {
				agreed.Agree(w.customer())
			}
			w.link.Agreed = agreed
			w.link.See(changed)
			if string(
				changed.StageID,
			) != agreed[StageField].Theirs { // somebody moved it, and no event has told of that yet
				look := Pull{Entity: plan.Deal, ID: w.link.RemoteID}
				if err := r.Jobs.Enqueue(tx, look, jobs.WithPriority(jobs.Pull)); err != nil {
					return err
				}
			}
			return records.SaveLink(tx, w.link)
		},
	)
}

// withOurLinks puts our links at the top of a comment, in place of our old ones. What a manager wrote stays below.
func withOurLinks(theirs, ours string) string {
	lines := strings.Split(theirs, "\n")
	kept := lo.Reject(lines, func(line string, _ int) bool {
		isLink := strings.HasPrefix(line, "[URL=")
		return isLink &&
			(strings.HasSuffix(line, "в панели управления[/URL]") || strings.HasSuffix(line, "Архив заказа[/URL]"))
	})
	return strings.TrimSpace(strings.Join(append([]string{ours}, kept...), "\n"))
}
