package once_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/once"
	"github.com/pixlpark/panel/app/sites"
)

func TestStore_theFirstAnswerStaysUntilItIsTooOld(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		site, _, err := sites.New(d).Add(t.Context(), "Типография", "https://shop.example.ru", "token")
		if err != nil {
			t.Fatal(err)
		}
		key := once.Key{SiteID: site.ID, Path: "/api/orders", Key: "k"}
		store := func(text string, outcome error) (stored bool) {
			t.Helper()
			err := d.Transaction(t.Context(), func(_ context.Context, tx *db.Tx) error {
				var err error
				stored, err = once.Store(tx, once.Answer{Key: key, Status: 201, Answer: text})
				return errors.Join(err, outcome)
			})
			if !errors.Is(err, outcome) {
				t.Fatal(err)
			}
			return stored
		}
		want := func(ask func(context.Context, *db.DB, once.Key) (*once.Answer, error), text string) {
			t.Helper()
			got, err := ask(t.Context(), d, key)
			if err != nil {
				t.Fatal(err)
			}
			if got == nil && text != "" || got != nil && got.Answer != text {
				t.Errorf("answer = %+v, want %q", got, text)
			}
		}
		want(once.Find, "")
		store("of a request that failed", errors.New("refused"))
		want(once.Recall, "")
		if !store("first", nil) || store("second", nil) {
			t.Error("the first answer was not stored, or the second was")
		}
		want(once.Find, "first")
		want(once.Recall, "first")

		old := db.Now().Add(-25 * time.Hour)
		if err := d.From(t.Context()).Exec("UPDATE api_answers SET created_at = ?", old).Error; err != nil {
			t.Fatal(err)
		}
		want(once.Find, "first")
		want(once.Recall, "")
		want(once.Find, "")
		if !store("third", nil) {
			t.Error("the key could not be used again")
		}
	})
}
