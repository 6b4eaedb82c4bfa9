package plan_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// The numbers of these tests: lead 31 is client 1's and carries his order 100. He may order for organization 3.
// Lead 32 carries another order of his, 200.

// link is a saved link. Its number is that of the record in the panel.
func link(kind plan.Local, id int64, e plan.Entity, remoteID int64) *plan.Link {
	return &plan.Link{ID: id, Local: kind, LocalID: id, Entity: e, RemoteID: remoteID, Agreed: mapping.Agreed{}}
}

// leadAt is the lead at a stage of that meaning. It was in that state when last seen.
func leadAt(meaning rest.Semantics, state plan.LinkState) plan.LeadFacts {
	f := plan.LeadFacts{
		Frame: plan.Frame{Now: noon}, ID: 31,
		Links: []*plan.Link{link(plan.Client, 1, plan.Lead, 31), link(plan.Order, 100, plan.Lead, 31)},
		Lead:  &rest.Lead{StageID: "STAGE", StageSemanticID: meaning, Title: "Лид"},
	}
	for _, l := range f.Links {
		l.State = state
	}
	return f
}

// convertedLead is the lead after its conversion into contact 7 and deal 51, which nobody here has seen yet.
func convertedLead() plan.LeadFacts {
	f := leadAt(rest.Success, plan.Linked)
	f.Lead.ContactID, f.Contacts, f.Deals = 7, []int64{7}, []rest.Deal{{ID: 51, StageID: "NEW"}}
	f.Orders = map[int64]*orders.Order{100: {ID: 100, ClientID: 1}}
	f.Client = &clients.Client{ID: 1, FirstName: "Мария"}
	return f
}

// follows says in a few words what a plan stores, sorted.
func follows(c plan.Changes) []string {
	var list []string
	add := func(format string, a ...any) { list = append(list, fmt.Sprintf(format, a...)) }
	for _, l := range c.Links {
		add("%s %d is %s %d %s", l.Local, l.LocalID, l.Entity, l.RemoteID, l.State)
	}
	for _, l := range c.Unlink {
		add("%s %d is no %s", l.Local, l.LocalID, l.Entity)
	}
	for _, chosen := range c.Choices {
		add("choose %q for %s %d", chosen.Choice, chosen.Record.Kind, chosen.Record.ID)
	}
	for _, known := range c.Copies {
		add("%s %d is a copy", known.Entity, known.RemoteID)
	}
	for _, order := range c.RowsUnknown {
		add("rows of order %d unknown", order)
	}
	for _, line := range c.Lines {
		add("say: %s", line.Text)
	}
	for _, next := range c.Follow {
		if next.Push != nil {
			add("push %s %d", next.Push.Kind, next.Push.ID)
		} else {
			add("look at %s %d", next.Look.Entity, next.Look.ID)
		}
	}
	slices.Sort(list)
	return list
}

// wantAll fails the test unless exactly that follows.
func wantAll(t *testing.T, c plan.Changes, want ...string) {
	t.Helper()
	slices.Sort(want)
	got := follows(c)
	if !slices.Equal(got, want) {
		t.Errorf("follows\n%q\nwant\n%q", got, want)
	}
}

