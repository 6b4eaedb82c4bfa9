package staff

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"
	"gorm.io/gorm"

	"github.com/pixlpark/panel/app/db"
)

// attemptWindow is how long failed sign-ins count.
const attemptWindow = 15 * time.Minute

// TooManyAttempts refuses a sign-in without looking at the password.
type TooManyAttempts struct{ Wait time.Duration }

func (e *TooManyAttempts) Error() string { return "too many sign-in attempts" }

// loginAttempt counts the attempts under one key since the first of them.
type loginAttempt struct {
	Key      string `gorm:"primaryKey"`
	Attempts int64
	Since    time.Time
}

// attemptKey is a count and what it may reach.
type attemptKey struct {
	key   string
	limit int64
}

// attemptKeys are a person mistyping, one address trying many accounts, and many addresses trying one account; always
// in the same order, which is also the order of locks. A known browser has a count of its own and no other.
func attemptKeys(account string, from Caller) (pair attemptKey, all []attemptKey) {
	if from.Browser != "" {
		pair = attemptKey{"browser " + account + " " + from.Browser, 5}
		return pair, []attemptKey{pair}
	}
	network := from.network()
	pair = attemptKey{"pair " + account + " " + network, 5}
	all = []attemptKey{pair, {"address " + network, 50}, {"email " + account, 50}}
	slices.SortFunc(all, func(a, b attemptKey) int { return strings.Compare(a.key, b.key) })
	return pair, all
}

// CountAttempt counts an attempt before the password is looked at, so that parallel guesses cannot slip through.
// Beyond the limit it returns a *TooManyAttempts. The account may be any name: clients of the shop are limited too.
func (s *Service) CountAttempt(ctx context.Context, account string, from Caller) error {
	_, keys := attemptKeys(account, from)
	return s.count(ctx, keys)
}

// CountRegistration counts a registration, good or not. Beyond the limit it returns a *TooManyAttempts.
func (s *Service) CountRegistration(ctx context.Context, from Caller) error {
	return s.count(ctx, []attemptKey{{"register " + from.network(), 50}})
}

// count counts under all keys. Whoever is beyond the limit already costs one look and no writing, and waits for the
// answer: it is he who is to be slowed down, not the others.
func (s *Service) count(ctx context.Context, keys []attemptKey) error {
	now := db.Now()
	wait, err := exceeded(s.db.From(ctx), keys, now, 0)
	if err == nil && wait == 0 {
		err = s.db.Transaction(ctx, func(_ context.Context, tx *db.Tx) (err error) {
			for _, k := range keys {
				err := tx.Exec(`INSERT INTO login_attempts (key, attempts, since) VALUES (?, 1, ?)
					ON CONFLICT (key) DO UPDATE SET
						attempts = CASE WHEN login_attempts.since < ? THEN 1 ELSE login_attempts.attempts + 1 END,
						since = CASE WHEN login_attempts.since < ? THEN excluded.since ELSE login_attempts.since END`,
					k.key, now, now.Add(-attemptWindow), now.Add(-attemptWindow)).Error
				if err != nil {
					return err
				}
			}
			wait, err = exceeded(tx.DB, keys, now, 1)
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("count sign-in attempt: %w", err)
	}
	if wait > 0 {
		return s.tooMany(ctx, wait)
	}
	return nil
}

// exceeded is how long to wait until no key has reached its limit and so many more; 0: none has.
func exceeded(tx *gorm.DB, keys []attemptKey, now time.Time, more int64) (wait time.Duration, err error) {
	var counted []loginAttempt
	names := lo.Map(keys, func(k attemptKey, _ int) string { return k.key })
	if err := tx.Where("key IN ? AND since >= ?", names, now.Add(-attemptWindow)).Find(&counted).Error; err != nil {
		return 0, err
	}
	limits := lo.SliceToMap(keys, func(k attemptKey) (string, int64) { return k.key, k.limit })
	for _, a := range counted {
		if a.Attempts >= limits[a.Key]+more {
			wait = max(wait, a.Since.Add(attemptWindow).Sub(now))
		}
	}
	return wait, nil
}

// tooMany is the refusal, after the time that one costs.
func (s *Service) tooMany(ctx context.Context, wait time.Duration) error {
	select {
	case <-time.After(s.cost.Refusal):
	case <-ctx.Done():
	}
	return &TooManyAttempts{Wait: wait}
}

// ForgiveAttempts takes back what a successful sign-in counted, forgets the failures of its pair and everything old.
func (s *Service) ForgiveAttempts(ctx context.Context, account string, from Caller) error {
	pair, keys := attemptKeys(account, from)
	err := s.db.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
		for _, k := range keys {
			forgive := tx.Model(&loginAttempt{}).Where("key = ?", k.key)
			if k == pair {
				forgive = forgive.Delete(&loginAttempt{})
			} else {
				forgive = forgive.Update("attempts", gorm.Expr("attempts - 1"))
			}
			if forgive.Error != nil {
				return forgive.Error
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("forget sign-in attempts: %w", err)
	}
	old := db.Now().Add(-24 * time.Hour) // far from any row in use: no lock is waited for
	if err := s.db.From(ctx).Where("since < ?", old).Delete(&loginAttempt{}).Error; err != nil {
		return fmt.Errorf("forget old sign-in attempts: %w", err)
	}
	return nil
}
