package setup

import (
	"context"
	"fmt"
	"net/url"
	"slices"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// recognized are the records by which a portal is recognized: those that may carry our external keys.
var recognized = []struct {
	entity plan.Entity
	typeID int
}{
	{plan.Deal, rest.TypeDeal}, {plan.Lead, rest.TypeLead}, {plan.Contact, rest.TypeContact}, {plan.Company, rest.TypeCompany},
}

const (
	knownPortals = 12 // that are looked at: a request holds the questions about as many
	knownRecords = 50 // of a kind, the latest
)

// same returns which of the given portals are the one that answers: some of the records we know by them are there, under
// our own external keys. What the webhook's owner may not see proves nothing.
func (x *Setup) same(ctx context.Context, client *rest.Client, portals []int64) ([]int64, error) {
	batch := rest.Batch{Class: rest.People}
	asked := map[string][]*plan.Link{}
	for _, id := range portals {
		for _, kind := range recognized {
			var known []*plan.Link
			err := x.DB.From(ctx).
				Where("portal_id = ? AND entity = ? AND state <> ?", id, kind.entity, plan.Deleted).
				Order("id DESC").Limit(knownRecords).Find(&known).Error
			if err != nil {
				return nil, fmt.Errorf("read known records: %w", err)
			}
			if len(known) == 0 {
				continue
			}
			name := fmt.Sprintf("%s_%d", kind.entity, id)
			asked[name] = known
			batch.Add(name, "crm.item.list", rest.Params{
				"entityTypeId": kind.typeID, "select": []string{"id", "originatorId", "originId"}, "start": -1,
				"filter": rest.Params{"@id": lo.Map(known, func(l *plan.Link, _ int) int64 { return l.RemoteID })},
			})
		}
	}
	if len(asked) == 0 {
		return nil, nil
	}
	origin, err := records.Installation(ctx, x.DB)
	if err != nil {
		return nil, err
	}
	result, err := client.Do(ctx, &batch)
	if err != nil {
		return nil, err
	}
	var found []int64
	for name, known := range asked {
		var items rest.Items[struct {
			ID rest.ID `json:"id"`
			rest.Origin
		}]
		if err := result.Decode(name, &items); rest.Temporary(err) {
			return nil, err
		}
		for _, item := range items.Items {
			if slices.ContainsFunc(known, func(l *plan.Link) bool {
				return l.RemoteID == item.ID.Int64() &&
					exchange.HasKey(origin, item.Origin, plan.Key(l.Local, l.Entity, l.LocalID))
			}) {
				found = append(found, known[0].PortalID)
				break
			}
		}
	}
	return lo.Uniq(found), nil
}

// recognize finds out which of the portals we know the one that answers is. All are looked at, not the present one
// alone: its address may have been typed while it did not answer.
func (e *edit) recognize(ctx context.Context, client *rest.Client) error {
	known, err := e.portals.Known(ctx, knownPortals)
	if err != nil {
		return err
	}
	here, _ := lo.Find(known, func(p portal.Portal) bool { return p.Address == e.edited.PortalURL })
	others := lo.FilterMap(known, func(p portal.Portal, _ int) (int64, bool) {
		return p.ID, p.ID != here.ID || here.ID != e.saved.PortalID
	})
	if e.sameAs, err = e.same(ctx, client, others); err != nil {
		return form.FieldError{Name: "portal_url", Message: "Портал ответил, но не удалось узнать, тот же ли это портал: " +
			portal.Explain(err) + " Повторите."}
	}
	e.portalID = present(e.saved.PortalID, here.ID, e.sameAs)
	switch {
	case e.saved.PortalID == 0 || e.portalID == e.saved.PortalID:
	case e.portalID != 0:
		e.remark("Этот портал уже был подключён: прежние связи с ним снова действуют.")
	default:
		e.remark("Это другой портал: связи с прежним сохранены, но здесь обмен начинается заново.")
	}
	return nil
}

// present chooses which of the portals we know goes on as the one that answers: the one connected until now if it is the
// same, else the one known at this address, else one recognized. It is 0 if the portal is new to us.
func present(connected, here int64, same []int64) int64 {
	switch {
	case connected != 0 && connected == here, slices.Contains(same, connected):
		return connected
	case here != 0:
		return here
	case len(same) > 0:
		return slices.Max(same)
	}
	return 0
}

// sameElsewhere asks the portal at an address whether another portal, known under that address already, is the same.
// While no other is known there, nobody is asked.
func (x *Setup) sameElsewhere(ctx context.Context, s portal.Settings, address *url.URL) ([]int64, error) {
	var others []int64
	err := x.DB.From(ctx).Model(&portal.Portal{}).
		Where("address = ? AND id <> ?", address.Scheme+"://"+address.Host, s.PortalID).Pluck("id", &others).Error
	if err != nil || len(others) == 0 {
		return nil, err
	}
	hook, err := x.portals.Webhook(s)
	if err != nil {
		return nil, err
	}
	hook.Portal = address
	return x.same(ctx, x.portals.Client(hook, 0), others)
}
