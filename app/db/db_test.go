package db_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/sirupsen/logrus"
	"gorm.io/gorm"
)

type session struct {
	Token  string `gorm:"primaryKey"`
	Data   []byte
	Expiry time.Time
}

func TestDB_timesAreInstantsInWhateverZone(t *testing.T) {
	t.Parallel()
	moscow := time.FixedZone("MSK", 3*60*60)
	noon := time.Date(2026, 11, 23, 12, 0, 0, 123_456_789, moscow)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := d.From(t.Context()).Create(&session{"noon", []byte{1}, noon}).Error; err != nil {
			t.Fatal(err)
		}
		var got session
		if err := d.From(t.Context()).Take(&got).Error; err != nil {
			t.Fatal(err)
		}
		if want := time.Date(2026, 11, 23, 9, 0, 0, 123_456_000, time.UTC); got.Expiry != want {
			t.Errorf("read %v, want %v", got.Expiry, want)
		}
		for name, c := range map[string]struct {
			at   time.Time
			want int64
		}{
			"an hour before, in UTC":    {noon.Add(-time.Hour).UTC(), 0},
			"an hour after, in UTC":     {noon.Add(time.Hour).UTC(), 1},
			"an hour before, in Moscow": {noon.Add(-time.Hour), 0},
			"an hour after, in Moscow":  {noon.Add(time.Hour), 1},
			"the same second":           {noon.Truncate(time.Second), 0},
		} {
			var n int64
			if err := d.From(t.Context()).Model(&session{}).Where("expiry <= ?", c.at).Count(&n).Error; err != nil {
				t.Fatal(err)
			}
			if n != c.want {
				t.Errorf("%s: %d found, want %d", name, n, c.want)
			}
		}
	})
}

func TestDB_violationsAreToldApart(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for _, want := range []error{nil, gorm.ErrDuplicatedKey} {
			if err := d.From(t.Context()).Create(&session{Token: "a", Data: []byte{1}}).Error; !errors.Is(err, want) {
				t.Errorf("err = %v, want %v", err, want)
			}
		}
	})
}

// A slow statement is logged as it is written, never with what was bound to it.
func TestDB_logsNoValues(t *testing.T) {
	t.Parallel()
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			o := dbtest.Fresh(t, dialect)
			var out strings.Builder
			log := logrus.New()
			log.SetOutput(&out)
			log.SetLevel(logrus.TraceLevel)
			o.Log, o.SlowQuery = logrus.NewEntry(log), 1
			d := dbtest.Open(t, o)
			if err := d.From(t.Context()).Exec("UPDATE settings SET document = ?", "hunter2").Error; err != nil {
				t.Fatal(err)
			}
			if err := d.From(t.Context()).Exec("INSERT INTO nothing VALUES (?)", "hunter2").Error; err == nil {
				t.Error("a wrong statement passed")
			}
			if got := out.String(); strings.Contains(got, "hunter2") ||
				!strings.Contains(got, "UPDATE settings SET document =") {
				t.Errorf("log = %s", got)
			}
		})
	}
}
