package bitrix24

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// What an employee may do about an order whose deal or lead was deleted on the portal, whose exchange failed, or that is
// to be left alone. Each is a button of the order's widget, POST /admin/bitrix24/orders/:number/<deed>.
const (
	deedAgain  = "again"  // «Создать заново»
	deedLink   = "link"   // «Привязать другую»
	deedIgnore = "ignore" // «Не синхронизировать»
	deedHeed   = "heed"   // «Синхронизировать снова»
	deedRetry  = "retry"  // «Повторить»
)

// orderDeed does what a button of the widget says.
func (m *Module) orderDeed(c echo.Context) error {
	ctx := c.Request().Context()
	id, err := strconv.ParseInt(c.Param("number"), 10, 64)
	if err != nil {
		return refusal.Unknown("Такого заказа нет.")
	}
	o, err := m.Orders.Find(ctx, id)
	if err != nil {
		return err
	}
	s, why, err := m.active(ctx)
	if err != nil {
		return err
	}
	notice := ""
	switch deed := c.Param("deed"); {
	case why != "":
		err = refusal.Value("", "Сейчас это невозможно: %s.", why)
	case deed == deedAgain:
		notice, err = m.makeAgain(ctx, s, o)
	case deed == deedLink:
		notice, err = m.linkOther(ctx, s, o, entity(c.FormValue("entity")), c.FormValue("id"))
	case deed == deedIgnore:
		notice, err = "Заказ больше не синхронизируется с Битрикс24", m.decide(ctx, s, o, choiceIgnore)
	case deed == deedHeed:
		notice, err = "Заказ снова синхронизируется с Битрикс24", m.decide(ctx, s, o, choiceNone)
	case deed == deedRetry:
		notice, err = m.pushNow(ctx, s, o)
	default:
		return refusal.Unknown("Такого действия нет")
	}
	if no, ok := refusal.From(err); ok && no.Kind != refusal.NotFound && no.Kind != refusal.Forbidden {
		m.Panel.Flash(c, panel.Bad, no.Message)
	} else if err != nil {
		return err
	} else {
		m.Panel.Flash(c, panel.Good, notice)
	}
	return panel.SeeOther(c, fmt.Sprintf("/admin/orders/%d", o.ID))
}

// gone returns the link of an order to a deal or lead that was deleted there, or nil.
func (m *Module) gone(ctx context.Context, s Settings, id int64) (*Link, error) {
	for _, e := range []entity{aDeal, aLead} {
		l, err := m.link(ctx, s.PortalID, anOrder, e, id)
		if err != nil || l != nil && l.State == deleted {
			return l, err
		}
		if l != nil && l.State == linked {
			return nil, nil // what is there now counts, whatever it came from
		}
	}
	return nil, nil
}

// makeAgain forgets the deleted deal or lead and sends the order as a new one.
func (m *Module) makeAgain(ctx context.Context, s Settings, o *orders.Order) (string, error) {
	l, err := m.gone(ctx, s, o.ID)
	if err != nil {
		return "", err
	}
	if l == nil {
		return "", refusal.Value("", "Сделка этого заказа на месте: создавать её заново не нужно.")
	}
	err = m.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		return m.startOver(ctx, tx, s, l, o.ClientID, staff.ActorFrom(ctx).Name)
	})
	if err != nil {
		return "", err
	}
	return m.pushNow(ctx, s, o)
}

// startOver forgets an order's deal or lead, so that the next push makes another.
func (m *Module) startOver(ctx context.Context, tx *db.Tx, s Settings, l *Link, clientID int64, who string) error {
	if err := m.forget(tx, l); err != nil {
		return err
	}
	if err := m.forgetDeletedLead(ctx, tx, l.PortalID, l); err != nil {
		return err
	}
	if l.Entity == aLead && s.Leads {
		if err := m.leadAgain(ctx, tx, s, clientID, who); err != nil {
			return err
		}
	}
	return m.choose(tx, l.PortalID, anOrder, l.LocalID, choiceSend, who)
}

