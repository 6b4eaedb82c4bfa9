//go:build !linux

package dbtest

import (
	"testing"

	"github.com/pixlpark/panel/app/db"
)

// Pooled needs a PgBouncer, which tests start on Linux alone.
func Pooled(t testing.TB, _ db.Options) db.Options {
	t.Helper()
	t.Skip("NOT TESTED BEHIND A POOLER: only on Linux")
	return db.Options{}
}
