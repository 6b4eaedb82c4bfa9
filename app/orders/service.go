// Package orders holds the orders of the account: what they are, how they change, their pages and the public API.
// Begin with order.go; service.go is the only way to change one.
package orders

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/pasted"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/sites"
	"github.com/pixlpark/panel/app/staff"
)

// Service is the only way to read and change orders. Modules contribute actions and widgets to the order page.
type Service struct {
	panel.Extensions[*Order]
	db            *db.DB
	sites         *sites.Service
	clients       *clients.Service
	organizations *organizations.Service
	saved         []func(ctx context.Context, tx *db.Tx, e Saved) error
	settingsTabs  []panel.Link
	phones        panel.Extensions[Phone]
}

// Saved says that an order was placed (Before is nil) or changed.
type Saved struct {
	Order, Before *Order
	By            staff.Actor // an employee, the site, the timer or a module; also what the history shows
}

// New returns the service on a database.
func New(d *db.DB, s *sites.Service, c *clients.Service, o *organizations.Service) *Service {
	return &Service{db: d, sites: s, clients: c, organizations: o}
}

// OnSaved registers fn to run inside the transaction of every order placed or changed, after everything is written.
// An error refuses the change; what must wait for the commit goes to tx.AfterCommit. No request to another system
// here.
func (s *Service) OnSaved(fn func(ctx context.Context, tx *db.Tx, e Saved) error) {
	s.saved = append(s.saved, fn)
}

// Draft is an order about to be placed.
type Draft struct {
	By             staff.Actor
	SiteID         int64
	ClientID       int64
	OrganizationID *int64
	LegalEntityID  *int64
	ManagerID      *int64 // the employee in charge, when one is chosen at once
	CustomID       string
	Type           Type
	Source         Source
	Currency       string
	Items          []Item
	Discount       Money
	DeliveryPrice  Money
	Paid           Money
	PaymentMethod  PaymentMethod
	Shipping       Shipping
	Address        Address
	Comment        string
	UTM            UTM
}

// Place checks a draft and writes it as a new order in the status Placed.
func (s *Service) Place(ctx context.Context, d Draft) (*Order, error) {
	now := db.Now()
	o := &Order{
		SiteID: d.SiteID, ClientID: d.ClientID, OrganizationID: d.OrganizationID, LegalEntityID: d.LegalEntityID,
		ManagerID: d.ManagerID, CustomID: d.CustomID, Type: d.Type, Source: d.Source,
		Status: Placed, StatusAt: now, Currency: d.Currency,
		Items: d.Items, Discount: d.Discount, DeliveryPrice: d.DeliveryPrice, PaymentMethod: d.PaymentMethod,
		Shipping: d.Shipping, Address: d.Address, Comment: d.Comment, UTM: d.UTM,
		Token: db.NewToken(), ArchiveKey: rand.Text(), CreatedAt: now, ModifiedAt: now, Revision: 1,
	}
	if d.Paid != 0 {
		o.Pay(d.Paid, d.PaymentMethod)
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	draft := o
	err := s.db.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		o = draft.clone() // a transaction may run again, and must not find the numbers of its first attempt
		client, err := s.checkCustomer(ctx, o)
		if err != nil {
			return err
		}
		if err := tx.Omit(clause.Associations).Create(o).Error; err != nil {
			return fmt.Errorf("save order: %w", err)
		}
		o.setSearch(client)
		if err := tx.Model(o).Omit(clause.Associations).UpdateColumn("search", o.Search).Error; err != nil {
			return fmt.Errorf("save order: %w", err)
		}
		if err := s.saveParts(tx, o, &Order{}, d.By); err != nil {
			return err
		}
		if err := s.write(tx, o, d.By, "Заказ оформлен"); err != nil {
			return err
		}
		if err := s.runHooks(ctx, tx, Saved{Order: o, By: d.By}); err != nil {
			return err
		}
		return count(tx, "", o.Status)
	})
	if err != nil {
		return nil, err
	}
	return o, nil
}

// Change is the only way to modify an order: it locks and loads it whole, applies change, checks, writes what differs
// with its line of history, and runs the hooks. A change that changes nothing writes nothing. A deleted order is
// refused whatever does not bring it back.
func (s *Service) Change(ctx context.Context, id int64, by staff.Actor, change func(o *Order) error) (*Order, error) {
	var o Order
	err := s.db.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		o = Order{}
		if _, err := found(&o, whole(tx.Clauses(clause.Locking{Strength: "UPDATE"})).First(&o, id).Error); err != nil {
			return err
		}
		before := o.clone()
		if err := change(&o); err != nil {
			return err
		}
		o.Token = before.Token
		if err := o.check(); err != nil {
			return err
		}
		lines := o.differences(before)
		if len(lines) == 0 {
			return nil
		}
		if err := o.checkDeleted(before); err != nil {
			return err
		}
		client, err := s.checkCustomer(ctx, &o)
		if err != nil {
			return err
		}
		o.setSearch(client)
		o.Revision++
		o.ModifiedAt = db.Now()
		if o.Status != before.Status {
			o.StatusAt = o.ModifiedAt
		}
		if err := tx.Omit(clause.Associations).Save(&o).Error; err != nil {
			return fmt.Errorf("save order %d: %w", id, err)
		}
		if err := s.saveParts(tx, &o, before, by); err != nil {
			return err
		}
		if err := s.write(tx, &o, by, lines...); err != nil {
			return err
		}
		if err := s.runHooks(ctx, tx, Saved{Order: &o, Before: before, By: by}); err != nil {
			return err
		}
		return count(tx, before.Status, o.Status)
	})
	if err != nil {
		return nil, err
	}
	return &o, nil
}

