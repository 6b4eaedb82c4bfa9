package bitrix24

import (
	"context"
	"fmt"
	"strings"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/app/panel"
)

// organizationFields adds to an organization what the portal has of it: «Bitrix ID», or its lead; and which of its
// employees are not sent.
func (m *Module) organizationFields(ctx context.Context, o *organizations.Organization) (*form.Form, error) {
	s, err := m.settings(ctx)
	if err != nil || !s.connected() || o.ID == 0 {
		return nil, err
	}
	company, err := m.link(ctx, s.PortalID, anOrganization, aCompany, o.ID)
	if err != nil {
		return nil, err
	}
	f := &form.Form{Section: m.Name()}
	if company != nil {
		f.Fields = append(f.Fields, form.Static("Bitrix ID", fmt.Sprint(company.RemoteID)))
	} else if err := m.leadLine(ctx, s, o, f); err != nil {
		return nil, err
	}
	if err := m.guestsLine(ctx, o, f); err != nil || len(f.Fields) == 0 {
		return nil, err
	}
	return f, nil
}

// leadLine says how an organization without a company stands with its lead.
func (m *Module) leadLine(ctx context.Context, s Settings, o *organizations.Organization, f *form.Form) error {
	own, err := m.link(ctx, s.PortalID, anOrganization, aLead, o.ID)
	if err != nil || own == nil || own.State != linked {
		return err
	}
	employees, err := m.links(ctx, s.PortalID, aClient, aLead, lo.Map(o.Employees, func(e organizations.Employee, _ int) int64 { return e.ClientID }))
	if err != nil {
		return err
	}
	text := fmt.Sprintf("№ %d в работе: компания появится, когда лид сотрудника переведут в качественный", own.RemoteID)
	if rejected := func(l *Link) bool { return l.State == rejectedHim }; len(employees) > 0 && lo.EveryBy(lo.Values(employees), rejected) {
		text = fmt.Sprintf("№ %d остаётся открытым: лиды всех сотрудников отклонены", own.RemoteID)
	}
	f.Fields = append(f.Fields, form.Static("Лид в Битрикс24", text))
	return nil
}

// guestsLine names the employees whose role keeps them from being sent.
func (m *Module) guestsLine(ctx context.Context, o *organizations.Organization, f *form.Form) error {
	guests := lo.FilterMap(o.Employees, func(e organizations.Employee, _ int) (int64, bool) { return e.ClientID, e.Role == organizations.Guest })
	if len(guests) == 0 {
		return nil
	}
	found, err := m.Clients.FindMany(ctx, guests)
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

// sendOrganization is «Отправить в Битрикс24» of an organization, there while it has no Bitrix ID.
func (m *Module) sendOrganization() panel.Action[*organizations.Organization] {
	return panel.Action[*organizations.Organization]{
		Name: "bitrix24.send", Label: "Отправить в Битрикс24", Icon: "send",
		Visible: func(ctx context.Context, o *organizations.Organization) (bool, error) {
			return m.unknown(ctx, anOrganization, aCompany, o.ID)
		},
		Do: func(ctx context.Context, o *organizations.Organization) (string, error) {
			s, err := m.settings(ctx)
			if err != nil {
				return "", err
			}
			return m.sendNow(ctx, s, anOrganization, o.ID, pushOrganization{ID: o.ID}, "Компания", aCompany)
		},
	}
}
