package pages

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// What an employee may do about an order whose deal or lead was deleted on the portal, whose exchange failed, or that
// is to be left alone. Each is a button of the order's box, POST /admin/bitrix24/orders/:number/<action>.
const (
	actionCreate = "again"  // «Создать заново»
	actionLink   = "link"   // «Привязать другую»
	actionIgnore = "ignore" // «Не синхронизировать»
	actionSync   = "sync"   // «Синхронизировать снова»
	actionRetry  = "retry"  // «Повторить»
)

// OrderAction is a button of the order's box.
func (x *Pages) OrderAction(c echo.Context) error {
	o, err := x.orderOf(c)
	if err != nil {
		return err
	}
	notice, err := x.doWithOrder(c, o)
	return x.answer(c, orderURL(o), notice, err)
}

func (x *Pages) doWithOrder(c echo.Context, o *orders.Order) (notice string, err error) {
	ctx := c.Request().Context()
	s, err := x.portals.RequireActive(ctx)
	if err != nil {
		return "", err
	}
	switch c.Param("action") {
	case actionCreate:
		return x.createAgain(ctx, s, o)
	case actionLink:
		return x.linkOther(ctx, s, o, plan.Entity(c.FormValue("entity")), c.FormValue("id"))
	case actionIgnore:
		return "Заказ больше не синхронизируется с Битрикс24", x.choose(ctx, s, o, plan.ChoiceIgnore)
	case actionSync:
		return "Заказ снова синхронизируется с Битрикс24", x.choose(ctx, s, o, plan.ChoiceNone)
	case actionRetry:
		return x.pushNow(ctx, s, o)
	}
	return "", refusal.Unknown("Такого действия нет")
}

// orderURL is the address of an order's page.
func orderURL(o *orders.Order) string { return fmt.Sprintf("/admin/orders/%d", o.ID) }

// createAgain forgets the deleted deal or lead and sends the order as a new one. Before that the portal is asked once
// more: what was restored meanwhile is linked again, and nothing is created. Deals that carry the order's key and are
// not its deal are remembered, so that none of them is taken for the new one.
func (x *Pages) createAgain(ctx context.Context, s portal.Settings, o *orders.Order) (string, error) {
	l, err := x.exchange.Gone(ctx, s, o.ID)
	if err != nil {
		return "", err
	}
	if l == nil {
		return "", refusal.Value("", "Сделка этого заказа на месте: создавать её заново не нужно.")
	}
	c, err := x.connect(ctx)
	if err != nil {
		return "", err
	}
	asking, cancel := context.WithTimeout(ctx, x.portals.Options.AwaitStaff)
	defer cancel()
	restored, copies, err := c.Twins(asking, l, o)
	if err != nil {
		return "", refusal.Value("", "Узнать, не восстановлена ли сделка, не удалось: %s Попробуйте позже.", portal.Explain(err))
	}
	if restored {
		return x.linkRestored(ctx, l)
	}
	err = x.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := records.NoteCopies(tx, copies); err != nil {
			return err
		}
		return x.exchange.StartOver(ctx, tx, s, l, o.ClientID, staff.ActorFrom(ctx).Name)
	})
	if err != nil {
		return "", err
	}
	return x.pushNow(ctx, s, o)
}

// linkRestored has the deal or lead looked at that the link is to. The look links it again.
func (x *Pages) linkRestored(ctx context.Context, l *plan.Link) (string, error) {
	job := exchange.Pull{Entity: l.Entity, ID: l.RemoteID}
	if _, err := x.doNow(ctx, job); err != nil {
		return "", err
	}
	return map[plan.Entity]string{
		plan.Deal: "Сделка восстановлена в Битрикс24: заказ снова связан с ней, вторая не нужна",
		plan.Lead: "Лид восстановлен в Битрикс24: заказ снова связан с ним, второй не нужен",
	}[l.Entity], nil
}

// connect returns a connection with the portal, or says why there is none now.
func (x *Pages) connect(ctx context.Context) (*exchange.Connection, error) {
	c, err := x.exchange.Connect(ctx)
	if jobs.Pauses(err) {
		return nil, refusal.Value("", "Сейчас это невозможно: %s", err)
	}
	return c, err
}

// choose stores whether the order is to be left alone. If it is, its waiting job is cancelled, else one is enqueued.
func (x *Pages) choose(ctx context.Context, s portal.Settings, o *orders.Order, chosen plan.Choice) error {
	who := staff.ActorFrom(ctx).Name
	return x.DB.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
		if err := x.portals.Book(s.PortalID).Choose(tx, plan.Order, o.ID, chosen, who); err != nil {
			return err
		}
		job := exchange.PushOrder{ID: o.ID}
		if chosen == plan.ChoiceIgnore {
			return x.Jobs.Cancel(tx, job.Kind(), job.Key())
		}
		return x.Jobs.Enqueue(tx, job, jobs.Await(x.portals.Options.AwaitStaff))
	})
}

