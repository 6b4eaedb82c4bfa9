package bitrix24

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

// orderBox is templates/order_widget.html.
type orderBox struct {
	Order     int64
	Brief     bool   // the deal's link and nothing else: for an accountant
	State     string // отправлен, ждёт, ошибка, не отправляется
	Tone      string // of the state's pill
	Why       string // in words: what it waits for, what failed, why it is not sent
	Gone      entity // the deal or lead was deleted there: what to do is offered
	Ignored   bool   // «не синхронизировать» was chosen
	MayRetry  bool
	DealURL   string
	DealID    int64
	LeadURL   string // while the order is in a lead, or came out of one
	LeadID    int64
	LeadState string
	Customer  []panel.Link // contact and company there
	Funnel    string
	Stage     string
	Control   *control
	Seen      *time.Time
	Reasons   []string // «Почему так?»
}

// control compares the order's total with what the deal holds.
type control struct {
	Order, Deal, Difference, ByHand string // ByHand: rows a manager added, which are no error; empty when there are none
	Equal                           bool
}

// orderWidget is the box «Битрикс24» of the order page. It asks nothing of the portal.
func (m *Module) orderWidget() panel.Widget[*orders.Order] {
	return panel.Widget[*orders.Order]{Title: "Битрикс24", Template: "bitrix24/order_widget", Data: func(ctx context.Context, o *orders.Order) (any, error) {
		s, err := m.settings(ctx)
		if err != nil || !s.Enabled {
			return nil, err
		}
		box, err := m.orderBox(ctx, s, o)
		if err != nil {
			return nil, err
		}
		return box, nil
	}}
}

// orderBox puts into words how the order stands with the portal.
func (m *Module) orderBox(ctx context.Context, s Settings, o *orders.Order) (*orderBox, error) {
	deal, err := m.link(ctx, s.PortalID, anOrder, aDeal, o.ID)
	if err != nil {
		return nil, err
	}
	lead, err := m.link(ctx, s.PortalID, anOrder, aLead, o.ID)
	if err != nil {
		return nil, err
	}
	lists, err := m.dictionary(ctx, s.PortalID)
	if err != nil {
		return nil, err
	}
	box := &orderBox{Order: o.ID, State: "отправлен", Tone: "good", Brief: !staff.EmployeeFrom(ctx).May(staff.Operator)}
	if deal != nil {
		box.showDeal(s, lists, deal, o)
	}
	if box.Brief {
		return box, nil
	}
	if lead != nil {
		box.showLead(s, lead)
	}
	if box.Customer, err = m.customerLinks(ctx, s, o); err != nil {
		return nil, err
	}
	if err := m.orderState(ctx, s, o, deal, lead, box); err != nil {
		return nil, err
	}
	box.Reasons = m.orderReasons(s, lists, o, deal)
	return box, nil
}

// showDeal shows the deal as it was last seen; of one that was deleted only that.
func (box *orderBox) showDeal(s Settings, lists Dictionary, l *Link, o *orders.Order) {
	if l.State == deleted {
		return
	}
	box.DealID, box.DealURL, box.Seen = l.RemoteID, s.url(aDeal, l.RemoteID), &l.UpdatedAt
	box.Funnel, box.Stage = lists.funnelName(l.CategoryID), lists.stageName(l.CategoryID, l.Stage)
	sum := &control{Order: o.Total.In(o.Currency), Deal: l.Amount.In(o.Currency), Equal: l.Amount == o.Total}
	if !sum.Equal {
		sum.Difference = max(l.Amount-o.Total, o.Total-l.Amount).In(o.Currency)
	}
	if l.ByHand != 0 {
		sum.ByHand = l.ByHand.In(o.Currency)
	}
	box.Control = sum
}

// showLead shows the lead that the order is in, or came out of.
func (box *orderBox) showLead(s Settings, l *Link) {
	if l.State == deleted {
		return
	}
	box.LeadID, box.LeadURL = l.RemoteID, s.url(aLead, l.RemoteID)
	box.LeadState = leadWords[l.State]
	if box.Seen == nil {
		box.Seen = &l.UpdatedAt
	}
}

// leadWords say what became of a lead.
var leadWords = map[linkState]string{
	linked: "в работе", rejectedHim: "отклонён в Битрикс24", converted: "переведён в качественный", deleted: "удалён в Битрикс24",
}

// customerLinks are the customer's cards on the portal.
func (m *Module) customerLinks(ctx context.Context, s Settings, o *orders.Order) ([]panel.Link, error) {
	var links []panel.Link
	contact, err := m.link(ctx, s.PortalID, aClient, aContact, o.ClientID)
	if err != nil {
		return nil, err
	}
	if contact != nil {
		links = append(links, panel.Link{Label: "контакт", URL: s.url(aContact, contact.RemoteID)})
	}
	if o.OrganizationID == nil {
		return links, nil
	}
	company, err := m.link(ctx, s.PortalID, anOrganization, aCompany, *o.OrganizationID)
	if err == nil && company != nil {
		links = append(links, panel.Link{Label: "компания", URL: s.url(aCompany, company.RemoteID)})
	}
	return links, err
}

