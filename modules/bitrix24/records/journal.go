package records

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

// JournalEntry is a row of bitrix24_journal, a line of «Журнал обмена»: one exchange about one record.
type JournalEntry struct {
	ID         int64 `gorm:"primaryKey"`
	At         time.Time
	Direction  plan.Direction
	Local      plan.Local
	LocalID    int64
	Entity     plan.Entity
	RemoteID   int64
	Outcome    Outcome
	Text       string // in Russian
	Attempt    int    // which attempt of the record's job it belongs to; 0: to none
	DurationMS int64  // of the request
	Request    string // what was sent, the webhook's address left out
	Answer     string
	Packed     []byte // both of them (journal_pack.go); empty in lines of before, and where nothing was sent
}

// TableName is that of the module's table.
func (JournalEntry) TableName() string { return "bitrix24_journal" }

// Outcome says what came of it.
type Outcome string

// The outcomes.
const (
	Fine      Outcome = "ok"
	Failed    Outcome = "error"
	Uncertain Outcome = "unknown" // the answer was lost
)

// About returns the record of the panel that the line is about.
func (e JournalEntry) About() plan.Record { return plan.Record{Kind: e.Local, ID: e.LocalID} }

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
	about := plan.Record{Kind: plan.Local(kind), ID: id}
	if err != nil || about.URL() == "" {
		return panel.Link{Label: key}
	}
	return panel.Link{Label: about.Name(), URL: about.URL()}
}
