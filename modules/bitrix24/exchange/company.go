package exchange

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// organizationWork brings an organization and its company together, with requisites and employees.
type organizationWork struct {
	id      int64
	compare bool // the organization or the company has changed: read the company and compare
	needed  bool // an order needs the company: find or make it

	organization *organizations.Organization
	emailLeftOut bool // the portal refuses its own
	lead         organizationLead
	link         *records.Link
	intent       *records.Intent
	changeIntent *records.Intent // a change whose answer was lost
	chosen       records.Choice
	company      *rest.Company
	gone         bool
	found        candidates
	legal        []*legalWork
	employees    []*clientWork
	make         *task
	tasks        []*task
	err          error
	done         bool
}

func (w *organizationWork) failure() error {
	for _, t := range w.commands() {
		if w.err == nil {
			w.err = t.err
		}
	}
	return w.err
}

func (w *organizationWork) complete() bool {
	return w.err != nil || w.done || finished(w.commands())
}

func (w *organizationWork) commands() []*task {
	return lo.Compact(append([]*task{w.make, w.lead.make}, w.tasks...))
}

// companyID is the organization's company: its number, or a reference to the command that makes it; nil without one.
func (w *organizationWork) companyID() any {
	switch {
	case w == nil:
		return nil
	case w.link != nil:
		return w.link.RemoteID
	case w.make != nil:
		return w.make.made("item", "id")
	}
	return nil
}

func (r *Run) workOnOrganization(id int64) *organizationWork {
	if r.organizations[id] == nil {
		r.organizations[id] = &organizationWork{id: id}
	}
	return r.organizations[id]
}

// loadOrganizations reads what we know of the organizations and asks the portal for what we do not. Comparing one needs
// its employees' contacts, too.
func (r *Run) loadOrganizations(ctx context.Context) error {
	if len(r.organizations) == 0 {
		return nil
	}
	ids := slices.Sorted(maps.Keys(r.organizations))
	found, err := r.Organizations.FindMany(ctx, ids)
	if err != nil {
		return err
	}
	links, err := r.Book.Links(ctx, records.Organization, records.Company, ids)
	if err != nil {
		return err
	}
	chosen, err := r.Book.Choices(ctx, records.Organization, ids)
	if err != nil {
		return err
	}
	open, err := r.Book.Intents(ctx, records.Company, lo.FlatMap(ids, func(id int64, _ int) []string {
		return []string{mapping.OrganizationKey(id), changeKey(mapping.OrganizationKey(id))}
	}))
	if err != nil {
		return err
	}
	var read []*organizationWork
	var leads []leadAsIs
	for _, id := range ids {
		w := r.organizations[id]
		w.organization, w.link, w.chosen = found[id], links[id], chosen[id]
		if i, ok := open[mapping.OrganizationKey(id)]; ok {
			w.intent = &i
		}
		if i, ok := open[changeKey(mapping.OrganizationKey(id))]; ok {
			w.changeIntent = &i
		}
		w.needed = w.needed || w.chosen == records.ChoiceSend || w.intent != nil // what was begun is brought to an end
	}
	if err := r.loadOrganizationLeads(ctx, ids); err != nil {
		return err
	}
	if err := r.leaveOutOrganizationEmails(ctx, ids); err != nil {
		return err
	}
	for _, id := range ids {
		w := r.organizations[id]
		switch {
		case w.organization == nil || w.link == nil && !w.needed && !w.lead.wanted:
			w.done = true
		case w.link == nil && w.lead.link != nil && !w.needed:
			// in its lead until an employee's lead is converted
			if w.lead.link.Agreed.LeadChanged(mapping.OrganizationLead(w.organization), w.organization.Phone, w.organization.Email) {
				leads = append(leads, leadAsIs{w.lead.link, &w.lead.there, &w.err})
			}
		case w.link == nil:
			r.searchCompany(w)
		case w.compare || !w.link.Checked:
			read = append(read, w)
		default:
			w.done = true
		}
	}
	r.readCompanies(read)
	r.readLeads(leads)
	return r.loadDetails(ctx, read)
}

