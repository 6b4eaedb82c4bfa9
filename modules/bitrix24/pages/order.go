package pages

import (
	"context"
	"errors"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
)

// orderBox is templates/order_widget.html.
type orderBox struct {
	Order     int64
	Brief     bool        // the deal's link and nothing else: for an accountant
	State     string      // отправлен, ждёт, ошибка, не отправляется
	Tone      string      // of the state's pill
	Why       string      // in words: what it waits for, what failed, why it is not sent
	Gone      plan.Entity // the deal or lead was deleted there: what to do is offered
	Copies    []dealCopy  // deals that carry the order's key and are not its deal; a person may choose one
	Ignored   bool        // «не синхронизировать» was chosen
	MayRetry  bool
	DealURL   string
	DealID    int64
	LeadURL   string // while the order is in a lead, or came out of one
	LeadID    int64
	LeadState string
	Customer  []panel.Link // contact and company there
	Funnel    string
	Stage     string
	Control   *controlSum
	Seen      *time.Time
	Reasons   []string // «Почему так?»
}

// dealCopy is a deal that a person may tie the order to in place of the one that was deleted.
type dealCopy struct {
	ID  int64
	URL string
}

// controlSum compares the order's total with what the deal holds, both in words.
type controlSum struct {
	Order, Deal string
	Difference  string
	ByHand      string // rows that a manager added, which are no error; empty: there are none
	Equal       bool
}

// OrderWidget is the box «Битрикс24» of the order page. It asks nothing of the portal.
func (x *Pages) OrderWidget() panel.Widget[*orders.Order] {
	data := func(ctx context.Context, o *orders.Order) (any, error) {
		s, err := x.portals.Current(ctx)
		if err != nil || !s.Enabled {
			return nil, err
		}
		box, err := x.orderBox(ctx, s, o)
		if err != nil {
			return nil, err
		}
		return box, nil
	}
	return panel.Widget[*orders.Order]{Title: "Битрикс24", Template: "bitrix24/order_widget", Data: data}
}

// orderBox puts into words how the order stands with the portal.
func (x *Pages) orderBox(ctx context.Context, s portal.Settings, o *orders.Order) (*orderBox, error) {
	book := x.portals.Book(s.PortalID)
	deal, err := book.Link(ctx, plan.Order, plan.Deal, o.ID)
	if err != nil {
		return nil, err
	}
	lead, err := book.Link(ctx, plan.Order, plan.Lead, o.ID)
	if err != nil {
		return nil, err
	}
	lists, err := x.portals.Lists(ctx, s.PortalID)
	if err != nil {
		return nil, err
	}
	box := &orderBox{Order: o.ID, State: "отправлен", Tone: "good"}
	box.Brief = !staff.EmployeeFrom(ctx).May(staff.Operator)
	if deal != nil {
		box.showDeal(s, lists, deal, o)
	}
	if box.Brief {
		return box, nil
	}
	if lead != nil {
		box.showLead(s, lead)
	}
	if box.Customer, err = x.customerLinks(ctx, s, o); err != nil {
		return nil, err
	}
	if err := x.showState(ctx, box, s, o, deal, lead); err != nil {
		return nil, err
	}
	box.Reasons = orderReasons(s, lists, o, deal)
	return box, nil
}

// showDeal shows the deal as it was last seen; of one that was deleted only that.
func (box *orderBox) showDeal(s portal.Settings, lists portal.Lists, l *plan.Link, o *orders.Order) {
	if l.State == plan.Deleted {
		return
	}
	box.DealID, box.DealURL, box.Seen = l.RemoteID, s.URL(plan.Deal, l.RemoteID), &l.UpdatedAt
	box.Funnel, box.Stage = lists.FunnelName(l.CategoryID), lists.StageName(l.CategoryID, l.Stage)
	sum := &controlSum{Order: o.Total.In(o.Currency), Deal: l.Amount.In(o.Currency), Equal: l.Amount == o.Total}
	if !sum.Equal {
		sum.Difference = max(l.Amount-o.Total, o.Total-l.Amount).In(o.Currency)
	}
	if l.ByHand != 0 {
		sum.ByHand = l.ByHand.In(o.Currency)
	}
	box.Control = sum
}

// showLead shows the lead that the order is in, or came out of.
func (box *orderBox) showLead(s portal.Settings, l *plan.Link) {
	if l.State == plan.Deleted {
		return
	}
	box.LeadID, box.LeadURL = l.RemoteID, s.URL(plan.Lead, l.RemoteID)
	box.LeadState = plan.LeadWords[l.State]
	if box.Seen == nil {
		box.Seen = &l.UpdatedAt
	}
}