// forgetDeletedLead drops the lead that an order's deal came from, if it was deleted as well: the order would wait in it.
func (m *Module) forgetDeletedLead(ctx context.Context, tx *db.Tx, portalID int64, deal *Link) error {
	if deal.Entity != aDeal {
		return nil
	}
	lead, err := m.link(ctx, portalID, anOrder, aLead, deal.LocalID)
	if err != nil || lead == nil || lead.State != deleted {
		return err
	}
	return m.forget(tx, lead)
}

// leadAgain makes the client, unless he has a contact, one who is passed on as a lead.
func (m *Module) leadAgain(ctx context.Context, tx *db.Tx, s Settings, clientID int64, who string) error {
	contact, err := m.link(ctx, s.PortalID, aClient, aContact, clientID)
	if err != nil || contact != nil {
		return err
	}
	return m.choose(tx, s.PortalID, aClient, clientID, choiceLead, who)
}

// forget drops an order's link with everything that hung on it: the rows, and what we were about to do to them.
func (m *Module) forget(tx *db.Tx, l *Link) error {
	key := mapping.OrderKey(l.LocalID)
	if err := tx.Where("portal_id = ? AND entity = ? AND order_id = ?", l.PortalID, l.Entity, l.LocalID).Delete(&rowLink{}).Error; err != nil {
		return fmt.Errorf("forget rows: %w", err)
	}
	if err := tx.Where("portal_id = ? AND entity = ? AND key = ?", l.PortalID, someRows, key).Delete(&intent{}).Error; err != nil {
		return fmt.Errorf("forget what was about to happen to rows: %w", err)
	}
	return m.unlink(tx, l)
}

// decide records whether the order is to be left alone, and takes back what waits for it.
func (m *Module) decide(ctx context.Context, s Settings, o *orders.Order, chosen choice) error {
	return m.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := m.choose(tx, s.PortalID, anOrder, o.ID, chosen, staff.ActorFrom(ctx).Name); err != nil {
			return err
		}
		job := pushOrder{ID: o.ID}
		if chosen == choiceIgnore {
			return m.Jobs.Cancel(tx, job.Kind(), job.Key())
		}
		return m.Jobs.Enqueue(tx, job, jobs.Await(m.opts.AwaitStaff))
	})
}

// linkOther ties the order to a deal or lead that a person names by its number.
func (m *Module) linkOther(ctx context.Context, s Settings, o *orders.Order, e entity, typed string) (string, error) {
	l, err := m.gone(ctx, s, o.ID)
	if err != nil {
		return "", err
	}
	id, parseErr := strconv.ParseInt(strings.TrimSpace(typed), 10, 64)
	switch {
	case l == nil:
		return "", refusal.Value("", "Сделка этого заказа на месте: привязывать другую не нужно.")
	case parseErr != nil || id <= 0 || e != aDeal && e != aLead:
		return "", refusal.Value("id", "Впишите номер сделки: число из её адреса в Битрикс24.")
	}
	c, err := m.connect(ctx)
	if jobs.Pauses(err) {
		return "", refusal.Value("", "Сейчас это невозможно: %s", err)
	} else if err != nil {
		return "", err
	}
	link, err := c.lookAt(ctx, o.ID, e, id)
	if err != nil {
		return "", err
	}
	err = m.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		taken, err := m.linksTo(ctx, s.PortalID, e, []int64{id})
		if err != nil {
			return err
		}
		for _, other := range taken {
			if other.Local == anOrder && other.LocalID != o.ID {
				return refusal.Taken("id", "%s %d уже привязана к заказу %d.", e.title(), id, other.LocalID)
			}
		}
		if err := m.forget(tx, l); err != nil {
			return err
		}
		if err := m.saveLink(tx, link); err != nil {
			return err
		}
		// Which rows are ours is unknown: the next job reads them first.
		if err := m.rowsUnknown(tx, s.PortalID, o.ID); err != nil {
			return err
		}
		if err := m.choose(tx, s.PortalID, anOrder, o.ID, choiceSend, staff.ActorFrom(ctx).Name); err != nil {
			return err
		}
		text := fmt.Sprintf("%s %d привязана к заказу (%s)", e.title(), id, staff.ActorFrom(ctx).Name)
		return c.journal(tx, note{anOrder, o.ID, e, id}, outward, text)
	})
	if err != nil {
		return "", err
	}
	return m.pushNow(ctx, s, o)
}

