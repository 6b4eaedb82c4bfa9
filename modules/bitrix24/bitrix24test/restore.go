package bitrix24test

import (
	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/db/dbtest"
)

// CopyDatabase makes a copy of the panel's database. restore has the panel start again on that copy, as after a disk that
// broke: what was done since is lost here, and is still on the portal. The portal's events get lost from the first of
// the two on, as nobody is where they are sent to.
func (x *Pair) CopyDatabase() (restore func()) {
	x.T.Helper()
	address := x.URL
	again := func() { x.Reopen(func(cfg *app.Config) { cfg.PublicURL = address }) }
	x.End()
	saved := dbtest.Copy(x.T, x.Database)
	again()
	return func() {
		x.T.Helper()
		x.End()
		x.Database = dbtest.Copy(x.T, saved)
		again()
	}
}
