package bitrix24test

import (
	"fmt"
	"net/http"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/staff"
)

// Paths of the module's pages.
const (
	SettingsPage = "/admin/orders/settings/export"
	StatusPage   = "/admin/bitrix24/status"
	ComparePage  = "/admin/bitrix24/compare"
	BackfillPage = "/admin/bitrix24/backfill"
	CheckPage    = "/admin/bitrix24/check"
)

// Page is an order's page in the panel.
func Page(id int64) string { return fmt.Sprintf("/admin/orders/%d", id) }

// SaveSettings saves the settings form as an administrator would: what it shows, with some fields changed.
func (x *Pair) SaveSettings(changes ...string) apptest.Answer {
	x.T.Helper()
	answer := x.PostSettings(changes...)
	return answer.Want(x.T, http.StatusSeeOther)
}

// PostSettings posts the settings form as the page shows it, with some fields changed; "-" leaves a field out.
func (x *Pair) PostSettings(changes ...string) apptest.Answer {
	x.T.Helper()
	admin := x.As(staff.Administrator)
	values := apptest.Fields(admin.Get(SettingsPage).Want(x.T, http.StatusOK).Text, "bitrix24.")
	for i := 0; i+1 < len(changes); i += 2 {
		values.Del("bitrix24." + changes[i])
		if changes[i+1] != "-" {
			values.Set("bitrix24."+changes[i], changes[i+1])
		}
	}
	return admin.Submit(SettingsPage+"/bitrix24", values)
}

// Credentials are the fields that people copy from the portal, as [Pair.SaveSettings] takes them.
func (x *Pair) Credentials() []string {
	return []string{"enabled", "on", "portal_url", x.PortalURL, "user_id", "1", "application_token", PortalToken, "code", WebhookCode}
}

// CheckConnection presses «Проверить подключение», lets the portal send its events, and returns the page.
func (x *Pair) CheckConnection() apptest.Answer {
	x.T.Helper()
	answer := x.As(staff.Administrator).Post(SettingsPage+"/bitrix24/actions/check").Want(x.T, http.StatusSeeOther)
	Equal(x.T, "next page", answer.Location, CheckPage)
	return x.As(staff.Administrator).Get(CheckPage).Want(x.T, http.StatusOK)
}

// Press presses a button of the order's box «Битрикс24» and returns the page that follows.
func (x *Pair) Press(order int64, deed string, pairs ...string) apptest.Answer {
	x.T.Helper()
	operator := x.As(staff.Operator)
	operator.Post(fmt.Sprintf("/admin/bitrix24/orders/%d/%s", order, deed), pairs...).Want(x.T, http.StatusSeeOther)
	return operator.Get(Page(order)).Want(x.T, http.StatusOK)
}

// CallPath is where the button beside an order's phone posts to.
func CallPath(order int64) string { return fmt.Sprintf("/admin/bitrix24/orders/%d/call", order) }

// Compare has the orders of all days compared with their deals, as «Сверка» does.
func (x *Pair) Compare() {
	x.T.Helper()
	x.As(staff.Administrator).Post(ComparePage, "from", "2020-01-01", "to", "2099-01-01").Want(x.T, http.StatusSeeOther)
	x.Drain()
}

// LastComparison is what the last comparison counted: the same, different, missing, gone.
func (x *Pair) LastComparison() string {
	x.T.Helper()
	n := func(column string) int64 {
		return x.Number("SELECT " + column + " FROM bitrix24_comparisons ORDER BY id DESC LIMIT 1")
	}
	return fmt.Sprint(n("same"), n("different"), n("missing"), n("gone"))
}

// JournalHas counts the lines of «Журнал обмена» with some words.
func (x *Pair) JournalHas(words string, want int64) {
	x.T.Helper()
	var n int64
	x.Must(x.Host().DB.From(x.T.Context()).Table("bitrix24_journal").Where("text LIKE ?", "%"+words+"%").Count(&n).Error)
	if n != want {
		x.T.Errorf("%d lines of the journal say %q, want %d", n, words, want)
	}
}
