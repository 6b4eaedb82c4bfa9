package api

import (
	"context"
	"time"

	"github.com/pixlpark/panel/app/orders"
)

// orderView is an order as the API shows one: Pixlpark's own names, and what they leave out.
type orderView struct {
	ID                   int64  `json:"Id"`
	CustomID             string `json:"CustomId"`
	Title                string
	Status               orders.Status
	PaymentStatus        orders.PaymentStatus
	Type                 orders.Type
	Source               orders.Source
	UserID               int64  `json:"UserId"`
	UserCompanyAccountID *int64 `json:"UserCompanyAccountId"`
	OrganizationID       *int64 `json:"OrganizationId"`
	LegalEntityID        *int64 `json:"LegalEntityId"`

	Currency      string
	Price         orders.Money
	DiscountPrice orders.Money
	DeliveryPrice orders.Money
	TotalPrice    orders.Money
	PaidPrice     orders.Money
	PaymentMethod orders.PaymentMethod

	Shipping        shippingView
	DeliveryAddress addressView
	TrackingNumber  string
	Comment         string
	Utm             orders.UTM
	DownloadLink    string
	PreviewImageURL string `json:"PreviewImageUrl"` // the panel makes no previews
	DateCreated     string
	DateModified    string

	Items    []itemView
	Comments []commentView
	History  []eventView
}

type shippingView struct {
	ID    int64 `json:"Id"`
	Title string
	Phone string
	Email string
	Type  orders.ShippingType
}

type addressView struct {
	ZipCode      string
	AddressLine1 string
	AddressLine2 string
	Description  string
	City         string
	Country      string
	State        string
	FullName     string
	Phone        string
}

type itemView struct {
	ID            int64 `json:"Id"`
	OrderID       int64 `json:"OrderId"`
	MaterialID    int64 `json:"MaterialId"`
	Name          string
	Description   string
	Quantity      int64
	ItemPrice     orders.Money
	TotalPrice    orders.Money
	DiscountPrice orders.Money // discounts are the order's
	Options       []optionView
	Comment       string
}

type optionView struct {
	Title       string
	Description string
	Price       orders.Money
	Quantity    int64
}

type commentView struct {
	ID              int64 `json:"Id"`
	Text            string
	Author          string
	VisibleToClient bool
	Date            string
}

type eventView struct {
	Date   string
	Status orders.Status
	Actor  string
	Text   string
}

type listView struct {
	Items []orderView
	Total int64
}

// view reads the history of an order and shows it whole.
func (a *api) view(ctx context.Context, o *orders.Order) (orderView, error) {
	history, err := a.Orders.History(ctx, o.ID)
	if err != nil {
		return orderView{}, err
	}
	return a.viewOrder(o, history), nil
}

func (a *api) viewOrder(o *orders.Order, history []orders.Event) orderView {
	view := orderView{
		ID: o.ID, CustomID: o.CustomID, Title: o.Title, Status: o.Status, PaymentStatus: o.PaymentStatus(),
		Type: o.Type, Source: o.Source, UserID: o.ClientID, UserCompanyAccountID: o.OrganizationID,
		OrganizationID: o.OrganizationID, LegalEntityID: o.LegalEntityID,
		Currency: o.Currency, Price: o.ItemsSum(), DiscountPrice: o.Discount, DeliveryPrice: o.DeliveryPrice,
		TotalPrice: o.Total, PaidPrice: o.Paid, PaymentMethod: o.PaymentMethod,
		Shipping: shippingView{
			ID: o.Shipping.Number, Title: o.Shipping.Title, Phone: o.Shipping.Phone, Email: o.Shipping.Email,
			Type: o.Shipping.Type,
		},
		DeliveryAddress: addressView{
			ZipCode: o.Address.ZipCode, AddressLine1: o.Address.Line1, AddressLine2: o.Address.Line2,
			Description: o.Address.Description, City: o.Address.City, Country: o.Address.Country, State: o.Address.State,
			FullName: o.Address.FullName, Phone: o.Address.Phone,
		},
		TrackingNumber: o.Tracking, Comment: o.Comment, Utm: o.UTM, DownloadLink: orders.ArchiveURL(a.PublicURL, o),
		DateCreated: a.instant(o.CreatedAt), DateModified: a.instant(o.ModifiedAt),
		Items:    make([]itemView, len(o.Items)),
		Comments: make([]commentView, len(o.Messages)),
		History:  make([]eventView, len(history)),
	}
	for i, item := range o.Items {
		view.Items[i] = viewItem(item)
	}
	for i, m := range o.Messages {
		view.Comments[i] = commentView{
			ID: m.ID, Text: m.Text, Author: m.Author, VisibleToClient: m.VisibleToClient, Date: a.instant(m.CreatedAt),
		}
	}
	for i, e := range history {
		view.History[i] = eventView{Date: a.instant(e.CreatedAt), Status: e.Status, Actor: e.Actor, Text: e.Text}
	}
	return view
}

func viewItem(i orders.Item) itemView {
	view := itemView{
		ID: i.ID, OrderID: i.OrderID, MaterialID: i.MaterialID, Name: i.Name, Description: i.Description,
		Quantity: i.Quantity, ItemPrice: i.Price, TotalPrice: i.Sum(), Comment: i.Comment,
		Options: make([]optionView, len(i.Options)),
	}
	for n, o := range i.Options {
		view.Options[n] = optionView(o)
	}
	return view
}

// instant tells a time in the account's offset.
func (a *api) instant(t time.Time) string { return t.In(a.Location).Format(time.RFC3339) }
