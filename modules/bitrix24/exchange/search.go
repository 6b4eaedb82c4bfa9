package exchange

import (
	"slices"

	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// Whose record of the portal is this? Every record that we create carries the installation's name (originatorId) and
// an external key (originId). The rules about them are here, and nowhere else: a key counts only together with our
// name, since other panels and other programs number their records alike, and whole, with the token in it, since a
// restored database gives numbers out again.

// HasKey reports whether a record of the portal carries our name and this key.
func HasKey(origin mapping.Origin, carried rest.Origin, key string) bool {
	return string(carried.OriginatorID) == string(origin) && string(carried.OriginID) == key
}

// OwnerByKey returns the record of the panel that a record of the portal was created for, by the key it carries, what it
// was created as, and the token in the key. ok is false for a record of anybody else. The owner's number may have been
// given out again, which its token tells; and a conversion copies a lead's key into the deal, which does not make that
// the owner's deal.
func OwnerByKey(origin mapping.Origin, carried rest.Origin) (owner plan.Record, as plan.Entity, token string, ok bool) {
	if string(carried.OriginatorID) != string(origin) {
		return plan.Record{}, "", "", false
	}
	return plan.KeyOf(string(carried.OriginID))
}

// keyed is a record of which only the number and the key are read.
type keyed struct {
	ID rest.ID `json:"id"`
	rest.Origin
}

// askByKey looks for records that carry a key of ours (crm.item.list). Whatever the portal took the filter for, rows
// without the key are left out.
func (r *run) askByKey(entityTypeID int, key string, found *[]int64, failure *error) {
	params := rest.Params{
		"entityTypeId": entityTypeID, "select": []string{"id", "originatorId", "originId"},
		"order": rest.Params{"id": "ASC"}, "start": -1,
		"filter": rest.Params{"=originatorId": string(r.Origin), "=originId": key},
	}
	askFor(&r.questions, "crm.item.list", params, failure, func(items rest.Items[keyed]) {
		for _, item := range items.Items {
			if HasKey(r.Origin, item.Origin, key) {
				*found = append(*found, item.ID.Int64())
			}
		}
	})
}

// askByXMLID looks for a requisite or bank details by their external key, which is called XML_ID there
// (crm.requisite.list, crm.requisite.bankdetail.list).
func (r *run) askByXMLID(method, key string, failure *error, found func(id int64)) {
	params := rest.Params{
		"filter": rest.Params{"XML_ID": key, "ORIGINATOR_ID": string(r.Origin)},
		"select": []string{"ID", "XML_ID", "ORIGINATOR_ID"}, "order": rest.Params{"ID": "ASC"},
	}
	askFor(&r.questions, method, params, failure, func(list rest.List[rest.Requisite]) {
		for _, row := range list {
			if HasKey(r.Origin, rest.Origin{OriginatorID: row.OriginatorID, OriginID: row.XMLID}, key) {
				found(row.ID.Int64())
			}
		}
	})
}

// askCompanyByINN looks for companies that have one of the ИНН in their requisites (crm.requisite.list).
func (r *run) askCompanyByINN(inns []string, found *[]int64, failure *error) {
	if len(inns) == 0 {
		return
	}
	params := rest.Params{
		"filter": rest.Params{"ENTITY_TYPE_ID": rest.TypeCompany, "@RQ_INN": inns},
		"select": []string{"ID", "ENTITY_ID", "RQ_INN"}, "order": rest.Params{"ID": "ASC"},
	}
	askFor(&r.questions, "crm.requisite.list", params, failure, func(list rest.List[rest.Requisite]) {
		for _, requisite := range list {
			if slices.Contains(inns, string(requisite.INN)) {
				*found = append(*found, requisite.EntityID.Int64())
			}
		}
	})
}

// askByComm looks for a phone, in all its spellings, or an e-mail (crm.duplicate.findbycomm). typeID is rest.Phone or
// rest.Email; entityType is CONTACT or COMPANY.
func (r *run) askByComm(typeID, value, entityType string, found *[]int64, failure *error) {
	if value == "" {
		return
	}
	values := []string{value}
	if typeID == rest.Phone {
		values = mapping.PhoneForms(value)
	}
	params := rest.Params{"type": typeID, "values": values, "entity_type": entityType}
	askFor(&r.questions, "crm.duplicate.findbycomm", params, failure, func(hits rest.Duplicates) {
		for _, id := range hits[entityType] {
			*found = append(*found, id.Int64())
		}
	})
}
