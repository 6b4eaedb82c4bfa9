// Package clients holds «Клиенты / Частные лица»: the people who order. An account of a client is common to all sites.
package clients

import (
	"strings"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/email"
	"github.com/pixlpark/panel/app/pasted"
	"github.com/pixlpark/panel/app/phone"
)

// Client is a person. E-mail and phone each belong to one client only.
type Client struct {
	ID             int64  `gorm:"primaryKey"`
	Token          string `json:"-"` // made with the client; tells apart two that got the same number: see db.NewToken
	FirstName      string
	LastName       string
	SecondName     string
	DisplayName    string  // «Имя для отображения»
	Email          *string // as package email keeps it
	Phone          *string // as package phone keeps it: E.164, its extension after "#"
	PhoneTyped     string  // as the person typed it
	Status         Status
	ManagerID      *int64
	ExternalNumber string // «Дополнительный номер»
	PasswordHash   string `json:"-"` // for the shop's own pages; empty for clients made by an employee or by an API call
	Search         string
	RegisteredAt   time.Time
	LastVisitAt    *time.Time
	Revision       int64 // grows with every change
}

// Status is the standing of a client or an organization.
type Status string

// The standings. A blocked client cannot order.
const (
	Registered Status = "Registered"
	Verified   Status = "Verified"
	Dangerous  Status = "Dangerous"
	Blocked    Status = "Blocked"
)

// Statuses lists the standings with their captions.
var Statuses = []struct {
	Status Status
	Label  string
}{{Registered, "Зарегистрирован"}, {Verified, "Проверен"}, {Dangerous, "Опасен"}, {Blocked, "Заблокирован"}}

// Label is the standing's caption.
func (s Status) Label() string {
	for _, known := range Statuses {
		if known.Status == s {
			return known.Label
		}
	}
	return ""
}

// FullName is the name as forms of address go: "Иванов Иван Иванович", without what is empty.
func (c *Client) FullName() string {
	return strings.Join(strings.Fields(c.LastName+" "+c.FirstName+" "+c.SecondName), " ")
}

// Name is what the panel calls the client: display name, else full name, else e-mail or phone.
func (c *Client) Name() string {
	for _, name := range []string{c.DisplayName, c.FullName(), c.EmailText(), c.PhoneText()} {
		if name != "" {
			return name
		}
	}
	return "Без имени"
}

// EmailText is the e-mail, or nothing.
func (c *Client) EmailText() string {
	if c.Email == nil {
		return ""
	}
	return *c.Email
}

// PhoneText is the phone as it is kept, or nothing.
func (c *Client) PhoneText() string {
	if c.Phone == nil {
		return ""
	}
	return *c.Phone
}

// SetEmail takes an e-mail as typed; empty clears it.
func (c *Client) SetEmail(typed string) error {
	address, err := email.Parse(typed)
	if err != nil {
		return err
	}
	c.Email = lo.EmptyableToPtr(address)
	return nil
}

// SetPhone takes a phone as typed; empty clears it.
func (c *Client) SetPhone(typed string) error {
	number, err := phone.Parse(typed)
	if err != nil {
		return err
	}
	c.Phone, c.PhoneTyped = lo.EmptyableToPtr(number), pasted.Line(typed)
	return nil
}
