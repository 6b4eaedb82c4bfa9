package bitrix24_test

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/modules/bitrix24"
)

// TestIdle counts what a whole panel asks of its database in ten minutes in which nobody does anything, by the bubble's
// clock. Both databases are asked the same.
func TestIdle_asksAtMostTwoThingsASecond(t *testing.T) {
	t.Parallel()
	database := dbtest.Fresh(t, db.SQLite)
	synctest.Test(t, func(t *testing.T) {
		cfg := app.Config{
			DataDir: filepath.Dir(database.Path), Addr: "127.0.0.1:0", TimeZone: "Europe/Moscow", LogLevel: "panic",
			LogFormat: "text",
		}
		log, err := cfg.Logger()
		if err != nil {
			t.Fatal(err)
		}
		panel, err := app.New(t.Context(), cfg, log, bitrix24.New(bitrix24.Options{ReconcileEvery: 10 * time.Minute}))
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- panel.Host().Jobs.Run(ctx) }()
		time.Sleep(time.Second)
		begun := panel.Host().DB.Statements()
		time.Sleep(10 * time.Minute)
		if count := panel.Host().DB.Statements() - begun; count > 2*600 {
			t.Errorf("%d statements in ten minutes, want at most 1200", count)
		} else {
			t.Logf("%d statements in ten minutes", count)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := panel.Close(); err != nil {
			t.Error(err)
		}
	})
}