func TestLead(t *testing.T) {
	gone := leadAt(rest.Success, plan.Linked)
	gone.Gone, gone.Lead = true, nil
	// with is the converted lead where these links are known as well, and the order has its deal.
	with := func(known ...*plan.Link) plan.LeadFacts {
		f := convertedLead()
		f.Known = append(known, link(plan.Order, 100, plan.Deal, 51))
		return f
	}
	again, waiting := with(link(plan.Client, 1, plan.Contact, 8)), with(link(plan.Client, 1, plan.Contact, 8))
	again.Links[0].State, again.Links[1].State = plan.Converted, plan.Converted
	waiting.Links[1].Agreed["converted"] = mapping.Pair{Ours: noon.Format(time.RFC3339)}
	several, made, others := convertedLead(), convertedLead(), convertedLead()
	several.Deals = []rest.Deal{{ID: 53}, {ID: 52}, {ID: 54}}
	made.Lead.ContactID = 0
	rejected := link(plan.Order, 300, plan.Lead, 33)
	rejected.State = plan.Rejected
	others.InLeads, others.Known = []int64{100, 200, 300}, []*plan.Link{
		link(plan.Order, 100, plan.Lead, 31), link(plan.Order, 200, plan.Lead, 32),
		link(plan.Order, 300, plan.Lead, 33), rejected,
	}
	employee := with(link(plan.Client, 1, plan.Contact, 7))
	employee.Employers = []*organizations.Organization{
		{ID: 2, Employees: []organizations.Employee{{ClientID: 1, Role: organizations.Guest}}},
		{ID: 3, Employees: []organizations.Employee{{ClientID: 1, Role: organizations.Manager}}},
	}
	// into is the employee's lead, converted into a company too, where this link is known as well.
	into := func(chosen rest.ID, made []int64, known ...*plan.Link) plan.LeadFacts {
		f := employee
		f.Lead = &rest.Lead{StageSemanticID: rest.Success, ContactID: 7, CompanyID: chosen}
		f.Companies, f.Known = made, append(known, employee.Known...)
		return f
	}

	bothConverted := []string{
		"client 1 is lead 31 converted", "order 100 is lead 31 converted",
		"say: Лид переведён в качественный", "say: Лид переведён в качественный",
	}
	whole := append(slices.Clone(bothConverted),
		"client 1 is contact 7 ", "push client 1", "order 100 is deal 51 ", "rows of order 100 unknown",
		"push order 100", "say: Лид 31 стал сделкой, заказ связан с ней",
	)
	for name, test := range map[string]struct {
		facts plan.LeadFacts
		want  []string
	}{
		"converted: client and order are linked to contact and deal": {convertedLead(), whole},
		"deleted: the client is free for another, the order says what happened": {gone, []string{
			"client 1 is no lead", `choose "" for client 1`, "order 100 is lead 31 deleted",
			"say: Лид удалён в Битрикс24", "say: Лид удалён в Битрикс24",
		}},
		"rejected": {leadAt(rest.Failure, plan.Linked), []string{
			"client 1 is lead 31 rejected", "order 100 is lead 31 rejected",
			"say: Лид отклонён в Битрикс24", "say: Лид отклонён в Битрикс24",
		}},
		"rejected, and seen so before": {leadAt(rest.Failure, plan.Rejected), []string{
			"client 1 is lead 31 rejected", "order 100 is lead 31 rejected",
		}},
		"open again: it gets what has changed meanwhile": {leadAt("P", plan.Rejected), []string{
			"client 1 is lead 31 ", "order 100 is lead 31 ", "push client 1", "push order 100",
			"say: Лид снова в работе в Битрикс24", "say: Лид снова в работе в Битрикс24",
		}},
		"the client's own contact": {with(link(plan.Client, 1, plan.Contact, 7)), bothConverted},
		"another contact than the client has": {with(link(plan.Client, 1, plan.Contact, 8)), append(
			slices.Clone(bothConverted), "say: Лид 31 переведён в другой контакт: у клиента остаётся контакт 8",
		)},
		"another client's contact": {with(link(plan.Client, 2, plan.Contact, 7)), append(slices.Clone(bothConverted),
			"say: Лид 31 переведён в контакт, который уже связан с другим клиентом",
		)},
		"a second look says nothing again": {
			again, []string{"client 1 is lead 31 converted", "order 100 is lead 31 converted"},
		},
		"a look after the wait for a deal says nothing again": {waiting, bothConverted},
		"a contact that only says whose it is":                {made, whole},
		"of several deals the oldest": {several, append(slices.Clone(bothConverted),
			"client 1 is contact 7 ", "push client 1", "order 100 is deal 52 ", "rows of order 100 unknown",
			"push order 100", "say: Лид 31 стал сделкой, заказ связан с ней",
		)},
		"orders in other leads get the contact": {others, append(slices.Clone(whole), "push order 200")},
		"the employer without a company gets one": {employee, append(slices.Clone(bothConverted),
			`choose "send" for organization 3`, "push organization 3",
		)},
		"the employer is the company that was made": {into(0, []int64{9}), append(slices.Clone(bothConverted),
			"organization 3 is company 9 ", "push organization 3",
		)},
		"the employer is the company that was chosen": {into(9, nil), append(slices.Clone(bothConverted),
			"organization 3 is company 9 ", "push organization 3",
		)},
		"the employer keeps its company": {into(9, nil, link(plan.Organization, 3, plan.Company, 8)), append(
			slices.Clone(bothConverted), "push organization 3",
		)},
		"another organization's company": {into(9, nil, link(plan.Organization, 4, plan.Company, 9)), append(
			slices.Clone(bothConverted), "say: Лид 31 переведён в компанию, которая уже связана с другой организацией",
		)},
	} {
		t.Run(name, func(t *testing.T) {
			p := plan.ForLead(test.facts)
			wantAll(t, p.Now, test.want...)
			if p.Failure != nil {
				t.Errorf("failure %v, want none", p.Failure)
			}
		})
	}
}

