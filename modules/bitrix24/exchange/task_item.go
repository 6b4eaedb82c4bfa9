package exchange

import (
	"context"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// addItem completes a task that makes a contact, company, deal or lead (crm.item.add). What identifies the task, the
// intent's entity and key among it, is the caller's. store keeps what the portal has answered with.
func addItem[T any](t task, typeID int, number numbered[T], fields func() rest.Params, store func(tx *db.Tx, made *T) error) *task {
	t.method = "crm.item.add"
	t.params = func() rest.Params {
		return rest.Params{"entityTypeId": typeID, "useOriginalUfNames": "Y", "fields": fields()}
	}
	t.done = doneItem(number, store)
	return &t
}

// updateItem completes a task that changes such a record (crm.item.update). id is its number, or a reference to the
// command that makes it.
func updateItem[T any](
	t task, typeID int, id func() any, number numbered[T], fields func() rest.Params, store func(tx *db.Tx, changed *T) error,
) *task {
	t.method = "crm.item.update"
	t.params = func() rest.Params {
		return rest.Params{"entityTypeId": typeID, "id": id(), "useOriginalUfNames": "Y", "fields": fields()}
	}
	t.done = doneItem(number, store)
	return &t
}

// doneItem reads the record that was made or changed.
func doneItem[T any](
	number numbered[T], store func(tx *db.Tx, record *T) error,
) func(ctx context.Context, tx *db.Tx, result *rest.Result, name string) (int64, error) {
	return func(_ context.Context, tx *db.Tx, result *rest.Result, name string) (int64, error) {
		var item rest.Item[T]
		if err := ReadNumbered(result, name, &item, number(&item.Item)); err != nil {
			return 0, err
		}
		return number(&item.Item).Int64(), store(tx, &item.Item)
	}
}

// always are fields that are known before the task leaves.
func always(fields rest.Params) func() rest.Params { return func() rest.Params { return fields } }