// SetStatus moves an order to a status.
func (s *Service) SetStatus(ctx context.Context, id int64, by staff.Actor, status Status) (*Order, error) {
	if !status.Known() {
		return nil, refusal.Value("Status", "Нет такого статуса: «%s».", pasted.Short(string(status)))
	}
	return s.Change(ctx, id, by, func(o *Order) error {
		o.Status = status
		return nil
	})
}

func whole(tx *gorm.DB) *gorm.DB {
	byID := func(tx *gorm.DB) *gorm.DB { return tx.Order("id") }
	return tx.
		Preload("Items", func(tx *gorm.DB) *gorm.DB { return tx.Order("position, id") }).
		Preload("Items.Files", byID).Preload("Messages", byID).Preload("Payments", byID)
}

func found(o *Order, err error) (*Order, error) {
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, refusal.Unknown("Такого заказа нет.")
	}
	if err != nil {
		return nil, fmt.Errorf("find order: %w", err)
	}
	return o, nil
}

// saveParts writes the items that are new or differ, removes those that are gone, and adds new messages and payments.
func (s *Service) saveParts(tx *db.Tx, o, before *Order, by staff.Actor) error {
	old := make(map[int64]Item, len(before.Items))
	for _, item := range before.Items {
		old[item.ID] = item
	}
	for i := range o.Items {
		item := &o.Items[i]
		item.OrderID = o.ID
		was, known := old[item.ID]
		delete(old, item.ID)
		if known && was.same(*item) {
			continue
		}
		if !known {
			item.ID = 0
		}
		if err := tx.Omit(clause.Associations).Save(item).Error; err != nil {
			return fmt.Errorf("save item: %w", err)
		}
	}
	for id := range old {
		if err := tx.Delete(&Item{}, id).Error; err != nil {
			return fmt.Errorf("delete item %d: %w", id, err)
		}
	}
	now := db.Now()
	for i := range o.Messages {
		if m := &o.Messages[i]; m.ID == 0 {
			m.OrderID, m.CreatedAt = o.ID, now
			if m.Author == "" {
				m.Author = by.Name
			}
			if err := tx.Create(m).Error; err != nil {
				return fmt.Errorf("save message: %w", err)
			}
		}
	}
	for i := range o.Payments {
		if p := &o.Payments[i]; p.ID == 0 {
			p.OrderID, p.CreatedAt, p.Actor = o.ID, now, by.Name
			if err := tx.Create(p).Error; err != nil {
				return fmt.Errorf("save payment: %w", err)
			}
		}
	}
	return nil
}

// write adds lines to «История».
func (s *Service) write(tx *db.Tx, o *Order, by staff.Actor, lines ...string) error {
	if o.note != "" {
		lines[0] += " (" + o.note + ")"
		o.note = ""
	}
	for _, line := range lines {
		e := Event{OrderID: o.ID, Status: o.Status, Actor: by.Name, Text: line, CreatedAt: db.Now()}
		if err := tx.Create(&e).Error; err != nil {
			return fmt.Errorf("write history of order %d: %w", o.ID, err)
		}
	}
	return nil
}

func (s *Service) runHooks(ctx context.Context, tx *db.Tx, e Saved) error {
	for _, fn := range s.saved {
		if err := fn(ctx, tx, e); err != nil {
			return err
		}
	}
	return nil
}

// checkCustomer refuses an order of somebody unknown or blocked, or for an organization he may not order for.
func (s *Service) checkCustomer(ctx context.Context, o *Order) (*clients.Client, error) {
	if _, err := s.sites.Find(ctx, o.SiteID); err != nil {
		return nil, asValue("SiteId", err)
	}
	client, err := s.clients.Find(ctx, o.ClientID)
	if err != nil {
		return nil, asValue("UserId", err)
	}
	placing := o.ID == 0
	if placing && client.Status == clients.Blocked {
		return nil, refusal.Value("UserId", "Клиент №\u00a0%d заблокирован и не может заказывать.", client.ID)
	}
	if o.OrganizationID == nil {
		if o.LegalEntityID != nil {
			return nil, refusal.Value("OrganizationId", "Юридическое лицо указано без организации.")
		}
		return client, nil
	}
	organization, err := s.organizations.Find(ctx, *o.OrganizationID)
	if err != nil {
		return nil, asValue("OrganizationId", err)
	}
	if placing && organization.Status == clients.Blocked {
		return nil, refusal.Value("OrganizationId", "Организация «%s» заблокирована и не может заказывать.",
			organization.Name)
	}
	if placing && !organization.MayOrder(client.ID) {
		return nil, refusal.Value("OrganizationId", "Клиент №\u00a0%d не может заказывать для организации «%s».",
			client.ID, organization.Name)
	}
	if o.LegalEntityID != nil {
		if _, ok := organization.LegalEntity(*o.LegalEntityID); !ok {
			return nil, refusal.Value("LegalEntityId", "У организации «%s» нет такого юридического лица.", organization.Name)
		}
	}
	return client, nil
}

// asValue turns "there is no such record" into a refusal of the field that named it.
func asValue(field string, err error) error {
	if e, ok := refusal.From(err); ok && e.Kind == refusal.NotFound {
		return &refusal.Error{Kind: refusal.Invalid, Field: field, Message: e.Message}
	}
	return err
}

func (o *Order) setSearch(c *clients.Client) {
	o.Search = strings.ToLower(strings.Join([]string{
		strconv.FormatInt(o.ID, 10), o.CustomID, o.Title, c.FullName(), c.DisplayName, c.EmailText(), c.PhoneText(),
		o.Address.FullName,
	}, " "))
}