// searchCompany looks for an organization's company by external key, ИНН, phone and e-mail.
func (r *Run) searchCompany(w *organizationWork) {
	r.askByKey(rest.TypeCompany, mapping.OrganizationKey(w.id), &w.found, &w.err)
	inns := lo.Uniq(lo.FilterMap(w.organization.LegalEntities, func(l organizations.LegalEntity, _ int) (string, bool) { return l.INN, l.INN != "" }))
	if len(inns) > 0 {
		params := rest.Params{
			"filter": rest.Params{"ENTITY_TYPE_ID": rest.TypeCompany, "@RQ_INN": inns}, "select": []string{"ID", "ENTITY_ID", "RQ_INN"},
			"order": rest.Params{"ID": "ASC"},
		}
		askFor(&r.questions, "crm.requisite.list", params, &w.err, func(list rest.List[rest.Requisite]) {
			for _, requisite := range list {
				if slices.Contains(inns, string(requisite.INN)) {
					w.found.byINN = append(w.found.byINN, requisite.EntityID.Int64())
				}
			}
		})
	}
	r.askByComm(rest.Phone, w.organization.Phone, "COMPANY", &w.found.byPhone, &w.err)
	r.askByComm(rest.Email, w.organization.Email, "COMPANY", &w.found.byEmail, &w.err)
}

// readCompanies reads the companies of organizations whole.
func (r *Run) readCompanies(works []*organizationWork) {
	ReadByID(&r.questions, rest.TypeCompany, []string{"*"}, companyNumber, lo.Map(works, func(w *organizationWork, _ int) Sought[rest.Company] {
		return Sought[rest.Company]{
			ID: w.link.RemoteID, Take: func(c *rest.Company) { w.company = c }, Gone: &w.gone, Err: &w.err,
		}
	}))
}