func TestLeadConverted_aDealIsWaitedForFifteenMinutes(t *testing.T) {
	f := convertedLead()
	f.Deals = nil
	for _, step := range []struct {
		after time.Duration
		wait  time.Duration
	}{
		{0, 20 * time.Second}, {14*time.Minute + 50*time.Second, 10 * time.Second}, {15 * time.Minute, 0},
	} {
		f.Now = noon.Add(step.after)
		p := plan.ForLead(f)
		var wait *plan.Wait
		if errors.As(p.Failure, &wait) != (step.wait > 0) || wait != nil && wait.For != step.wait {
			t.Errorf("after %s: failure %v, want a wait of %s", step.after, p.Failure, step.wait)
		}
		for _, l := range p.Now.Links { // as stored
			switch {
			case l.Entity != plan.Lead:
				f.Known = append(f.Known, l)
			case l.Local == plan.Client:
				f.Links[0] = l
			default:
				f.Links[1] = l
			}
		}
		if step.wait == 0 {
			wantAll(t, p.Now, "client 1 is lead 31 converted", "order 100 is lead 31 converted", "push order 100",
				"say: Лид переведён в качественный")
		}
	}
}

func TestLeadConverted_theContactIsTakenForWhatTheLeadSaid(t *testing.T) {
	f := convertedLead()
	f.Links[0].Agreed = mapping.Agreed{
		"name": {Ours: "Мария", Theirs: "Мария"}, "lastName": {}, "email": {},
		"phone": {Ours: "+79990000001", Theirs: "+79990000002"}, // as a person corrected it in the lead
		"title": {Ours: "Мария", Theirs: "Мария"},
	}
	want := mapping.Agreed{
		"name": {Ours: "Мария", Theirs: "Мария"}, "lastName": {}, "email": {},
		"phone": {Ours: "+79990000001", Theirs: "+79990000002"},
	}
	agreed := func() mapping.Agreed { return plan.ForLead(f).Now.Links[0].Agreed }
	if got := agreed(); !maps.Equal(got, want) {
		t.Errorf("agreed on %v, want what the lead said of the client, %v", got, want)
	}
	f.Client = &clients.Client{ID: 1, Email: new("a@b.ru")}
	f.Links[0].Agreed = mapping.Agreed{"name": {Ours: "a@b.ru", Theirs: "a@b.ru"}}
	if got, want := agreed()["name"], (mapping.Pair{Theirs: "a@b.ru"}); got != want {
		t.Errorf("agreed on the name %v, want %v: the e-mail stands for a missing name", got, want)
	}
	f.Contacts = nil // it was chosen, and says whatever it said before
	if got := agreed(); len(got) > 0 {
		t.Errorf("agreed on %v of a contact that the lead's values never went into", got)
	}
}

