package orders

// Type is «Тип заказа».
type Type string

// The types. Top-ups of accounts are made by the shop itself, never by the public API.
const (
	Ordinary          Type = "Ordinary"
	Digital           Type = "Digital" // no delivery
	Quick             Type = "Quick"
	Custom            Type = "Custom"
	TopUpPerson       Type = "TopUpPerson"
	TopUpOrganization Type = "TopUpOrganization"
)

// Source is «Источник заказа».
type Source string

// The sources.
const (
	FromSite  Source = "Site"
	FromApp   Source = "App"
	FromPanel Source = "Panel"
	FromAPI   Source = "Api"
)

// ShippingType is how the order gets to the customer.
type ShippingType string

// The ways of delivery.
const (
	Point            ShippingType = "Point"
	TransportCompany ShippingType = "TransportCompany"
	Courier          ShippingType = "Courier"
)

// PaymentMethod is how the order is paid.
type PaymentMethod string

// The payment methods.
const (
	Cash                PaymentMethod = "Cash"
	BankTransfer        PaymentMethod = "BankTransfer"
	PersonalAccount     PaymentMethod = "PersonalAccount"
	OrganizationAccount PaymentMethod = "OrganizationAccount"
	Online              PaymentMethod = "Online"
)

// PaymentStatus is how much of the order is paid.
type PaymentStatus string

// The payment statuses.
const (
	NotPaid       PaymentStatus = "NotPaid"
	PartiallyPaid PaymentStatus = "PartiallyPaid"
	Paid          PaymentStatus = "Paid"
)

// Word is a value with its caption, in the order a list offers it.
type Word[T ~string] struct {
	Value T
	Label string
}

// The captions of the panel, in the order its lists show them.
var (
	Types = []Word[Type]{
		{Ordinary, "Обычный"},
		{Digital, "Цифровой"},
		{Quick, "Быстрый"},
		{Custom, "Произвольный"},
		{TopUpPerson, "Пополнение счета частного лица"},
		{TopUpOrganization, "Пополнение счета организации"},
	}
	Sources = []Word[Source]{
		{FromSite, "Сайт"}, {FromApp, "Приложение"}, {FromPanel, "Панель управления"}, {FromAPI, "Запрос по API"},
	}
	ShippingTypes = []Word[ShippingType]{
		{Point, "Точка выдачи"}, {TransportCompany, "Транспортная компания"}, {Courier, "Курьерская служба"},
	}
	PaymentMethods = []Word[PaymentMethod]{
		{Cash, "Наличные при получении"},
		{BankTransfer, "Банковский перевод"},
		{PersonalAccount, "Счет частного лица"},
		{OrganizationAccount, "Счет организации"},
		{Online, "Онлайн-оплата"},
	}
	PaymentStatuses = []Word[PaymentStatus]{
		{NotPaid, "Не оплачен"}, {PartiallyPaid, "Частично оплачен"}, {Paid, "Оплачен полностью"},
	}
)

func label[T ~string](words []Word[T], value T) string {
	for _, w := range words {
		if w.Value == value {
			return w.Label
		}
	}
	return ""
}

// Label is the type's caption; empty for an unknown one.
func (t Type) Label() string { return label(Types, t) }

// TopUp reports whether the "order" only puts money on an account.
func (t Type) TopUp() bool { return t == TopUpPerson || t == TopUpOrganization }

// Label is the source's caption; empty for an unknown one.
func (s Source) Label() string { return label(Sources, s) }

// Label is the way of delivery in words; empty for an unknown one.
func (t ShippingType) Label() string { return label(ShippingTypes, t) }

// Label is the payment method in words; empty for an unknown one.
func (m PaymentMethod) Label() string { return label(PaymentMethods, m) }

// Label is the payment status in words.
func (s PaymentStatus) Label() string { return label(PaymentStatuses, s) }
