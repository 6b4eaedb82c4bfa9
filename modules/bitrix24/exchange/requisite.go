package exchange

import (
	"context"
	"fmt"
	"slices"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// legalWork brings a legal entity of an organization and its requisite together, with bank details and legal address.
type legalWork struct {
	entity    organizations.LegalEntity
	requisite *records.Link
	bank      *records.Link
	found     []int64 // requisites that carry its key, or, of a company that was there before us, those with its ИНН
	foundBank []int64
	addressed bool // the requisite has a legal address, whoever wrote it
	err       error

	settling, settlingBank error // an answer was lost: what is not found has to wait
}

// The fields of Agreed of a requisite's link: fingerprints of what was last sent.
const (
	requisitePrint = "requisite"
	bankPrint      = "bank"
	addressPrint   = "address"
)

// loadDetails reads what we know of the legal entities and employees of organizations that are compared.
func (r *Run) loadDetails(ctx context.Context, works []*organizationWork) error {
	var ids []int64
	for _, w := range works {
		for _, l := range w.organization.LegalEntities {
			ids = append(ids, l.ID)
		}
	}
	if len(works) == 0 {
		return nil
	}
	requisites, err := r.Book.Links(ctx, records.LegalEntity, records.Requisite, ids)
	if err != nil {
		return err
	}
	banks, err := r.Book.Links(ctx, records.LegalEntity, records.BankDetail, ids)
	if err != nil {
		return err
	}
	keys := lo.Map(ids, func(id int64, _ int) string { return mapping.LegalEntityKey(id) })
	open, err := r.Book.Intents(ctx, records.Requisite, keys)
	if err != nil {
		return err
	}
	openBanks, err := r.Book.Intents(ctx, records.BankDetail, keys)
	if err != nil {
		return err
	}
	for _, w := range works {
		for _, e := range w.organization.Employees {
			if e.Role == organizations.Guest {
				continue // «у сотрудника компании не должно быть статуса Гость»
			}
			employee := r.workOnClient(e.ClientID)
			employee.needed = true
			w.employees = append(w.employees, employee)
		}
		for _, entity := range w.organization.LegalEntities {
			l := &legalWork{entity: entity, requisite: requisites[entity.ID], bank: banks[entity.ID]}
			key := mapping.LegalEntityKey(entity.ID)
			if i, lost := open[key]; lost && l.requisite == nil {
				r.askByXMLID("crm.requisite.list", key, &l.err, func(id int64) {
					l.found = append(l.found, id)
					r.askInside(l, id)
				})
				if wait := r.waitToSettle(i); wait > 0 {
					l.settling = settling(wait)
				}
			} else if l.requisite == nil && entity.INN != "" {
				r.askByINN(w, l)
			}
			if i, lost := openBanks[key]; lost && l.bank == nil {
				r.askByXMLID("crm.requisite.bankdetail.list", key, &l.err, func(id int64) { l.foundBank = append(l.foundBank, id) })
				if wait := r.waitToSettle(i); wait > 0 {
					l.settlingBank = settling(wait)
				}
			}
			if l.requisite != nil {
				r.askInside(l, l.requisite.RemoteID)
			}
			w.legal = append(w.legal, l)
		}
	}
	return nil
}

// askByXMLID looks for a requisite or bank details by their external key.
func (r *Run) askByXMLID(method, key string, failure *error, found func(id int64)) {
	params := rest.Params{
		"filter": rest.Params{"XML_ID": key, "ORIGINATOR_ID": string(r.Origin)}, "select": []string{"ID", "XML_ID", "ORIGINATOR_ID"},
		"order": rest.Params{"ID": "ASC"},
	}
	askFor(&r.questions, method, params, failure, func(list rest.List[rest.Requisite]) {
		for _, row := range list {
			if string(row.XMLID) == key && string(row.OriginatorID) == string(r.Origin) {
				found(row.ID.Int64())
			}
		}
	})
}

// askByINN looks among the company's requisites for the legal entity's, which people may have typed in.
func (r *Run) askByINN(w *organizationWork, l *legalWork) {
	params := rest.Params{
		"filter": rest.Params{"ENTITY_TYPE_ID": rest.TypeCompany, "ENTITY_ID": w.link.RemoteID, "RQ_INN": l.entity.INN},
		"select": []string{"ID", "ENTITY_ID", "RQ_INN"}, "order": rest.Params{"ID": "ASC"},
	}
	askFor(&r.questions, "crm.requisite.list", params, &l.err, func(list rest.List[rest.Requisite]) {
		for _, row := range list {
			ours := row.EntityID.Int64() == w.link.RemoteID && string(row.INN) == l.entity.INN
			if ours && !w.hasRequisite(row.ID.Int64()) {
				l.found = []int64{row.ID.Int64()}
				r.askInside(l, row.ID.Int64())
				return
			}
		}
	})
}

// askInside looks for the legal address and the bank details of a requisite that is there already, unless they are known
// to be ours: an address has no number, and a second one is refused.
func (r *Run) askInside(l *legalWork, requisite int64) {
	if l.entity.Address != "" && (l.requisite == nil || l.requisite.Agreed[addressPrint].Ours == "") {
		params := rest.Params{"filter": rest.Params{"TYPE_ID": rest.AddressLegal, "ENTITY_TYPE_ID": rest.TypeRequisite, "ENTITY_ID": requisite}}
		askFor(&r.questions, "crm.address.list", params, &l.err, func(list rest.List[rest.Address]) {
			l.addressed = l.addressed || slices.ContainsFunc(list, func(a rest.Address) bool { return a.EntityID.Int64() == requisite })
		})
	}
	if l.entity.Account != "" && l.bank == nil {
		params := rest.Params{"filter": rest.Params{"ENTITY_ID": requisite, "RQ_ACC_NUM": l.entity.Account}, "order": rest.Params{"ID": "ASC"}}
		askFor(&r.questions, "crm.requisite.bankdetail.list", params, &l.err, func(list rest.List[rest.BankDetail]) {
			for _, row := range list {
				if row.EntityID.Int64() == requisite && string(row.Account) == l.entity.Account {
					l.foundBank = append(l.foundBank, row.ID.Int64())
				}
			}
		})
	}
}

// hasRequisite reports whether a requisite is another legal entity's: branches share an ИНН.
func (w *organizationWork) hasRequisite(id int64) bool {
	return slices.ContainsFunc(w.legal, func(l *legalWork) bool {
		return l.requisite != nil && l.requisite.RemoteID == id || slices.Contains(l.found, id)
	})
}

// settleDetails makes or changes requisites, bank details and addresses, and ties the employees' contacts to the company.
func (r *Run) settleDetails(w *organizationWork) error {
	for _, l := range w.legal {
		if l.err == nil && len(l.found) == 0 {
			l.err = l.settling
		}
		if l.err == nil && len(l.foundBank) == 0 {
			l.err = l.settlingBank
		}
		if l.err != nil {
			keepFirst(&w.err, l.err)
			continue
		}
		r.settleRequisite(w, l)
	}
	for _, employee := range w.employees {
		r.tie(w, employee)
	}
	return nil
}

func (r *Run) settleRequisite(w *organizationWork, l *legalWork) {
	where := records.About(records.Organization, w.id, records.Company, w.link.RemoteID)
	key, id := mapping.LegalEntityKey(l.entity.ID), l.entity.ID
	fields, address := mapping.RequisiteFields(l.entity), l.entity.Address
	var before *task
	if l.requisite == nil && len(l.found) > 0 {
		l.requisite = &records.Link{PortalID: r.Portal.ID, Local: records.LegalEntity, LocalID: id, Entity: records.Requisite, RemoteID: l.found[0], Checked: true, Agreed: mapping.Agreed{}}
	}
	requisiteID := func() any { return l.requisite.RemoteID }
	switch preset := r.Lists.Presets.Of(l.entity); {
	case l.requisite != nil && l.requisite.Agreed[requisitePrint].Ours != mapping.Print(fields):
		before = r.detail(w, &task{
			name: fmt.Sprintf("requisite%d", id), method: "crm.requisite.update", note: where,
			params: func() rest.Params { return rest.Params{"id": l.requisite.RemoteID, "fields": fields} },
			done: func(_ context.Context, tx *db.Tx, _ *rest.Result, _ string) (int64, error) {
				l.requisite.Agreed[requisitePrint] = mapping.Pair{Ours: mapping.Print(fields)}
				return l.requisite.RemoteID, r.takeOver(tx, l.requisite)
			},
		})
	case l.requisite == nil && preset == 0:
		keepFirst(&w.err, portal.ErrNoPreset)
		return
	case l.requisite == nil:
		before = r.detail(w, &task{
			name: fmt.Sprintf("requisite%d", id), method: "crm.requisite.add", entity: records.Requisite, key: key, note: where,
			params: func() rest.Params {
				return rest.Params{"fields": mapping.NewRequisite(l.entity, w.link.RemoteID, preset, r.Origin)}
			},
			done: func(_ context.Context, tx *db.Tx, result *rest.Result, name string) (int64, error) {
				var made rest.ID
				if err := ReadNumbered(result, name, &made, &made); err != nil {
					return 0, err
				}
				l.requisite = &records.Link{
					PortalID: r.Portal.ID, Local: records.LegalEntity, LocalID: id, Entity: records.Requisite, RemoteID: made.Int64(), Checked: true,
					Agreed: mapping.Agreed{requisitePrint: {Ours: mapping.Print(fields)}},
				}
				return made.Int64(), records.SaveLink(tx, l.requisite)
			},
		})
		requisiteID = func() any { return before.made() }
	}
	var after []*task
	if before != nil {
		after = append(after, before)
	}
	r.settleBank(w, l, after, requisiteID)
	if known := l.addressed || l.requisite != nil && l.requisite.Agreed[addressPrint].Ours != ""; address != "" && !(l.requisite != nil && l.requisite.Agreed[addressPrint].Ours == mapping.Print(address)) {
		method := "crm.address.add"
		if known {
			method = "crm.address.update"
		}
		r.detail(w, &task{
			name: fmt.Sprintf("address%d", id), method: method, after: after, note: where,
			params: func() rest.Params { return rest.Params{"fields": mapping.LegalAddress(l.entity, requisiteID())} },
			done: func(_ context.Context, tx *db.Tx, _ *rest.Result, _ string) (int64, error) {
				l.requisite.Agreed[addressPrint] = mapping.Pair{Ours: mapping.Print(address)}
				return 0, records.SaveLink(tx, l.requisite)
			},
		})
	}
}

func (r *Run) settleBank(w *organizationWork, l *legalWork, after []*task, requisiteID func() any) {
	where := records.About(records.Organization, w.id, records.Company, w.link.RemoteID)
	id, fields := l.entity.ID, mapping.BankFields(l.entity)
	if l.bank == nil && len(l.foundBank) > 0 {
		l.bank = &records.Link{PortalID: r.Portal.ID, Local: records.LegalEntity, LocalID: id, Entity: records.BankDetail, RemoteID: l.foundBank[0], Checked: true, Agreed: mapping.Agreed{}}
	}
	switch {
	case l.bank != nil && l.bank.Agreed[bankPrint].Ours != mapping.Print(fields):
		r.detail(w, &task{
			name: fmt.Sprintf("bank%d", id), method: "crm.requisite.bankdetail.update", note: where,
			params: func() rest.Params { return rest.Params{"id": l.bank.RemoteID, "fields": fields} },
			done: func(_ context.Context, tx *db.Tx, _ *rest.Result, _ string) (int64, error) {
				l.bank.Agreed[bankPrint] = mapping.Pair{Ours: mapping.Print(fields)}
				return l.bank.RemoteID, r.takeOver(tx, l.bank)
			},
		})
	case l.bank == nil && mapping.HasBank(l.entity):
		r.detail(w, &task{
			name: fmt.Sprintf("bank%d", id), method: "crm.requisite.bankdetail.add", after: after, entity: records.BankDetail, key: mapping.LegalEntityKey(id), note: where,
			params: func() rest.Params {
				return rest.Params{"fields": mapping.NewBank(l.entity, requisiteID(), r.Origin)}
			},
			done: func(_ context.Context, tx *db.Tx, result *rest.Result, name string) (int64, error) {
				var made rest.ID
				if err := ReadNumbered(result, name, &made, &made); err != nil {
					return 0, err
				}
				l.bank = &records.Link{
					PortalID: r.Portal.ID, Local: records.LegalEntity, LocalID: id, Entity: records.BankDetail, RemoteID: made.Int64(), Checked: true,
					Agreed: mapping.Agreed{bankPrint: {Ours: mapping.Print(fields)}},
				}
				return made.Int64(), records.SaveLink(tx, l.bank)
			},
		})
	}
}

// takeOver saves the link of a requisite or bank details, which may still be linked to a legal entity that is gone: one
// that was removed and typed in anew is found by its ИНН.
func (r *Run) takeOver(tx *db.Tx, l *records.Link) error {
	err := tx.Where("portal_id = ? AND entity = ? AND remote_id = ? AND local = ? AND local_id <> ?", l.PortalID, l.Entity, l.RemoteID, l.Local, l.LocalID).
		Delete(&records.Link{}).Error
	if err != nil {
		return fmt.Errorf("drop the former link of %s %d: %w", l.Entity, l.RemoteID, err)
	}
	return records.SaveLink(tx, l)
}

// tie makes an employee's contact one of the company's (crm.company.contact.add, which answers false when it is one).
func (r *Run) tie(w *organizationWork, employee *clientWork) {
	field := fmt.Sprintf("employee/%d", employee.id)
	if employee.link != nil && w.link.Agreed[field].Ours == fmt.Sprint(employee.link.RemoteID) {
		return
	}
	var after []*task
	if employee.make != nil {
		after = append(after, employee.make)
	} else if employee.link == nil {
		return // its own failure is told by its own work
	}
	r.detail(w, &task{
		name: fmt.Sprintf("employee%d_%d", w.id, employee.id), method: "crm.company.contact.add", after: after,
		note: records.About(records.Organization, w.id, records.Company, w.link.RemoteID),
		params: func() rest.Params {
			return rest.Params{"id": w.link.RemoteID, "fields": rest.Params{"CONTACT_ID": employee.contactID()}}
		},
		done: func(_ context.Context, tx *db.Tx, _ *rest.Result, _ string) (int64, error) {
			w.link.Agreed[field] = mapping.Pair{Ours: fmt.Sprint(employee.contactID())}
			return 0, records.SaveLink(tx, w.link)
		},
	})
}

// loadCompaniesOf notes which companies are to get the contacts of clients who have none yet.
func (r *Run) loadCompaniesOf(ctx context.Context, sought []*clientWork) error {
	if len(sought) == 0 {
		return nil
	}
	employers, err := r.Organizations.OfMany(ctx, lo.Map(sought, func(w *clientWork, _ int) int64 { return w.id }))
	if err != nil {
		return err
	}
	ids := lo.Map(lo.Flatten(lo.Values(employers)), func(o *organizations.Organization, _ int) int64 { return o.ID })
	companies, err := r.Book.Links(ctx, records.Organization, records.Company, ids)
	if err != nil {
		return err
	}
	for _, w := range sought {
		for _, o := range employers[w.id] {
			if companies[o.ID] != nil && o.MayOrder(w.id) {
				w.worksIn = append(w.worksIn, o.ID)
			}
		}
	}
	return nil
}

// tieLater has a client's new contact tied to the companies he works in, unless this run does it anyway.
func (r *Run) tieLater(tx *db.Tx, w *clientWork) error {
	var push []jobs.Args
	for _, id := range w.worksIn {
		if o := r.organizations[id]; o == nil || !slices.Contains(o.employees, w) {
			push = append(push, PushOrganization{ID: id})
		}
	}
	if len(push) == 0 {
		return nil
	}
	return r.Jobs.EnqueueAll(tx, push, r.follow()...)
}

func (r *Run) detail(w *organizationWork, t *task) *task {
	w.tasks = append(w.tasks, t)
	return t
}
