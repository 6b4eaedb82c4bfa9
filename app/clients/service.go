package clients

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/email"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/pasted"
	"github.com/pixlpark/panel/app/phone"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

// Service is the only way to read and change clients. Modules contribute fields, actions and widgets to its pages.
type Service struct {
	panel.FormExtensions[*Client]
	db    *db.DB
	saved []func(ctx context.Context, tx *db.Tx, e Saved) error
}

// Saved says that a client was registered (Before is nil) or changed.
type Saved struct {
	Client, Before *Client
	By             staff.Actor
}

// New returns the service on a database.
func New(d *db.DB) *Service { return &Service{db: d} }

// OnSaved registers fn to run inside the transaction of every registration and change, after the client is written.
// An error refuses the change; what must wait for the commit goes to tx.AfterCommit. No request to another system
// here.
func (s *Service) OnSaved(fn func(ctx context.Context, tx *db.Tx, e Saved) error) {
	s.saved = append(s.saved, fn)
}

// Find returns a client by number.
func (s *Service) Find(ctx context.Context, id int64) (*Client, error) {
	var c Client
	err := s.db.From(ctx).First(&c, id).Error
	return found(&c, err)
}

// FindMany returns the clients with these numbers, by number; unknown ones are absent.
func (s *Service) FindMany(ctx context.Context, ids []int64) (map[int64]*Client, error) {
	var list []*Client
	if err := s.db.From(ctx).Where("id IN ?", ids).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("find clients: %w", err)
	}
	byID := make(map[int64]*Client, len(list))
	for _, c := range list {
		byID[c.ID] = c
	}
	return byID, nil
}

// ByEmail returns the client with this e-mail.
func (s *Service) ByEmail(ctx context.Context, typed string) (*Client, error) {
	address, err := email.Parse(typed)
	if err != nil {
		return nil, err
	}
	var c Client
	err = s.db.From(ctx).Where("email IN ?", email.Forms(address)).Order("id").First(&c).Error
	return found(&c, err)
}

// ByPhone returns the client with this phone, in any spelling.
func (s *Service) ByPhone(ctx context.Context, typed string) (*Client, error) {
	number, err := phone.Parse(typed)
	if err != nil {
		return nil, err
	}
	var c Client
	err = s.db.From(ctx).Where("phone = ?", number).First(&c).Error
	return found(&c, err)
}

func found(c *Client, err error) (*Client, error) {
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, refusal.Unknown("Такого клиента нет.")
	}
	if err != nil {
		return nil, fmt.Errorf("find client: %w", err)
	}
	return c, nil
}

// Query narrows a list of clients. The zero value is everybody, newest first.
type Query struct {
	Text   string // part of name, e-mail or phone, in any case
	Status Status
	Before int64 // keyset: only clients with a smaller number
	Skip   int
	Take   int // at most 100; 0 means 50
}

// List returns one page of clients, newest first.
func (s *Service) List(ctx context.Context, q Query) ([]*Client, error) {
	tx := s.matching(ctx, q)
	if q.Before > 0 {
		tx = tx.Where("id < ?", q.Before)
	}
	var list []*Client
	if err := tx.Order("id DESC").Offset(q.Skip).Limit(db.PageSize(q.Take)).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("list clients: %w", err)
	}
	return list, nil
}

// Count returns how many clients fit the query.
func (s *Service) Count(ctx context.Context, q Query) (int64, error) {
	var n int64
	if err := s.matching(ctx, q).Count(&n).Error; err != nil {
		return 0, fmt.Errorf("count clients: %w", err)
	}
	return n, nil
}

func (s *Service) matching(ctx context.Context, q Query) *gorm.DB {
	tx := s.db.From(ctx).Model(&Client{})
	if text := strings.ToLower(strings.TrimSpace(q.Text)); text != "" {
		tx = tx.Where(`search LIKE ? ESCAPE '\'`, db.Contains(text))
	}
	if q.Status != "" {
		tx = tx.Where("status = ?", q.Status)
	}
	return tx
}

// Register writes a new client. Somebody else's e-mail or phone is refused as taken.
func (s *Service) Register(ctx context.Context, by staff.Actor, c Client) (*Client, error) {
	if c.Status == "" {
		c.Status = Registered
	}
	c.Token, c.RegisteredAt, c.Revision = db.NewToken(), db.Now(), 1
	if err := c.validate(); err != nil {
		return nil, err
	}
	err := s.db.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		c.ID = 0 // a transaction may run again
		if err := s.refuseTaken(ctx, &c); err != nil {
			return err
		}
		if err := tx.Create(&c).Error; err != nil {
			return taken(err)
		}
		return s.runHooks(ctx, tx, Saved{Client: &c, By: by})
	})
	if err != nil {
		return nil, err
	}
	return &c, nil
}

