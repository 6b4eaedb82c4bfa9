package pages

import (
	"context"
	"fmt"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/modules/bitrix24/exchange"
	"github.com/pixlpark/panel/modules/bitrix24/records"
)

// JournalURL is the address of «Журнал обмена».
const JournalURL = "/admin/bitrix24/journal"

// Retriable reports whether the line has a button «Повторить».
func (e journalLine) Retriable() bool { return retriable(e.JournalEntry) }

// retriable reports whether sending the record of an entry again may help.
func retriable(e records.JournalEntry) bool {
	return e.Outcome != records.Fine && exchange.PushOf(e.Local, e.LocalID) != nil
}

// RetryEntry is «Повторить» of a line: its record is compared and sent again now, while the employee waits.
func (x *Pages) RetryEntry(c echo.Context) error {
	ctx := c.Request().Context()
	id, err := strconv.ParseInt(c.Param("id"), 10, 64)
	if err != nil {
		return refusal.Unknown("Такой строки журнала нет")
	}
	var entries []records.JournalEntry
	if err := x.DB.From(ctx).Where("id = ?", id).Limit(1).Find(&entries).Error; err != nil {
		return fmt.Errorf("read the journal: %w", err)
	}
	if len(entries) == 0 || !retriable(entries[0]) {
		return refusal.Unknown("Такой строки журнала нет")
	}
	job := exchange.PushOf(entries[0].Local, entries[0].LocalID)
	err = x.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		return x.enqueueAgain(ctx, tx, job)
	})
	if err != nil {
		return err
	}
	x.Panel.Flash(c, panel.Good, entries[0].About().Name()+": отправлено снова, итог в новых строках журнала")
	back := JournalURL
	if query := c.FormValue("query"); query != "" {
		back += "?" + query
	}
	return panel.SeeOther(c, back)
}
