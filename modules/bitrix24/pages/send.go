package pages

import (
	"context"
	"errors"
	"fmt"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
)

// SendOrder is «Отправить в Битрикс24» of an order. It sends an order that the settings leave out, too. An order whose
// deal was deleted has buttons of its own in the box.
func (x *Pages) SendOrder() panel.Action[*orders.Order] {
	return sendAction(
		func(ctx context.Context, o *orders.Order) (bool, error) {
			s, why, err := x.portals.Active(ctx)
			if err != nil || why != "" || o.Type.TopUp() || o.Status == orders.Deleted {
				return false, err
			}
			gone, err := x.exchange.Gone(ctx, s, o.ID)
			return gone == nil, err
		},
		func(ctx context.Context, o *orders.Order) (string, error) {
			return x.sendNow(ctx, plan.Record{Kind: plan.Order, ID: o.ID}, plan.Deal, "Заказ")
		},
	)
}

// SendClient is «Отправить в Битрикс24» of a client, offered while the client has no contact.
func (x *Pages) SendClient() panel.Action[*clients.Client] {
	return sendAction(
		func(ctx context.Context, c *clients.Client) (bool, error) {
			return x.unlinked(ctx, plan.Client, plan.Contact, c.ID)
		},
		func(ctx context.Context, c *clients.Client) (string, error) {
			return x.sendNow(ctx, plan.Record{Kind: plan.Client, ID: c.ID}, plan.Contact, "Контакт клиента")
		},
	)
}

// SendOrganization is «Отправить в Битрикс24» of an organization, offered while it has no company.
func (x *Pages) SendOrganization() panel.Action[*organizations.Organization] {
	return sendAction(
		func(ctx context.Context, o *organizations.Organization) (bool, error) {
			return x.unlinked(ctx, plan.Organization, plan.Company, o.ID)
		},
		func(ctx context.Context, o *organizations.Organization) (string, error) {
			return x.sendNow(ctx, plan.Record{Kind: plan.Organization, ID: o.ID}, plan.Company, "Компания")
		},
	)
}

func sendAction[T any](
	visible func(context.Context, T) (bool, error), do func(context.Context, T) (string, error),
) panel.Action[T] {
	return panel.Action[T]{
		Name: "bitrix24.send", Label: "Отправить в Битрикс24", Icon: "send", Visible: visible, Do: do,
	}
}

// unlinked reports whether the exchange is on and no record of the portal is linked to this one.
func (x *Pages) unlinked(ctx context.Context, kind plan.Local, e plan.Entity, id int64) (bool, error) {
	s, why, err := x.portals.Active(ctx)
	if err != nil || why != "" {
		return false, err
	}
	l, err := x.portals.Book(s.PortalID).Link(ctx, kind, e, id)
	return l == nil, err
}

// sendNow stores that an employee wants a record sent, sends it, and says what came of it. The title is what the
// record is called on the portal.
func (x *Pages) sendNow(ctx context.Context, r plan.Record, e plan.Entity, title string) (string, error) {
	s, err := x.portals.Current(ctx)
	if err != nil {
		return "", err
	}
	book, job := x.portals.Book(s.PortalID), exchange.PushOf(r.Kind, r.ID)
	err = x.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := book.Choose(tx, r.Kind, r.ID, plan.ChoiceSend, staff.ActorFrom(ctx).Name); err != nil {
			return err
		}
		return x.Jobs.Enqueue(tx, job, jobs.Await(x.portals.Options.AwaitStaff))
	})
	if err != nil {
		return "", err
	}
	if _, err := x.outcome(ctx, job); err != nil {
		return "", err
	}
	l, err := book.Link(ctx, r.Kind, e, r.ID)
	if err != nil {
		return "", err
	}
	if l != nil {
		return fmt.Sprintf("%s в Битрикс24: № %d", title, l.RemoteID), nil
	}
	return title + " ждёт отправки в Битрикс24: это произойдёт само", nil
}

// pushNow sends an order once more, whatever it waits for, and says what came of it.
func (x *Pages) pushNow(ctx context.Context, s portal.Settings, o *orders.Order) (string, error) {
	job := exchange.PushOrder{ID: o.ID}
	status, err := x.doNow(ctx, job)
	if err != nil {
		return "", err
	}
	if status != nil && status.State != jobs.Done {
		return "Заказ ждёт отправки в Битрикс24: это произойдёт само", nil
	}
	words := map[plan.Entity]string{plan.Deal: "сделка", plan.Lead: "лид"}
	for _, e := range []plan.Entity{plan.Deal, plan.Lead} {
		l, err := x.portals.Book(s.PortalID).Link(ctx, plan.Order, e, o.ID)
		if err != nil {
			return "", err
		}
		if l != nil && l.State == plan.Linked {
			return fmt.Sprintf("Заказ в Битрикс24: %s № %d", words[e], l.RemoteID), nil
		}
	}
	return "Заказ отправлен в Битрикс24", nil
}

// doNow has a job done that an employee waits for, whatever it waited for, and returns how it stands then, as outcome
// does.
func (x *Pages) doNow(ctx context.Context, job jobs.Args) (*jobs.Status, error) {
	err := x.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := x.enqueueAgain(ctx, tx, job); err != nil {
			return err
		}
		return x.Jobs.Resume(ctx, portal.Lane)
	})
	if err != nil {
		return nil, err
	}
	return x.outcome(ctx, job)
}

// enqueueAgain enqueues a job that an employee waits for, even if it has failed for good.
func (x *Pages) enqueueAgain(ctx context.Context, tx *db.Tx, job jobs.Args) error {
	if err := x.Jobs.Retry(ctx, job.Kind(), job.Key()); err != nil && !errors.Is(err, jobs.ErrNoJob) {
		return err
	}
	return x.Jobs.Enqueue(tx, job, jobs.Await(x.portals.Options.AwaitStaff))
}

// outcome is how a job stands that somebody has waited for; nil: nothing is known of it any more. Of one that failed
// the reason is returned as a refusal.
func (x *Pages) outcome(ctx context.Context, job jobs.Args) (*jobs.Status, error) {
	status, err := x.Jobs.Find(ctx, job.Kind(), job.Key())
	if errors.Is(err, jobs.ErrNoJob) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if status.State == jobs.Failed {
		return nil, refusal.Value("", "%s", status.LastError)
	}
	return status, nil
}
