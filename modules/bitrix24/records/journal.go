package records

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/panel"
)

// JournalEntry is a row of bitrix24_journal, a line of «Журнал обмена»: one exchange about one record.
type JournalEntry struct {
	ID         int64 `gorm:"primaryKey"`
	At         time.Time
	Direction  Direction
	Local      Local
	LocalID    int64
	Entity     Entity
	RemoteID   int64
	Outcome    Outcome
	Text       string // in Russian
	Attempt    int    // which attempt of the record's job it belongs to; 0: to none
	DurationMS int64  // of the request
	Request    string // what was sent, the webhook's address left out
	Answer     string
}

// TableName is that of the module's table.
func (JournalEntry) TableName() string { return "bitrix24_journal" }

// Direction says which side something was sent to.
type Direction string

// The directions.
const (
	Outward Direction = "out" // to the portal
	Inward  Direction = "in"  // to the panel
)

// Outcome says what came of it.
type Outcome string

// The outcomes.
const (
	Fine      Outcome = "ok"
	Failed    Outcome = "error"
	Uncertain Outcome = "unknown" // the answer was lost
)

// About returns the note about one record of the panel and its record on the portal, whose number is 0 while it is not
// known.
func About(kind Local, id int64, e Entity, remoteID int64) Note {
	return Note{Local: kind, LocalID: id, Entity: e, RemoteID: remoteID}
}

// Note says which records a line of the journal is about.
type Note struct {
	Local    Local
	LocalID  int64
	Entity   Entity
	RemoteID int64
}

// journalSize is how much of a request or an answer a line keeps, in characters.
const journalSize = 8 << 10

// Shorten cuts a request or an answer to what a line of the journal keeps.
func Shorten(s string) string {
	if runes := []rune(s); len(runes) > journalSize {
		return string(runes[:journalSize]) + "…"
	}
	return s
}

// AuditEntry is a row of bitrix24_audit: who changed which setting, and when. It never holds a secret.
type AuditEntry struct {
	ID    int64 `gorm:"primaryKey"`
	At    time.Time
	Actor string
	Text  string
}

// TableName is that of the module's table.
func (AuditEntry) TableName() string { return "bitrix24_audit" }

// Audit stores a line about a change of settings. The text is in Russian and must hold no secret.
func Audit(tx *db.Tx, who, text string) error {
	if err := tx.Create(&AuditEntry{At: db.Now(), Actor: who, Text: text}).Error; err != nil {
		return fmt.Errorf("write the audit: %w", err)
	}
	return nil
}

// RecordOf returns the link to what a job's key is about: "order/42" is «Заказ № 42». Any other key is its own label.
func RecordOf(key string) panel.Link {
	kind, number, _ := strings.Cut(key, "/")
	id, err := strconv.ParseInt(number, 10, 64)
	about := Record{Local(kind), id}
	if err != nil || about.URL() == "" {
		return panel.Link{Label: key}
	}
	return panel.Link{Label: about.Name(), URL: about.URL()}
}
