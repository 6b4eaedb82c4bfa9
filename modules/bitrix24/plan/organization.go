package plan

import (
	"fmt"

	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// OrganizationFacts are what decides about an organization and its company, or the lead that it is in.
type OrganizationFacts struct {
	Party
	Organization *organizations.Organization // as it is sent: see OrganizationWithout
	Company      *rest.Company               // nil while it was not read, or when it is not there
	Legal        []*LegalFacts
	Employees    []Employee // those whose contacts belong to the company
}

// Employee is an employee of an organization, with his contact.
type Employee struct {
	ClientID int64
	Contact  Customer
}

// ForOrganization decides about an organization: to link or to create its company or lead, or to compare the two, with
// requisites and employees.
func ForOrganization(f OrganizationFacts) Plan {
	switch {
	case f.InLead() && f.LeadUnsettled():
		return f.settleLead()
	case f.InLead() && f.LeadChanged():
		return f.changeLead(f.leadContent())
	case f.InLead():
		return Plan{}
	case f.Link == nil:
		return f.findOrCreate(createCompany(f), f.leadContent(), nil)
	case f.Gone:
		return f.forget()
	case f.Company != nil:
		return compareCompany(f)
	}
	return Plan{}
}

// OrganizationWithout is ClientWithout for an organization.
func OrganizationWithout(o *organizations.Organization, refused string, links ...*Link) *organizations.Organization {
	if refused == "" || o.Email != refused {
		return o
	}
	without := *o
	without.Email = acceptedEmail(links)
	return &without
}

// leadContent is what the organization's lead says.
func (f OrganizationFacts) leadContent() leadContent {
	o := f.Organization
	return leadContent{
		fields: mapping.OrganizationLead(o),
		phone:  o.Phone, email: o.Email, agreed: mapping.SentValues(o.Phone, o.Email),
	}
}

// LeadChanged reports whether something has changed since the open lead was last sent. A lead whose organization has a
// company is only closed.
func (f OrganizationFacts) LeadChanged() bool {
	return f.Link == nil && f.leadContent().changed(f.Lead.Link)
}

// createCompany is the command that creates the organization's company (crm.item.add). The next push completes the
// company: it adds requisites, bank details and employees.
func createCompany(f OrganizationFacts) *Command {
	o := f.Organization
	c := f.creating(mapping.SentCompany(o, f.Rules))
	return addItem(c, mapping.NewCompany(o, f.Rules, f.Origin), func(_ Answer, made *rest.Company) Changes {
		agreed := mapping.MergeCompany(nil, o, *made, f.Rules, f.Origin).Agreed
		return Changes{
			Links:  []*Link{f.newLink(Organization, f.ID, Company, made.ID.Int64(), agreed)},
			Follow: []Job{push(Organization, f.ID)},
		}
	})
}

// compareCompany compares both sides field by field, then legal entities and employees.
func compareCompany(f OrganizationFacts) Plan {
	if f.ChangeOpen != nil {
		return settleChange(f.Frame, f.Link, f.ChangeOpen, mapping.PresentCompany(*f.Company))
	}
	m := fieldMerge(mapping.MergeCompany(f.Link.Agreed, f.Organization, *f.Company, f.Rules, f.Origin))
	p, l := f.agree(m, mapping.CompanyFields(f.Organization))
	if p.Again {
		return p
	}
	if len(m.Send) > 0 {
		p.Commands = append(p.Commands, sendFields[rest.Company](f.Party, l, m))
	}
	if f.Lead.Link != nil {
		p.Commands = append(p.Commands, closeLead(f))
	}
	for _, legal := range f.Legal {
		commands, failure := forLegalEntity(f, legal)
		p.Commands = append(p.Commands, commands...)
		if p.Failure == nil {
			p.Failure = failure
		}
	}
	for _, e := range f.Employees {
		p.Commands = append(p.Commands, command(addEmployee(f, l, e)).Commands...)
	}
	return p
}

// closeLead is the command that closes an organization's own lead once its company is known (crm.item.update): «лид
// компании обрабатывается автоматически».
func closeLead(f OrganizationFacts) *Command {
	lead := f.Lead.Link
	c := Command{Name: fmt.Sprintf("close_lead%d", f.ID), About: About(Organization, f.ID, Lead, lead.RemoteID)}
	fields := rest.Params{"companyId": f.Link.RemoteID, "stageId": rest.LeadConverted}
	return updateItem(c, lead.RemoteID, fields, func(Answer, *rest.Lead) Changes {
		closed := lead.copy()
		closed.State, closed.Stage = Converted, rest.LeadConverted
		return Changes{Links: []*Link{closed}}
	})
}

// addEmployee is the command that makes an employee's contact one of the company's (crm.company.contact.add), or nil if
// it is one already. The portal answers false when it is. Why an employee has no contact is his own failure.
func addEmployee(f OrganizationFacts, l *Link, e Employee) *Command {
	field := fmt.Sprintf("employee/%d", e.ClientID)
	if e.Contact.ID == nil || l.Agreed[field].Ours == fmt.Sprint(e.Contact.ID) {
		return nil
	}
	return &Command{
		Name: fmt.Sprintf("employee%d_%d", f.ID, e.ClientID), Method: "crm.company.contact.add",
		After: e.Contact.after(), About: f.about(),
		Params: rest.Params{"id": l.RemoteID, "fields": rest.Params{"CONTACT_ID": e.Contact.ID}},
		Then: func(a Answer) (int64, Changes, error) {
			added := mapping.Agreed{field: {Ours: fmt.Sprint(a.Number(e.Contact.ID))}}
			return 0, Changes{Agree: []Agreement{{Link: l, Fields: added}}}, nil
		},
	}
}
