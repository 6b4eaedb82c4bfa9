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
	State   string // отправлен, ждёт, ошибка, не отправляется
	Tone    string // of the state's pill
	Why     string // in words: what it waits for, what failed, why it is not sent
	DealURL string
	DealID  int64
	Funnel  string
	Stage   string
	Amount  string // the deal's
	Differs bool   // the deal's amount is not the order's total
	Seen    *time.Time
	Reasons []string // «Почему так?»
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
	l, err := m.link(ctx, s.PortalID, anOrder, aDeal, o.ID)
	if err != nil {
		return nil, err
	}
	lists, err := m.dictionary(ctx, s.PortalID)
	if err != nil {
		return nil, err
	}
	box := &orderBox{State: "отправлен", Tone: "good"}
	if l != nil {
		box.DealID, box.DealURL, box.Seen = l.RemoteID, s.url(aDeal, l.RemoteID), &l.UpdatedAt
		box.Amount, box.Differs = l.Amount.In(o.Currency), l.Amount != o.Total
		for _, f := range lists.Funnels {
			if f.ID == l.CategoryID {
				box.Funnel = f.Name
			}
		}
		box.Stage = l.Stage
		for _, known := range lists.stages(l.CategoryID) {
			if known.ID == l.Stage {
				box.Stage = known.Name
			}
		}
	}
	if err := m.orderState(ctx, s, o, l, box); err != nil {
		return nil, err
	}
	box.Reasons = m.orderReasons(s, lists, o, l)
	return box, nil
}

// orderState says whether the order is sent, waits, failed or is not sent, and why.
func (m *Module) orderState(ctx context.Context, s Settings, o *orders.Order, l *Link, box *orderBox) error {
	job, err := m.Jobs.Find(ctx, pushOrder{}.Kind(), pushOrder{ID: o.ID}.Key())
	if err != nil && !errors.Is(err, jobs.ErrNoJob) {
		return err
	}
	chosen, err := m.choices(ctx, s.PortalID, anOrder, []int64{o.ID})
	if err != nil {
		return err
	}
	switch {
	case l != nil && l.State == deleted:
		box.State, box.Tone, box.Why = "не отправляется", "warning", "Сделка удалена в Битрикс24"
	case job != nil && job.State == jobs.Failed:
		box.State, box.Tone, box.Why = "ошибка", "bad", job.LastError
	case job != nil && (job.State == jobs.Waiting || job.State == jobs.Running):
		box.State, box.Tone = "ждёт", "warning"
		return m.waitingFor(ctx, job, box)
	case l == nil:
		box.State, box.Tone = "не отправляется", ""
		why := s.wants(o, chosen[o.ID])
		if _, off, err := m.active(ctx); err != nil {
			return err
		} else if off != "" {
			why = off
		}
		box.Why = string(why)
	}
	return nil
}

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
	name := fmt.Sprint(category)
	for _, f := range lists.Funnels {
		if f.ID == category {
			name = f.Name
		}
	}
	reasons := []string{
		"Типы отправляемых заказов: " + map[OrderTypes]string{AllOrders: "все заказы", Persons: "заказы частных лиц", Organizations: "заказы организаций"}[s.OrderTypes],
		"Направление сделки: " + name,
	}
	stage, maps := s.Stage(category, "", o.Status)
	switch {
	case maps:
		for _, known := range lists.stages(category) {
			if known.ID == stage {
				stage = known.Name
			}
		}
		reasons = append(reasons, fmt.Sprintf("Статусу «%s» соответствует стадия «%s»", o.Status.Label(), stage))
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
			l, err := m.link(ctx, s.PortalID, anOrder, aDeal, o.ID)
			return l == nil || l.State == linked, err
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
