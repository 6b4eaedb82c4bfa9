package records

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/panel"
)

// JournalEntry is a line of «Журнал обмена»: one exchange about one record.
type JournalEntry struct {
	ID         int64 `gorm:"primaryKey"`
	At         time.Time
	Direction  Direction
	Local      Local
	LocalID    int64
	Entity     Entity
	RemoteID   int64
	Outcome    Outcome
	Text       string
	Attempt    int
	DurationMS int64
	Request    string // what was sent, the webhook's address left out
	Answer     string
}

// TableName keeps the module's tables apart.
func (JournalEntry) TableName() string { return "bitrix24_journal" }

// Direction is which way something went.
type Direction string

const (
	Outward Direction = "out" // to the portal
	Inward  Direction = "in"  // to the panel
)

// Outcome is how it went.
type Outcome string

const (
	Fine      Outcome = "ok"
	Failed    Outcome = "error"
	Uncertain Outcome = "unknown" // the answer was lost
)

// About is the note of one record here and its record there; 0: not known yet.
func About(kind Local, id int64, e Entity, remoteID int64) Note {
	return Note{Local: kind, LocalID: id, Entity: e, RemoteID: remoteID}
}

// Note says which records an exchange is about.
type Note struct {
	Local    Local
	LocalID  int64
	Entity   Entity
	RemoteID int64
}

// journalSize is how much of a request or an answer a line keeps.
const journalSize = 8 << 10

func Shorten(s string) string {
	if runes := []rune(s); len(runes) > journalSize {
		return string(runes[:journalSize]) + "…"
	}
	return s
}

// AuditEntry says who changed which setting, and when; never a secret.
type AuditEntry struct {
	ID    int64 `gorm:"primaryKey"`
	At    time.Time
	Actor string
	Text  string
}

// TableName keeps the module's tables apart.
func (AuditEntry) TableName() string { return "bitrix24_audit" }

// Audit writes a line about a change of settings.
func Audit(tx *db.Tx, who, text string) error {
	if err := tx.Create(&AuditEntry{At: db.Now(), Actor: who, Text: text}).Error; err != nil {
		return fmt.Errorf("write the audit: %w", err)
	}
	return nil
}

// RecordOf is what a job's key is about: "order/42" is «Заказ № 42».
func RecordOf(key string) panel.Link {
	kind, number, _ := strings.Cut(key, "/")
	id, err := strconv.ParseInt(number, 10, 64)
	about := Record{Local(kind), id}
	if err != nil || about.URL() == "" {
		return panel.Link{Label: key}
	}
	return panel.Link{Label: about.Name(), URL: about.URL()}
}
