package pages

import (
	"context"
	"fmt"
	"strings"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
)

// OrganizationFields adds to an organization what the portal has of it: «Bitrix ID», or its lead; and which of its
// employees are not sent.
func (x *Pages) OrganizationFields(ctx context.Context, o *organizations.Organization) (*form.Form, error) {
	s, err := x.portals.Current(ctx)
	if err != nil || !s.Connected() || o.ID == 0 {
		return nil, err
	}
	company, err := x.portals.Book(s.PortalID).Link(ctx, records.Organization, records.Company, o.ID)
	if err != nil {
		return nil, err
	}
	f := &form.Form{Section: portal.Name}
	if company != nil {
		f.Fields = append(f.Fields, form.Static("Bitrix ID", fmt.Sprint(company.RemoteID)))
	} else if err := x.leadLine(ctx, s, o, f); err != nil {
		return nil, err
	}
	if err := x.guestsLine(ctx, o, f); err != nil || len(f.Fields) == 0 {
		return nil, err
	}
	return f, nil
}

// leadLine says how an organization without a company stands with its lead.
func (x *Pages) leadLine(ctx context.Context, s portal.Settings, o *organizations.Organization, f *form.Form) error {
	own, err := x.portals.Book(s.PortalID).Link(ctx, records.Organization, records.Lead, o.ID)
	if err != nil || own == nil || own.State != records.Linked {
		return err
	}
	employees, err := x.portals.Book(s.PortalID).Links(ctx, records.Client, records.Lead, lo.Map(o.Employees, func(e organizations.Employee, _ int) int64 { return e.ClientID }))
	if err != nil {
		return err
	}
	text := fmt.Sprintf("№ %d в работе: компания появится, когда лид сотрудника переведут в качественный", own.RemoteID)
	if rejected := func(l *records.Link) bool { return l.State == records.Rejected }; len(employees) > 0 && lo.EveryBy(lo.Values(employees), rejected) {
		text = fmt.Sprintf("№ %d остаётся открытым: лиды всех сотрудников отклонены", own.RemoteID)
	}
	f.Fields = append(f.Fields, form.Static("Лид в Битрикс24", text))
	return nil
}

// guestsLine names the employees whose role keeps them from being sent.
func (x *Pages) guestsLine(ctx context.Context, o *organizations.Organization, f *form.Form) error {
	guests := lo.FilterMap(o.Employees, func(e organizations.Employee, _ int) (int64, bool) { return e.ClientID, e.Role == organizations.Guest })
	if len(guests) == 0 {
		return nil
	}
	found, err := x.Clients.FindMany(ctx, guests)
	if err != nil {
		return err
	}
	names := lo.FilterMap(guests, func(id int64, _ int) (string, bool) {
		if found[id] == nil {
			return "", false
		}
		return found[id].Name(), true
	})
	f.Fields = append(f.Fields, form.Static("Не передаются в Битрикс24", strings.Join(names, ", ")+": роль «Гость»"))
	return nil
}

// SendOrganization is «Отправить в Битрикс24» of an organization, there while it has no Bitrix ID.
func (x *Pages) SendOrganization() panel.Action[*organizations.Organization] {
	return panel.Action[*organizations.Organization]{
		Name: "bitrix24.send", Label: "Отправить в Битрикс24", Icon: "send",
		Visible: func(ctx context.Context, o *organizations.Organization) (bool, error) {
			return x.unknown(ctx, records.Organization, records.Company, o.ID)
		},
		Do: func(ctx context.Context, o *organizations.Organization) (string, error) {
			s, err := x.portals.Current(ctx)
			if err != nil {
				return "", err
			}
			return x.sendNow(ctx, s, records.Organization, o.ID, exchange.PushOrganization{ID: o.ID}, "Компания", records.Company)
		},
	}
}
