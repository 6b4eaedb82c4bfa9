package bitrix24

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// journalEntry is a line of «Журнал обмена»: one exchange about one record.
type journalEntry struct {
	ID         int64 `gorm:"primaryKey"`
	At         time.Time
	Direction  direction
	Local      local
	LocalID    int64
	Entity     entity
	RemoteID   int64
	Outcome    outcome
	Text       string
	Attempt    int
	DurationMS int64
	Request    string // what was sent, the webhook's address left out
	Answer     string
}

// TableName keeps the module's tables apart.
func (journalEntry) TableName() string { return "bitrix24_journal" }

// direction is which way something went.
type direction string

const (
	outward direction = "out" // to the portal
	inward  direction = "in"  // to the panel
)

// outcome is how it went.
type outcome string

const (
	fine      outcome = "ok"
	failed    outcome = "error"
	uncertain outcome = "unknown" // the answer was lost
)

// note says which records an exchange is about.
type note struct {
	local    local
	localID  int64
	entity   entity
	remoteID int64
}

// journal writes a line about something that was done.
func (c *connection) journal(tx *db.Tx, n note, d direction, text string) error {
	return c.write(tx, journalEntry{
		Direction: d, Local: n.local, LocalID: n.localID, Entity: n.entity, RemoteID: n.remoteID, Outcome: fine, Text: strings.TrimSpace(text),
	})
}

// journalFailure writes a line about something that was refused.
func (c *connection) journalFailure(tx *db.Tx, n note, d direction, text string) error {
	return c.write(tx, journalEntry{
		Direction: d, Local: n.local, LocalID: n.localID, Entity: n.entity, RemoteID: n.remoteID, Outcome: failed, Text: text,
	})
}

// journalTask writes the line of one command: what was sent, what was answered, and in words what came of it.
func (c *connection) journalTask(tx *db.Tx, t *task, batch *rest.Batch, result *rest.Result, duration time.Duration) error {
	e := journalEntry{
		Direction: outward, Local: t.note.local, LocalID: t.note.localID, Entity: t.note.entity, RemoteID: t.note.remoteID,
		Outcome: fine, Text: taskText(t), DurationMS: duration.Milliseconds(),
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
		e.Answer = limited(string(result.Raw(t.name)))
	}
	switch {
	case t.err != nil && rest.Unknown(t.err):
		e.Outcome, e.Text = uncertain, explain(t.err)
	case t.err != nil:
		e.Outcome, e.Text = failed, explain(t.err)
	}
	if t.err != nil && e.Answer == "" {
		e.Answer = t.err.Error()
	}
	return c.write(tx, e)
}

func (c *connection) write(tx *db.Tx, e journalEntry) error {
	e.At, e.Attempt = db.Now(), c.attempts[record{e.Local, e.LocalID}]
	if err := tx.Create(&e).Error; err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	return nil
}

// taskText says in words what a command did.
func taskText(t *task) string {
	switch t.method {
	case "crm.item.add":
		return map[entity]string{aDeal: "Создана сделка", aContact: "Создан контакт", aCompany: "Создана компания", aLead: "Создан лид"}[t.entity]
	case "crm.item.update":
		return map[entity]string{
			aDeal: "Сделка обновлена", aContact: "Контакт обновлён", aCompany: "Компания обновлена", aLead: "Лид обновлён",
		}[t.note.entity]
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

// journalSize is how much of a request or an answer a line keeps.
const journalSize = 8 << 10

func limited(s string) string {
	if runes := []rune(s); len(runes) > journalSize {
		return string(runes[:journalSize]) + "…"
	}
	return s
}

// readable writes a command for people: the method, and its parameters as JSON.
func readable(c rest.Command) string {
	values, err := rest.ParseForm([]byte(c.Query))
	if err != nil || len(values) == 0 {
		return c.Method
	}
	text, err := json.MarshalIndent(values, "", "  ")
	if err != nil {
		return c.Method
	}
	return limited(c.Method + " " + string(text))
}

// auditEntry says who changed which setting, and when; never a secret.
type auditEntry struct {
	ID    int64 `gorm:"primaryKey"`
	At    time.Time
	Actor string
	Text  string
}

// TableName keeps the module's tables apart.
func (auditEntry) TableName() string { return "bitrix24_audit" }

// audit writes a line about a change of settings.
func (m *Module) audit(tx *db.Tx, who, text string) error {
	if err := tx.Create(&auditEntry{At: db.Now(), Actor: who, Text: text}).Error; err != nil {
		return fmt.Errorf("write the audit: %w", err)
	}
	return nil
}
