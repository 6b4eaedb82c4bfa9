package mapping_test

import (
	"strings"
	"testing"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// A lead has no responsible of ours unless the settings name one: the portal gives it to the webhook's owner.
func TestNewLead_responsible(t *testing.T) {
	lead := func(r mapping.Rules) rest.Params {
		return mapping.NewLead(mapping.ClientLead(client(), ""), "lead-client:7", "", "", r, origin)
	}
	if got := lead(rules())["assignedById"]; got != int64(19) {
		t.Errorf("assignedById = %v, want 19", got)
	}
	if got, sent := lead(mapping.Rules{})["assignedById"]; sent {
		t.Errorf("assignedById = %v, want none", got)
	}
}

func TestNewLead_sendsNothingEmpty(t *testing.T) {
	lead := mapping.NewLead(mapping.ClientLead(&clients.Client{ID: 7, FirstName: "Мария"}, ""), "lead-client:7",
		"", "", rules(), origin)
	for name, value := range lead {
		if value == "" {
			t.Errorf("%s is sent empty", name)
		}
	}
	if lead["fm"] != nil {
		t.Errorf("fm = %v, want none without phone and e-mail", lead["fm"])
	}
}

func TestClientLead_isCutToThePortalsColumns(t *testing.T) {
	long := strings.Repeat("я", 300)
	fields := mapping.ClientLead(&clients.Client{FirstName: long, LastName: long}, long)
	for name, limit := range map[string]int{"title": 255, "companyTitle": 255, "name": 50, "lastName": 50} {
		if got := len([]rune(fields[name].(string))); got != limit {
			t.Errorf("%s has %d characters, want %d", name, got, limit)
		}
	}
}

func TestOrganizationLead_isTitledWithTheName(t *testing.T) {
	fields := mapping.OrganizationLead(&organizations.Organization{Name: "Ромашка"})
	if fields["title"] != "Ромашка" || fields["companyTitle"] != "Ромашка" || len(fields) != 2 {
		t.Errorf("fields = %v", fields)
	}
}

// An order's lead gets all that its deal would get and follows the order, but nothing of whose it is.
func TestLeadOrder_isADealWithoutItsFrame(t *testing.T) {
	in := input(order())
	lead, deal := mapping.LeadOrder(in), mapping.NewDeal(in, 501, 77)
	for name, value := range lead {
		if deal[name] != value {
			t.Errorf("%s is %v in the lead and %v in the deal", name, value, deal[name])
		}
	}
	for _, name := range []string{"title", "categoryId", "stageId", "typeId", "originId", "contactIds", "companyId"} {
		if value, sent := lead[name]; sent {
			t.Errorf("the lead gets %s: %v", name, value)
		}
	}
}

func TestConvertedDeal_keepsWhatThePersonChose(t *testing.T) {
	fields := mapping.ConvertedDeal(input(order()), "Заказ Марии", "Мария")
	for _, chosen := range []string{"title", "categoryId", "stageId", "assignedById", "typeId", "opened", "comments"} {
		if value, sent := fields[chosen]; sent {
			t.Errorf("%s becomes %v", chosen, value)
		}
	}
	if fields["originId"] != "order:1000001:0d2e0001" {
		t.Errorf("originId = %v: the deal would not be found again", fields["originId"])
	}
}

// leadOf is the client's lead as the panel made it, and what was agreed on then.
func leadOf(c *clients.Client) (mapping.Agreed, rest.Lead) {
	agreed := mapping.SentContact(c)
	agreed.Agree(mapping.ClientLead(c, ""))
	return agreed, rest.Lead{
		Title: rest.Text(c.Name()), Name: rest.Text(c.FirstName), SecondName: rest.Text(c.SecondName),
		LastName:    rest.Text(c.LastName),
		Multifields: contact().Multifields,
	}
}

func mergeLead(agreed mapping.Agreed, c *clients.Client, there rest.Lead) (rest.Params, mapping.Agreed) {
	return mapping.MergeLead(agreed, mapping.ClientLead(c, ""), c.PhoneText(), c.EmailText(), there)
}

func TestMergeLead_nothingChangedIsNothingSent(t *testing.T) {
	agreed, there := leadOf(client())
	if send, _ := mergeLead(agreed, client(), there); len(send) > 0 {
		t.Errorf("sends %v", send)
	}
	if agreed.LeadChanged(mapping.ClientLead(client(), ""), client().PhoneText(), client().EmailText()) {
		t.Error("the lead counts as changed")
	}
}

// What is sent once is agreed on: the next comparison sends nothing, whether or not the portal's value was
// overwritten.
func TestMergeLead_isSettledAfterOnce(t *testing.T) {
	phone, email := "+79123456709", "new@example.ru"
	changed := client()
	changed.FirstName, changed.Phone, changed.Email = "Анна", &phone, &email
	for name, byHand := range map[string]func(l *rest.Lead){
		"untouched":         func(*rest.Lead) {},
		"another name":      func(l *rest.Lead) { l.Name = "Маша" },
		"another phone":     func(l *rest.Lead) { l.Multifields[0].Value = "+79120000000" },
		"the e-mail erased": func(l *rest.Lead) { l.Multifields = l.Multifields[:1] },
	} {
		agreed, there := leadOf(client())
		byHand(&there)
		if !agreed.LeadChanged(mapping.ClientLead(changed, ""), phone, email) {
			t.Errorf("%s: the change is not noticed", name)
		}
		_, after := mergeLead(agreed, changed, there)
		if after.LeadChanged(mapping.ClientLead(changed, ""), phone, email) {
			t.Errorf("%s: it counts as changed for ever", name)
		}
	}
}

func TestMergeLead_keepsWhatPeoplePutIntoIt(t *testing.T) {
	agreed, there := leadOf(client())
	there.Name, there.Multifields[0].Value = "Маша", "+79120000000"
	phone := "+79123456709"
	changed := client()
	changed.FirstName, changed.Phone = "Анна", &phone
	send, _ := mergeLead(agreed, changed, there)
	if send["name"] != nil || send["fm"] != nil {
		t.Errorf("sends %v over what a manager wrote", send)
	}
}

// A comparison does not change what it compares with: a failure to send must leave everything to be sent.
func TestMergeLead_leavesTheAgreedAlone(t *testing.T) {
	agreed, there := leadOf(client())
	changed := client()
	changed.FirstName = "Анна"
	_, _ = mergeLead(agreed, changed, there)
	if agreed["name"].Ours != "Мария" {
		t.Errorf("agreed on %v before anything was sent", agreed["name"])
	}
}

func TestMerge_aLeadsKeyThatAConversionCopiedIsReplaced(t *testing.T) {
	for _, test := range []struct {
		carried rest.Origin
		sends   bool
	}{
		{rest.Origin{}, true},
		{rest.Origin{OriginatorID: "panel", OriginID: "lead-client:1"}, true},
		{rest.Origin{OriginatorID: "panel", OriginID: "client:1"}, false},
		{rest.Origin{OriginatorID: "1c", OriginID: "lead-client:1"}, false},
		{rest.Origin{OriginatorID: "1c"}, false},
	} {
		contact := mapping.MergeContact(nil, &clients.Client{ID: 1}, rest.Contact{Origin: test.carried}, "panel").Send
		company := mapping.MergeCompany(
			nil, &organizations.Organization{ID: 1}, rest.Company{Origin: test.carried}, mapping.Rules{}, "panel",
		).Send
		if (contact["originId"] == "client:1") != test.sends || (company["originId"] == "organization:1") != test.sends {
			t.Errorf("%+v: contact gets %v, company %v", test.carried, contact["originId"], company["originId"])
		}
	}
}
