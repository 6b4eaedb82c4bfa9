package mapping_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// TestGolden_record answers which field of a client, an organization or a legal entity goes where, one file of
// testdata for each kind of record.
func TestGolden_record(t *testing.T) {
	for name, write := range map[string]func(c *commands){
		"client_as_contact": func(c *commands) {
			c.item("contact", "crm.item.add", mapping.NewContact(client(), origin))
			c.say("without an e-mail")
			c.item("phone", "crm.item.add",
				mapping.NewContact(&clients.Client{ID: 7, FirstName: "Мария", Phone: client().Phone}, origin))
			c.say("without a name: the portal demands one, so the e-mail stands for it, else the phone")
			c.item("nameless", "crm.item.add",
				mapping.NewContact(&clients.Client{ID: 7, Phone: client().Phone, Email: client().Email}, origin))
			c.say("with nothing at all")
			c.item("nobody", "crm.item.add", mapping.NewContact(&clients.Client{ID: 7}, origin))
		},
		"client_changed": func(c *commands) {
			agreed := mapping.SentContact(client())
			contactMerged(c, "same", mapping.MergeContact(agreed, client(), contact(), origin))
			changed := client()
			changed.LastName, changed.Phone = "Сидорова", lo.ToPtr("+79123456702")
			c.say("The panel has another last name and phone: the phone keeps its id on the portal.")
			contactMerged(c, "ours", mapping.MergeContact(agreed, changed, contact(), origin))
			there := contact()
			there.Name = "Маша"
			c.say("The portal has another first name: the panel takes it.")
			contactMerged(c, "theirs", mapping.MergeContact(agreed, client(), there, origin))
			there.LastName = "Иванова"
			c.say("Both have another last name: the portal's wins, the rest of either side goes to the other.")
			contactMerged(c, "both", mapping.MergeContact(agreed, changed, there, origin))
			gone := client()
			gone.Email = nil
			c.say("The e-mail was cleared in the panel: an empty value deletes it.")
			contactMerged(c, "cleared", mapping.MergeContact(agreed, gone, contact(), origin))
		},
		"client_meets_contact": func(c *commands) {
			office := rest.Multifield{ID: 31, TypeID: rest.Phone, ValueType: rest.Work, Value: "+73432001020"}
			there := rest.Contact{Name: "Мария П.", Multifields: rest.Multifields{office}}
			c.say("A contact that was on the portal before: only what is empty is filled, on either side.")
			c.say("The panel's phone is not added beside one of another kind.")
			contactMerged(c, "contact", mapping.MergeContact(nil, client(), there, origin))
		},
		"client_as_lead": func(c *commands) {
			made := func(c *clients.Client, company string) rest.Params {
				return mapping.NewLead(mapping.ClientLead(c, company), mapping.ClientLeadKey(c.ID, c.Token), c.PhoneText(),
					c.EmailText(), rules(), origin)
			}
			c.item("lead", "crm.item.add", made(client(), ""))
			c.say("an employee of «Ромашка»")
			c.item("employee", "crm.item.add", made(client(), "Ромашка"))
			c.say("without a name")
			c.item("nameless", "crm.item.add", made(&clients.Client{ID: 7, Phone: client().Phone}, ""))
		},
		"client_lead_changed": func(c *commands) {
			agreed := mapping.SentContact(client())
			agreed.Agree(mapping.ClientLead(client(), ""))
			changed := client()
			changed.LastName, changed.Phone = "Сидорова", lo.ToPtr("+79123456702")
			there := rest.Lead{
				Title: "Петрова Мария Ивановна", Name: "Мария", SecondName: "Ивановна", LastName: "Петрова",
				Multifields: contact().Multifields,
			}
			send, _ := mapping.MergeLead(agreed, mapping.ClientLead(changed, ""), changed.PhoneText(),
				changed.EmailText(), there)
			c.say("The panel has another last name and phone.")
			c.item("lead", "crm.item.update", send)
			there.LastName = "Петрова-Водкина"
			there.Multifields = rest.Multifields{{ID: 31, TypeID: rest.Phone, ValueType: rest.Mobile, Value: "+79120000000"}}
			send, _ = mapping.MergeLead(agreed, mapping.ClientLead(changed, ""), changed.PhoneText(),
				changed.EmailText(), there)
			c.say("A manager has put his own into the lead meanwhile: that stays, only the title follows.")
			c.item("touched", "crm.item.update", send)
		},
		"organization_as_company": func(c *commands) {
			c.item("company", "crm.item.add", mapping.NewCompany(organization(), rules(), origin))
			c.say("with nothing but a name, of a type that no type of the portal stands for")
			bare := &organizations.Organization{ID: 3, Name: "Ромашка", Type: organizations.Supplier}
			c.item("name", "crm.item.add", mapping.NewCompany(bare, rules(), origin))
		},
		"organization_changed": func(c *commands) {
			agreed := mapping.SentCompany(organization(), rules())
			companyMerged(c, "same", mapping.MergeCompany(agreed, organization(), companyThere(), rules(), origin))
			changed := organization()
			changed.Name, changed.Phone, changed.Address = "Ромашка и сыновья", "", "Пермь, ул. Ленина, 2"
			there := companyThere()
			there.Comments = "Звонить до 12\nФактический адрес: Екатеринбург, ул. Мира, 1"
			c.say("The panel has another name and address and no phone; a manager has written into the comment.")
			companyMerged(c, "ours", mapping.MergeCompany(agreed, changed, there, rules(), origin))
			there = companyThere()
			there.TypeID = "VIP"
			c.say("A type that stands for the same type of the panel is no change.")
			companyMerged(c, "type", mapping.MergeCompany(agreed, organization(), there, rules(), origin))
		},
		"organization_as_lead": func(c *commands) {
			o := organization()
			fields, key := mapping.OrganizationLead(o), mapping.OrganizationLeadKey(o.ID, o.Token)
			c.item("lead", "crm.item.add", mapping.NewLead(fields, key, o.Phone, o.Email, rules(), origin))
		},
		"legal_entity_company": func(c *commands) { legalEntity(c, company()) },
		"legal_entity_sole_trader": func(c *commands) {
			c.say("An account without a bank's name gets a name that the portal demands.")
			legalEntity(c, soleTrader())
		},
		"legal_entity_changed": func(c *commands) {
			l := company()
			l.KPP, l.Account = "667001002", "40702810000000000002"
			c.say("Once any of it has changed, all that follows the legal entity is sent.")
			c.add("requisite", "crm.requisite.update", rest.Params{"fields": mapping.RequisiteFields(l)})
			c.add("bank", "crm.requisite.bankdetail.update", rest.Params{"fields": mapping.BankFields(l)})
			c.add("address", "crm.address.update", rest.Params{"fields": mapping.LegalAddress(l, 901)})
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCommands(t)
			write(c)
			c.golden(name)
		})
	}
}

