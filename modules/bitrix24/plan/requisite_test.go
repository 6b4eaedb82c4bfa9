package plan_test

import (
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// numbered answers every command with the number 70.
type numbered struct{}

func (numbered) Decode(into any) error {
	*into.(*rest.ID) = 70
	return nil
}

func (numbered) Number(any) any { return int64(70) }

// studio is an organization that has a company, and a legal entity without a requisite.
func studio() (plan.OrganizationFacts, *plan.LegalFacts) {
	o := &organizations.Organization{ID: 4, Name: "Студия"}
	l := &plan.LegalFacts{Entity: organizations.LegalEntity{
		ID: 9, Name: "ООО «Студия»", INN: "7701234567", Address: "Москва", Account: "40702810000000000001",
	}}
	f := plan.OrganizationFacts{
		Party: plan.Party{
			Frame: plan.Frame{Now: noon, Settle: time.Minute, Presets: mapping.Presets{Company: 1}},
			Kind:  plan.Organization, Entity: plan.Company, ID: 4,
		},
		Organization: o, Company: &rest.Company{ID: 61, Title: "Студия"}, Legal: []*plan.LegalFacts{l},
	}
	f.Company.OriginID = "organization:4"
	f.Link = &plan.Link{
		ID: 2, Local: plan.Organization, LocalID: 4, Entity: plan.Company, RemoteID: 61, Checked: true,
		Agreed: mapping.SentCompany(o, mapping.Rules{}),
	}
	return f, l
}

func commandNames(p plan.Plan) (list []string) {
	for _, c := range p.Commands {
		list = append(list, c.Method)
	}
	return list
}

func TestForOrganization_bankDetailsAndAddressFollowTheRequisiteThatIsCreated(t *testing.T) {
	t.Parallel()
	f, l := studio()
	p := plan.ForOrganization(f)
	want := []string{"crm.requisite.add", "crm.requisite.bankdetail.add", "crm.address.add"}
	if got := commandNames(p); !slices.Equal(got, want) {
		t.Fatalf("commands = %v, want %v", got, want)
	}
	requisite := plan.Ref{Command: "requisite9"}
	for _, c := range p.Commands[1:] {
		if c.Fields()["ENTITY_ID"] != requisite || !slices.Equal(c.After, []string{"requisite9"}) {
			t.Errorf("%s is for %v after %v, want the requisite's command", c.Method, c.Fields()["ENTITY_ID"], c.After)
		}
	}
	var links []*plan.Link
	for _, c := range p.Commands {
		_, done, err := c.Then(numbered{})
		if err != nil {
			t.Fatal(err)
		}
		link := done.Agree[0].Link
		maps.Copy(link.Agreed, done.Agree[0].Fields)
		links = append(links, link)
	}
	if links[2] != links[0] || links[0].RemoteID != 70 {
		t.Errorf("the address agrees on %+v, want the requisite's link, with its number", links[2])
	}
	links[0].ID, links[1].ID = 1, 2 // they are stored
	l.Requisite, l.Bank = links[0], links[1]
	if p := plan.ForOrganization(f); len(p.Commands) != 0 {
		t.Errorf("then commands = %v, want none", commandNames(p))
	}
}

func TestForOrganization_aRequisiteThatWasFoundTakesThePlaceOfAFormerOne(t *testing.T) {
	t.Parallel()
	f, l := studio()
	l.Found, l.FoundBank, l.Addressed = []int64{31}, []int64{32}, true
	p := plan.ForOrganization(f)
	want := []string{"crm.requisite.update", "crm.requisite.bankdetail.update", "crm.address.update"}
	if got := commandNames(p); !slices.Equal(got, want) {
		t.Fatalf("commands = %v, want %v", got, want)
	}
	_, done, _ := p.Commands[0].Then(numbered{})
	if a := done.Agree[0]; !a.Instead || a.Link.RemoteID != 31 || a.Link.LocalID != 9 {
		t.Errorf("agreement = %+v, want requisite 31 instead of a former link", a)
	}
}

func TestForOrganization_whatIsInTheWayOfARequisite(t *testing.T) {
	t.Parallel()
	f, _ := studio()
	f.Presets = mapping.Presets{}
	if p := plan.ForOrganization(f); !errors.Is(p.Failure, plan.ErrNoPreset) || len(p.Commands) != 0 {
		t.Errorf("without a template: %v, %v, want that to be said", commandNames(p), p.Failure)
	}
	f, l := studio()
	l.BankOpen = &plan.Intent{SentAt: noon.Add(-time.Second)}
	if wait := (*plan.Wait)(nil); !asWait(plan.ForOrganization(f).Failure, &wait) {
		t.Error("bank details whose answer was lost are not waited for")
	}
}
