package mapping

// CustomField is a custom field of the portal's deals and leads that a text about the order is written to.
type CustomField struct {
	Name    string // the one that the module gives it; people may choose another field instead
	Caption string // as people see it
	Text    func(in OrderInput) string
	Chosen  func(names *FieldNames) *string // where the name of the chosen field is kept
}

// CustomFields are all of them, in the order of the settings form.
var CustomFields = []CustomField{
	{
		Name: "UF_CRM_PIXLPARK_DISCUSSION", Caption: "Лента обсуждения", Text: Discussion,
		Chosen: func(names *FieldNames) *string { return &names.Discussion },
	},
	{
		Name: "UF_CRM_PIXLPARK_DELIVERY", Caption: "Доставка",
		Text:   func(in OrderInput) string { return Delivery(in.Order) },
		Chosen: func(names *FieldNames) *string { return &names.Delivery },
	},
	{
		Name: "UF_CRM_PIXLPARK_DELIVERY_ID", Caption: "Идентификатор доставки",
		Text:   func(in OrderInput) string { return deliveryID(in.Order) },
		Chosen: func(names *FieldNames) *string { return &names.DeliveryID },
	},
	{
		Name: "UF_CRM_PIXLPARK_PAYMENT", Caption: "Оплата",
		Text:   func(in OrderInput) string { return Payment(in.Order) },
		Chosen: func(names *FieldNames) *string { return &names.Payment },
	},
}

// FieldNames are the portal's names of the custom fields that the module writes to; an empty one is not written.
type FieldNames struct{ Discussion, Delivery, DeliveryID, Payment string }

// DefaultFields are the names the module gives the custom fields it makes itself.
var DefaultFields = defaultFields()

func defaultFields() (names FieldNames) {
	for _, field := range CustomFields {
		*field.Chosen(&names) = field.Name
	}
	return names
}

// All are the names of the fields that are written to.
func (n FieldNames) All() []string {
	var all []string
	for _, field := range CustomFields {
		if name := *field.Chosen(&n); name != "" {
			all = append(all, name)
		}
	}
	return all
}
