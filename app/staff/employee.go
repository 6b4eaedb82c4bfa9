// Package staff knows who works with the panel: employees with their roles and passwords, the actor behind each
// change, the limit on sign-in attempts and the invitation of the first administrator. It draws no pages (app/panel
// does). Begin with Service.
package staff

import (
	"context"
	"slices"
	"time"
)

// Role is what an employee may do. The zero value may nothing.
type Role string

// The roles of the panel.
const (
	Administrator Role = "administrator" // everything, alone sees integration settings and secrets
	Supervisor    Role = "supervisor"    // all orders and clients, statistics
	Operator      Role = "operator"      // orders and clients
	Accountant    Role = "accountant"    // reads orders and clients, changes payment only
)

// Roles returns all roles, the widest first.
func Roles() []Role {
	return []Role{Administrator, Supervisor, Operator, Accountant}
}

// Title is the role as people call it.
func (r Role) Title() string {
	switch r {
	case Administrator:
		return "Администратор"
	case Supervisor:
		return "Супервайзер"
	case Operator:
		return "Оператор"
	case Accountant:
		return "Бухгалтер"
	default:
		return string(r)
	}
}

// Valid reports whether the role is one of the panel's.
func (r Role) Valid() bool { return slices.Contains(Roles(), r) }

// Includes reports whether the role may do what other may: an administrator everything, a supervisor also what
// operators and accountants may.
func (r Role) Includes(other Role) bool {
	switch r {
	case Administrator:
		return other.Valid()
	case Supervisor:
		return other.Valid() && other != Administrator
	default:
		return r.Valid() && r == other
	}
}

// Employee is somebody who signs in to the panel.
type Employee struct {
	ID       int64
	Email    string // lower case; unique
	Name     string
	Role     Role
	Password Hash
	Active   bool
	// SignIns counts what ends sessions: it grows with every change of password and every deactivation, and a session
	// made under an older count is no longer good.
	SignIns   int64
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Actor is the employee as the author of a change.
func (e *Employee) Actor() Actor {
	return Actor{Kind: KindEmployee, ID: e.ID, Name: e.Name}
}

// May reports whether the employee may do what the role may. Nobody is signed in: no.
func (e *Employee) May(role Role) bool { return e != nil && e.Role.Includes(role) }

type employeeKey struct{}

// WithEmployee returns a context of a signed-in employee, who is also the actor of what is done in it.
func WithEmployee(ctx context.Context, e *Employee) context.Context {
	return WithActor(context.WithValue(ctx, employeeKey{}, e), e.Actor())
}

// EmployeeFrom returns the signed-in employee, or nil.
func EmployeeFrom(ctx context.Context) *Employee {
	e, _ := ctx.Value(employeeKey{}).(*Employee)
	return e
}
