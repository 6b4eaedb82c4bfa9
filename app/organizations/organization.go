// Package organizations holds «Клиенты / Организации»: companies with their legal entities and employees.
package organizations

import (
	"time"

	"github.com/pixlpark/panel/app/clients"
)

// Organization is a company that orders through its employees.
type Organization struct {
	ID             int64  `gorm:"primaryKey"`
	Token          string `json:"-"` // tells apart two that got the same number: see db.NewToken
	Name           string
	Status         clients.Status
	Address        string // «Фактический адрес»
	Email          string // as package email keeps it; may be shared
	Phone          string // as package phone keeps it; may be shared
	Type           Type
	ManagerID      *int64
	ExternalNumber string
	Search         string
	RegisteredAt   time.Time
	Revision       int64 // grows with every change

	LegalEntities []LegalEntity
	Employees     []Employee
}

// LegalEntity is one set of «Реквизиты юридических лиц» with its bank details.
type LegalEntity struct {
	ID             int64  `gorm:"primaryKey"`
	Token          string `json:"-"` // as that of the organization
	OrganizationID int64
	Position       int
	Name           string
	INN            string `gorm:"column:inn"`
	KPP            string `gorm:"column:kpp"`
	OGRN           string `gorm:"column:ogrn"` // ОГРНИП of a sole trader
	Address        string
	Bank           string
	BIK            string `gorm:"column:bik"`
	Account        string
	CorrAccount    string
}

// SoleTrader reports whether the entity is an ИП: known by the 12 digits of its ИНН.
func (l LegalEntity) SoleTrader() bool { return len(l.INN) == 12 }

// Employee is a client with a role in the organization.
type Employee struct {
	ID             int64 `gorm:"primaryKey"`
	OrganizationID int64
	ClientID       int64
	Role           Role
}

// TableName keeps them apart from the panel's own staff.
func (Employee) TableName() string { return "organization_employees" }

// Role is what an employee may do for the organization.
type Role string

// The roles.
const (
	Administrator Role = "Administrator" // all orders, data, invitations
	Supervisor    Role = "Supervisor"    // all orders, invitations
	Manager       Role = "Manager"       // may order for the organization
	Guest         Role = "Guest"         // listed, may not order
)

// Type is «Тип компании».
type Type string

// The types; NoType is «Не задано».
const (
	NoType     Type = ""
	Customer   Type = "Client"
	Supplier   Type = "Supplier"
	Competitor Type = "Competitor"
	Partner    Type = "Partner"
	Other      Type = "Other"
)

// Roles and Types list the values with the panel's captions, in the order its lists show them.
var (
	Roles = []struct {
		Role  Role
		Label string
	}{{Administrator, "Администратор"}, {Supervisor, "Супервайзер"}, {Manager, "Менеджер"}, {Guest, "Гость"}}
	Types = []struct {
		Type  Type
		Label string
	}{
		{Customer, "Компания-клиент"},
		{Supplier, "Компания-поставщик"},
		{Competitor, "Компания-конкурент"},
		{Partner, "Компания-партнер"},
		{Other, "Другое"},
	}
)

// Label is the role's caption; empty for an unknown one.
func (r Role) Label() string {
	for _, known := range Roles {
		if known.Role == r {
			return known.Label
		}
	}
	return ""
}

// Label is the type's caption; «Не задано» for none, empty for an unknown one.
func (t Type) Label() string {
	if t == NoType {
		return "Не задано"
	}
	for _, known := range Types {
		if known.Type == t {
			return known.Label
		}
	}
	return ""
}

// MayOrder reports whether the client is an employee who may order for the organization.
func (o *Organization) MayOrder(clientID int64) bool {
	for _, e := range o.Employees {
		if e.ClientID == clientID {
			return e.Role != Guest
		}
	}
	return false
}

// LegalEntity returns the organization's legal entity with this number.
func (o *Organization) LegalEntity(id int64) (LegalEntity, bool) {
	for _, l := range o.LegalEntities {
		if l.ID == id {
			return l, true
		}
	}
	return LegalEntity{}, false
}
