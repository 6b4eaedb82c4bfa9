package db_test

import (
	"testing"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
)

func TestDB_timesComeBackInUTC(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		type session struct {
			Token  string `gorm:"primaryKey"`
			Data   []byte
			Expiry time.Time
		}
		want := session{"t", []byte{1}, db.Now()}
		if err := d.From(t.Context()).Create(&want).Error; err != nil {
			t.Fatal(err)
		}
		var got session
		if err := d.From(t.Context()).Where("expiry <= ?", want.Expiry).Take(&got).Error; err != nil {
			t.Fatal(err)
		}
		if !got.Expiry.Equal(want.Expiry) || got.Expiry.Location() != time.UTC {
			t.Errorf("expiry = %v, want %v", got.Expiry, want.Expiry)
		}
	})
}
