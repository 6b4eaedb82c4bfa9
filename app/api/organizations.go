package api

import (
	"context"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/app/staff"
)

// organizationView is an organization as the API shows one.
type organizationView struct {
	ID            int64 `json:"Id"`
	Name          string
	Email         string
	Phone         string
	Address       string
	Type          organizations.Type
	Status        clients.Status
	LegalEntities []legalEntityView
	Employees     []employeeView
}

type legalEntityView struct {
	ID          int64 `json:"Id"`
	Name        string
	Inn         string
	Kpp         string
	Ogrn        string
	Address     string
	Bank        string
	Bik         string
	Account     string
	CorrAccount string
}

type employeeView struct {
	ClientID int64 `json:"ClientId"`
	Role     organizations.Role
}

func viewOrganization(o *organizations.Organization) organizationView {
	view := organizationView{
		ID: o.ID, Name: o.Name, Email: o.Email, Phone: o.Phone, Address: o.Address, Type: o.Type, Status: o.Status,
		LegalEntities: make([]legalEntityView, len(o.LegalEntities)), Employees: make([]employeeView, len(o.Employees)),
	}
	for i, l := range o.LegalEntities {
		view.LegalEntities[i] = legalEntityView{
			ID: l.ID, Name: l.Name, Inn: l.INN, Kpp: l.KPP, Ogrn: l.OGRN, Address: l.Address,
			Bank: l.Bank, Bik: l.BIK, Account: l.Account, CorrAccount: l.CorrAccount,
		}
	}
	for i, e := range o.Employees {
		view.Employees[i] = employeeView{ClientID: e.ClientID, Role: e.Role}
	}
	return view
}

// readOrganization takes over the fields that are given. A given list replaces the former one: a legal entity with an
// Id is the one that has it, changed in the fields that are given; an employee is known by his ClientId.
func readOrganization(body *object, o *organizations.Organization) {
	body.text("Name", &o.Name)
	body.text("Email", &o.Email)
	body.text("Phone", &o.Phone)
	body.text("Address", &o.Address)
	word(body, "Type", &o.Type)
	if body.given("LegalEntities") {
		former := *o
		o.LegalEntities = []organizations.LegalEntity{}
		body.list("LegalEntities", func(in *object) {
			o.LegalEntities = append(o.LegalEntities, readLegalEntity(in, &former))
		})
		refuseTwice(body, o.LegalEntities)
	}
	if body.given("Employees") {
		former := o.Employees
		o.Employees = []organizations.Employee{}
		body.list("Employees", func(in *object) { o.Employees = append(o.Employees, readEmployee(in, former)) })
	}
}

func readLegalEntity(in *object, former *organizations.Organization) organizations.LegalEntity {
	var id int64
	in.number("Id", &id)
	l, known := former.LegalEntity(id)
	if id != 0 && !known {
		in.wrong("Id", "У организации нет юридического лица №\u00a0%d.", id)
	}
	in.text("Name", &l.Name)
	in.text("Inn", &l.INN)
	in.text("Kpp", &l.KPP)
	in.text("Ogrn", &l.OGRN)
	in.text("Address", &l.Address)
	in.text("Bank", &l.Bank)
	in.text("Bik", &l.BIK)
	in.text("Account", &l.Account)
	in.text("CorrAccount", &l.CorrAccount)
	return l
}

func refuseTwice(body *object, list []organizations.LegalEntity) {
	seen := map[int64]bool{}
	for _, l := range list {
		if l.ID != 0 && seen[l.ID] {
			body.wrong("LegalEntities", "Юридическое лицо №\u00a0%d указано дважды.", l.ID)
		}
		seen[l.ID] = true
	}
}

func readEmployee(in *object, former []organizations.Employee) organizations.Employee {
	var e organizations.Employee
	in.number("ClientId", &e.ClientID)
	for _, known := range former {
		if known.ClientID == e.ClientID {
			e = known
		}
	}
	word(in, "Role", &e.Role)
	return e
}

func (a *api) registerOrganization(ctx context.Context, c *call) (any, error) {
	body, err := c.object()
	if err != nil {
		return nil, err
	}
	var o organizations.Organization
	readOrganization(body, &o)
	if err := body.err(); err != nil {
		return nil, err
	}
	registered, err := a.Organizations.Register(ctx, staff.Site(), o)
	if err != nil {
		return nil, err
	}
	return viewOrganization(registered), nil
}

func (a *api) organization(ctx context.Context, c *call) (any, error) {
	o, err := a.Organizations.Find(ctx, c.id)
	if err != nil {
		return nil, err
	}
	return viewOrganization(o), nil
}

func (a *api) changeOrganization(ctx context.Context, c *call) (any, error) {
	body, err := c.object()
	if err != nil {
		return nil, err
	}
	o, err := a.Organizations.Change(ctx, c.id, staff.Site(), func(o *organizations.Organization) error {
		readOrganization(body, o)
		return body.err()
	})
	if err != nil {
		return nil, err
	}
	return viewOrganization(o), nil
}
