package bitrix24

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
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// movedTo is the new address of a portal that answers with redirects; empty: it is where it was.
func (m *Module) movedTo(ctx context.Context, portalID int64) (string, error) {
	var to []string
	err := m.DB.From(ctx).Model(&portal{}).Where("id = ?", portalID).Pluck("moved_to", &to).Error
	if err != nil || len(to) == 0 {
		return "", err
	}
	return to[0], nil
}

// portalMoved says whether «Сохранить новый адрес портала» is to be offered.
func (m *Module) portalMoved(ctx context.Context) (bool, error) {
	s, err := m.settings(ctx)
	if err != nil {
		return false, err
	}
	to, err := m.movedTo(ctx, s.PortalID)
	return to != "", err
}

// saveMoved takes the portal's new address over. It is the same portal: its links stay.
func (m *Module) saveMoved(ctx context.Context) (string, error) {
	s, err := m.settings(ctx)
	if err != nil {
		return "", err
	}
	to, err := m.movedTo(ctx, s.PortalID)
	if err != nil {
		return "", err
	}
	address, err := rest.ParsePortal(to)
	if err == nil {
		err = rest.CheckAddress(address, m.opts.AllowPrivate)
	}
	if err != nil {
		return "", refusal.Value("", "Нового адреса портала нет или его нельзя вызывать.")
	}
	err = m.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := m.rename(tx, s.PortalID, address); err != nil {
			return err
		}
		s.PortalURL = to
		if err := m.Settings.Save(tx, document, s); err != nil {
			return err
		}
		if err := m.Jobs.Resume(ctx, lane); err != nil {
			return err
		}
		return m.audit(tx, staff.ActorFrom(ctx).Name, "Сохранён новый адрес портала: "+to)
	})
	return "Новый адрес портала сохранён: " + address.Host, err
}

// rename gives a portal's row another address.
func (m *Module) rename(tx *db.Tx, portalID int64, address *url.URL) error {
	err := tx.Model(&portal{}).Where("id = ?", portalID).
		Updates(map[string]any{"address": address.Scheme + "://" + address.Host, "moved_to": "", "trouble": ""}).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return refusal.Taken("", "Портал %s уже был подключён отдельно: впишите его адрес в «URL портала» и сохраните.", address.Host)
	}
	if err != nil {
		return fmt.Errorf("rename portal %d: %w", portalID, err)
	}
	return nil
}

// samePortal reports whether the portal at another address is the one we were connected to: some of the records we know
// are there, under our own external keys.
func (e *settingsEdit) samePortal(ctx context.Context, client *rest.Client) (bool, error) {
	var known []*Link
	err := e.DB.From(ctx).Where("portal_id = ? AND state = '' AND local = ? AND entity = ?", e.saved.PortalID, anOrder, aDeal).
		Order("id DESC").Limit(50).Find(&known).Error
	if err != nil || len(known) == 0 {
		return false, err
	}
	origin, err := e.installation(ctx)
	if err != nil {
		return false, err
	}
	batch := rest.Batch{Class: rest.People}
	batch.Add("deals", "crm.item.list", rest.Params{
		"entityTypeId": rest.TypeDeal, "select": []string{"id", "originatorId", "originId"}, "start": -1,
		"filter": rest.Params{"@id": lo.Map(known, func(l *Link, _ int) int64 { return l.RemoteID })},
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
	byID := lo.KeyBy(known, func(l *Link) int64 { return l.RemoteID })
	for _, item := range items.Items {
		l := byID[item.ID.Int64()]
		if l != nil && string(item.OriginatorID) == string(origin) && string(item.OriginID) == mapping.OrderKey(l.LocalID) {
			return true, nil
		}
	}
	return false, nil
}

// recognize finds out, when the address has changed, whether it is the same portal under another name.
func (e *settingsEdit) recognize(ctx context.Context, client *rest.Client) error {
	if e.saved.PortalID == 0 || e.edited.PortalURL == e.saved.PortalURL {
		return nil
	}
	same, err := e.samePortal(ctx, client)
	if err != nil {
		return form.FieldError{Name: "portal_url", Message: "Портал ответил, но не удалось узнать, тот же ли это портал: " + explain(err) + " Повторите."}
	}
	e.renamed = same
	if !same {
		e.form.Remarks = append(e.form.Remarks, "Это другой портал: связи с прежним сохранены, но здесь обмен начинается заново.")
	}
	return nil
}
