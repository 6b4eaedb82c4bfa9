package exchange

import (
	"context"
	"fmt"
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

// legalWork brings a legal entity of an organization and its requisite together, with bank details and legal address.
type legalWork struct {
	entity    organizations.LegalEntity
	requisite *plan.Link
	bank      *plan.Link
	found     []int64 // requisites with its key or, if nothing was sent for it yet, with its ИНН
	foundBank []int64 // bank details with its key or its account
	addressed bool    // the requisite has a legal address, whoever wrote it
	err       error

	// An answer was lost: if nothing is found, the requisite or the bank details have to wait.
	unsettled, unsettledBank error
}

// What the link of a requisite or of bank details keeps in Agreed: fingerprints of what was last sent.
const (
	requisitePrint = "requisite"
	bankPrint      = "bank"
	addressPrint   = "address"
)

// loadDetails reads what the panel knows of the legal entities and employees of organizations that are compared, and
// asks the portal for the rest. Employees join the clients of the run.
func (r *run) loadDetails(ctx context.Context, works []*organizationWork) error {
	var ids []int64
	for _, w := range works {
		for _, l := range w.organization.LegalEntities {
			ids = append(ids, l.ID)
		}
	}
	if len(works) == 0 {
		return nil
	}
	requisites, err := r.Book.Links(ctx, plan.LegalEntity, plan.Requisite, ids)
	if err != nil {
		return err
	}
	banks, err := r.Book.Links(ctx, plan.LegalEntity, plan.BankDetail, ids)
	if err != nil {
		return err
	}
	keys := lo.Map(ids, func(id int64, _ int) string { return mapping.LegalEntityKey(id) })
	open, err := r.Book.Intents(ctx, plan.Requisite, keys)
	if err != nil {
		return err
	}
	openBanks, err := r.Book.Intents(ctx, plan.BankDetail, keys)
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
			if i := open[key]; i != nil && l.requisite == nil {
				r.askByXMLID("crm.requisite.list", key, &l.err, func(id int64) {
					l.found = append(l.found, id)
					r.askInside(l, id)
				})
				l.unsettled = r.unsettled(i)
			} else if l.requisite == nil && entity.INN != "" {
				r.askByINN(w, l)
			}
			if i := openBanks[key]; i != nil && l.bank == nil {
				r.askByXMLID(
					"crm.requisite.bankdetail.list", key, &l.err,
					func(id int64) { l.foundBank = append(l.foundBank, id) },
				)
				l.unsettledBank = r.unsettled(i)
			}
			if l.requisite != nil {
				r.askInside(l, l.requisite.RemoteID)
			}
			w.legal = append(w.legal, l)
		}
	}
	return nil
}

