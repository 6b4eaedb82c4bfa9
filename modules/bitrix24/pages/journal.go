package pages

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/records"
)

// journalView is templates/journal.html.
type journalView struct {
	panel.Page
	Entries []journalLine
	Query   journalQuery
	Older   string // address of the next page; empty on the last

	RawQuery string // of this page, to come back to it
}

// journalLine is an entry with the addresses of its records.
type journalLine struct {
	records.JournalEntry
	Record    string
	RecordURL string
	RemoteURL string
}

// journalQuery is what the filter of «Журнал обмена» holds.
type journalQuery struct {
	Outcome   string
	Direction string
	Record    string // kind of record of the panel
	Text      string // an order's number, or any record's
	Before    int64
}

const journalRows = 50 // on one page

func readJournalQuery(c echo.Context) journalQuery {
	before, _ := strconv.ParseInt(c.QueryParam("before"), 10, 64) // anything else: from the newest
	return journalQuery{
		Outcome: c.QueryParam("outcome"), Direction: c.QueryParam("direction"), Record: c.QueryParam("record"),
		Text: strings.TrimSpace(c.QueryParam("q")), Before: max(before, 0),
	}
}

// Journal is «Журнал обмена»: every exchange, newest first.
func (x *Pages) Journal(c echo.Context) error {
	ctx := c.Request().Context()
	q := readJournalQuery(c)
	entries, err := x.readJournal(ctx, q)
	if err != nil {
		return err
	}
	s, err := x.portals.Current(ctx)
	if err != nil {
		return err
	}
	view := journalView{Page: panel.Page{Title: "Журнал обмена"}, Query: q, RawQuery: c.QueryString()}
	for _, e := range entries {
		view.Entries = append(view.Entries, journalLine{
			JournalEntry: e,
			Record:       e.About().Name(), RecordURL: e.About().URL(), RemoteURL: s.URL(e.Entity, e.RemoteID),
		})
	}
	if len(entries) == journalRows {
		older := c.Request().URL.Query()
		older.Set("before", fmt.Sprint(entries[len(entries)-1].ID))
		view.Older = (&url.URL{Path: c.Request().URL.Path, RawQuery: older.Encode()}).String()
	}
	return x.Panel.Render(c, "bitrix24/journal", view)
}

func (x *Pages) readJournal(ctx context.Context, q journalQuery) ([]records.JournalEntry, error) {
	tx := x.DB.From(ctx).Model(&records.JournalEntry{})
	if q.Outcome != "" {
		tx = tx.Where("outcome = ?", q.Outcome)
	}
	if q.Direction != "" {
		tx = tx.Where("direction = ?", q.Direction)
	}
	if q.Record != "" {
		tx = tx.Where("local = ?", q.Record)
	}
	if q.Text != "" {
		number, err := strconv.ParseInt(q.Text, 10, 64)
		if err != nil {
			return nil, nil // no record has such a number
		}
		tx = tx.Where("local_id = ?", number)
	}
	if q.Before > 0 {
		tx = tx.Where("id < ?", q.Before)
	}
	var entries []records.JournalEntry
	if err := tx.Order("id DESC").Limit(journalRows).Find(&entries).Error; err != nil {
		return nil, fmt.Errorf("read the journal: %w", err)
	}
	for i := range entries {
		if err := entries[i].Unpack(); err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// RemoteName is the kind of the record of the portal.
func (e journalLine) RemoteName() string {
	return map[plan.Entity]string{
		plan.Deal: "сделка", plan.Lead: "лид", plan.Contact: "контакт", plan.Company: "компания",
		plan.Requisite: "реквизиты", plan.BankDetail: "банковские реквизиты", plan.Product: "товар",
		plan.Rows: "товары сделки", plan.Comment: "комментарий",
	}[e.Entity]
}

// Arrow shows which way an entry went.
func (e journalLine) Arrow() string {
	if e.Direction == plan.Inward {
		return "← из Битрикс24"
	}
	return "→ в Битрикс24"
}

// Tone is the colour of the outcome.
func (e journalLine) Tone() string {
	return map[records.Outcome]string{
		records.Fine: "good", records.Failed: "bad", records.Uncertain: "warning",
	}[e.Outcome]
}

// OutcomeText is the outcome in words.
func (e journalLine) OutcomeText() string {
	return map[records.Outcome]string{
		records.Fine: "успешно", records.Failed: "ошибка", records.Uncertain: "ответ потерян",
	}[e.Outcome]
}

// Took is the duration of the request, empty for what needed none.
func (e journalLine) Took() string {
	if e.DurationMS == 0 {
		return ""
	}
	if e.DurationMS < 1000 {
		return fmt.Sprintf("%d мс", e.DurationMS)
	}
	return strings.Replace(fmt.Sprintf("%.1f с", float64(e.DurationMS)/1000), ".", ",", 1)
}
