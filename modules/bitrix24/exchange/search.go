package exchange

import (
	"cmp"
	"maps"
	"slices"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/email"
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

// keyed is a record of which only the number, the key and its age are read.
type keyed struct {
	ID          rest.ID   `json:"id"`
	CreatedTime rest.Time `json:"createdTime"`
	rest.Origin
}

// sought are the values that the works of a run look for. They are asked for in groups (askSought): fifty keys to a
// list, twenty phones or e-mails to a command.
type sought struct {
	keys  map[int][]soughtKey // by entityTypeId
	comms map[commKind][]soughtComm
}

type soughtKey struct {
	key     string
	found   *[]int64
	created map[int64]rest.Time // when they were created; nil: nobody wants to know
	failure *error
}

// commKind is what crm.duplicate.findbycomm looks for at once.
type commKind struct {
	typeID     string // rest.Phone or rest.Email
	entityType string // CONTACT or COMPANY
}

type soughtComm struct {
	value   string
	values  []string // its spellings
	found   *[]int64
	failure *error
}

// commLimit is how many values crm.duplicate.findbycomm looks at. It finds as many records.
const commLimit = 20

// askByKey looks for records that carry a key of ours.
func (r *run) askByKey(entityTypeID int, key string, found *[]int64, failure *error) {
	r.seek(entityTypeID, soughtKey{key, found, nil, failure})
}

// seek is askByKey for whoever wants to know more than the numbers.
func (r *run) seek(entityTypeID int, s soughtKey) {
	if r.sought.keys == nil {
		r.sought.keys = map[int][]soughtKey{}
	}
	r.sought.keys[entityTypeID] = append(r.sought.keys[entityTypeID], s)
}

// askByComm looks for a phone, in all its spellings, or an e-mail. typeID is rest.Phone or rest.Email; entityType is
// CONTACT or COMPANY.
func (r *run) askByComm(typeID, value, entityType string, found *[]int64, failure *error) {
	if value == "" {
		return
	}
	values := email.Forms(value)
	if typeID == rest.Phone {
		values = mapping.PhoneForms(value)
	}
	if r.sought.comms == nil {
		r.sought.comms = map[commKind][]soughtComm{}
	}
	kind := commKind{typeID, entityType}
	r.sought.comms[kind] = append(r.sought.comms[kind], soughtComm{value, values, found, failure})
}

// askSought adds the questions for everything that is sought.
func (r *run) askSought() {
	for _, typeID := range slices.Sorted(maps.Keys(r.sought.keys)) {
		for _, part := range lo.Chunk(r.sought.keys[typeID], pageSize) {
			r.askKeys(typeID, part, 0)
		}
	}
	kinds := slices.SortedFunc(maps.Keys(r.sought.comms), func(a, b commKind) int {
		return cmp.Or(cmp.Compare(a.entityType, b.entityType), cmp.Compare(a.typeID, b.typeID))
	})
	for _, kind := range kinds {
		var group []soughtComm
		n := 0
		for _, s := range r.sought.comms[kind] {
			if n+len(s.values) > commLimit {
				r.askComms(kind, group)
				group, n = nil, 0
			}
			group, n = append(group, s), n+len(s.values)
		}
		r.askComms(kind, group)
	}
	r.sought = sought{}
}

// askKeys looks for records of one kind by up to fifty keys (crm.item.list), from a number on: people copy records with
// their keys, so there may be more than a page. Whatever the portal took the filter for, rows without the keys are left
// out.
func (r *run) askKeys(typeID int, group []soughtKey, after int64) {
	filter := rest.Params{"=originatorId": string(r.Origin), ">id": after}
	if len(group) == 1 {
		filter["=originId"] = group[0].key
	} else {
		filter["@originId"] = lo.Map(group, func(s soughtKey, _ int) string { return s.key })
	}
	params := rest.Params{
		"entityTypeId": typeID, "select": []string{"id", "createdTime", "originatorId", "originId"},
		"order": rest.Params{"id": "ASC"}, "start": -1, "filter": filter,
	}
	r.questions.add(question{method: listMethod, params: params, answer: func(result *rest.Result, name string) error {
		var items rest.Items[keyed]
		refused := result.Decode(name, &items)
		for _, s := range group {
			switch {
			case len(group) > 1 && onesFault(refused):
				r.askKeys(typeID, []soughtKey{s}, after)
			case refused != nil:
				keepFirst(s.failure, refused)
			}
			for _, item := range items.Items {
				if HasKey(r.Origin, item.Origin, s.key) {
					*s.found = append(*s.found, item.ID.Int64())
					if s.created != nil {
						s.created[item.ID.Int64()] = item.CreatedTime
					}
				}
			}
		}
		if last := len(items.Items) - 1; last+1 >= pageSize && items.Items[last].ID.Int64() > after {
			r.askKeys(typeID, group, items.Items[last].ID.Int64())
		}
		return nil
	}})
}

// onesFault reports whether a refusal may be about one value of a group.
func onesFault(refused error) bool {
	no, ok := rest.AsRefusal(refused)
	return ok && !no.OperatingLimit()
}

// askComms looks for up to twenty phones or e-mails (crm.duplicate.findbycomm). The answer does not say which value hit
// what, and ends at twenty records. So where there is a hit, each value is asked for by itself; usually a group of new
// people has none.
func (r *run) askComms(kind commKind, group []soughtComm) {
	if len(group) == 0 {
		return
	}
	params := rest.Params{
		"type": kind.typeID, "entity_type": kind.entityType,
		"values": lo.FlatMap(group, func(s soughtComm, _ int) []string { return s.values }),
	}
	r.questions.add(question{
		method: "crm.duplicate.findbycomm", params: params,
		answer: func(result *rest.Result, name string) error {
			var hits rest.Duplicates
			refused := result.Decode(name, &hits)
			for _, s := range group {
				switch {
				case len(group) > 1 && onesFault(refused):
					r.askComms(kind, []soughtComm{s})
				case refused != nil:
					keepFirst(s.failure, refused)
				case len(group) == 1:
					r.takeHits(kind, s, hits[kind.entityType])
				case len(hits[kind.entityType]) > 0:
					r.askComms(kind, []soughtComm{s})
				}
			}
			return nil
		},
	})
}

// takeHits takes what was found by a phone or an e-mail. The portal's search looks at no extension, but two people of
// one office are two: records that have another extension, or one while we have none, are left out. A record that the
// webhook's owner may not see stays.
func (r *run) takeHits(kind commKind, s soughtComm, hits []rest.ID) {
	ids := lo.Map(hits, func(id rest.ID, _ int) int64 { return id.Int64() })
	*s.found = append(*s.found, ids...)
	if kind.typeID != rest.Phone || len(ids) == 0 {
		return
	}
	typeID := rest.TypeContact
	if kind.entityType == "COMPANY" {
		typeID = rest.TypeCompany
	}
	askFor(&r.questions, listMethod, listByID(typeID, allFields, ids), s.failure, func(items rest.Items[phoned]) {
		for _, item := range items.Items {
			if mapping.OtherExtension(item.Multifields, s.value) {
				*s.found = lo.Without(*s.found, item.ID.Int64())
			}
		}
	})
}

// phoned is a record of which the number and the phones are read.
type phoned struct {
	ID          rest.ID          `json:"id"`
	Multifields rest.Multifields `json:"fm"`
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
