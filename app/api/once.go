package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/once"
	"github.com/pixlpark/panel/app/refusal"
)

const maxKey = 255

// answer is what a call is answered.
type answer struct {
	once.Answer
	repeated bool // the same call was answered so before
}

// once does a POST in one transaction. With a key its answer is stored in that transaction, and the same request sent
// again is told the same answer without doing anything. A refusal rolls back and is not stored.
func (a *api) once(ctx context.Context, c *call, status int, do handler) (given answer, err error) {
	if err := checkKey(c.key); err != nil {
		return answer{}, err
	}
	request := once.Key{SiteID: c.site.ID, Path: c.path, Key: c.key}
	err = a.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		if c.key == "" {
			given, err = a.simply(ctx, c, status, do)
			return err
		}
		if err := lockKey(tx, c); err != nil {
			return err
		}
		sum := sha256.Sum256(c.body)
		hash := hex.EncodeToString(sum[:])
		known, err := once.Recall(ctx, a.DB, request)
		if err != nil {
			return err
		}
		if known != nil && known.BodyHash != hash {
			return refusal.Taken("Idempotency-Key", "С этим ключом уже был другой запрос.")
		}
		if known != nil {
			given = answer{*known, true}
			return nil
		}
		if given, err = a.simply(ctx, c, status, do); err != nil {
			return err
		}
		given.Key, given.BodyHash = request, hash
		first, err := once.Store(tx, given.Answer)
		if err == nil && !first {
			return inProgress
		}
		return err
	})
	if err != nil {
		return answer{}, err
	}
	return given, nil
}

func checkKey(key string) error {
	if len(key) > maxKey {
		return refusal.Value("Idempotency-Key", "Ключ длиннее %d знаков.", maxKey)
	}
	for _, r := range []byte(key) {
		if r < ' ' || r > '~' {
			return refusal.Value("Idempotency-Key", "В ключе допустимы только латинские буквы, цифры и знаки.")
		}
	}
	return nil
}

var inProgress = refusal.Taken("Idempotency-Key", "Запрос с этим ключом ещё выполняется. Повторите чуть позже.")

// lockKey refuses what another request is doing at the moment. On SQLite there is never another: it has waited for the
// one connection, and finds the stored answer.
func lockKey(tx *db.Tx, c *call) error {
	if tx.Dialect() != db.Postgres {
		return nil
	}
	place := fmt.Sprintf("api %d %s %s", c.site.ID, c.path, c.key)
	var locked bool
	if err := tx.Raw("SELECT pg_try_advisory_xact_lock(hashtextextended(?, 0))", place).Scan(&locked).Error; err != nil {
		return fmt.Errorf("lock key: %w", err)
	}
	if !locked {
		return inProgress
	}
	return nil
}
