package setup

import (
	"context"
	"fmt"
	"net/url"
	"slices"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// evidence are kinds of records that may carry our external keys, by which a portal is recognized.
type evidence []struct {
	entity plan.Entity
	typeID int
}

// An order is on one portal alone. A client may be known on two portals, by the same number if both are new, so clients
// prove less.
var (
	byOrders  = evidence{{plan.Deal, rest.TypeDeal}, {plan.Lead, rest.TypeLead}}
	byClients = evidence{{plan.Contact, rest.TypeContact}, {plan.Company, rest.TypeCompany}}
)

const (
	knownPortals = 20 // that are looked at: a request holds the questions about as many
	knownRecords = 50 // of a kind, the latest
)

// question asks the portal for records that we know as those of a portal.
type question struct {
	portalID int64
	name     string // of the command
	known    []*plan.Link
	tokens   map[plan.Record]string // of the records of the panel that they link
}

// same returns which of the given portals are the one that answers (crm.item.list): more of the records we know by them
// are there under our own external keys than under the keys of other records. Portals of which no order is known, but
// clients or organizations are, are returned apart. What the webhook's owner may not see proves nothing.
func (x *Setup) same(ctx context.Context, client *rest.Client, portals []int64) (sure, likely []int64, err error) {
	batch := rest.Batch{Class: rest.People}
	var orders, clients []question
	for _, id := range portals {
		of, err := x.questions(ctx, &batch, id, byOrders)
		if err != nil {
			return nil, nil, err
		}
		orders = append(orders, of...)
		if len(of) > 0 {
			continue
		}
		if of, err = x.questions(ctx, &batch, id, byClients); err != nil {
			return nil, nil, err
		}
		clients = append(clients, of...)
	}
	if len(orders)+len(clients) == 0 {
		return nil, nil, nil
	}
	origin, err := records.Installation(ctx, x.DB)
	if err != nil {
		return nil, nil, err
	}
	result, err := client.Do(ctx, &batch)
	if err != nil {
		return nil, nil, err
	}
	if sure, err = matching(result, origin, orders); err != nil {
		return nil, nil, err
	}
	likely, err = matching(result, origin, clients)
	return sure, likely, err
}

// questions adds the commands that ask for the latest records known of a portal. There are none if none is known.
func (x *Setup) questions(ctx context.Context, batch *rest.Batch, portalID int64, by evidence) ([]question, error) {
	var all []question
	for _, kind := range by {
		q := question{portalID: portalID, name: fmt.Sprintf("%s_%d", kind.entity, portalID)}
		err := x.DB.From(ctx).
			Where("portal_id = ? AND entity = ? AND state <> ?", portalID, kind.entity, plan.Deleted).
			Order("id DESC").Limit(knownRecords).Find(&q.known).Error
		if err != nil {
			return nil, fmt.Errorf("read known records: %w", err)
		}
		if len(q.known) == 0 {
			continue
		}
		ids := map[plan.Local][]int64{}
		for _, l := range q.known {
			ids[l.Local] = append(ids[l.Local], l.LocalID)
		}
		if q.tokens, err = x.exchange.Tokens(ctx, ids); err != nil {
			return nil, err
		}
		batch.Add(q.name, "crm.item.list", rest.Params{
			"entityTypeId": kind.typeID, "select": []string{"id", "originatorId", "originId"}, "start": -1,
			"filter": rest.Params{"@id": lo.Map(q.known, func(l *plan.Link, _ int) int64 { return l.RemoteID })},
		})
		all = append(all, q)
	}
	return all, nil
}

// key is the external key that we know a record by.
func (q question) key(l *plan.Link) string {
	return plan.Key(l.Local, l.Entity, l.LocalID, q.tokens[plan.Record{Kind: l.Local, ID: l.LocalID}])
}

// matching returns the portals whose records were answered under the keys that we know them by.
func matching(result *rest.Result, origin mapping.Origin, asked []question) ([]int64, error) {
	matches := map[int64]int{}
	for _, q := range asked {
		var items rest.Items[struct {
			ID rest.ID `json:"id"`
			rest.Origin
		}]
		if err := result.Decode(q.name, &items); rest.Temporary(err) {
			return nil, err
		}
		byID := lo.KeyBy(q.known, func(l *plan.Link) int64 { return l.RemoteID })
		for _, item := range items.Items {
			l := byID[item.ID.Int64()]
			switch {
			case l == nil || string(item.OriginatorID) != string(origin):
			case exchange.HasKey(origin, item.Origin, q.key(l)):
				matches[q.portalID]++
			default:
				matches[q.portalID]-- // a record of ours, but another one
			}
		}
	}
	return lo.Keys(lo.PickBy(matches, func(_ int64, n int) bool { return n > 0 })), nil
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
	sure, likely, err := e.same(ctx, client, others)
	if err != nil {
		return form.FieldError{Name: "portal_url", Message: "Портал ответил, но не удалось узнать, тот же ли это портал: " +
			portal.Explain(err) + " Повторите."}
	}
	e.sameAs = sure
	if here.ID == 0 {
		e.sameAs = append(e.sameAs, likely...)
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
	sure, _, err := x.same(ctx, x.portals.Client(hook, 0), others)
	return sure, err
}
