package exchange

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// readableImport writes one deal of an import for people.
func readableImport(t *task) string {
	text, err := json.MarshalIndent(t.fields(), "", "  ")
	if err != nil {
		return t.method
	}
	return records.Shorten(t.method + " " + string(text))
}

// Journal writes a line about something that was done, in the given transaction. The text is in Russian.
func (c *Connection) Journal(tx *db.Tx, n plan.Note, d plan.Direction, text string) error {
	return c.Write(tx, records.JournalEntry{
		Direction: d, Local: n.Local, LocalID: n.LocalID, Entity: n.Entity, RemoteID: n.RemoteID,
		Outcome: records.Fine, Text: strings.TrimSpace(text),
	})
}

// journalFailure writes a line about something that was refused, by either side.
func (c *Connection) journalFailure(tx *db.Tx, n plan.Note, d plan.Direction, text string) error {
	return c.Write(tx, records.JournalEntry{
		Direction: d, Local: n.Local, LocalID: n.LocalID, Entity: n.Entity, RemoteID: n.RemoteID,
		Outcome: records.Failed, Text: text,
	})
}

// journalTask writes the line of one command: what was sent, what was answered, and what came of it in words. result
// is nil when the whole request failed.
func (c *Connection) journalTask(
	tx *db.Tx,
	t *task,
	batch *rest.Batch,
	result *rest.Result,
	duration time.Duration,
) error {
	e := records.JournalEntry{
		Direction: plan.Outward,
		Local:     t.note.Local, LocalID: t.note.LocalID, Entity: t.note.Entity, RemoteID: t.note.RemoteID,
		Outcome: records.Fine, Text: taskText(t), DurationMS: duration.Milliseconds(),
	}
	if e.RemoteID == 0 {
		e.RemoteID = t.id
	}
	for _, command := range batch.Commands() {
		if command.Name == t.name {
			e.Request = readable(command)
		}
	}
	if t.place != nil {
		e.Request = readableImport(t)
	}
	if result != nil {
		e.Answer = records.Shorten(string(result.Raw(t.name)))
	}
	switch {
	case t.err != nil && rest.Unknown(t.err):
		e.Outcome, e.Text = records.Uncertain, portal.Explain(t.err)
	case t.err != nil:
		e.Outcome, e.Text = records.Failed, portal.Explain(t.err)
	}
	if t.err != nil && e.Answer == "" {
		e.Answer = t.err.Error()
	}
	return c.Write(tx, e)
}

// Write stores a line of the journal. It adds the time, and the attempt that the record's job is in.
func (c *Connection) Write(tx *db.Tx, e records.JournalEntry) error {
	e.At, e.Attempt = db.Now(), c.attempts[plan.Record{Kind: e.Local, ID: e.LocalID}]
	if err := tx.Create(&e).Error; err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	return nil
}

// taskText says in Russian what a command did. A method without a sentence is named itself.
func taskText(t *task) string {
	switch t.method {
	case "crm.item.add":
		return map[plan.Entity]string{
			plan.Deal: "Создана сделка", plan.Contact: "Создан контакт", plan.Company: "Создана компания",
			plan.Lead: "Создан лид",
		}[t.entity]
	case "crm.item.update":
		return map[plan.Entity]string{
			plan.Deal: "Сделка обновлена", plan.Contact: "Контакт обновлён",
			plan.Company: "Компания обновлена",
			plan.Lead:    "Лид обновлён",
		}[t.note.Entity]
	case "crm.item.batchImport":
		return "Создана сделка (импорт, роботы не запускались)"
	case "crm.item.productrow.set":
		return "Записаны товары"
	case "crm.item.productrow.add":
		return "Добавлен товар"
	case "crm.item.productrow.update":
		return "Изменён товар"
	case "crm.item.productrow.delete":
		return "Удалён товар"
	case "crm.requisite.add", "crm.requisite.update":
		return "Записаны реквизиты"
	case "crm.requisite.bankdetail.add", "crm.requisite.bankdetail.update":
		return "Записаны банковские реквизиты"
	case "crm.address.add", "crm.address.update":
		return "Записан юридический адрес"
	case "crm.timeline.comment.add":
		return "Оставлено примечание в ленте"
	case "crm.company.contact.add":
		return "Сотрудник добавлен в контакты компании"
	}
	return t.method
}

// readable writes a command for people: the method and its parameters as JSON, cut to what a line keeps.
func readable(c rest.Command) string {
	values, err := rest.ParseForm([]byte(c.Query))
	if err != nil || len(values) == 0 {
		return c.Method
	}
	text, err := json.MarshalIndent(values, "", "  ")
	if err != nil {
		return c.Method
	}
	return records.Shorten(c.Method + " " + string(text))
}
