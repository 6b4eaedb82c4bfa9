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
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// dealTask makes the order's deal, without the robots when it is of long ago and the portal allows it.
func (r *run) dealTask(w *orderWork) *task {
	if _, refused := r.exchange.noImport.Load(r.Portal.ID); r.bulk && !refused && w.leadID == 0 {
		return r.importDeal(w)
	}
	return r.newDeal(w)
}

// firstStage is where the portal puts a deal that comes without a stage.
func (r *run) firstStage(category int64) string {
	stages := r.Lists.Stages(category)
	if len(stages) == 0 {
		return ""
	}
	return stages[0].ID
}

// OrderInput returns what a deal or lead of an order is made of. target says which of the two. The site's name and
// address, which only a new record gets, are left to the caller.
func (c *Connection) OrderInput(o *orders.Order, target records.Entity) mapping.OrderInput {
	in := mapping.OrderInput{Order: o, Zone: c.Location, Rules: c.Current.Rules, Origin: c.Origin}
	there := c.Lists.DealFields
	if target == records.Lead {
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

// customer are the deal's contact and company, as numbers or as references to the commands that make them.
func (w *orderWork) customer() rest.Params {
	return mapping.DealClient(w.client.recordID(), w.organization.companyID())
}

// customerTasks are the commands that make the deal's contact and company now.
func (w *orderWork) customerTasks() []*task {
	tasks := []*task{w.client.create}
	if w.organization != nil {
		tasks = append(tasks, w.organization.create)
	}
	return lo.Compact(tasks)
}

// newDeal makes the order's deal (crm.item.add).
func (r *run) newDeal(w *orderWork) *task {
	in := r.input(w)
	sent := mapping.Agreed{StageField: {Ours: string(w.order.Status), Theirs: r.stageOfNew(w.order.Status)}, originField: {Ours: "Y"}}
	sent.Agree(mapping.DealFields(in))
	sent.Agree(rest.Params{commentsField: mapping.Comment(in)})
	t := task{
		name: fmt.Sprintf("deal%d", w.id), after: w.customerTasks(), entity: records.Deal, key: mapping.OrderKey(w.id), agreed: sent,
		note: records.About(records.Order, w.id, records.Deal, 0),
	}
	fields := func() rest.Params {
		fields := mapping.NewDeal(in, w.client.recordID(), w.organization.companyID())
		if w.leadID != 0 {
			fields["leadId"] = w.leadID
		}
		return fields
	}
	return addItem(t, rest.TypeDeal, DealNumber, fields, func(tx *db.Tx, made *rest.Deal) error {
		agreed := maps.Clone(sent)
		agreed.Agree(w.customer())
		agreed[StageField] = mapping.Pair{Ours: string(w.order.Status), Theirs: string(made.StageID)}
		l := r.Book.NewLink(records.Order, w.id, records.Deal, made.ID.Int64(), agreed)
		l.See(made)
		return records.SaveLink(tx, l)
	})
}

const (
	StageField    = "stageId"
	commentsField = "comments"
	originField   = "originId" // agreed once our external key is on the deal
)

// stageOfNew is where a new deal of an order begins: at the stage of the order's status, else at the funnel's first.
func (r *run) stageOfNew(status orders.Status) string {
	if stage, ok := r.Current.Stage(r.Current.CategoryID, "", status); ok {
		return stage
	}
	return r.firstStage(r.Current.CategoryID)
}

// adoptDeal links a deal that an earlier attempt made, as it was sent. Whatever either side has become since is settled
// by the next job.
func (r *run) adoptDeal(ctx context.Context, w *orderWork, id int64) error {
	return r.conclude(ctx, &w.done, func(ctx context.Context, tx *db.Tx) error {
		agreed := mapping.Agreed{}
		if w.intent != nil {
			maps.Copy(agreed, w.intent.Agreed)
		}
		agreed[originField] = mapping.Pair{Ours: "Y"}
		l := r.Book.NewLink(records.Order, w.id, records.Deal, id, agreed)
		if err := records.SaveLink(tx, l); err != nil {
			return err
		}
		// Even if the rows did not leave with the deal the next job reads them first.
		if err := r.exchange.RowsUnknown(tx, r.Portal.ID, w.id); err != nil {
			return err
		}
		if err := r.Journal(tx, records.About(records.Order, w.id, records.Deal, id), records.Inward, "Сделка уже создана прошлой попыткой, ответ которой потерялся: связана, второй не будет"); err != nil {
			return err
		}
		// Until now nobody knew whose the deal is: what people did to it meanwhile was told in vain.
		if err := r.Jobs.Enqueue(tx, Pull{Entity: records.Deal, ID: id}, jobs.WithPriority(jobs.Pull)); err != nil {
			return err
		}
		return r.Jobs.Enqueue(tx, PushOrder{ID: w.id}, r.follow()...)
	})
}

// settleLinkedOrder moves the deal or takes its stage over, and sends the fields and rows that changed.
func (r *run) settleLinkedOrder(ctx context.Context, w *orderWork) error {
	fields := rest.Params{}
	if w.deal != nil {
		err := r.settleChange(ctx, w.link, w.changeIntent, map[string]string{StageField: string(w.deal.StageID)})
		if err != nil {
			return putOff(err, &w.err)
		}
	}
	agreed := maps.Clone(w.link.Agreed)
	if w.deal != nil {
		decision := r.decide(w)
		if decision.Take.Status != "" || decision.Unknown || decision.Conflict || !w.sends(decision) {
			if err := r.takeStage(ctx, w, decision); err != nil {
				return err
			}
			if w.err != nil {
				return nil
			}
			agreed = maps.Clone(w.link.Agreed)
		}
		if w.sends(decision) {
			fields[StageField] = decision.Send
			agreed[StageField] = decision.Agreed
		}
	}
	in := r.input(w)
	sent := maps.Clone(mapping.DealFields(in))
	customerIsMade := len(w.customerTasks()) > 0
	if !customerIsMade {
		maps.Copy(sent, w.customer())
	}
	changed := agreed.Changed(sent)
	if w.deal != nil && agreed[originField].Ours == "" {
		// A person made this deal out of the order's lead, or it was found by its key: what a new deal has is still missing.
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
	if len(fields) > 0 || customerIsMade {
		r.add(w, r.updateDeal(w, fields, agreed))
	}
	if err := r.changeRows(ctx, w); err != nil {
		return err
	}
	if err := r.noteDeleted(ctx, w); err != nil {
		return err
	}
	w.done = len(w.tasks) == 0
	return nil
}

// sends reports whether the deal has to be moved.
func (w *orderWork) sends(d mapping.StageDecision) bool { return d.Send != "" }

// decide compares the order's status with the deal's stage.
func (r *run) decide(w *orderWork) mapping.StageDecision {
	agreed := w.link.Agreed[StageField]
	category, stage := w.deal.CategoryID.Int64(), string(w.deal.StageID)
	if agreed == (mapping.Pair{}) && !w.deal.MovedTime.After(w.deal.CreatedTime.Time) {
		// Adopted, and nobody has moved it since it was made: it stands where the order stood then.
		if rule, ok := r.Current.Rules.Status(category, stage); ok {
			agreed = mapping.Pair{Ours: string(rule.Status), Theirs: stage}
		}
	}
	return r.Current.Rules.DecideStage(agreed, mapping.Present{
		Status: w.order.Status, StatusAt: w.order.StatusAt, Category: category, Stage: stage,
		StageAt: w.deal.MovedTime.Add(-r.clockOffset()),
	})
}

// updateDeal sends the fields that changed (crm.item.update), and a contact or company that is made now.
func (r *run) updateDeal(w *orderWork, fields rest.Params, agreed mapping.Agreed) *task {
	makes := w.customerTasks()
	t := task{
		name: fmt.Sprintf("deal%d", w.id), after: makes, note: records.About(records.Order, w.id, records.Deal, w.link.RemoteID), onMissing: r.lookAtTarget(w),
	}
	if fields[StageField] != nil {
		t.entity, t.key = records.Deal, changeKey(mapping.OrderKey(w.id))
		t.agreed = mapping.Agreed{StageField: agreed[StageField]}
	}
	withCustomer := func() rest.Params {
		if len(makes) > 0 {
			made := rest.Params(w.link.Agreed.Changed(w.customer()))
			if w.deal != nil {
				keepContacts(made, w.deal.ContactIDs, w.link.Agreed)
			}
			maps.Copy(fields, made)
		}
		return fields
	}
	return updateItem(t, rest.TypeDeal, w.link.Target, DealNumber, withCustomer, func(tx *db.Tx, changed *rest.Deal) error {
		if len(makes) > 0 {
			agreed.Agree(w.customer())
		}
		w.link.Agreed = agreed
		w.link.See(changed)
		if string(changed.StageID) != agreed[StageField].Theirs { // moved, and no event told of it yet
			if err := r.Jobs.Enqueue(tx, Pull{Entity: records.Deal, ID: w.link.RemoteID}, jobs.WithPriority(jobs.Pull)); err != nil {
				return err
			}
		}
		return records.SaveLink(tx, w.link)
	})
}

// withOurLinks puts our links into a comment that a manager may have written into: first, in place of
// our old ones.
func withOurLinks(theirs, ours string) string {
	lines := strings.Split(theirs, "\n")
	kept := lo.Reject(lines, func(line string, _ int) bool {
		return strings.HasPrefix(line, "[URL=") && (strings.HasSuffix(line, "в панели управления[/URL]") || strings.HasSuffix(line, "Архив заказа[/URL]"))
	})
	return strings.TrimSpace(strings.Join(append([]string{ours}, kept...), "\n"))
}
