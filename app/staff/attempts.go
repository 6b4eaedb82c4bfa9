package staff

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

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
// in the same order, which is also the order of locks.
func attemptKeys(email, address string) (pair attemptKey, all []attemptKey) {
	email = normalEmail(email)
	pair = attemptKey{"pair " + email + " " + address, 5}
	all = []attemptKey{pair, {"address " + address, 50}, {"email " + email, 50}}
	slices.SortFunc(all, func(a, b attemptKey) int { return strings.Compare(a.key, b.key) })
	return pair, all
}

// CountAttempt counts an attempt before the password is looked at, so that parallel guesses cannot slip through.
// Beyond the limit it returns a *TooManyAttempts. The e-mail may be any name of an account: clients of the shop are
// limited too.
func (s *Service) CountAttempt(ctx context.Context, email, address string) error {
	now := db.Now()
	_, keys := attemptKeys(email, address)
	var wait time.Duration
	err := s.db.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
		for _, k := range keys {
			err := tx.Exec(`INSERT INTO login_attempts (key, attempts, since) VALUES (?, 1, ?)
				ON CONFLICT (key) DO UPDATE SET
					attempts = CASE WHEN login_attempts.since < ? THEN 1 ELSE login_attempts.attempts + 1 END,
					since = CASE WHEN login_attempts.since < ? THEN excluded.since ELSE login_attempts.since END`,
				k.key, now, now.Add(-attemptWindow), now.Add(-attemptWindow)).Error
			if err != nil {
				return err
			}
			var a loginAttempt
			if err := tx.Where("key = ?", k.key).First(&a).Error; err != nil {
				return err
			}
			if a.Attempts > k.limit {
				wait = max(wait, a.Since.Add(attemptWindow).Sub(now))
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("count sign-in attempt: %w", err)
	}
	if wait > 0 {
		return &TooManyAttempts{Wait: wait}
	}
	return nil
}

// ForgiveAttempts takes back what a successful sign-in counted, forgets the failures of its pair and everything old.
func (s *Service) ForgiveAttempts(ctx context.Context, email, address string) error {
	pair, keys := attemptKeys(email, address)
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