// customerLinks are the customer's cards on the portal.
func (x *Pages) customerLinks(ctx context.Context, s portal.Settings, o *orders.Order) ([]panel.Link, error) {
	var links []panel.Link
	contact, err := x.portals.Book(s.PortalID).Link(ctx, plan.Client, plan.Contact, o.ClientID)
	if err != nil {
		return nil, err
	}
	if contact != nil {
		links = append(links, panel.Link{Label: "контакт", URL: s.URL(plan.Contact, contact.RemoteID)})
	}
	if o.OrganizationID == nil {
		return links, nil
	}
	company, err := x.portals.Book(s.PortalID).Link(ctx, plan.Organization, plan.Company, *o.OrganizationID)
	if err == nil && company != nil {
		links = append(links, panel.Link{Label: "компания", URL: s.URL(plan.Company, company.RemoteID)})
	}
	return links, err
}

// showState shows whether the order is sent, waits, failed or is not sent, and why.
func (x *Pages) showState(
	ctx context.Context, box *orderBox, s portal.Settings, o *orders.Order, deal, lead *plan.Link,
) error {
	job, err := x.Jobs.Find(ctx, exchange.PushOrder{}.Kind(), exchange.PushOrder{ID: o.ID}.Key())
	if err != nil && !errors.Is(err, jobs.ErrNoJob) {
		return err
	}
	chosen, err := x.portals.Book(s.PortalID).Choices(ctx, plan.Order, []int64{o.ID})
	if err != nil {
		return err
	}
	waits := job != nil && (job.State == jobs.Waiting || job.State == jobs.Running)
	box.Ignored = chosen[o.ID] == plan.ChoiceIgnore
	present := deal
	if present == nil {
		present = lead
	}
	if present != nil && present.State == plan.Deleted && !waits {
		box.Gone = present.Entity
		box.State, box.Tone, box.Why = "не отправляется", "warning", goneWords[present.Entity]
		copies, err := x.portals.Book(s.PortalID).Copies(ctx, plan.Deal, []int64{o.ID})
		box.Copies = lo.Map(copies[o.ID], func(id int64, _ int) dealCopy { return dealCopy{id, s.URL(plan.Deal, id)} })
		return err
	}
	switch {
	case job != nil && job.State == jobs.Failed:
		box.State, box.Tone, box.Why, box.MayRetry = "ошибка", "bad", job.LastError, true
	case waits:
		box.State, box.Tone, box.MayRetry = "ждёт", "warning", job.State == jobs.Waiting
		box.Why, err = x.waitingFor(ctx, job)
		return err
	case box.Ignored:
		box.State, box.Tone, box.Why = "не отправляется", "", string(portal.LeftAlone)
	case present == nil:
		box.State, box.Tone = "не отправляется", ""
		why := s.Wants(o, chosen[o.ID])
		if _, off, err := x.portals.Active(ctx); err != nil {
			return err
		} else if off != "" {
			why = off
		}
		box.Why, box.MayRetry = string(why), why == ""
		if why == "" {
			box.Why = string(portal.PlacedMeanwhile)
		}
	case deal == nil && lead.State == plan.Rejected:
		box.Tone, box.Why = "warning", "Лид отклонён в Битрикс24: сделки не будет, пока его не вернут в работу"
	case deal == nil && lead.State == plan.Linked:
		box.Why = "Заказ в лиде: сделка появится, когда лид переведут в качественный"
	}
	return nil
}

// goneWords say what was deleted.
var goneWords = map[plan.Entity]string{
	plan.Deal: "Сделка удалена в Битрикс24",
	plan.Lead: "Лид удалён в Битрикс24",
}

// typeWords name the choice of «Типы отправляемых заказов».
var typeWords = map[portal.OrderTypes]string{
	portal.AllOrders:     "все заказы",
	portal.Persons:       "заказы частных лиц",
	portal.Organizations: "заказы организаций",
}

// waitingFor says what a waiting order waits for: the portal, its turn, or its next attempt.
func (x *Pages) waitingFor(ctx context.Context, job *jobs.Status) (string, error) {
	state, err := x.Jobs.Lane(ctx, portal.Lane)
	switch {
	case err != nil:
		return "", err
	case state.Paused:
		return "Обмен приостановлен: " + state.Reason, nil
	case job.LastError != "":
		return job.LastError, nil
	}
	return "Заказ отправляется", nil
}

// orderReasons is «Почему так?»: which rule, funnel, stage and responsible employee hold for the order, and why.
func orderReasons(s portal.Settings, lists portal.Lists, o *orders.Order, deal *plan.Link) []string {
	why := plan.WhyOrder(plan.OrderFacts{
		Frame: plan.Frame{Rules: s.Rules, Stages: lists}, Input: mapping.OrderInput{Order: o}, Target: plan.Deal, Link: deal,
	})
	return append([]string{"Типы отправляемых заказов: " + typeWords[s.OrderTypes]}, why...)
}
