package exchange

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// candidates are the records of the portal that may be the one looked for, by the key they were found with. The ladder
// is the order of the fields: the external key is ours alone, an ИНН is the company's, phones and e-mails are shared.
type candidates struct {
	byKey, byINN, byPhone, byEmail []int64
}

// sent is what both sides have agreed on if the record is the one whose answer was lost: what was sent. Two records that
// have never met have agreed on nothing.
func (c candidates) sent(i *records.Intent, id int64) mapping.Agreed {
	if i == nil || !slices.Contains(c.byKey, id) {
		return nil
	}
	return i.Agreed
}

// searchContact looks for a client's contact by external key, phone and e-mail.
func (r *Run) searchContact(w *clientWork) {
	r.askByKey(rest.TypeContact, mapping.ClientKey(w.id), &w.found, &w.err)
	r.askByComm(rest.Phone, w.client.PhoneText(), "CONTACT", &w.found.byPhone, &w.err)
	r.askByComm(rest.Email, w.client.EmailText(), "CONTACT", &w.found.byEmail, &w.err)
}

// askByKey looks for our own external key (crm.item.list). Rows that do not carry it are none of ours, whatever the
// filter was taken for.
func (r *Run) askByKey(entityTypeID int, key string, found *candidates, failure *error) {
	params := rest.Params{
		"entityTypeId": entityTypeID, "select": []string{"id", "originatorId", "originId"}, "order": rest.Params{"id": "ASC"}, "start": -1,
		"filter": rest.Params{"=originatorId": string(r.Origin), "=originId": key},
	}
	type stamped struct {
		ID rest.ID `json:"id"`
		rest.Origin
	}
	askFor(&r.questions, "crm.item.list", params, failure, func(items rest.Items[stamped]) {
		for _, item := range items.Items {
			if string(item.OriginID) == key && string(item.OriginatorID) == string(r.Origin) {
				found.byKey = append(found.byKey, item.ID.Int64())
			}
		}
	})
}

// askByComm looks for a phone, in all its spellings, or an e-mail (crm.duplicate.findbycomm).
func (r *Run) askByComm(typeID, value, entityType string, found *[]int64, failure *error) {
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

// pick chooses one record out of those found: the one with our key, else by ИНН, else the one that matches phone and
// e-mail, else the oldest. Records linked to another record of the panel are passed over. The warning says that there
// was a choice.
func (r *Run) pick(ctx context.Context, kind records.Local, e records.Entity, id int64, found candidates) (chosen int64, warning string, err error) {
	all := slices.Concat(found.byKey, found.byINN, found.byPhone, found.byEmail)
	if len(all) == 0 {
		return 0, "", nil
	}
	taken, err := r.Book.LinksTo(ctx, e, all)
	if err != nil {
		return 0, "", err
	}
	free := func(ids []int64) []int64 {
		ids = lo.Uniq(lo.Reject(ids, func(remote int64, _ int) bool {
			return lo.ContainsBy(taken, func(l *records.Link) bool { return l.Local == kind && l.RemoteID == remote && l.LocalID != id })
		}))
		slices.Sort(ids)
		return ids
	}
	byPhone, byEmail := free(found.byPhone), free(found.byEmail)
	for _, rung := range [][]int64{free(found.byKey), free(found.byINN), lo.Intersect(byPhone, byEmail), byPhone, byEmail} {
		if len(rung) == 0 {
			continue
		}
		if others := lo.Uniq(slices.Concat(rung, byPhone, byEmail)); len(others) > 1 {
			slices.Sort(others)
			warning = fmt.Sprintf("Подходили несколько записей (%s), выбрана %d", strings.Trim(strings.ReplaceAll(fmt.Sprint(others), " ", ", "), "[]"), rung[0])
		}
		return rung[0], warning, nil
	}
	return 0, "", nil
}

func mapKeys[K comparable, V any](m map[K]V) iter.Seq[K] { return maps.Keys(m) }
