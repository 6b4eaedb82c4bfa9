package bitrix24

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
)

// journalURL is «Журнал обмена».
const journalURL = "/admin/bitrix24/journal"

// pushOf is the job that brings a record of the panel up to date on the portal; nil: there is none for its kind.
func pushOf(kind local, id int64) jobs.Args {
	switch kind {
	case anOrder:
		return pushOrder{ID: id}
	case aClient:
		return pushClient{ID: id}
	case anOrganization:
		return pushOrganization{ID: id}
	}
	return nil
}

// Mendable reports whether «Повторить» makes sense for a line.
func (e journalLine) Mendable() bool { return mendableEntry(e.journalEntry) }

// mendableEntry reports whether sending the record of an entry again may help.
func mendableEntry(e journalEntry) bool { return e.Outcome != fine && pushOf(e.Local, e.LocalID) != nil }

// retryEntry is «Повторить» of a line: its record is compared and sent again now.
func (m *Module) retryEntry(c echo.Context) error {
	ctx := c.Request().Context()
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return refusal.Unknown("Такой строки журнала нет")
	}
	var entries []journalEntry
	if err := m.DB.From(ctx).Where("id = ?", id).Limit(1).Find(&entries).Error; err != nil {
		return fmt.Errorf("read the journal: %w", err)
	}
	if len(entries) == 0 || !mendableEntry(entries[0]) {
		return refusal.Unknown("Такой строки журнала нет")
	}
	job := pushOf(entries[0].Local, entries[0].LocalID)
	err = m.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := m.Jobs.Retry(ctx, job.Kind(), job.Key()); err != nil && !errors.Is(err, jobs.ErrNoJob) {
			return err
		}
		return m.Jobs.Enqueue(tx, job, jobs.Await(m.opts.AwaitStaff))
	})
	if err != nil {
		return err
	}
	m.Panel.Flash(c, panel.Good, entries[0].about().name()+": отправлено снова, итог в новых строках журнала")
	back := journalURL
	if query := c.FormValue("query"); query != "" {
		back += "?" + query
	}
	return panel.SeeOther(c, back)
}

// recordOf is what a job's key is about: "order/42" is «Заказ № 42».
func recordOf(key string) panel.Link {
	kind, number, _ := strings.Cut(key, "/")
	id, err := strconv.ParseInt(number, 10, 64)
	about := record{local(kind), id}
	if err != nil || about.url() == "" {
		return panel.Link{Label: key}
	}
	return panel.Link{Label: about.name(), URL: about.url()}
}

// record is a record of the panel.
type record struct {
	kind local
	id   int64
}

// name is the record as people call it: «Заказ № 42».
func (r record) name() string {
	title := map[local]string{anOrder: "Заказ", aClient: "Клиент", anOrganization: "Организация"}[r.kind]
	return fmt.Sprintf("%s № %d", title, r.id)
}

// url is the record's page in the panel; empty where it has none.
func (r record) url() string {
	path := map[local]string{anOrder: "orders", aClient: "clients", anOrganization: "organizations"}[r.kind]
	if path == "" {
		return ""
	}
	return fmt.Sprintf("/admin/%s/%d", path, r.id)
}

// about is the record of the panel that an entry is about.
func (e journalEntry) about() record { return record{e.Local, e.LocalID} }

// journalKept is how long a line stays.
const journalKept = 90 * 24 * time.Hour

// pruneJournal is the daily job that removes old lines, and checks with them.
type pruneJournal struct{}

// Kind and Key name the job.
func (pruneJournal) Kind() string { return bulkLane + ".prune_journal" }
func (pruneJournal) Key() string  { return "all" }

func (m *Module) pruneJournal(ctx context.Context) error {
	before := db.Now().Add(-journalKept)
	for {
		// A portion at a time: nobody waits behind a long deletion.
		gone := m.DB.From(ctx).Exec("DELETE FROM bitrix24_journal WHERE id IN (SELECT id FROM bitrix24_journal WHERE at < ? ORDER BY at LIMIT 5000)", before)
		if gone.Error != nil {
			return fmt.Errorf("prune the journal: %w", gone.Error)
		}
		if gone.RowsAffected == 0 {
			break
		}
	}
	if err := m.DB.From(ctx).Where("started_at < ?", before).Delete(&check{}).Error; err != nil {
		return fmt.Errorf("prune checks: %w", err)
	}
	return nil
}
