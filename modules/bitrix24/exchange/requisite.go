package exchange

import (
	"context"
	"slices"

	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// loadDetails reads what the panel knows of the legal entities and employees of organizations that are compared, and
// asks the portal for the rest. Employees join the clients of the run.
func (r *run) loadDetails(ctx context.Context, works []*organizationWork) error {
	var ids []int64
	var keys []string
	for _, w := range works {
		for _, l := range w.organization.LegalEntities {
			ids, keys = append(ids, l.ID), append(keys, mapping.LegalEntityKey(l.ID, l.Token))
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
	open, err := r.intents(ctx, plan.Requisite, keys)
	if err != nil {
		return err
	}
	openBanks, err := r.intents(ctx, plan.BankDetail, keys)
	if err != nil {
		return err
	}
	for _, w := range works {
		for _, e := range w.organization.Employees {
			if e.Role == organizations.Guest {
				continue // «у сотрудника компании не должно быть статуса Гость»
			}
			employee := r.workOnClient(e.ClientID)
			employee.Needed = true
			w.employees = append(w.employees, employee)
		}
		for _, entity := range w.organization.LegalEntities {
			l := &plan.LegalFacts{Entity: entity, Requisite: requisites[entity.ID], Bank: banks[entity.ID]}
			key := mapping.LegalEntityKey(entity.ID, entity.Token)
			if i := open[key]; i != nil && l.Requisite == nil {
				r.askByXMLID("crm.requisite.list", key, &l.Err, func(id int64) {
					l.Found = append(l.Found, id)
					r.askInside(l, id)
				})
				l.Open = i
			} else if l.Requisite == nil && entity.INN != "" {
				r.askByINN(w, l)
			}
			if i := openBanks[key]; i != nil && l.Bank == nil {
				r.askByXMLID(
					"crm.requisite.bankdetail.list", key, &l.Err,
					func(id int64) { l.FoundBank = append(l.FoundBank, id) },
				)
				l.BankOpen = i
			}
			if l.Requisite != nil {
				r.askInside(l, l.Requisite.RemoteID)
			}
			w.legal = append(w.legal, l)
		}
	}
	return nil
}

// askByINN looks among the company's requisites for the legal entity's, which people may have typed in
// (crm.requisite.list).
func (r *run) askByINN(w *organizationWork, l *plan.LegalFacts) {
	params := rest.Params{
		"filter": rest.Params{
			"ENTITY_TYPE_ID": rest.TypeCompany,
			"ENTITY_ID":      w.Link.RemoteID,
			"RQ_INN":         l.Entity.INN,
		},
		"select": []string{"ID", "ENTITY_ID", "RQ_INN"}, "order": rest.Params{"ID": "ASC"},
	}
	askFor(&r.questions, "crm.requisite.list", params, &l.Err, func(list rest.List[rest.Requisite]) {
		for _, row := range list {
			ours := row.EntityID.Int64() == w.Link.RemoteID && string(row.INN) == l.Entity.INN
			if ours && !w.hasRequisite(row.ID.Int64()) {
				l.Found = []int64{row.ID.Int64()}
				r.askInside(l, row.ID.Int64())
				return
			}
		}
	})
}

// askInside looks for the legal address and the bank details of a requisite that is there already, unless they are
// known to be ours (crm.address.list, crm.requisite.bankdetail.list). An address has no number, and a second one is
// refused.
func (r *run) askInside(l *plan.LegalFacts, requisite int64) {
	if l.LacksAddress() {
		params := rest.Params{
			"filter": rest.Params{
				"TYPE_ID":        rest.AddressLegal,
				"ENTITY_TYPE_ID": rest.TypeRequisite,
				"ENTITY_ID":      requisite,
			},
		}
		askFor(&r.questions, "crm.address.list", params, &l.Err, func(list rest.List[rest.Address]) {
			l.Addressed = l.Addressed ||
				slices.ContainsFunc(list, func(a rest.Address) bool { return a.EntityID.Int64() == requisite })
		})
	}
	if l.Entity.Account != "" && l.Bank == nil {
		params := rest.Params{
			"filter": rest.Params{"ENTITY_ID": requisite, "RQ_ACC_NUM": l.Entity.Account},
			"order":  rest.Params{"ID": "ASC"},
		}
		askFor(&r.questions, "crm.requisite.bankdetail.list", params, &l.Err, func(list rest.List[rest.BankDetail]) {
			for _, row := range list {
				if row.EntityID.Int64() == requisite && string(row.Account) == l.Entity.Account {
					l.FoundBank = append(l.FoundBank, row.ID.Int64())
				}
			}
		})
	}
}