// title is the record of the portal as people call it.
func (e entity) title() string {
	return map[entity]string{aDeal: "Сделка", aLead: "Запись лида", aContact: "Карточка контакта", aCompany: "Компания"}[e]
}

// lookAt reads a deal or lead that a person named (crm.item.get), and makes the link it is to have. Whatever has our key
// belongs to that order.
func (c *connection) lookAt(ctx context.Context, orderID int64, e entity, id int64) (*Link, error) {
	key := mapping.OrderKey(orderID)
	if e == aLead {
		key = mapping.OrderLeadKey(orderID)
	}
	ctx, cancel := context.WithTimeout(ctx, c.opts.AwaitStaff)
	defer cancel()
	batch := rest.Batch{Class: rest.People}
	batch.Add("record", "crm.item.get", rest.Params{"entityTypeId": e.typeID(), "id": id})
	result, err := c.client.Do(ctx, &batch)
	var item rest.Item[rest.Deal]
	if err == nil {
		err = result.Decode("record", &item)
	}
	refused, isRefusal := asRefusal(err)
	switch {
	case isRefusal && refused.NotFound():
		return nil, refusal.Value("id", "В Битрикс24 нет записи с номером %d: проверьте номер.", id)
	case err != nil:
		return nil, refusal.Value("", "Проверить номер не удалось: %s Попробуйте позже.", explain(err))
	case e == aLead && item.Item.StageSemanticID == rest.Success:
		return nil, refusal.Value("id", "Лид %d уже переведён в качественный: привяжите его сделку.", id)
	case item.Item.OriginatorID == rest.Text(c.origin) && item.Item.OriginID != rest.Text(key) && strings.Contains(string(item.Item.OriginID), "order:"):
		return nil, refusal.Taken("id", "Запись %d сделана для другого заказа (%s).", id, item.Item.OriginID)
	}
	l := &Link{
		PortalID: c.portal.ID, Local: anOrder, LocalID: orderID, Entity: e, RemoteID: id, Checked: true,
		// The order is what was decided about last: the deal follows its status.
		Agreed: mapping.Agreed{stageField: {Theirs: string(item.Item.StageID)}},
	}
	l.see(&item.Item)
	return l, nil
}

// pushNow sends the order, waits for the outcome as an employee does, and says what came of it.
func (m *Module) pushNow(ctx context.Context, s Settings, o *orders.Order) (string, error) {
	job := pushOrder{ID: o.ID}
	err := m.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := m.Jobs.Retry(ctx, job.Kind(), job.Key()); err != nil && !errors.Is(err, jobs.ErrNoJob) {
			return err
		}
		if err := m.Jobs.Resume(ctx, lane); err != nil {
			return err
		}
		return m.Jobs.Enqueue(tx, job, jobs.Await(m.opts.AwaitStaff))
	})
	if err != nil {
		return "", err
	}
	status, err := m.Jobs.Find(ctx, job.Kind(), job.Key())
	switch {
	case err != nil && !errors.Is(err, jobs.ErrNoJob):
		return "", err
	case status != nil && status.State == jobs.Failed:
		return "", refusal.Value("", "%s", status.LastError)
	case status != nil && status.State != jobs.Done:
		return "Заказ ждёт отправки в Битрикс24: это произойдёт само", nil
	}
	for _, e := range []entity{aDeal, aLead} {
		if l, err := m.link(ctx, s.PortalID, anOrder, e, o.ID); err != nil || l != nil && l.State == linked {
			return fmt.Sprintf("Заказ в Битрикс24: %s № %d", map[entity]string{aDeal: "сделка", aLead: "лид"}[e], l.remote()), err
		}
	}
	return "Заказ отправлен в Битрикс24", nil
}

// remote is the number of the record there; of no link, none.
func (l *Link) remote() int64 {
	if l == nil {
		return 0
	}
	return l.RemoteID
}
