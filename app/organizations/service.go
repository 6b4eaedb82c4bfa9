package organizations

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

// Service is the only way to read and change organizations. Modules contribute fields, actions and widgets to its
// pages.
type Service struct {
	panel.FormExtensions[*Organization]
	db      *db.DB
	clients *clients.Service
	saved   []func(ctx context.Context, tx *db.Tx, e Saved) error
}

// Saved says that an organization was registered (Before is nil) or changed.
type Saved struct {
	Organization, Before *Organization
	By                   staff.Actor
}

// New returns the service on a database.
func New(d *db.DB, c *clients.Service) *Service { return &Service{db: d, clients: c} }

// OnSaved registers fn to run inside the transaction of every registration and change, after everything is written.
// An error refuses the change; what must wait for the commit goes to tx.AfterCommit. No request to another system
// here.
func (s *Service) OnSaved(fn func(ctx context.Context, tx *db.Tx, e Saved) error) {
	s.saved = append(s.saved, fn)
}

// Find returns an organization with its legal entities and employees.
func (s *Service) Find(ctx context.Context, id int64) (*Organization, error) {
	var o Organization
	return found(&o, whole(s.db.From(ctx)).First(&o, id).Error)
}

// FindMany returns the organizations with these numbers, whole, by number; unknown ones are absent.
func (s *Service) FindMany(ctx context.Context, ids []int64) (map[int64]*Organization, error) {
	var list []*Organization
	if err := whole(s.db.From(ctx)).Where("id IN ?", ids).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("find organizations: %w", err)
	}
	byID := make(map[int64]*Organization, len(list))
	for _, o := range list {
		byID[o.ID] = o
	}
	return byID, nil
}

// Of returns the organizations a client is an employee of, the oldest first.
func (s *Service) Of(ctx context.Context, clientID int64) ([]*Organization, error) {
	byClient, err := s.OfMany(ctx, []int64{clientID})
	return byClient[clientID], err
}

// OfMany returns the organizations that clients are employees of, by the client's number, the oldest first. A client
// of none is absent.
func (s *Service) OfMany(ctx context.Context, clientIDs []int64) (map[int64][]*Organization, error) {
	var list []*Organization
	err := whole(s.db.From(ctx)).
		Where("id IN (?)", s.db.From(ctx).Model(&Employee{}).Select("organization_id").Where("client_id IN ?", clientIDs)).
		Order("id").Find(&list).Error
	if err != nil {
		return nil, fmt.Errorf("organizations of clients: %w", err)
	}
	byClient := map[int64][]*Organization{}
	for _, id := range clientIDs {
		for _, o := range list {
			if slices.ContainsFunc(o.Employees, func(e Employee) bool { return e.ClientID == id }) {
				byClient[id] = append(byClient[id], o)
			}
		}
	}
	return byClient, nil
}

func whole(tx *gorm.DB) *gorm.DB {
	return tx.
		Preload("LegalEntities", func(tx *gorm.DB) *gorm.DB { return tx.Order("position, id") }).
		Preload("Employees", func(tx *gorm.DB) *gorm.DB { return tx.Order("id") })
}

func found(o *Organization, err error) (*Organization, error) {
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, refusal.Unknown("Такой организации нет.")
	}
	if err != nil {
		return nil, fmt.Errorf("find organization: %w", err)
	}
	return o, nil
}

// Query narrows a list of organizations. The zero value is all of them, newest first.
type Query struct {
	Text   string // part of name, ИНН, e-mail or phone, in any case
	Status clients.Status
	Type   Type
	Before int64 // keyset: only organizations with a smaller number
	Skip   int
	Take   int // at most 100; 0 means 50
}

// List returns one page of organizations, newest first, without legal entities and employees.
func (s *Service) List(ctx context.Context, q Query) ([]*Organization, error) {
	tx := s.matching(ctx, q)
	if q.Before > 0 {
		tx = tx.Where("id < ?", q.Before)
	}
	var list []*Organization
	if err := tx.Order("id DESC").Offset(q.Skip).Limit(db.PageSize(q.Take)).Find(&list).Error; err != nil {
		return nil, fmt.Errorf("list organizations: %w", err)
	}
	return list, nil
}

// Count returns how many organizations fit the query.
func (s *Service) Count(ctx context.Context, q Query) (int64, error) {
	var n int64
	if err := s.matching(ctx, q).Count(&n).Error; err != nil {
		return 0, fmt.Errorf("count organizations: %w", err)
	}
	return n, nil
}

