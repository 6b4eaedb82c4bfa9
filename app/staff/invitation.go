package staff

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/refusal"
)

// invitationFor is how long the link of the first administrator works; every start of the program makes a new one.
const invitationFor = 24 * time.Hour

// ErrInvitationGone refuses a link that was used, is too old or never was.
var ErrInvitationGone = refusal.Unknown("Ссылка уже использована или устарела. Перезапустите программу, чтобы получить новую")

// invitation is a one-time token of the first administrator, stored hashed.
type invitation struct {
	TokenHash string `gorm:"primaryKey"`
	CreatedAt time.Time
}

func (invitation) TableName() string { return "staff_invitations" }

// Invite makes a one-time token for the first administrator, while there is no employee; otherwise it returns "".
// Each of several processes that start together makes its own; the first one used ends all.
func (s *Service) Invite(ctx context.Context) (string, error) {
	empty, err := s.empty(ctx)
	if err != nil || !empty {
		return "", err
	}
	token := rand.Text()
	err = s.db.From(ctx).Create(&invitation{TokenHash: hashToken(token), CreatedAt: db.Now()}).Error
	if err != nil {
		return "", fmt.Errorf("invite the first administrator: %w", err)
	}
	return token, nil
}

// Invited reports whether the token may still be used.
func (s *Service) Invited(ctx context.Context, token string) (bool, error) {
	var count int64
	err := s.db.From(ctx).Model(&invitation{}).
		Where("token_hash = ? AND created_at > ?", hashToken(token), db.Now().Add(-invitationFor)).Count(&count).Error
	if err != nil {
		return false, fmt.Errorf("look up invitation: %w", err)
	}
	return count == 1, nil
}

// CreateFirst uses up the invitation and makes the first administrator. Of two people with two links one succeeds.
func (s *Service) CreateFirst(ctx context.Context, token string, n NewEmployee) (*Employee, error) {
	n.Role = Administrator
	var created *Employee
	err := s.db.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		invited, err := s.Invited(ctx, token)
		if err != nil {
			return err
		}
		if !invited {
			return ErrInvitationGone
		}
		// Deleting locks every invitation: whoever holds another one waits here and then deletes nothing.
		deleted := tx.Where("1 = 1").Delete(&invitation{})
		if deleted.Error != nil {
			return fmt.Errorf("use up invitation: %w", deleted.Error)
		}
		empty, err := s.empty(ctx)
		if err != nil {
			return err
		}
		if deleted.RowsAffected == 0 || !empty {
			return ErrInvitationGone
		}
		created, err = s.Create(ctx, n)
		return err
	})
	return created, err
}

func (s *Service) empty(ctx context.Context) (bool, error) {
	var count int64
	if err := s.db.From(ctx).Model(&Employee{}).Limit(1).Count(&count).Error; err != nil {
		return false, fmt.Errorf("count employees: %w", err)
	}
	return count == 0, nil
}

func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
