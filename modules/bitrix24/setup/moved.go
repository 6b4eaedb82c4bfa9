package setup

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/samber/lo"
	"gorm.io/gorm"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// movedTo is the new address of a portal that answers with redirects; empty: it is where it was.
func (x *Setup) movedTo(ctx context.Context, portalID int64) (string, error) {
	var to []string
	err := x.DB.From(ctx).Model(&portal.Portal{}).Where("id = ?", portalID).Pluck("moved_to", &to).Error
	if err != nil || len(to) == 0 {
		return "", err
	}
	return to[0], nil
}

// Moved reports whether «Сохранить новый адрес портала» is to be offered: the portal answers with redirects.
func (x *Setup) Moved(ctx context.Context) (bool, error) {
	s, err := x.portals.Current(ctx)
	if err != nil {
		return false, err
	}
	to, err := x.movedTo(ctx, s.PortalID)
	return to != "", err
}

// SaveMoved takes the portal's new address over. It is the same portal: its links stay.
func (x *Setup) SaveMoved(ctx context.Context) (string, error) {
	s, err := x.portals.Current(ctx)
	if err != nil {
		return "", err
	}
	to, err := x.movedTo(ctx, s.PortalID)
	if err != nil {
		return "", err
	}
	address, err := rest.ParsePortal(to)
	if err == nil {
		err = rest.CheckAddress(address, x.portals.Options.AllowPrivate)
	}
	if err != nil {
		return "", refusal.Value("", "Нового адреса портала нет или его нельзя вызывать.")
	}
	err = x.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := x.rename(tx, s.PortalID, address); err != nil {
			return err
		}
		s.PortalURL = to
		if err := x.Settings.Save(tx, portal.Document, s); err != nil {
			return err
		}
		if err := x.Jobs.Resume(ctx, portal.Lane); err != nil {
			return err
		}
		return records.Audit(tx, staff.ActorFrom(ctx).Name, "Сохранён новый адрес портала: "+to)
	})
	return "Новый адрес портала сохранён: " + address.Host, err
}

// rename gives a portal's row another address.
func (x *Setup) rename(tx *db.Tx, portalID int64, address *url.URL) error {
	err := tx.Model(&portal.Portal{}).Where("id = ?", portalID).
		Updates(map[string]any{"address": address.Scheme + "://" + address.Host, "moved_to": "", "trouble": ""}).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return refusal.Taken("",
			"Портал %s уже был подключён отдельно: впишите его адрес в «URL портала» и сохраните.", address.Host)
	}
	if err != nil {
		return fmt.Errorf("rename portal %d: %w", portalID, err)
	}
	return nil
}

// samePortal reports whether the portal at another address is the one we were connected to: some of the records we know
// are there, under our own external keys.
func (e *edit) samePortal(ctx context.Context, client *rest.Client) (bool, error) {
	var known []*plan.Link
	err := e.DB.From(ctx).Where("portal_id = ? AND state = '' AND local = ? AND entity = ?", e.saved.PortalID, plan.Order, plan.Deal).
		Order("id DESC").Limit(50).Find(&known).Error
	if err != nil || len(known) == 0 {
		return false, err
	}
	origin, err := records.Installation(ctx, e.DB)
	if err != nil {
		return false, err
	}
	batch := rest.Batch{Class: rest.People}
	batch.Add("deals", "crm.item.list", rest.Params{
		"entityTypeId": rest.TypeDeal, "select": []string{"id", "originatorId", "originId"}, "start": -1,
		"filter": rest.Params{"@id": lo.Map(known, func(l *plan.Link, _ int) int64 { return l.RemoteID })},
	})
	result, err := client.Do(ctx, &batch)
	if err != nil {
		return false, err
	}
	var items rest.Items[struct {
		ID rest.ID `json:"id"`
		rest.Origin
	}]
	if err := result.Decode("deals", &items); err != nil {
		return false, err
	}
	byID := lo.KeyBy(known, func(l *plan.Link) int64 { return l.RemoteID })
	for _, item := range items.Items {
		l := byID[item.ID.Int64()]
		if l != nil && exchange.HasKey(origin, item.Origin, plan.Key(l.Local, l.Entity, l.LocalID)) {
			return true, nil
		}
	}
	return false, nil
}

// recognize finds out, when the address has changed, whether it is the same portal under another name.
func (e *edit) recognize(ctx context.Context, client *rest.Client) error {
	if e.saved.PortalID == 0 || e.edited.PortalURL == e.saved.PortalURL {
		return nil
	}
	same, err := e.samePortal(ctx, client)
	if err != nil {
		return form.FieldError{Name: "portal_url", Message: "Портал ответил, но не удалось узнать, тот же ли это портал: " +
			portal.Explain(err) + " Повторите."}
	}
	e.renamed = same
	if !same {
		e.remark("Это другой портал: связи с прежним сохранены, но здесь обмен начинается заново.")
	}
	return nil
}
