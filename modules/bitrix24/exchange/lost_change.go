package exchange

import (
	"context"
	"errors"
	"maps"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/records"
)

// A change of fields that both sides may change has an intent, too. When its answer is lost, what the portal says next
// may be what we sent; taken for the portal's own change it would undo what the panel has become since.

// changeKey is the key of that intent, beside the one of the record's making.
func changeKey(key string) string { return "change " + key }

// changeAgreed is what the intent keeps: the fields that are sent, as both sides will have them.
func changeAgreed(before, after mapping.Agreed, taken map[string]string) mapping.Agreed {
	sent := mapping.Agreed{}
	for field, pair := range after {
		if _, took := taken[field]; !took && before[field] != pair {
			sent[field] = pair
		}
	}
	return sent
}

// settleChange agrees on what a change whose answer was lost has brought about. While it may still arrive the record
// waits: sent again now, the older value could be the last to come.
func (r *Run) settleChange(ctx context.Context, l *records.Link, lost *records.Intent, present map[string]string) error {
	if lost == nil {
		return nil
	}
	agreed, arrived := maps.Clone(l.Agreed), true
	for field, pair := range lost.Agreed {
		if present[field] == pair.Theirs {
			agreed[field] = pair
		} else {
			arrived = false
		}
	}
	if wait := r.waitToSettle(*lost); !arrived && wait > 0 {
		return settling(wait)
	}
	return r.DB.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
		l.Agreed = agreed
		if err := records.SaveLink(tx, l); err != nil {
			return err
		}
		return records.ClearIntent(tx, r.Portal.ID, lost.Entity, lost.Key)
	})
}

// putOff notes in failure that a record has to wait; any other error concerns the exchange.
func putOff(err error, failure *error) error {
	if wait := (*waitError)(nil); errors.As(err, &wait) {
		*failure = wait
		return nil
	}
	return err
}