// settleOrganizations decides, for every organization, between adopting, making, changing and taking over.
func (r *Run) settleOrganizations(ctx context.Context) error {
	for _, id := range slices.Sorted(maps.Keys(r.organizations)) {
		w := r.organizations[id]
		if w.err != nil || w.done {
			continue
		}
		var err error
		switch {
		case w.link == nil && w.lead.link != nil && !w.needed:
			err = r.changeOrganizationLead(ctx, w)
		case w.link == nil:
			err = r.settleUnknownOrganization(ctx, w)
		case w.gone:
			err = r.dropCompany(ctx, w)
		case w.company != nil:
			err = r.compareOrganization(ctx, w)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// settleUnknownOrganization links the company that was found, or makes one. The next job completes it: requisites,
// bank details and employees.
func (r *Run) settleUnknownOrganization(ctx context.Context, w *organizationWork) error {
	id, warning, err := r.pick(ctx, records.Organization, records.Company, w.id, w.found)
	if err != nil {
		return err
	}
	if id != 0 {
		return r.conclude(ctx, &w.done, func(ctx context.Context, tx *db.Tx) error {
			w.link = &records.Link{
				PortalID: r.Portal.ID, Local: records.Organization, LocalID: w.id, Entity: records.Company, RemoteID: id, Checked: true, Agreed: w.found.sent(w.intent, id),
			}
			if err := records.SaveLink(tx, w.link); err != nil {
				return err
			}
			if err := r.Journal(tx, records.About(records.Organization, w.id, records.Company, id), records.Inward, "Найдена компания организации, связана. "+warning); err != nil {
				return err
			}
			return r.Jobs.Enqueue(tx, PushOrganization{ID: w.id}, r.follow()...)
		})
	}
	if w.intent != nil {
		if wait := r.waitToSettle(*w.intent); wait > 0 {
			w.err = settling(wait)
			return nil
		}
	}
	if w.lead.wanted && !w.needed {
		r.makeOrganizationLead(w)
		return nil
	}
	t := task{
		name: fmt.Sprintf("company%d", w.id), entity: records.Company, key: mapping.OrganizationKey(w.id),
		agreed: mapping.SentCompany(w.organization, r.Current.Rules), note: records.About(records.Organization, w.id, records.Company, 0),
	}
	fields := func() rest.Params { return mapping.NewCompany(w.organization, r.Current.Rules, r.Origin) }
	w.make = addItem(t, rest.TypeCompany, companyNumber, fields, func(tx *db.Tx, made *rest.Company) error {
		merged := mapping.MergeCompany(nil, w.organization, *made, r.Current.Rules, r.Origin)
		l := &records.Link{
			PortalID: r.Portal.ID, Local: records.Organization, LocalID: w.id, Entity: records.Company, RemoteID: made.ID.Int64(), Checked: true, Agreed: merged.Agreed,
		}
		if err := records.SaveLink(tx, l); err != nil {
			return err
		}
		return r.Jobs.Enqueue(tx, PushOrganization{ID: w.id}, r.follow()...)
	})
	r.tasks = append(r.tasks, w.make)
	return nil
}

// compareOrganization compares both sides field by field, then legal entities and employees.
func (r *Run) compareOrganization(ctx context.Context, w *organizationWork) error {
	if err := r.settleChange(ctx, w.link, w.changeIntent, mapping.PresentCompany(*w.company)); err != nil {
		return putOff(err, &w.err)
	}
	merged := mapping.MergeCompany(w.link.Agreed, w.organization, *w.company, r.Current.Rules, r.Origin)
	w.link.Checked = true
	before := w.link.Agreed
	if err := r.takeCompany(ctx, w, merged); err != nil {
		return err
	}
	if len(merged.Send) > 0 {
		t := task{
			name: fmt.Sprintf("company%d", w.id), note: records.About(records.Organization, w.id, records.Company, w.link.RemoteID),
			entity: records.Company, key: changeKey(mapping.OrganizationKey(w.id)), agreed: changeAgreed(before, merged.Agreed, merged.Take),
		}
		change := updateItem(t, rest.TypeCompany, w.link.Target, companyNumber, always(merged.Send), func(tx *db.Tx, _ *rest.Company) error {
			maps.Copy(w.link.Agreed, merged.Agreed)
			return records.SaveLink(tx, w.link)
		})
		w.tasks = append(w.tasks, change)
	}
	if w.lead.link != nil {
		r.closeLead(w)
	}
	if err := r.settleDetails(w); err != nil {
		return err
	}
	r.tasks = append(r.tasks, w.tasks...)
	w.done = len(w.tasks) == 0
	return nil
}

// takeCompany changes the organization by what the portal changed. A value the panel cannot take is noted once.
func (r *Run) takeCompany(ctx context.Context, w *organizationWork, merged mapping.CompanyMerge) error {
	where := records.About(records.Organization, w.id, records.Company, w.link.RemoteID)
	link := *w.link
	err := r.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		link = *w.link
		link.Refused = maps.Clone(w.link.Refused)
		link.Agreed = agreedAfterTaking(w.link.Agreed, merged.Agreed, merged.Take, len(merged.Send) > 0)
		if err := records.SaveLink(tx, &link); err != nil {
			return err
		}
		if len(merged.Take) > 0 {
			if err := r.countCaught(tx, w); err != nil {
				return err
			}
		}
		for _, text := range merged.Notes {
			if err := r.Journal(tx, where, records.Inward, text); err != nil {
				return err
			}
		}
		for _, field := range slices.Sorted(maps.Keys(merged.Take)) {
			value := merged.Take[field]
			present, err := r.Organizations.Change(ctx, w.id, portal.Actor, func(o *organizations.Organization) error {
				mapping.TakeCompany(o, field, value)
				return nil
			})
			text, said := "Компания изменена в Битрикс24, организация обновлена", false
			if e, refused := refusal.From(err); refused {
				// Both keep their own; only another change will be looked at again.
				present, err = w.organization, nil
				text, said = "Значение с портала не принято: "+e.Message, link.Refused[field] == value
				link.Refused = lo.Assign(link.Refused, map[string]string{field: value})
			}
			if err != nil {
				return err
			}
			pair := mapping.Pair{Ours: mapping.CompanyFields(present)[field], Theirs: merged.Agreed[field].Theirs}
			link.Agreed[field], merged.Agreed[field] = pair, pair
			if said {
				continue
			}
			if err := r.Journal(tx, where, records.Inward, text); err != nil {
				return err
			}
		}
		return records.SaveLink(tx, &link)
	})
	if err == nil {
		*w.link = link
	}
	return err
}

// dropCompany forgets a company that is gone: «Отправить в Битрикс24» is there again.
func (r *Run) dropCompany(ctx context.Context, w *organizationWork) error {
	if w.needed {
		w.err = &waitError{why: "компания организации удалена в Битрикс24: ищем другую или создаём заново"}
	}
	return r.conclude(ctx, &w.done, func(ctx context.Context, tx *db.Tx) error {
		if err := records.Unlink(tx, w.link); err != nil {
			return err
		}
		if w.chosen == records.ChoiceSend { // once: it is not made anew unasked
			if err := r.Book.Choose(tx, records.Organization, w.id, records.ChoiceNone, portal.Actor.Name); err != nil {
				return err
			}
		}
		if err := r.countCaught(tx, w); err != nil {
			return err
		}
		return r.Journal(tx, records.About(records.Organization, w.id, records.Company, w.link.RemoteID), records.Inward, "Компания удалена в Битрикс24, связь снята")
	})
}
