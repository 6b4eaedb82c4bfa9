package pages

import (
	"context"
	"errors"
	"fmt"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// roundTrip makes a contact (crm.item.add), changes it (crm.item.update) and deletes it (crm.item.delete). Of the last
// two the portal sends events, which the page awaits. The contact's number is stored before it is changed, so that no
// event comes too early.
func (d *doctor) roundTrip(ctx context.Context) error {
	const what = "Запись и чтение"
	var item rest.Item[rest.Contact]
	err := d.perform(ctx, "crm.item.add", rest.Params{
		"entityTypeId": rest.TypeContact, "fields": rest.Params{"name": checkContact, "opened": "N"},
	}, &item)
	if err != nil {
		todo := "Проверьте права владельца вебхука на контакты."
		if rest.Unknown(err) {
			todo = "Ответ потерян: если в Битрикс24 остался контакт «" + checkContact + "», удалите его."
		}
		d.add(what, broken, "Контакт «"+checkContact+"» не создан: "+portal.Explain(err), todo)
		return nil
	}
	d.check.ContactID = item.Item.ID.Int64()
	if err := d.save(ctx); err != nil {
		return err
	}
	changed := d.perform(ctx, "crm.item.update", rest.Params{
		"entityTypeId": rest.TypeContact, "id": d.check.ContactID, "fields": rest.Params{"name": checkContact + " 2"},
	}, &item)
	deleted := d.perform(ctx, "crm.item.delete", rest.Params{
		"entityTypeId": rest.TypeContact, "id": d.check.ContactID,
	}, nil)
	if err := errors.Join(changed, deleted); err != nil {
		d.add(what, broken, fmt.Sprintf("Контакт «%s» (№ %d) создан, но не изменён или не удалён: %s",
			checkContact, d.check.ContactID, portal.Explain(err)),
			"Проверьте права владельца вебхука на контакты; контакт удалите сами.")
		return nil
	}
	d.add(what, passed, "Контакт «"+checkContact+"» создан, изменён и удалён.", "")
	if d.settings.Token.IsZero() {
		d.add("События портала", broken, "Токен исходящего вебхука не задан.",
			"Создайте исходящий вебхук в Битрикс24 и впишите его «Токен приложения» в настройки.")
		return nil
	}
	until := db.Now().Add(eventTimeout)
	d.check.AwaitsUntil = &until
	return nil
}

// perform calls one method in a request of its own, and reads its result into a value, unless that is nil.
func (d *doctor) perform(ctx context.Context, method string, params rest.Params, into any) error {
	batch := rest.Batch{Class: rest.People}
	batch.Add("call", method, params)
	result, err := d.client.Do(ctx, &batch)
	if err != nil {
		return err
	}
	if into == nil {
		return result.Error("call")
	}
	return result.Decode("call", into)
}

// NoteCheckEvent notes when an event of a check's contact came. It is called for every event, in the transaction that
// stores it; all other events are passed over.
func (x *Pages) NoteCheckEvent(tx *db.Tx, portalID int64, event rest.Event) error {
	column := map[string]string{
		"ONCRMCONTACTUPDATE": "change_seen_at", "ONCRMCONTACTDELETE": "deletion_seen_at",
	}[event.Name]
	if column == "" {
		return nil
	}
	err := tx.Model(&check{}).
		Where("portal_id = ? AND contact_id = ? AND "+column+" IS NULL", portalID, event.RecordID).
		Update(column, db.Now()).Error
	if err != nil {
		return fmt.Errorf("note an event of a check: %w", err)
	}
	return nil
}
