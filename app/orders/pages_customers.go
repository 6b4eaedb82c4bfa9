package orders

import (
	"context"
	"strings"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/organizations"
)

// customers are the people and organizations behind several orders, read with two calls.
type customers struct {
	people        map[int64]*clients.Client
	organizations map[int64]*organizations.Organization
}

func (s *Service) customers(ctx context.Context, list []*Order) (customers, error) {
	var c customers
	var err error
	people := lo.Uniq(lo.Map(list, func(o *Order, _ int) int64 { return o.ClientID }))
	if c.people, err = s.clients.FindMany(ctx, people); err != nil {
		return c, err
	}
	ids := lo.FilterMap(list, func(o *Order, _ int) (int64, bool) {
		return lo.FromPtr(o.OrganizationID), o.OrganizationID != nil
	})
	if len(ids) > 0 {
		c.organizations, err = s.organizations.FindMany(ctx, lo.Uniq(ids))
	}
	return c, err
}

// client is who ordered.
func (c customers) client(o *Order) *clients.Client {
	if client := c.people[o.ClientID]; client != nil {
		return client
	}
	return &clients.Client{ID: o.ClientID}
}

// organization is for whom the client ordered and which of its legal entities pays; both empty when he ordered for
// himself.
func (c customers) organization(o *Order) (*organizations.Organization, organizations.LegalEntity) {
	if o.OrganizationID == nil {
		return &organizations.Organization{}, organizations.LegalEntity{}
	}
	organization := c.organizations[*o.OrganizationID]
	if organization == nil {
		return &organizations.Organization{ID: *o.OrganizationID}, organizations.LegalEntity{}
	}
	payer, _ := organization.LegalEntity(lo.FromPtr(o.LegalEntityID))
	return organization, payer
}

// Label is the way of delivery in one line: "Точка выдачи (Офис компании на Белинского)".
func (s Shipping) Label() string {
	if s.Title == "" || s.Type == "" {
		return s.Title + s.Type.Label()
	}
	return s.Type.Label() + " (" + s.Title + ")"
}

// Line is the address in one line, widest part first: "634029, Россия, Томская, Томск, Белинского, 18".
func (a Address) Line() string {
	return strings.Join(lo.Compact([]string{a.ZipCode, a.Country, a.State, a.City, a.Line1, a.Line2}), ", ")
}
