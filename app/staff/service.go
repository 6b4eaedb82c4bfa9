package staff

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/email"
	"github.com/pixlpark/panel/app/refusal"
)

// ErrWrongPassword says that no active employee has this e-mail and password; which of the two is wrong stays unsaid.
var ErrWrongPassword = errors.New("wrong e-mail or password")

// Service is the only way to read and change employees.
type Service struct {
	db   *db.DB
	cost Cost
}

// New returns the service on a database. New passwords are hashed at the cost; zero is DefaultCost.
func New(d *db.DB, cost Cost) *Service {
	return &Service{db: d, cost: cmp.Or(cost, DefaultCost)}
}

// Models are the tables of this package, for the check at start.
func Models() []any { return []any{&Employee{}, &loginAttempt{}, &invitation{}} }

// NewEmployee is somebody to be added.
type NewEmployee struct {
	Email, Name, Password string
	Role                  Role
}

// Create adds an employee, active at once.
func (s *Service) Create(ctx context.Context, n NewEmployee) (*Employee, error) {
	e := &Employee{Email: NormalEmail(n.Email), Name: strings.TrimSpace(n.Name), Role: n.Role, Active: true}
	if err := e.check(); err != nil {
		return nil, err
	}
	if n.Password == "" {
		return nil, refusal.Value("password", "Задайте пароль")
	}
	hash, err := s.NewHash(ctx, Known, n.Password)
	if err != nil {
		return nil, err
	}
	e.Password = hash
	err = s.db.From(ctx).Create(e).Error
	return e, taken(err, "create employee")
}

// Find returns an employee by number, active or not.
func (s *Service) Find(ctx context.Context, id int64) (*Employee, error) {
	var e Employee
	err := s.db.From(ctx).First(&e, id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, refusal.Unknown("Такого сотрудника нет")
	}
	if err != nil {
		return nil, fmt.Errorf("find employee %d: %w", id, err)
	}
	return &e, nil
}

// List returns all employees: the active ones first, then by name.
func (s *Service) List(ctx context.Context) ([]*Employee, error) {
	var list []*Employee
	if err := s.db.From(ctx).Order("active DESC, name, id").Find(&list).Error; err != nil {
		return nil, fmt.Errorf("list employees: %w", err)
	}
	return list, nil
}

// Change edits an employee under a row lock. The last active administrator stays one: somebody has to hold the keys.
func (s *Service) Change(ctx context.Context, id int64, change func(e *Employee) error) (*Employee, error) {
	var e Employee
	err := s.db.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		e = Employee{} // the transaction may run again
		// Every administrator is locked, always in the same order: two of them cannot demote each other at once.
		var administrators []int64
		err := tx.Model(&Employee{}).Clauses(clause.Locking{Strength: "UPDATE"}).
			Where("role = ? AND active", Administrator).Order("id").Pluck("id", &administrators).Error
		if err != nil {
			return fmt.Errorf("lock administrators: %w", err)
		}
		err = tx.Clauses(clause.Locking{Strength: "UPDATE"}).First(&e, id).Error
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return refusal.Unknown("Такого сотрудника нет")
		}
		if err != nil {
			return fmt.Errorf("lock employee %d: %w", id, err)
		}
		wasActive := e.Active
		if err := change(&e); err != nil {
			return err
		}
		e.Email, e.Name = NormalEmail(e.Email), strings.TrimSpace(e.Name)
		if err := e.check(); err != nil {
			return err
		}
		last := len(administrators) == 1 && administrators[0] == id
		if last && (e.Role != Administrator || !e.Active) {
			return refusal.Value("role", "Это последний администратор: сначала назначьте другого")
		}
		if wasActive && !e.Active {
			e.SignIns++
		}
		return taken(tx.Save(&e).Error, "save employee")
	})
	if err != nil {
		return nil, err
	}
	return &e, nil
}

// ChangePassword sets a new password and ends every session of the employee.
func (s *Service) ChangePassword(ctx context.Context, id int64, password string) (*Employee, error) {
	hash, err := s.NewHash(ctx, Known, password)
	if err != nil {
		return nil, err
	}
	return s.Change(ctx, id, func(e *Employee) error {
		e.Password = hash
		e.SignIns++
		return nil
	})
}

// Authenticate returns the active employee of an e-mail and password. Attempts are limited per e-mail and address, and
// apart from those for a known browser: a *TooManyAttempts error says how long to wait, even before the right password.
func (s *Service) Authenticate(ctx context.Context, email, password string, from Caller) (*Employee, error) {
	email = NormalEmail(email)
	if len(email) > 300 { // nobody's, and more than an index takes
		return nil, ErrWrongPassword
	}
	if err := s.CountAttempt(ctx, email, from); err != nil {
		return nil, err
	}
	var e Employee
	err := s.db.From(ctx).Where("email = ?", email).First(&e).Error
	if err != nil && !errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, fmt.Errorf("find employee by e-mail: %w", err)
	}
	hash := e.Password
	if e.ID == 0 {
		hash = s.Decoy()
	}
	door := Employed
	if from.Browser != "" {
		door = Known
	}
	ok, err := s.Matches(ctx, door, hash, password)
	if err != nil {
		return nil, err
	}
	if !ok || e.ID == 0 || !e.Active {
		return nil, ErrWrongPassword
	}
	return &e, s.ForgiveAttempts(ctx, email, from)
}

// ChangeOwnPassword sets a new password for somebody signed in who knows the present one. Guessing it is limited like
// signing in, apart from what strangers guess.
func (s *Service) ChangeOwnPassword(ctx context.Context, e *Employee, present, password string) (*Employee, error) {
	_, err := s.Authenticate(ctx, e.Email, present, Caller{Browser: "signed in"})
	if errors.Is(err, ErrWrongPassword) {
		return nil, refusal.Value("present", "Это не нынешний пароль")
	}
	if err != nil {
		return nil, err
	}
	return s.ChangePassword(ctx, e.ID, password)
}

// check refuses what cannot be saved.
func (e *Employee) check() error {
	if err := email.CheckLocal(e.Email); err != nil || e.Email == "" {
		return refusal.Value("email", "Введите адрес почты вида name@example.ru")
	}
	if e.Name == "" {
		return refusal.Value("name", "Введите имя")
	}
	if !e.Role.Valid() {
		return refusal.Value("role", "Выберите роль")
	}
	return nil
}

// NormalEmail is an e-mail as it is stored, however it was typed. What nobody's can be, is left such as a database takes.
func NormalEmail(s string) string {
	if address, err := email.Local(s); err == nil {
		return address
	}
	return strings.ToLower(strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(s, "\uFFFD"), "\x00", "\uFFFD")))
}

// taken turns the database's refusal of a second equal e-mail into words.
func taken(err error, doing string) error {
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return refusal.Taken("email", "Сотрудник с этой почтой уже есть")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}
