package orders

import (
	"fmt"
	"strings"
	"time"
)

// Order is an order with everything its page shows. ID is the seven-digit number that people and sites know it by.
// Change it only through Service.Change: hooks and the history depend on it.
type Order struct {
	ID             int64  `gorm:"primaryKey"`
	Token          string `json:"-"` // made with the order; tells apart two that got the same number: see db.NewToken
	CustomID       string
	SiteID         int64
	ClientID       int64
	OrganizationID *int64 // set when the client ordered on behalf of an organization
	LegalEntityID  *int64 // the paying legal entity of that organization
	Type           Type
	Source         Source
	Status         Status
	StatusAt       time.Time // when the status last changed
	Currency       string

	Discount      Money
	DeliveryPrice Money
	Total         Money // Σ items − discount + delivery; kept by Recount
	Paid          Money
	AccountPaid   Money // the part of Paid that came from a user's account
	PaymentMethod PaymentMethod

	Shipping Shipping `gorm:"embedded;embeddedPrefix:shipping_"`
	Address  Address  `gorm:"embedded;embeddedPrefix:address_"`
	Tracking string

	Comment string // the customer's own, as typed when ordering
	UTM     UTM    `gorm:"embedded;embeddedPrefix:utm_"`

	ManagerID  *int64 // the employee who was made responsible in the panel
	ArchiveKey string // secret part of the archive's public address; a new one revokes the old
	Title      string // names of the items joined; kept by Recount
	Search     string // lower case, for the list's search; kept by the service
	CreatedAt  time.Time
	ModifiedAt time.Time
	Revision   int64 // grows with every change

	Items    []Item
	Messages []Message
	Payments []Payment

	note string // see Note
}

// Item is a line of an order.
type Item struct {
	ID          int64 `gorm:"primaryKey"`
	OrderID     int64
	Position    int
	MaterialID  int64 // the catalogue product on the order's site; 0 for a free item
	Name        string
	Description string // attributes, as the order page shows them under the name
	Quantity    int64
	Price       Money    // per unit
	Options     []Option `gorm:"serializer:json"`
	Comment     string
	Files       []File `gorm:"foreignKey:ItemID"`
}

// Option is an extra of an item: lamination, a frame. Its price is for one of it, not for one of the item.
type Option struct {
	Title       string
	Description string `json:",omitempty"`
	Price       Money
	Quantity    int64
}

// File is a layout or photo that the customer or an employee attached to an item. The content is read apart.
type File struct {
	ID      int64 `gorm:"primaryKey"`
	OrderID int64
	ItemID  int64
	Name    string
	Size    int64
}

// TableName keeps the files of items apart from whatever else the panel stores.
func (File) TableName() string { return "item_files" }

// Shipping is the chosen way of delivery. Number is the pick-up point's or method's number («Идентификатор доставки»).
type Shipping struct {
	Number int64
	Title  string
	Type   ShippingType
	Phone  string
	Email  string
}

// Address is where and to whom the order goes.
type Address struct {
	ZipCode     string
	Line1       string
	Line2       string
	Description string
	City        string
	Country     string
	State       string
	FullName    string // recipient
	Phone       string // recipient's
}

// UTM is the advertising mark the visitor came with.
type UTM struct {
	Source   string `json:"source"`
	Medium   string `json:"medium"`
	Campaign string `json:"campaign"`
	Content  string `json:"content"`
	Term     string `json:"term"`
}

// Message is one remark of «Обсуждение».
type Message struct {
	ID              int64 `gorm:"primaryKey"`
	OrderID         int64
	Text            string
	Author          string
	VisibleToClient bool
	CreatedAt       time.Time
}

// TableName says whose messages they are.
func (Message) TableName() string { return "order_messages" }

// Payment is money that came in, or went back when Amount is negative.
type Payment struct {
	ID        int64 `gorm:"primaryKey"`
	OrderID   int64
	Amount    Money
	Method    PaymentMethod
	Actor     string
	CreatedAt time.Time
}

// TableName says whose payments they are.
func (Payment) TableName() string { return "order_payments" }

// Event is a line of «История».
type Event struct {
	ID        int64 `gorm:"primaryKey"`
	OrderID   int64
	Status    Status
	Actor     string
	Text      string
	CreatedAt time.Time
}

// TableName says whose history it is.
func (Event) TableName() string { return "order_history" }

// Sum is what the item costs: quantity × price and its options.
func (i Item) Sum() Money {
	sum := Money(i.Quantity) * i.Price
	for _, o := range i.Options {
		sum += o.Price * Money(o.Quantity)
	}
	return sum
}

// FullName is the name with the options as the orders list shows it: "Фотопостер; рама (черная), ламинация".
func (i Item) FullName() string {
	var extras []string
	for _, o := range i.Options {
		if o.Description == "" {
			extras = append(extras, o.Title)
		} else {
			extras = append(extras, fmt.Sprintf("%s (%s)", o.Title, o.Description))
		}
	}
	if len(extras) == 0 {
		return i.Name
	}
	return i.Name + "; " + strings.Join(extras, ", ")
}

// ItemsSum is «Сумма»: all items before discount and delivery.
func (o *Order) ItemsSum() Money {
	var sum Money
	for _, item := range o.Items {
		sum += item.Sum()
	}
	return sum
}

// Recount brings what follows from the items up to date: positions, Total and Title.
func (o *Order) Recount() {
	names := make([]string, len(o.Items))
	for i := range o.Items {
		o.Items[i].Position = i
		names[i] = o.Items[i].FullName()
	}
	o.Title = strings.Join(names, ", ")
	o.Total = o.ItemsSum() - o.Discount + o.DeliveryPrice
}

// PaymentStatus follows from what was paid.
func (o *Order) PaymentStatus() PaymentStatus {
	switch {
	case o.Paid >= o.Total && (o.Paid > 0 || o.Total == 0):
		return Paid
	case o.Paid > 0:
		return PartiallyPaid
	default:
		return NotPaid
	}
}

// Due is what is still to be paid.
func (o *Order) Due() Money { return max(o.Total-o.Paid, 0) }

// Pay records a payment. An order paid in full moves on from «Ожидать оплату» to «Готов к работе».
func (o *Order) Pay(amount Money, method PaymentMethod) {
	o.Payments = append(o.Payments, Payment{Amount: amount, Method: method})
	o.Paid += amount
	if method == PersonalAccount || method == OrganizationAccount {
		o.AccountPaid += amount
	}
	if o.PaymentStatus() == Paid && o.Status == WaitingForPayment {
		o.Status = Approved
	}
}

// Say adds a remark to «Обсуждение».
func (o *Order) Say(author, text string, visibleToClient bool) {
	o.Messages = append(o.Messages, Message{Text: text, Author: author, VisibleToClient: visibleToClient})
}