// askByINN looks among the company's requisites for the legal entity's, which people may have typed in
// (crm.requisite.list).
func (r *run) askByINN(w *organizationWork, l *legalWork) {
	params := rest.Params{
		"filter": rest.Params{
			"ENTITY_TYPE_ID": rest.TypeCompany,
			"ENTITY_ID":      w.link.RemoteID,
			"RQ_INN":         l.entity.INN,
		},
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

// askInside looks for the legal address and the bank details of a requisite that is there already, unless they are
// known to be ours (crm.address.list, crm.requisite.bankdetail.list). An address has no number, and a second one is
// refused.
func (r *run) askInside(l *legalWork, requisite int64) {
	if l.entity.Address != "" && (l.requisite == nil || l.requisite.Agreed[addressPrint].Ours == "") {
		params := rest.Params{
			"filter": rest.Params{
				"TYPE_ID":        rest.AddressLegal,
				"ENTITY_TYPE_ID": rest.TypeRequisite,
				"ENTITY_ID":      requisite,
			},
		}
		askFor(&r.questions, "crm.address.list", params, &l.err, func(list rest.List[rest.Address]) {
			l.addressed = l.addressed ||
				slices.ContainsFunc(list, func(a rest.Address) bool { return a.EntityID.Int64() == requisite })
		})
	}
	if l.entity.Account != "" && l.bank == nil {
		params := rest.Params{
			"filter": rest.Params{"ENTITY_ID": requisite, "RQ_ACC_NUM": l.entity.Account},
			"order":  rest.Params{"ID": "ASC"},
		}
		askFor(&r.questions, "crm.requisite.bankdetail.list", params, &l.err, func(list rest.List[rest.BankDetail]) {
			for _, row := range list {
				if row.EntityID.Int64() == requisite && string(row.Account) == l.entity.Account {
					l.foundBank = append(l.foundBank, row.ID.Int64())
				}
			}
		})
	}
}

// settleDetails adds the commands that create or change requisites, bank details and addresses, and those that add the
// employees' contacts to the company.
func (r *run) settleDetails(w *organizationWork) error {
	for _, l := range w.legal {
		if l.err == nil && len(l.found) == 0 {
			l.err = l.unsettled
		}
		if l.err == nil && len(l.foundBank) == 0 {
			l.err = l.unsettledBank
		}
		if l.err != nil {
			keepFirst(&w.err, l.err)
			continue
		}
		r.settleRequisite(w, l)
	}
	for _, employee := range w.employees {
		r.addEmployee(w, employee)
	}
	return nil
}

// settleRequisite adds the commands about one legal entity: its requisite (crm.requisite.add, crm.requisite.update),
// then bank details and legal address (crm.address.add, crm.address.update).
func (r *run) settleRequisite(w *organizationWork, l *legalWork) {
	about := w.note()
	key, id := mapping.LegalEntityKey(l.entity.ID), l.entity.ID
	fields, address := mapping.RequisiteFields(l.entity), l.entity.Address
	var before *task
	if l.requisite == nil && len(l.found) > 0 {
		l.requisite = r.Book.NewLink(plan.LegalEntity, id, plan.Requisite, l.found[0], mapping.Agreed{})
	}
	requisiteID := func() any { return l.requisite.RemoteID }
	switch preset := r.Lists.Presets.Of(l.entity); {
	case l.requisite != nil && l.requisite.Agreed[requisitePrint].Ours != mapping.Print(fields):
		before = w.addTask(&task{
			name: fmt.Sprintf("requisite%d", id), method: "crm.requisite.update", note: about,
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
		before = w.addTask(&task{
			name:   fmt.Sprintf("requisite%d", id),
			method: "crm.requisite.add", entity: plan.Requisite, key: key, note: about,
			params: func() rest.Params {
				return rest.Params{"fields": mapping.NewRequisite(l.entity, w.link.RemoteID, preset, r.Origin)}
			},
			done: func(_ context.Context, tx *db.Tx, result *rest.Result, name string) (int64, error) {
				var created rest.ID
				if err := ReadNumbered(result, name, &created, &created); err != nil {
					return 0, err
				}
				l.requisite = r.Book.NewLink(
					plan.LegalEntity,
					id,
					plan.Requisite,
					created.Int64(),
					mapping.Agreed{
						requisitePrint: {Ours: mapping.Print(fields)},
					},
				)
				return created.Int64(), records.SaveLink(tx, l.requisite)
			},
		})
		requisiteID = func() any { return before.recordID() }
	}
	var after []*task
	if before != nil {
		after = append(after, before)
	}
	r.settleBank(w, l, after, requisiteID)
	sentAddress := ""
	if l.requisite != nil {
		sentAddress = l.requisite.Agreed[addressPrint].Ours
	}
	if address != "" && sentAddress != mapping.Print(address) {
		method := "crm.address.add"
		if l.addressed || sentAddress != "" {
			method = "crm.address.update"
		}
		w.addTask(&task{
			name: fmt.Sprintf("address%d", id), method: method, after: after, note: about,
			params: func() rest.Params { return rest.Params{"fields": mapping.LegalAddress(l.entity, requisiteID())} },
			done: func(_ context.Context, tx *db.Tx, _ *rest.Result, _ string) (int64, error) {
				l.requisite.Agreed[addressPrint] = mapping.Pair{Ours: mapping.Print(address)}
				return 0, records.SaveLink(tx, l.requisite)
			},
		})
	}
}

// settleBank adds the command about the bank details of a legal entity (crm.requisite.bankdetail.add,
// crm.requisite.bankdetail.update). requisiteID is the requisite's number, or a reference to the command in after that
// creates it.
func (r *run) settleBank(w *organizationWork, l *legalWork, after []*task, requisiteID func() any) {
	about := w.note()
	id, fields := l.entity.ID, mapping.BankFields(l.entity)
	if l.bank == nil && len(l.foundBank) > 0 {
		l.bank = r.Book.NewLink(plan.LegalEntity, id, plan.BankDetail, l.foundBank[0], mapping.Agreed{})
	}
	switch {
	case l.bank != nil && l.bank.Agreed[bankPrint].Ours != mapping.Print(fields):
		w.addTask(&task{
			name: fmt.Sprintf("bank%d", id), method: "crm.requisite.bankdetail.update", note: about,
			params: func() rest.Params { return rest.Params{"id": l.bank.RemoteID, "fields": fields} },
			done: func(_ context.Context, tx *db.Tx, _ *rest.Result, _ string) (int64, error) {
				l.bank.Agreed[bankPrint] = mapping.Pair{Ours: mapping.Print(fields)}
				return l.bank.RemoteID, r.takeOver(tx, l.bank)
			},
		})
	case l.bank == nil && mapping.HasBank(l.entity):
		w.addTask(&task{
			name:   fmt.Sprintf("bank%d", id),
			method: "crm.requisite.bankdetail.add", after: after, note: about,
			entity: plan.BankDetail, key: mapping.LegalEntityKey(id),
			params: func() rest.Params {
				return rest.Params{"fields": mapping.NewBank(l.entity, requisiteID(), r.Origin)}
			},
			done: func(_ context.Context, tx *db.Tx, result *rest.Result, name string) (int64, error) {
				var created rest.ID
				if err := ReadNumbered(result, name, &created, &created); err != nil {
					return 0, err
				}
				l.bank = r.Book.NewLink(plan.LegalEntity, id, plan.BankDetail, created.Int64(), mapping.Agreed{
					bankPrint: {Ours: mapping.Print(fields)},
				})
				return created.Int64(), records.SaveLink(tx, l.bank)
			},
		})
	}
}

// takeOver saves the link of a requisite or bank details that may still be linked to a legal entity which is gone. A
// legal entity that was removed and typed in anew finds its former requisite by the ИНН.
func (r *run) takeOver(tx *db.Tx, l *plan.Link) error {
	err := tx.Where("portal_id = ? AND entity = ? AND remote_id = ?", l.PortalID, l.Entity, l.RemoteID).
		Where("local = ? AND local_id <> ?", l.Local, l.LocalID).
		Delete(&plan.Link{}).Error
	if err != nil {
		return fmt.Errorf("drop the former link of %s %d: %w", l.Entity, l.RemoteID, err)
	}
	return records.SaveLink(tx, l)
}

// addEmployee adds the command that makes an employee's contact one of the company's (crm.company.contact.add). The
// portal answers false when it is one already.
func (r *run) addEmployee(w *organizationWork, employee *clientWork) {
	field := fmt.Sprintf("employee/%d", employee.id)
	if employee.link != nil && w.link.Agreed[field].Ours == fmt.Sprint(employee.link.RemoteID) {
		return
	}
	var after []*task
	if employee.create != nil {
		after = append(after, employee.create)
	} else if employee.link == nil {
		return // why he has no contact is the failure of his own work
	}
	w.addTask(&task{
		name: fmt.Sprintf("employee%d_%d", w.id, employee.id), method: "crm.company.contact.add", after: after,
		note: w.note(),
		params: func() rest.Params {
			return rest.Params{"id": w.link.RemoteID, "fields": rest.Params{"CONTACT_ID": employee.recordID()}}
		},
		done: func(_ context.Context, tx *db.Tx, _ *rest.Result, _ string) (int64, error) {
			w.link.Agreed[field] = mapping.Pair{Ours: fmt.Sprint(employee.recordID())}
			return 0, records.SaveLink(tx, w.link)
		},
	})
}

// addTask adds a command to the work. All of them join the run's once everything about the organization is decided.
func (w *organizationWork) addTask(t *task) *task {
	w.tasks = append(w.tasks, t)
	return t
}
