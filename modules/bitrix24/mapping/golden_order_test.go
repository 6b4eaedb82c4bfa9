package mapping_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// TestGolden_order answers which field of an order goes where, one file of testdata for each kind of order.
func TestGolden_order(t *testing.T) {
	for name, write := range map[string]func(c *commands){
		"order_of_known_client": func(c *commands) {
			in := input(order())
			c.say("The client's contact is 501 on the portal.")
			c.item("deal", "crm.item.add", mapping.NewDeal(in, 501, nil))
			c.rows(mapping.Rows(in.Order))
		},
		"order_of_new_client": func(c *commands) {
			in := input(order())
			contact := c.item("contact", "crm.item.add", mapping.NewContact(client(), origin))
			c.item("deal", "crm.item.add", mapping.NewDeal(in, contact, nil))
			c.rows(mapping.Rows(in.Order))
		},
		"order_of_organization": func(c *commands) {
			in := input(order())
			in.Order.OrganizationID, in.Order.LegalEntityID = &organization().ID, &organization().LegalEntities[0].ID
			l := company()
			c.say("The client's contact is 501. Which legal entity pays is not told: all of them are the company's requisites.")
			made := c.item("company", "crm.item.add", mapping.NewCompany(organization(), rules(), origin))
			requisite := c.add("requisite", "crm.requisite.add",
				rest.Params{"fields": mapping.NewRequisite(l, made, presets.Of(l), origin)})
			c.add("bank", "crm.requisite.bankdetail.add", rest.Params{"fields": mapping.NewBank(l, requisite, origin)})
			c.add("address", "crm.address.add", rest.Params{"fields": mapping.LegalAddress(l, requisite)})
			c.item("deal", "crm.item.add", mapping.NewDeal(in, 501, made))
		},
		"order_with_discount": func(c *commands) {
			o := order()
			o.Discount = 100_00
			o.Recount()
			c.say("100.00 off 900.00 and 550.00, in proportion, none off the delivery: %s are to be paid.", o.Total)
			c.item("deal", "crm.item.update", mapping.DealFields(input(o)))
			c.rows(mapping.Rows(o))
		},
		"order_whose_discount_exceeds_its_items": func(c *commands) {
			o := order()
			o.Discount = o.ItemsSum() + 50_00
			o.Recount()
			c.say("What the items cannot bear is taken off the delivery.")
			c.item("deal", "crm.item.update", mapping.DealFields(input(o)))
			c.rows(mapping.Rows(o))
		},
		"order_whose_price_does_not_divide": func(c *commands) {
			o := order()
			frame := orders.Option{Title: "рама", Price: 1, Quantity: 1}
			o.Items = []orders.Item{{ID: 17, Name: "Фотопостер", Quantity: 3, Price: 33_33, Options: []orders.Option{frame}}}
			o.Recount()
			c.say("100.00 for three: no price in kopecks, three times, makes that, so the quantity moves into the name.")
			c.rows(mapping.Rows(o))
		},
		"order_of_catalogue_product": func(c *commands) {
			rows := mapping.Rows(order())
			rows[0].ProductID = 9001
			c.say("The first item is the portal's product 9001.")
			c.rows(rows)
		},
		"order_to_pickup_point": func(c *commands) {
			o := order()
			o.Tracking = "RB123456789CN"
			c.item("deal", "crm.item.update", only(mapping.DealFields(input(o)), "UF_CRM_PIXLPARK_DELIVERY"))
			c.rows(mapping.Rows(o)[2:])
		},
		"order_by_courier": func(c *commands) {
			o := order()
			o.Shipping = orders.Shipping{Title: "До двери", Type: orders.Courier}
			o.Address = orders.Address{
				ZipCode: "620000", Country: "Россия", City: "Екатеринбург", Line1: "ул. Мира, 1", Description: "домофон 12",
				FullName: "Петрова Мария", Phone: "+79123456701",
			}
			c.item("deal", "crm.item.update", only(mapping.DealFields(input(o)), "UF_CRM_PIXLPARK_DELIVERY"))
			c.rows(mapping.Rows(o)[2:])
		},
		"order_without_delivery": func(c *commands) {
			o := order()
			o.Type, o.Shipping, o.Address, o.DeliveryPrice = orders.Digital, orders.Shipping{}, orders.Address{}, 0
			o.Recount()
			c.say("What is empty is sent too: it clears the field of an order that had a delivery.")
			c.item("deal", "crm.item.update", only(mapping.DealFields(input(o)), "UF_CRM_PIXLPARK_DELIVERY"))
			c.rows(mapping.Rows(o))
		},
		"order_payment": func(c *commands) {
			for i, paid := range []orders.Money{0, 1000_00, 1600_00} {
				o := order()
				if paid > 0 {
					o.Pay(paid, orders.Online)
				}
				c.say("%s paid of %s", paid, o.Total)
				c.item([]string{"none", "part", "all"}[i], "crm.item.update",
					only(mapping.DealFields(input(o)), "UF_CRM_PIXLPARK_PAYMENT"))
			}
			euro := order()
			euro.Currency = "EUR"
			euro.Pay(10_50, orders.BankTransfer)
			c.say("in another currency")
			c.item("euro", "crm.item.update", only(mapping.DealFields(input(euro)), "UF_CRM_PIXLPARK_PAYMENT"))
		},
		"order_source": func(c *commands) {
			for _, source := range orders.Sources {
				o := order()
				o.Source = source.Value
				c.say("%s, nothing chosen in the settings", source.Label)
				c.item(string(source.Value), "crm.item.add", only(mapping.NewDeal(input(o), nil, nil), "source"))
			}
			in := input(order())
			in.Rules.Sources = map[orders.Source]string{orders.FromSite: "STORE"}
			c.say("Сайт, where the settings say STORE")
			c.item("chosen", "crm.item.add", only(mapping.NewDeal(in, nil, nil), "source"))
		},
		"order_utm": func(c *commands) {
			o := order()
			o.UTM = orders.UTM{Source: "yandex", Medium: "cpc", Campaign: "осень", Term: strings.Repeat("постер ", 40)}
			c.say("An empty mark is not sent, a long one is cut to the 250 characters of the portal's column.")
			c.item("deal", "crm.item.add", only(mapping.NewDeal(input(o), nil, nil), "utm"))
		},
		"order_discussion": func(c *commands) {
			o := order()
			o.Comment = "Позвоните заранее"
			o.Items[0].Comment = "без рамы"
			o.Messages = []orders.Message{
				{Text: "Макет готов?", Author: "Мария", VisibleToClient: true, CreatedAt: o.CreatedAt.Add(time.Hour)},
				{Text: "Ждём бумагу.\nБудет во вторник.", Author: "Олег", CreatedAt: o.CreatedAt.Add(2 * time.Hour)},
			}
			c.item("deal", "crm.item.update", only(mapping.DealFields(input(o)), "UF_CRM_PIXLPARK_DISCUSSION"))
		},
		"order_discussion_too_long": func(c *commands) {
			o := order()
			for i := range 500 {
				o.Messages = append(o.Messages, orders.Message{
					Text: "Макет поправили, посмотрите ещё раз, пожалуйста.", Author: "Олег", VisibleToClient: true,
					CreatedAt: o.CreatedAt.Add(time.Duration(i) * time.Hour),
				})
			}
			c.say("The newest part is kept: at most 20,000 characters, from the beginning of a message.")
			c.item("deal", "crm.item.update", only(mapping.DealFields(input(o)), "UF_CRM_PIXLPARK_DISCUSSION"))
		},
		"order_with_reference_in_its_text": func(c *commands) {
			o := order()
			o.Items[0].Name, o.Comment = "Постер $result[deal]", "$total[x] и 5$"
			c.say("What the portal would take for a reference between commands is broken by an invisible character.")
			c.item("deal", "crm.item.update", only(mapping.DealFields(input(o)), "UF_CRM_PIXLPARK_DISCUSSION"))
			c.rows(mapping.Rows(o)[:1])
		},
		"order_without_rules": func(c *commands) {
			in := input(order())
			in.Rules = mapping.Rules{CategoryID: 9}
			in.Order.Status = orders.Shipped
			c.say("No stage stands for the status, nobody is responsible and no custom field is chosen: the portal decides.")
			c.item("deal", "crm.item.add", mapping.NewDeal(in, 501, nil))
		},
		"order_changed": func(c *commands) {
			agreed := mapping.Agreed{}
			agreed.Agree(mapping.DealFields(input(order())))
			agreed.Agree(mapping.DealClient(501, nil))
			o := order()
			c.item("same", "crm.item.update", agreed.Changed(mapping.DealFields(input(o))))
			o.Pay(o.Total, orders.Online)
			c.say("It was paid: nothing else is sent.")
			c.item("paid", "crm.item.update", agreed.Changed(mapping.DealFields(input(o))))
			o.Items[0].Quantity++
			o.Recount()
			c.say("And one item more was ordered.")
			c.item("deal", "crm.item.update", agreed.Changed(mapping.DealFields(input(o))))
			c.add("row", "crm.item.productrow.update", rest.Params{"fields": mapping.Rows(o)[0].Params()})
			c.say("And it is ordered for the organization, whose company is 77.")
			c.item("customer", "crm.item.update", agreed.Changed(mapping.DealClient(501, 77)))
		},
		"order_lead": func(c *commands) {
			in := input(order())
			c.say("The first order of a client goes into his open lead.")
			c.item("lead", "crm.item.update", mapping.LeadOrder(in))
			who, key := client(), mapping.OrderLeadKey(in.Order.ID, in.Order.Token)
			fields := mapping.NewLead(mapping.ClientLead(who, ""), key, who.PhoneText(), who.EmailText(), in.Rules, origin)
			maps.Copy(fields, mapping.LeadOrder(in))
			c.say("A further one becomes a lead of its own.")
			c.item("own", "crm.item.add", fields)
			c.rows(mapping.Rows(in.Order))
		},
		"order_lead_converted": func(c *commands) {
			c.say("A person made the deal out of the lead and left its title. What he chose stays: funnel, stage, responsible.")
			c.item("deal", "crm.item.update", mapping.ConvertedDeal(input(order()), "Петрова Мария", "Петрова Мария"))
			c.say("He gave it another title.")
			c.item("titled", "crm.item.update", mapping.ConvertedDeal(input(order()), "Постеры для Марии", "Петрова Мария"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCommands(t)
			write(c)
			c.golden(name)
		})
	}
}

// only are the fields whose names begin with the prefix.
func only(fields rest.Params, prefix string) rest.Params {
	some := maps.Clone(fields)
	maps.DeleteFunc(some, func(name string, _ any) bool { return !strings.HasPrefix(name, prefix) })
	return some
}
