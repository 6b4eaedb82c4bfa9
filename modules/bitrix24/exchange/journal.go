package exchange

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

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

// journalCommand writes the line of one command: what was sent, what was answered, and what came of it in words.
func (c *Connection) journalCommand(tx *db.Tx, command *plan.Command, sent plan.Sent, took time.Duration) error {
	about, out := command.About, command.Outcome
	e := records.JournalEntry{
		Direction: plan.Outward,
		Local:     about.Local, LocalID: about.LocalID, Entity: about.Entity, RemoteID: about.RemoteID,
		Outcome: records.Fine, Text: command.Text(), DurationMS: took.Milliseconds(), Request: readable(command, sent.Batch),
	}
	if e.RemoteID == 0 {
		e.RemoteID = out.ID
	}
	if result, ok := sent.Answers.(*rest.Result); ok {
		e.Answer = records.Shorten(string(result.Raw(command.Name)))
	}
	switch {
	case out.Answer != nil && rest.Unknown(out.Answer):
		e.Outcome, e.Text = records.Uncertain, portal.Explain(out.Answer)
	case out.Answer != nil:
		e.Outcome, e.Text = records.Failed, portal.Explain(out.Answer)
	}
	if out.Answer != nil && e.Answer == "" {
		e.Answer = out.Answer.Error()
	}
	return c.Write(tx, e)
}

// Write stores a line of the journal. It adds the time, and the attempt that the record's job is in.
func (c *Connection) Write(tx *db.Tx, e records.JournalEntry) error {
	e.At, e.Attempt = db.Now(), c.attempts[plan.Record{Kind: e.Local, ID: e.LocalID}]
	return records.WriteJournal(tx, e)
}

// readable writes a command for people: the method and its parameters as JSON, cut to what a line keeps. Of an import,
// which many deals share, it writes the one deal.
func readable(c *plan.Command, batch *rest.Batch) string {
	var params any = c.Fields()
	for _, command := range batch.Commands() {
		if command.Name == c.Name {
			values, err := rest.ParseForm([]byte(command.Query))
			if err != nil || len(values) == 0 {
				return c.Method
			}
			params = values
		}
	}
	text, err := json.MarshalIndent(params, "", "  ")
	if err != nil {
		return c.Method
	}
	return records.Shorten(c.Method + " " + string(text))
}