func legalEntity(c *commands, l organizations.LegalEntity) {
	c.t.Helper()
	c.say("of company 77")
	requisite := c.add("requisite", "crm.requisite.add",
		rest.Params{"fields": mapping.NewRequisite(l, 77, presets.Of(l), origin)})
	c.add("bank", "crm.requisite.bankdetail.add", rest.Params{"fields": mapping.NewBank(l, requisite, origin)})
	c.add("address", "crm.address.add", rest.Params{"fields": mapping.LegalAddress(l, requisite)})
}

func contactMerged(c *commands, name string, m mapping.ContactMerge) {
	c.t.Helper()
	merged(c, name, m.Send, m.Take, m.Notes)
}

func companyMerged(c *commands, name string, m mapping.CompanyMerge) {
	c.t.Helper()
	merged(c, name, m.Send, m.Take, m.Notes)
}

// merged writes what a comparison comes to: what the panel takes and the journal says, and the command.
func merged(c *commands, name string, send rest.Params, take map[string]string, notes []string) {
	c.t.Helper()
	for _, field := range slices.Sorted(maps.Keys(take)) {
		c.say("the panel takes %s: %s", field, take[field])
	}
	for _, note := range notes {
		c.say("the journal: %s", note)
	}
	c.item(name, "crm.item.update", send)
}
