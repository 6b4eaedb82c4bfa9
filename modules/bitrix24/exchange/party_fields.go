package exchange

import (
	"context"
	"maps"
	"slices"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// fieldMerge is what a comparison of a contact or company came to, field by field.
type fieldMerge struct {
	Send   rest.Params       // for crm.item.update; empty: nothing to send
	Take   map[string]string // the panel's fields to change
	Agreed mapping.Agreed    // what holds once both are done
	Notes  []string          // conflicts in words, for the journal
}

// takeFields changes the panel's record by what the portal changed. change takes one field over and returns the
// panel's value then; ours are the values before. A value that the panel cannot take is journalled once, and both
// sides keep their own.
func (r *run) takeFields(
	ctx context.Context, w partyWork, m fieldMerge, ours map[string]string,
	change func(ctx context.Context, field, value string) (now string, err error),
) error {
	p := w.base()
	link := *p.link
	err := r.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		link = *p.link // a transaction that is run again begins anew
		link.Refused = maps.Clone(p.link.Refused)
		link.Agreed = agreedAfterTaking(p.link.Agreed, m, len(m.Send) > 0)
		// The hook of a change looks at the link: it has to say what is agreed on before the change is made.
		if err := records.SaveLink(tx, &link); err != nil {
			return err
		}
		for _, field := range slices.Sorted(maps.Keys(m.Take)) {
			value := m.Take[field]
			now, err := change(ctx, field, value)
			if no, refused := refusal.From(err); refused {
				// Only another change will be looked at again.
				now = ours[field]
				err = r.noteRefused(tx, p, &link, field, value, no.Message)
			} else if err == nil {
				err = r.Journal(tx, p.note(), plan.Inward, p.texts().changed)
			}
			if err != nil {
				return err
			}
			link.Agreed[field] = mapping.Pair{Ours: now, Theirs: m.Agreed[field].Theirs}
		}
		if len(m.Take) > 0 {
			if err := r.countCaught(tx, w); err != nil {
				return err
			}
		}
		for _, text := range m.Notes {
			if err := r.Journal(tx, p.note(), plan.Inward, text); err != nil {
				return err
			}
		}
		return records.SaveLink(tx, &link)
	})
	if err != nil {
		return err
	}
	*p.link = link
	for field := range m.Take {
		m.Agreed[field] = link.Agreed[field]
	}
	return nil
}

// noteRefused journals a value of the portal that the panel refused, unless the same value was refused before.
func (r *run) noteRefused(tx *db.Tx, p *party, link *plan.Link, field, value, why string) error {
	if link.Refused[field] == value {
		return nil
	}
	link.Refused = lo.Assign(link.Refused, map[string]string{field: value})
	return r.journalFailure(tx, p.note(), plan.Inward, "Значение с портала не принято: "+why)
}

// agreedAfterTaking is what both sides have agreed on when the portal's changes are taken over, and the panel's, if it
// sends any, are still on their way. Fields that the merge is not about stay as they were.
func agreedAfterTaking(before mapping.Agreed, m fieldMerge, sends bool) mapping.Agreed {
	now := mapping.Agreed{}
	maps.Copy(now, before)
	for field, pair := range m.Agreed {
		if _, took := m.Take[field]; took || !sends {
			now[field] = pair
		}
	}
	return now
}

// updateParty adds the command that sends a party's changed fields to its contact or company (crm.item.update). before
// is what both sides had agreed on when they were compared.
func updateParty[T any](p *party, typeID int, number numbered[T], m fieldMerge, before mapping.Agreed) {
	t := task{
		name: p.taskName(), note: p.note(),
		entity: p.entity, key: plan.ChangeKey(p.key()), agreed: changeAgreed(before, m.Agreed, m.Take),
	}
	p.change = updateItem(t, typeID, p.link.Target, number, always(m.Send), func(tx *db.Tx, _ *T) error {
		p.link.Agreed = lo.Assign(p.link.Agreed, m.Agreed)
		return records.SaveLink(tx, p.link)
	})
}
