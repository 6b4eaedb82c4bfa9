package mapping_test

import (
	"testing"

	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

func TestMergeCompany_anAddressMendsItsLineOfTheComment(t *testing.T) {
	theirs := rest.Company{Comments: "Звонить до 12\nФактический адрес: Пермь\nПлатят вовремя"}
	agreed := mapping.SentCompany(&organizations.Organization{Address: "Пермь"}, mapping.Rules{})
	for address, want := range map[string]any{
		"Пермь": nil,
		"Тула":  "Звонить до 12\nФактический адрес: Тула\nПлатят вовремя",
		"":      "Звонить до 12\nПлатят вовремя",
	} {
		m := mapping.MergeCompany(agreed, &organizations.Organization{Address: address}, theirs,
			mapping.Rules{}, "pixlpark:x")
		if got := m.Send["comments"]; got != want {
			t.Errorf("address %q: comment %q, want %q", address, got, want)
		}
	}
}

// An address is one line of the comment, or the next change would mend only its first.
func TestMergeCompany_anAddressOfSeveralLinesBecomesOne(t *testing.T) {
	o := organization()
	o.Address = "Пермь,\r\nул. Ленина, 2"
	made := mapping.NewCompany(o, rules(), origin)
	if want := "Фактический адрес: Пермь, ул. Ленина, 2"; made["comments"] != want {
		t.Errorf("comment %q, want %q", made["comments"], want)
	}
	there := companyThere()
	there.Comments = rest.Text(made["comments"].(string))
	if m := mapping.MergeCompany(mapping.SentCompany(o, rules()), o, there, rules(), origin); len(m.Send) > 0 {
		t.Errorf("the first comparison sends %v", m.Send)
	}
}

// «Нового типа у нас нет» and «Не задано» change nothing on the other side.
func TestMergeCompany_type(t *testing.T) {
	for _, c := range []struct {
		name   string
		ours   organizations.Type
		theirs rest.Text
		send   any
		take   string
	}{
		{"nobody changed it", organizations.Customer, "CUSTOMER", nil, ""},
		{"ours has none on the portal", organizations.Supplier, "CUSTOMER", nil, ""},
		{"ours is taken away", organizations.NoType, "CUSTOMER", nil, ""},
		{"theirs has none in the panel", organizations.Customer, "PARTNER", nil, ""},
		{"theirs is taken away", organizations.Customer, "", nil, ""},
	} {
		o, there := organization(), companyThere()
		agreed := mapping.SentCompany(o, rules())
		o.Type, there.TypeID = c.ours, c.theirs
		m := mapping.MergeCompany(agreed, o, there, rules(), origin)
		if m.Send["typeId"] != c.send || m.Take["typeId"] != c.take {
			t.Errorf("%s: sends %v, takes %q", c.name, m.Send["typeId"], m.Take["typeId"])
		}
	}
}

func TestMergeCompany_takesAndSendsATypeThatBothKnow(t *testing.T) {
	both := rules()
	both.CompanyTypes = append(both.CompanyTypes, mapping.CompanyTypeRule{ID: "SUPPLIER", Type: organizations.Supplier})
	o, there := organization(), companyThere()
	agreed := mapping.SentCompany(o, both)
	there.TypeID = "SUPPLIER"
	if m := mapping.MergeCompany(agreed, o, there, both, origin); m.Take["typeId"] != string(organizations.Supplier) {
		t.Errorf("takes %v, want the portal's new type", m.Take)
	}
	o, there = organization(), companyThere()
	o.Type = organizations.Supplier
	if m := mapping.MergeCompany(agreed, o, there, both, origin); m.Send["typeId"] != "SUPPLIER" {
		t.Errorf("sends %v, want the panel's new type", m.Send)
	}
}

func TestMergeCompany_bothChangedTheNameThePortalsWins(t *testing.T) {
	o, there := organization(), companyThere()
	agreed := mapping.SentCompany(o, rules())
	o.Name, there.Title = "Ромашка и сыновья", "Ромашка плюс"
	m := mapping.MergeCompany(agreed, o, there, rules(), origin)
	if m.Take["title"] != "Ромашка плюс" || len(m.Send) > 0 {
		t.Errorf("takes %v, sends %v", m.Take, m.Send)
	}
	if len(m.Notes) != 1 || m.Notes[0] != "Название изменили с обеих сторон, взято значение портала" {
		t.Errorf("the journal gets %q", m.Notes)
	}
	for field, value := range m.Take {
		mapping.TakeCompany(o, field, value)
	}
	there = companyThere()
	there.Title = "Ромашка плюс"
	if again := mapping.MergeCompany(m.Agreed, o, there, rules(),
		origin); len(again.Send)+len(again.Take)+len(again.Notes) > 0 {
		t.Errorf("once more sends %v, takes %v", again.Send, again.Take)
	}
}

// Another installation's company, or one that a person marked, keeps its mark.
func TestMergeCompany_stampsOnlyACompanyWithoutAMark(t *testing.T) {
	there := companyThere()
	there.Origin = rest.Origin{}
	if m := mapping.MergeCompany(nil, organization(), there, rules(), origin); m.Send["originId"] != "organization:3:06a20003" {
		t.Errorf("sends %v, want our mark", m.Send)
	}
	there.Origin = rest.Origin{OriginatorID: "1C", OriginID: "0042"}
	if m := mapping.MergeCompany(nil, organization(), there, rules(), origin); m.Send["originId"] != nil ||
		m.Send["originatorId"] != nil {
		t.Errorf("sends %v over another's mark", m.Send)
	}
}