func TestLeadConverted_theCompanyIsTakenForWhatTheLeadsSaid(t *testing.T) {
	for name, test := range map[string]struct {
		employee, organization mapping.Pair // the phone in either lead
		want                   mapping.Pair
	}{
		"the company has the employee's": {
			mapping.Pair{Ours: "1", Theirs: "1"}, mapping.Pair{Ours: "2", Theirs: "2"}, mapping.Pair{Ours: "2", Theirs: "1"},
		},
		"the company was to get the organization's":  {mapping.Pair{}, mapping.Pair{Ours: "2", Theirs: "2"}, mapping.Pair{}},
		"the organization was to get the employee's": {mapping.Pair{Ours: "1", Theirs: "1"}, mapping.Pair{}, mapping.Pair{}},
	} {
		t.Run(name, func(t *testing.T) {
			f := convertedLead()
			f.Employers = []*organizations.Organization{
				{ID: 3, Employees: []organizations.Employee{{ClientID: 1, Role: organizations.Manager}}},
			}
			f.Lead.CompanyID, f.Companies = 9, []int64{9}
			own := link(plan.Organization, 3, plan.Lead, 30)
			own.Agreed["phone"], f.Known = test.organization, []*plan.Link{own}
			title := mapping.Pair{Ours: "Ромашка", Theirs: "Ромашка"}
			f.Links[0].Agreed = mapping.Agreed{"phone": test.employee, "companyTitle": title}
			agreed := func() mapping.Agreed {
				for _, l := range plan.ForLead(f).Now.Links {
					if l.Entity == plan.Company {
						return l.Agreed
					}
				}
				return nil
			}
			if want := (mapping.Agreed{"title": title, "phone": test.want}); !maps.Equal(agreed(), want) {
				t.Errorf("agreed on %v, want %v", agreed(), want)
			}
			f.Companies = nil
			if got := agreed(); got == nil || len(got) > 0 {
				t.Errorf("agreed on %v of a company that was chosen", got)
			}
		})
	}
}

// A lead that was converted unnoticed, and given another title since.
func TestLeadConverted_theDealKeepsTheTitleOfTheLeadOnlyIfAPersonChoseIt(t *testing.T) {
	for deal, want := range map[string]string{"Мария": "Мария", "Опт": "Лид", "Лид": "Лид"} {
		f := convertedLead()
		f.Links[0].Agreed["title"], f.Deals[0].Title = mapping.Pair{Ours: "Мария", Theirs: "Мария"}, rest.Text(deal)
		for _, l := range plan.ForLead(f).Now.Links {
			if got := l.Agreed[plan.TitleField].Theirs; l.Entity == plan.Deal && got != want {
				t.Errorf("the deal is called %q: the lead's title is taken for %q, want %q", deal, got, want)
			}
		}
	}
}

func TestForClient_aLeadThatIsNotOpenAnyMoreIsLookedAtInstead(t *testing.T) {
	for meaning, want := range map[rest.Semantics]int{rest.Success: 0, rest.Failure: 0, "P": 1} {
		f := anna()
		f.Needed, f.Compare = false, true
		f.Lead.Link = link(plan.Client, 7, plan.Lead, 31)
		f.Lead.Read = &rest.Lead{ID: 31, StageSemanticID: meaning}
		p := plan.ForClient(f)
		if len(p.Commands) != want {
			t.Errorf("%s: %d commands, want %d", meaning, len(p.Commands), want)
		}
		if want == 0 {
			wantAll(t, p.Now, "look at lead 31")
			continue
		}
		_, done, err := p.Commands[0].Then(leadAnswer{rest.Lead{ID: 31, StageSemanticID: rest.Success}})
		if err != nil {
			t.Fatal(err)
		}
		if wantAll(t, done, "look at lead 31"); len(done.Agree) > 0 {
			t.Errorf("agreed on %v with a lead that was converted meanwhile", done.Agree)
		}
	}
}

// leadAnswer is the portal's answer to a change of a lead.
type leadAnswer struct{ lead rest.Lead }

func (a leadAnswer) Decode(into any) error {
	into.(*rest.Item[rest.Lead]).Item = a.lead
	return nil
}

func (leadAnswer) Number(ref any) any { return ref }

func TestForLead_leavesItsFactsAsTheyAre(t *testing.T) {
	f := convertedLead()
	f.Deals = nil
	plan.ForLead(f)
	for _, l := range f.Links {
		if l.State != plan.Linked || len(l.Agreed) > 0 {
			t.Errorf("the link of %s %d became %+v", l.Local, l.LocalID, l)
		}
	}
}
