// Package clients holds «Клиенты / Частные лица»: the people who order. An account of a client is common to all sites.
package clients

import (
	"regexp"
	"strings"
	"time"

	"github.com/nyaruka/phonenumbers"

	"github.com/pixlpark/panel/app/refusal"
)

// Client is a person. E-mail and phone each belong to one client only.
type Client struct {
	ID             int64  `gorm:"primaryKey"`
	Token          string `json:"-"` // made with the client; tells apart two that got the same number: see db.NewToken
	FirstName      string
	LastName       string
	SecondName     string
	DisplayName    string  // «Имя для отображения»
	Email          *string // lower case
	Phone          *string // E.164
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

// PhoneText is the phone in E.164, or nothing.
func (c *Client) PhoneText() string {
	if c.Phone == nil {
		return ""
	}
	return *c.Phone
}

// SetEmail takes an e-mail as typed; empty clears it.
func (c *Client) SetEmail(typed string) error {
	email, err := ParseEmail(typed)
	if err != nil {
		return err
	}
	c.Email = nil
	if email != "" {
		c.Email = &email
	}
	return nil
}

// SetPhone takes a phone as typed; empty clears it.
func (c *Client) SetPhone(typed string) error {
	phone, err := ParsePhone(typed)
	if err != nil {
		return err
	}
	c.Phone, c.PhoneTyped = nil, strings.TrimSpace(typed)
	if phone != "" {
		c.Phone = &phone
	}
	return nil
}

// emailShape is narrower than form.Email, by which employees are known: a client's address is written to from outside
// and sent to other systems, so its domain has a dot and nothing in it is quoted.
var emailShape = regexp.MustCompile(`^[a-z0-9.!#$%&'*+/=?^_{|}~-]+@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$`)

// ParseEmail checks an e-mail and returns it in lower case; empty stays empty.
func ParseEmail(typed string) (string, error) {
	email := strings.ToLower(strings.TrimSpace(typed))
	if email == "" {
		return "", nil
	}
	if len(email) > 250 || !emailShape.MatchString(email) {
		return "", refusal.Value("Email", "Проверьте адрес электронной почты: «%s».", short(typed))
	}
	return email, nil
}

// ParsePhone checks a phone, Russian unless it says otherwise, and returns it in E.164; empty stays empty.
func ParsePhone(typed string) (string, error) {
	typed = strings.TrimSpace(typed)
	if typed == "" {
		return "", nil
	}
	number, err := phonenumbers.Parse(typed, "RU")
	if err != nil || !phonenumbers.IsValidNumber(number) {
		return "", refusal.Value("Phone", "Проверьте номер телефона: «%s». Пример: +7 912 345-67-89.", short(typed))
	}
	return phonenumbers.Format(number, phonenumbers.E164), nil
}

func short(s string) string {
	if runes := []rune(s); len(runes) > 60 {
		return string(runes[:60]) + "…"
	}
	return s
}
