package pages

import (
	"context"
	"fmt"
	"strings"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
)

// OrganizationFields adds to an organization what the portal has of it: «Bitrix ID», or its lead; and which of its
// employees are not sent.
func (x *Pages) OrganizationFields(ctx context.Context, o *organizations.Organization) (*form.Form, error) {
	s, err := x.portals.Current(ctx)
	if err != nil || !s.Connected() || o.ID == 0 {
		return nil, err
	}
	company, err := x.portals.Book(s.PortalID).Link(ctx, plan.Organization, plan.Company, o.ID)
	if err != nil {
		return nil, err
	}
	f := &form.Form{Section: portal.Name}
	if company != nil {
		f.Fields = append(f.Fields, form.Static("Bitrix ID", fmt.Sprint(company.RemoteID)))
	} else if err := x.addLead(ctx, s, o, f); err != nil {
		return nil, err
	}
	if err := x.addGuests(ctx, o, f); err != nil || len(f.Fields) == 0 {
		return nil, err
	}
	return f, nil
}

// addLead adds how an organization without a company stands with its lead.
func (x *Pages) addLead(ctx context.Context, s portal.Settings, o *organizations.Organization, f *form.Form) error {
	book := x.portals.Book(s.PortalID)
	own, err := book.Link(ctx, plan.Organization, plan.Lead, o.ID)
	if err != nil || own == nil || own.State != plan.Linked {
		return err
	}
	ids := lo.Map(o.Employees, func(e organizations.Employee, _ int) int64 { return e.ClientID })
	employees, err := book.Links(ctx, plan.Client, plan.Lead, ids)
	if err != nil {
		return err
	}
	text := "№ %d в работе: компания появится, когда лид сотрудника переведут в качественный"
	rejected := lo.EveryBy(lo.Values(employees), func(l *plan.Link) bool { return l.State == plan.Rejected })
	if rejected && len(employees) > 0 {
		text = "№ %d остаётся открытым: лиды всех сотрудников отклонены"
	}
	f.Fields = append(f.Fields, form.Static("Лид в Битрикс24", fmt.Sprintf(text, own.RemoteID)))
	return nil
}

// addGuests adds the names of the employees who are not sent, because of their role.
func (x *Pages) addGuests(ctx context.Context, o *organizations.Organization, f *form.Form) error {
	guests := lo.FilterMap(o.Employees, func(e organizations.Employee, _ int) (int64, bool) {
		return e.ClientID, e.Role == organizations.Guest
	})
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