func (s *Service) matching(ctx context.Context, q Query) *gorm.DB {
	tx := s.db.From(ctx).Model(&Organization{})
	if text := strings.ToLower(strings.TrimSpace(q.Text)); text != "" {
		tx = tx.Where(`search LIKE ? ESCAPE '\'`, db.Contains(text))
	}
	if q.Status != "" {
		tx = tx.Where("status = ?", q.Status)
	}
	if q.Type != NoType {
		tx = tx.Where("type = ?", q.Type)
	}
	return tx
}

// Register writes a new organization with its legal entities and employees.
func (s *Service) Register(ctx context.Context, by staff.Actor, o Organization) (*Organization, error) {
	if o.Status == "" {
		o.Status = clients.Registered
	}
	o.Token, o.RegisteredAt, o.Revision = db.NewToken(), db.Now(), 1
	draft := o
	err := s.db.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		o = draft.copied() // a transaction may run again, and must not find the numbers of its first attempt
		if err := s.check(ctx, &o); err != nil {
			return err
		}
		if err := tx.Omit(clause.Associations).Create(&o).Error; err != nil {
			return fmt.Errorf("save organization: %w", err)
		}
		if err := s.saveParts(tx, &o, nil); err != nil {
			return err
		}
		return s.runHooks(ctx, tx, Saved{Organization: &o, By: by})
	})
	if err != nil {
		return nil, err
	}
	return &o, nil
}

// Change is the only way to modify an organization: it locks and loads it whole, applies change, checks, writes what
// differs, and runs the hooks.
func (s *Service) Change(
	ctx context.Context, id int64, by staff.Actor, change func(o *Organization) error,
) (*Organization, error) {
	var o Organization
	err := s.db.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		o = Organization{}
		if _, err := found(&o, whole(tx.Clauses(clause.Locking{Strength: "UPDATE"})).First(&o, id).Error); err != nil {
			return err
		}
		before := o.copied()
		if err := change(&o); err != nil {
			return err
		}
		o.keepTokens(before)
		if err := s.check(ctx, &o); err != nil {
			return err
		}
		if reflect.DeepEqual(o, before) {
			return nil
		}
		o.Revision++
		if err := tx.Omit(clause.Associations).Save(&o).Error; err != nil {
			return fmt.Errorf("save organization %d: %w", id, err)
		}
		if err := s.saveParts(tx, &o, &before); err != nil {
			return err
		}
		return s.runHooks(ctx, tx, Saved{Organization: &o, Before: &before, By: by})
	})
	if err != nil {
		return nil, err
	}
	return &o, nil
}

// saveParts writes legal entities and employees, and removes those that are gone.
func (s *Service) saveParts(tx *db.Tx, o, before *Organization) error {
	for i := range o.LegalEntities {
		l := &o.LegalEntities[i]
		l.OrganizationID, l.Position = o.ID, i
		if l.ID == 0 {
			l.Token = db.NewToken()
		}
		if err := tx.Save(l).Error; err != nil {
			return fmt.Errorf("save legal entity: %w", err)
		}
	}
	for i := range o.Employees {
		o.Employees[i].OrganizationID = o.ID
		if err := tx.Save(&o.Employees[i]).Error; err != nil {
			return fmt.Errorf("save employee: %w", err)
		}
	}
	if before == nil {
		return nil
	}
	for _, l := range before.LegalEntities {
		if _, kept := o.LegalEntity(l.ID); kept {
			continue
		}
		err := tx.Delete(&l).Error
		if errors.Is(err, gorm.ErrForeignKeyViolated) {
			return refusal.Taken("LegalEntities", "«%s» — плательщик в заказах, удалить его нельзя.", l.Name)
		}
		if err != nil {
			return fmt.Errorf("delete legal entity %d: %w", l.ID, err)
		}
	}
	for _, e := range before.Employees {
		if slices.ContainsFunc(o.Employees, func(kept Employee) bool { return kept.ID == e.ID }) {
			continue
		}
		if err := tx.Delete(&e).Error; err != nil {
			return fmt.Errorf("delete employee %d: %w", e.ID, err)
		}
	}
	return nil
}

// keepTokens undoes what a change did to tokens, its own and those of legal entities.
func (o *Organization) keepTokens(before Organization) {
	o.Token = before.Token
	for i := range o.LegalEntities {
		known, _ := before.LegalEntity(o.LegalEntities[i].ID) // a new one gets its token when it is saved
		o.LegalEntities[i].Token = known.Token
	}
}

func (o Organization) copied() Organization {
	o.LegalEntities, o.Employees = slices.Clone(o.LegalEntities), slices.Clone(o.Employees)
	return o
}

func (s *Service) runHooks(ctx context.Context, tx *db.Tx, e Saved) error {
	for _, fn := range s.saved {
		if err := fn(ctx, tx, e); err != nil {
			return err
		}
	}
	return nil
}
