package exchange

import (
	"context"
	"slices"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// organizationWork brings an organization and its company together, with requisites and employees.
type organizationWork struct {
	party
	organization *organizations.Organization
	company      *rest.Company // nil while it was not read, or when it is not there
	legal        []*legalWork
	employees    []*clientWork
	tasks        []*task // for requisites, bank details, addresses, employees and the lead that is closed
}

func (w *organizationWork) exists() bool { return w.organization != nil }

func (w *organizationWork) wasRead() bool { return w.company != nil }

func (w *organizationWork) failure() error { return firstFailure(&w.err, w.allTasks()) }

func (w *organizationWork) complete() bool { return w.err != nil || w.done || finished(w.allTasks()) }

func (w *organizationWork) allTasks() []*task { return append(w.partyTasks(), w.tasks...) }

// companyID is the organization's company for a deal, as recordID returns it. A deal of a person has no organization.
func (w *organizationWork) companyID() any {
	if w == nil {
		return nil
	}
	return w.recordID()
}

// workOnOrganization returns the run's work on an organization, new or begun.
func (r *run) workOnOrganization(id int64) *organizationWork {
	if r.organizations[id] == nil {
		r.organizations[id] = &organizationWork{
			party: party{kind: plan.Organization, entity: plan.Company, id: id},
		}
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
	ids := lo.Map(works, func(w *organizationWork, _ int) int64 { return w.id })
	found, err := r.Organizations.FindMany(ctx, ids)
	if err != nil {
		return err
	}
	for _, w := range works {
		w.organization = found[w.id]
	}
	if err := r.loadParties(ctx, parties(works)); err != nil {
		return err
	}
	r.chooseOrganizationLeads(works)
	if err := r.leaveOutOrganizationEmails(ctx, ids); err != nil {
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
	r.askByKey(rest.TypeCompany, w.key(), &w.found.byKey, &w.err)
	inns := lo.FilterMap(w.organization.LegalEntities, func(l organizations.LegalEntity, _ int) (string, bool) {
		return l.INN, l.INN != ""
	})
	r.askCompanyByINN(lo.Uniq(inns), &w.found, &w.err)
	r.askByComm(rest.Phone, w.organization.Phone, "COMPANY", &w.found.byPhone, &w.err)
	r.askByComm(rest.Email, w.organization.Email, "COMPANY", &w.found.byEmail, &w.err)
}

func (r *run) settleOrganizations(ctx context.Context) error {
	return settleParties(ctx, r, r.organizations)
}

// createRecord returns the command that creates the organization's company (crm.item.add). The next push completes the
// company: it adds requisites, bank details and employees.
func (w *organizationWork) createRecord(r *run) *task {
	t := task{
		name: w.taskName(), entity: plan.Company, key: w.key(),
		agreed: mapping.SentCompany(w.organization, r.Current.Rules), note: w.note(),
	}
	fields := func() rest.Params { return mapping.NewCompany(w.organization, r.Current.Rules, r.Origin) }
	return addItem(t, rest.TypeCompany, companyNumber, fields, func(tx *db.Tx, created *rest.Company) error {
		merged := mapping.MergeCompany(nil, w.organization, *created, r.Current.Rules, r.Origin)
		l := r.Book.NewLink(plan.Organization, w.id, plan.Company, created.ID.Int64(), merged.Agreed)
		if err := records.SaveLink(tx, l); err != nil {
			return err
		}
		return r.Jobs.Enqueue(tx, PushOrganization{ID: w.id}, r.follow()...)
	})
}

// afterLink has nothing to add: the push of the organization completes the company that was found.
func (w *organizationWork) afterLink(*db.Tx, *run) error { return nil }

// compareFields compares both sides field by field, then legal entities and employees.
func (w *organizationWork) compareFields(ctx context.Context, r *run) error {
	if err := r.settleChange(ctx, w.link, w.changeIntent, mapping.PresentCompany(*w.company)); err != nil {
		return putOff(err, &w.err)
	}
	before := w.link.Agreed
	merged := fieldMerge(mapping.MergeCompany(before, w.organization, *w.company, r.Current.Rules, r.Origin))
	w.link.Checked = true
	change := func(ctx context.Context, field, value string) (string, error) {
		changed, err := r.Organizations.Change(ctx, w.id, portal.Actor, func(o *organizations.Organization) error {
			mapping.TakeCompany(o, field, value)
			return nil
		})
		if err != nil {
			return "", err
		}
		return mapping.CompanyFields(changed)[field], nil
	}
	if err := r.takeFields(ctx, w, merged, mapping.CompanyFields(w.organization), change); err != nil {
		return err
	}
	if len(merged.Send) > 0 {
		updateParty(&w.party, rest.TypeCompany, companyNumber, merged, before)
		r.enlist(w.change)
	}
	if w.lead.link != nil {
		r.closeLead(w)
	}
	if err := r.settleDetails(w); err != nil {
		return err
	}
	for _, t := range w.tasks {
		r.enlist(t)
	}
	w.done = w.change == nil && len(w.tasks) == 0
	return nil
}

// hasRequisite reports whether a requisite belongs to one of the legal entities already: branches share an ИНН.
func (w *organizationWork) hasRequisite(id int64) bool {
	return slices.ContainsFunc(w.legal, func(l *legalWork) bool {
		return l.requisite != nil && l.requisite.RemoteID == id || slices.Contains(l.found, id)
	})
}
