package bitrix24

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
	link         *Link
	intent       *intent
	lost         *intent // a change whose answer was lost
	chosen       choice
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

func (r *run) workOnOrganization(id int64) *organizationWork {
	if r.organizations[id] == nil {
		r.organizations[id] = &organizationWork{id: id}
	}
	return r.organizations[id]
}

// loadOrganizations reads what we know of the organizations and asks the portal for what we do not. Comparing one needs
// its employees' contacts, too.
func (r *run) loadOrganizations(ctx context.Context) error {
	if len(r.organizations) == 0 {
		return nil
	}
	ids := slices.Sorted(maps.Keys(r.organizations))
	found, err := r.Organizations.FindMany(ctx, ids)
	if err != nil {
		return err
	}
	links, err := r.links(ctx, r.portal.ID, anOrganization, aCompany, ids)
	if err != nil {
		return err
	}
	chosen, err := r.choices(ctx, r.portal.ID, anOrganization, ids)
	if err != nil {
		return err
	}
	open, err := r.intents(ctx, r.portal.ID, aCompany, lo.FlatMap(ids, func(id int64, _ int) []string {
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
			w.lost = &i
		}
		w.needed = w.needed || w.chosen == choiceSend || w.intent != nil // what was begun is brought to an end
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
func (r *run) searchCompany(w *organizationWork) {
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
func (r *run) readCompanies(works []*organizationWork) {
	readByID(&r.questions, rest.TypeCompany, []string{"*"}, companyNumber, lo.Map(works, func(w *organizationWork, _ int) sought[rest.Company] {
		return sought[rest.Company]{
			id: w.link.RemoteID, take: func(c *rest.Company) { w.company = c }, gone: &w.gone, err: &w.err,
		}
	}))
}

// settleOrganizations decides, for every organization, between adopting, making, changing and taking over.
func (r *run) settleOrganizations(ctx context.Context) error {
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
func (r *run) settleUnknownOrganization(ctx context.Context, w *organizationWork) error {
	id, warning, err := r.pick(ctx, anOrganization, aCompany, w.id, w.found)
	if err != nil {
		return err
	}
	if id != 0 {
		return r.conclude(ctx, &w.done, func(ctx context.Context, tx *db.Tx) error {
			w.link = &Link{
				PortalID: r.portal.ID, Local: anOrganization, LocalID: w.id, Entity: aCompany, RemoteID: id, Checked: true, Agreed: w.found.sent(w.intent, id),
			}
			if err := r.saveLink(tx, w.link); err != nil {
				return err
			}
			if err := r.journal(tx, note{anOrganization, w.id, aCompany, id}, inward, "Найдена компания организации, связана. "+warning); err != nil {
				return err
			}
			return r.Jobs.Enqueue(tx, pushOrganization{ID: w.id}, r.follow()...)
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
		name: fmt.Sprintf("company%d", w.id), entity: aCompany, key: mapping.OrganizationKey(w.id),
		agreed: mapping.SentCompany(w.organization, r.settings.Rules), note: note{anOrganization, w.id, aCompany, 0},
	}
	fields := func() rest.Params { return mapping.NewCompany(w.organization, r.settings.Rules, r.origin) }
	w.make = addItem(t, rest.TypeCompany, companyNumber, fields, func(tx *db.Tx, made *rest.Company) error {
		merged := mapping.MergeCompany(nil, w.organization, *made, r.settings.Rules, r.origin)
		l := &Link{
			PortalID: r.portal.ID, Local: anOrganization, LocalID: w.id, Entity: aCompany, RemoteID: made.ID.Int64(), Checked: true, Agreed: merged.Agreed,
		}
		if err := r.saveLink(tx, l); err != nil {
			return err
		}
		return r.Jobs.Enqueue(tx, pushOrganization{ID: w.id}, r.follow()...)
	})
	r.tasks = append(r.tasks, w.make)
	return nil
}

// compareOrganization compares both sides field by field, then legal entities and employees.
func (r *run) compareOrganization(ctx context.Context, w *organizationWork) error {
	if err := r.settleChange(ctx, w.link, w.lost, mapping.PresentCompany(*w.company)); err != nil {
		return putOff(err, &w.err)
	}
	merged := mapping.MergeCompany(w.link.Agreed, w.organization, *w.company, r.settings.Rules, r.origin)
	w.link.Checked = true
	before := w.link.Agreed
	if err := r.takeCompany(ctx, w, merged); err != nil {
		return err
	}
	if len(merged.Send) > 0 {
		t := task{
			name: fmt.Sprintf("company%d", w.id), note: note{anOrganization, w.id, aCompany, w.link.RemoteID},
			entity: aCompany, key: changeKey(mapping.OrganizationKey(w.id)), agreed: changeAgreed(before, merged.Agreed, merged.Take),
		}
		change := updateItem(t, rest.TypeCompany, w.link.id, companyNumber, always(merged.Send), func(tx *db.Tx, _ *rest.Company) error {
			maps.Copy(w.link.Agreed, merged.Agreed)
			return r.saveLink(tx, w.link)
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
func (r *run) takeCompany(ctx context.Context, w *organizationWork, merged mapping.CompanyMerge) error {
	where := note{anOrganization, w.id, aCompany, w.link.RemoteID}
	link := *w.link
	err := r.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		link = *w.link
		link.Refused = maps.Clone(w.link.Refused)
		link.Agreed = agreedAfterTaking(w.link.Agreed, merged.Agreed, merged.Take, len(merged.Send) > 0)
		if err := r.saveLink(tx, &link); err != nil {
			return err
		}
		if len(merged.Take) > 0 {
			if err := r.countCaught(tx, w); err != nil {
				return err
			}
		}
		for _, text := range merged.Notes {
			if err := r.journal(tx, where, inward, text); err != nil {
				return err
			}
		}
		for _, field := range slices.Sorted(maps.Keys(merged.Take)) {
			value := merged.Take[field]
			present, err := r.Organizations.Change(ctx, w.id, actor, func(o *organizations.Organization) error {
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
			if err := r.journal(tx, where, inward, text); err != nil {
				return err
			}
		}
		return r.saveLink(tx, &link)
	})
	if err == nil {
		*w.link = link
	}
	return err
}

// dropCompany forgets a company that is gone: «Отправить в Битрикс24» is there again.
func (r *run) dropCompany(ctx context.Context, w *organizationWork) error {
	if w.needed {
		w.err = &waitError{why: "компания организации удалена в Битрикс24: ищем другую или создаём заново"}
	}
	return r.conclude(ctx, &w.done, func(ctx context.Context, tx *db.Tx) error {
		if err := r.unlink(tx, w.link); err != nil {
			return err
		}
		if w.chosen == choiceSend { // once: it is not made anew unasked
			if err := r.choose(tx, r.portal.ID, anOrganization, w.id, choiceNone, actor.Name); err != nil {
				return err
			}
		}
		if err := r.countCaught(tx, w); err != nil {
			return err
		}
		return r.journal(tx, note{anOrganization, w.id, aCompany, w.link.RemoteID}, inward, "Компания удалена в Битрикс24, связь снята")
	})
}
