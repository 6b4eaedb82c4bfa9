package exchange

import (
	"context"
	"maps"
	"slices"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// organizationWork brings an organization and its company together, with requisites and employees.
type organizationWork struct {
	party
	organization *organizations.Organization
	company      *rest.Company // nil while it was not read, or when it is not there
	legal        []*plan.LegalFacts
	employees    []*clientWork
}

func (w *organizationWork) exists() bool { return w.organization != nil }

// sent is the organization as the portal gets it.
func (w *organizationWork) sent() *organizations.Organization {
	return plan.OrganizationWithout(w.organization, w.refusedEmail, w.Link, w.Lead.Link)
}

// facts are what the plan of the organization is made of. Its employees have been settled by then.
func (w *organizationWork) facts() plan.OrganizationFacts {
	return plan.OrganizationFacts{
		Party: w.Party, Organization: w.sent(), Company: w.company, Legal: w.legal,
		Employees: lo.Map(w.employees, func(e *clientWork, _ int) plan.Employee {
			return plan.Employee{ClientID: e.ID, Contact: e.customer()}
		}),
	}
}

func (w *organizationWork) plan() plan.Plan { return plan.ForOrganization(w.facts()) }

func (w *organizationWork) leadChanged() bool { return w.facts().LeadChanged() }

// workOnOrganization returns the run's work on an organization, new or begun.
func (r *run) workOnOrganization(id int64) *organizationWork {
	if r.organizations[id] == nil {
		r.organizations[id] = &organizationWork{party: newParty(plan.Organization, plan.Company, id)}
	}
	return r.organizations[id]
}

// loadOrganizations reads what the panel knows of the organizations and asks the portal for the rest. An organization
// that is compared needs its employees' contacts, too, so this comes before loadClients.
func (r *run) loadOrganizations(ctx context.Context) error {
	if len(r.organizations) == 0 {
		return nil
	}
	works := inOrder(r.organizations)
	ids := lo.Map(works, func(w *organizationWork, _ int) int64 { return w.ID })
	found, err := r.Organizations.FindMany(ctx, ids)
	if err != nil {
		return err
	}
	for _, w := range works {
		if w.organization = found[w.ID]; w.organization != nil {
			w.Token = w.organization.Token
		}
	}
	if err := r.loadParties(ctx, parties(works)); err != nil {
		return err
	}
	r.chooseOrganizationLeads(works)
	if err := r.loadRefusedEmails(ctx, parties(works)); err != nil {
		return err
	}
	read, _ := askAboutParties(r, works)
	readParties(
		r, rest.TypeCompany, companyNumber, parties(read),
		func(id int64, c *rest.Company) { r.organizations[id].company = c },
	)
	return r.loadDetails(ctx, read)
}

// search asks for an organization's company by external key, ИНН, phone and e-mail.
func (w *organizationWork) search(r *run) {
	r.askByKey(rest.TypeCompany, w.Key(), &w.Found.ByKey, &w.err)
	inns := lo.FilterMap(w.organization.LegalEntities, func(l organizations.LegalEntity, _ int) (string, bool) {
		return l.INN, l.INN != ""
	})
	r.askCompanyByINN(lo.Uniq(inns), &w.Found.ByINN, &w.err)
	r.askByComm(rest.Phone, w.sent().Phone, "COMPANY", &w.Found.ByPhone, &w.err)
	r.askByComm(rest.Email, w.sent().Email, "COMPANY", &w.Found.ByEmail, &w.err)
}

func (r *run) settleOrganizations(ctx context.Context) error {
	return settleParties(ctx, r, r.organizations)
}

// take changes one field of the organization.
func (w *organizationWork) take(ctx context.Context, r *run, field, value string) (string, error) {
	changed, err := r.Organizations.Change(ctx, w.ID, portal.Actor, func(o *organizations.Organization) error {
		mapping.TakeCompany(o, field, value)
		return nil
	})
	if err != nil {
		return "", err
	}
	w.organization = changed
	return mapping.CompanyFields(changed)[field], nil
}

// try changes fields of a copy of the organization.
func (w *organizationWork) try(fields map[string]string) (values []plan.Taken) {
	o := *w.organization
	w.organization = &o
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		mapping.TakeCompany(&o, field, fields[field])
		values = append(values, plan.Taken{Field: field, Now: mapping.CompanyFields(&o)[field]})
	}
	return values
}

// hasRequisite reports whether a requisite belongs to one of the legal entities already: branches share an ИНН.
func (w *organizationWork) hasRequisite(id int64) bool {
	return slices.ContainsFunc(w.legal, func(l *plan.LegalFacts) bool {
		return l.Requisite.Number() == id || slices.Contains(l.Found, id)
	})
}