// linkOther ties the order to a deal or lead that a person names by its number.
func (x *Pages) linkOther(
	ctx context.Context, s portal.Settings, o *orders.Order, e plan.Entity, typed string,
) (string, error) {
	l, err := x.exchange.Gone(ctx, s, o.ID)
	if err != nil {
		return "", err
	}
	id, parseErr := strconv.ParseInt(strings.TrimSpace(typed), 10, 64)
	switch {
	case l == nil:
		return "", refusal.Value("", "Сделка этого заказа на месте: привязывать другую не нужно.")
	case parseErr != nil || id <= 0 || e != plan.Deal && e != plan.Lead:
		return "", refusal.Value("id", "Впишите номер сделки: число из её адреса в Битрикс24.")
	}
	c, err := x.connect(ctx)
	if err != nil {
		return "", err
	}
	link, err := x.lookAt(ctx, c, o, e, id)
	if err != nil {
		return "", err
	}
	book, who := x.portals.Book(s.PortalID), staff.ActorFrom(ctx).Name
	err = x.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		taken, err := book.LinksTo(ctx, e, []int64{id})
		if err != nil {
			return err
		}
		for _, other := range taken {
			if other.Local == plan.Order && other.LocalID != o.ID {
				return refusal.Taken("id", "%s %d уже привязана к заказу %d.", e.Title(), id, other.LocalID)
			}
		}
		if err := records.Forget(tx, l); err != nil {
			return err
		}
		if err := records.SaveLink(tx, link); err != nil {
			return err
		}
		if err := records.ForgetCopy(tx, s.PortalID, e, id); err != nil {
			return err
		}
		// Which rows are ours is unknown: the next job reads them first.
		if err := x.exchange.RowsUnknown(tx, s.PortalID, o.ID); err != nil {
			return err
		}
		if err := book.Choose(tx, plan.Order, o.ID, plan.ChoiceSend, who); err != nil {
			return err
		}
		text := fmt.Sprintf("%s %d привязана к заказу (%s)", e.Title(), id, who)
		return c.Journal(tx, plan.About(plan.Order, o.ID, e, id), plan.Outward, text)
	})
	if err != nil {
		return "", err
	}
	return x.pushNow(ctx, s, o)
}

// lookAt reads a deal or lead that a person named (crm.item.get), and makes the link it is to have. Whatever has our key
// belongs to that order.
func (x *Pages) lookAt(
	ctx context.Context, c *exchange.Connection, o *orders.Order, e plan.Entity, id int64,
) (*plan.Link, error) {
	ctx, cancel := context.WithTimeout(ctx, x.portals.Options.AwaitStaff)
	defer cancel()
	batch := rest.Batch{Class: rest.People}
	batch.Add("record", "crm.item.get", rest.Params{"entityTypeId": e.TypeID(), "id": id})
	result, err := c.Client.Do(ctx, &batch)
	var item rest.Item[rest.Deal]
	if err == nil {
		err = result.Decode("record", &item)
	}
	refused, isRefusal := rest.AsRefusal(err)
	switch {
	case isRefusal && refused.NotFound():
		return nil, refusal.Value("id", "В Битрикс24 нет записи с номером %d: проверьте номер.", id)
	case err != nil:
		return nil, refusal.Value("", "Проверить номер не удалось: %s Попробуйте позже.", portal.Explain(err))
	case e == plan.Lead && item.Item.StageSemanticID == rest.Success:
		return nil, refusal.Value("id", "Лид %d уже переведён в качественный: привяжите его сделку.", id)
	}
	owner, _, token, ours := exchange.OwnerByKey(c.Origin, item.Item.Origin)
	if ours && owner.Kind == plan.Order && (owner.ID != o.ID || token != o.Token) {
		return nil, refusal.Taken("id", "Запись %d сделана для другого заказа (%s).", id, item.Item.OriginID)
	}
	l := &plan.Link{
		PortalID: c.Portal.ID, Local: plan.Order, LocalID: o.ID, Entity: e, RemoteID: id, Checked: true,
		// The order is what was decided about last: the deal follows its status.
		Agreed: mapping.Agreed{plan.StageField: {Theirs: string(item.Item.StageID)}},
	}
	l.See(&item.Item)
	return l, nil
}