// Change is the only way to modify a client: it locks and loads him, applies change, checks, writes, and runs the
// hooks.
func (s *Service) Change(
	ctx context.Context, id int64, by staff.Actor, change func(c *Client) error,
) (*Client, error) {
	var c Client
	err := s.db.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		c = Client{}
		if _, err := found(&c, tx.Clauses(clause.Locking{Strength: "UPDATE"}).First(&c, id).Error); err != nil {
			return err
		}
		before := c
		if err := change(&c); err != nil {
			return err
		}
		c.Token = before.Token
		if err := c.validate(); err != nil {
			return err
		}
		if c.same(&before) {
			return nil
		}
		if err := s.refuseTaken(ctx, &c); err != nil {
			return err
		}
		c.Revision++
		if err := tx.Save(&c).Error; err != nil {
			return taken(err)
		}
		return s.runHooks(ctx, tx, Saved{Client: &c, Before: &before, By: by})
	})
	if err != nil {
		return nil, err
	}
	return &c, nil
}

// Visited notes that the client was on a site just now. It is no change: no hook runs.
func (s *Service) Visited(ctx context.Context, id int64) error {
	return s.db.From(ctx).Model(&Client{}).Where("id = ?", id).Update("last_visit_at", db.Now()).Error
}

func (s *Service) runHooks(ctx context.Context, tx *db.Tx, e Saved) error {
	for _, fn := range s.saved {
		if err := fn(ctx, tx, e); err != nil {
			return err
		}
	}
	return nil
}

// refuseTaken says whose e-mail or phone it is before the database's constraint would, which cannot tell a field.
func (s *Service) refuseTaken(ctx context.Context, c *Client) error {
	for _, key := range []struct {
		column, field, name string
		values              []string
	}{
		{"email", "Email", "Эта почта", email.Forms(c.EmailText())},
		{"phone", "Phone", "Этот телефон", []string{c.PhoneText()}},
	} {
		if key.values[0] == "" {
			continue
		}
		var others []int64
		err := s.db.From(ctx).Model(&Client{}).Where(key.column+" IN ? AND id <> ?", key.values, c.ID).Limit(1).
			Pluck("id", &others).Error
		if err != nil {
			return fmt.Errorf("look for the %s: %w", key.column, err)
		}
		if len(others) > 0 {
			return refusal.Taken(key.field, "%s уже у клиента №\u00a0%d.", key.name, others[0])
		}
	}
	return nil
}

func taken(err error) error {
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return refusal.Taken("", "Почта или телефон уже принадлежат другому клиенту.")
	}
	return fmt.Errorf("save client: %w", err)
}

func (c *Client) validate() error {
	for _, f := range []struct {
		name string
		text *string
		max  int
	}{
		{"FirstName", &c.FirstName, 100},
		{"LastName", &c.LastName, 100},
		{"SecondName", &c.SecondName, 100},
		{"DisplayName", &c.DisplayName, 200},
		{"ExternalNumber", &c.ExternalNumber, 100},
	} {
		*f.text = pasted.Line(*f.text)
		if len([]rune(*f.text)) > f.max {
			return refusal.Value(f.name, "Слишком длинно: не больше %d знаков.", f.max)
		}
		if strings.ContainsRune(*f.text, 0) {
			return refusal.Value(f.name, "В тексте недопустимый знак.")
		}
	}
	if c.Status.Label() == "" {
		return refusal.Value("Status", "Нет такого статуса: «%s».", pasted.Short(string(c.Status)))
	}
	if c.Email == nil && c.Phone == nil && c.FullName() == "" && c.DisplayName == "" {
		return refusal.Value("Email", "Укажите имя, почту или телефон.")
	}
	c.Search = strings.ToLower(strings.Join([]string{
		c.FullName(), c.DisplayName, c.EmailText(), c.PhoneText(), c.PhoneTyped, c.ExternalNumber,
	}, " "))
	return nil
}

func (c *Client) same(other *Client) bool {
	a, b := *c, *other
	if a.EmailText() != b.EmailText() || a.PhoneText() != b.PhoneText() {
		return false
	}
	a.Email, a.Phone, b.Email, b.Phone = nil, nil, nil, nil
	return a == b
}
