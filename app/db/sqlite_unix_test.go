//go:build unix

package db_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
)

func TestOpen_letsNobodyElseReadTheSQLiteFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "panel.db")
	if err := os.WriteFile(path, nil, 0o644); err != nil { // as an older program left it
		t.Fatal(err)
	}
	d := dbtest.Open(t, db.Options{Path: path})
	if err := d.From(t.Context()).Exec("CREATE TABLE t (id integer)").Error; err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %o, want 600", filepath.Base(name), mode)
		}
	}
}
