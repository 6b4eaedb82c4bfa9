package app_test

import (
	"path/filepath"
	"testing"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
)

// BenchmarkNew is what each test pays that wants a whole panel, on a database that is migrated already.
func BenchmarkNew(b *testing.B) {
	database := dbtest.Fresh(b, db.SQLite)
	cfg := app.Config{
		DataDir: filepath.Dir(database.Path), Addr: "127.0.0.1:0", TimeZone: "Europe/Moscow", LogLevel: "panic",
		LogFormat: "text",
	}
	log, err := cfg.Logger()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		a, err := app.New(b.Context(), cfg, log)
		if err != nil {
			b.Fatal(err)
		}
		if err := a.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