// orderState says whether the order is sent, waits, failed or is not sent, and why.
func (m *Module) orderState(ctx context.Context, s Settings, o *orders.Order, deal, lead *Link, box *orderBox) error {
	job, err := m.Jobs.Find(ctx, pushOrder{}.Kind(), pushOrder{ID: o.ID}.Key())
	if err != nil && !errors.Is(err, jobs.ErrNoJob) {
		return err
	}
	chosen, err := m.choices(ctx, s.PortalID, anOrder, []int64{o.ID})
	if err != nil {
		return err
	}
	waits := job != nil && (job.State == jobs.Waiting || job.State == jobs.Running)
	box.Ignored = chosen[o.ID] == choiceIgnore
	present := deal
	if present == nil {
		present = lead
	}
	if present != nil && present.State == deleted && !waits {
		box.Gone = present.Entity
		box.State, box.Tone, box.Why = "не отправляется", "warning", goneWords[present.Entity]
		return nil
	}
	switch {
	case job != nil && job.State == jobs.Failed:
		box.State, box.Tone, box.Why, box.MayRetry = "ошибка", "bad", job.LastError, true
	case waits:
		box.State, box.Tone, box.MayRetry = "ждёт", "warning", job.State == jobs.Waiting
		return m.waitingFor(ctx, job, box)
	case box.Ignored:
		box.State, box.Tone, box.Why = "не отправляется", "", string(leftAlone)
	case present == nil:
		box.State, box.Tone = "не отправляется", ""
		why := s.wants(o, chosen[o.ID])
		if _, off, err := m.active(ctx); err != nil {
			return err
		} else if off != "" {
			why = off
		}
		box.Why, box.MayRetry = string(why), why == ""
		if why == "" {
			box.Why = string(placedMeanwhile)
		}
	case deal == nil && lead.State == rejectedHim:
		box.Tone, box.Why = "warning", "Лид отклонён в Битрикс24: сделки не будет, пока его не вернут в работу"
	case deal == nil && lead.State == linked:
		box.Why = "Заказ в лиде: сделка появится, когда лид переведут в качественный"
	}
	return nil
}

// goneWords say what was deleted.
var goneWords = map[entity]string{aDeal: "Сделка удалена в Битрикс24", aLead: "Лид удалён в Битрикс24"}

// waitingFor says what a waiting order waits for: the portal, its turn, or its next attempt.
func (m *Module) waitingFor(ctx context.Context, job *jobs.Status, box *orderBox) error {
	state, err := m.Jobs.Lane(ctx, lane)
	if err != nil {
		return err
	}
	switch {
	case state.Paused:
		box.Why = "Обмен приостановлен: " + state.Reason
	case job.LastError != "":
		box.Why = job.LastError
	default:
		box.Why = "Заказ отправляется"
	}
	return nil
}

// orderReasons is «Почему так?»: rule, funnel, stage, responsible.
func (m *Module) orderReasons(s Settings, lists Dictionary, o *orders.Order, l *Link) []string {
	category := s.CategoryID
	if l != nil {
		category = l.CategoryID
	}
	reasons := []string{
		"Типы отправляемых заказов: " + map[OrderTypes]string{AllOrders: "все заказы", Persons: "заказы частных лиц", Organizations: "заказы организаций"}[s.OrderTypes],
		"Направление сделки: " + lists.funnelName(category),
	}
	stage, maps := s.Stage(category, "", o.Status)
	switch {
	case maps:
		reasons = append(reasons, fmt.Sprintf("Статусу «%s» соответствует стадия «%s»", o.Status.Label(), lists.stageName(category, stage)))
	default:
		reasons = append(reasons, fmt.Sprintf("Статусу «%s» не соответствует ни одна стадия: сделка остаётся на своей", o.Status.Label()))
	}
	if s.ResponsibleID != 0 {
		return append(reasons, fmt.Sprintf("Ответственный: сотрудник %d из настроек", s.ResponsibleID))
	}
	return append(reasons, "Ответственный: сотрудник, создавший вебхуки")
}

// sendOrder is «Отправить в Битрикс24» of an order: against the automatic switch and the filter.
func (m *Module) sendOrder() panel.Action[*orders.Order] {
	return panel.Action[*orders.Order]{
		Name: "bitrix24.send", Label: "Отправить в Битрикс24", Icon: "send",
		Visible: func(ctx context.Context, o *orders.Order) (bool, error) {
			s, why, err := m.active(ctx)
			if err != nil || why != "" || o.Type.TopUp() || o.Status == orders.Deleted {
				return false, err
			}
			gone, err := m.gone(ctx, s, o.ID)
			return gone == nil, err
		},
		Do: func(ctx context.Context, o *orders.Order) (string, error) {
			s, _, err := m.active(ctx)
			if err != nil {
				return "", err
			}
			return m.sendNow(ctx, s, anOrder, o.ID, pushOrder{ID: o.ID}, "Заказ", aDeal)
		},
	}
}

// sendNow records that an employee wants the record sent, sends it, and says what came of it.
func (m *Module) sendNow(ctx context.Context, s Settings, kind local, id int64, job jobs.Args, title string, e entity) (string, error) {
	who := staff.ActorFrom(ctx)
	err := m.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := m.choose(tx, s.PortalID, kind, id, choiceSend, who.Name); err != nil {
			return err
		}
		return m.Jobs.Enqueue(tx, job, jobs.Await(m.opts.AwaitStaff))
	})
	if err != nil {
		return "", err
	}
	l, err := m.link(ctx, s.PortalID, kind, e, id)
	if err != nil {
		return "", err
	}
	status, err := m.Jobs.Find(ctx, job.Kind(), job.Key())
	switch {
	case err != nil && !errors.Is(err, jobs.ErrNoJob):
		return "", err
	case status != nil && status.State == jobs.Failed:
		return "", refusal.Value("", "%s", status.LastError)
	case l != nil:
		return fmt.Sprintf("%s в Битрикс24: № %d", title, l.RemoteID), nil
	}
	return title + " ждёт отправки в Битрикс24: это произойдёт само", nil
}
