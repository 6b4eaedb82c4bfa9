package mapping

import (
	"testing"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

func phoneOf(id int, valueType, value string) rest.Multifield {
	return rest.Multifield{ID: rest.ID(id), TypeID: rest.Phone, ValueType: rest.Text(valueType), Value: rest.Text(value)}
}

func TestMergeContact_anotherSpellingOnThePortalIsNoChange(t *testing.T) {
	c := &clients.Client{ID: 7, FirstName: "Мария", Phone: lo.ToPtr("+79123456702")}
	agreed := SentContact(&clients.Client{FirstName: "Мария", Phone: lo.ToPtr("+79123456701")})
	theirs := rest.Contact{Name: "Мария", Multifields: rest.Multifields{phoneOf(1, rest.Mobile, "8 (912) 345-67-01")}}
	m := MergeContact(agreed, c, theirs, "pixlpark:x")
	if len(m.Take) > 0 || len(m.Notes) > 0 {
		t.Errorf("takes %v and notes %v", m.Take, m.Notes)
	}
	if fm, _ := m.Send["fm"].(map[string]any); len(fm) != 1 || fm["1"] == nil {
		t.Errorf("sends %v, want the panel's new phone in place of the old", m.Send)
	}
}

func TestMergeContact_theSameNumberOfAnotherTypeIsNotAdded(t *testing.T) {
	c := &clients.Client{ID: 7, FirstName: "Мария", Phone: lo.ToPtr("+79123456701"), Email: lo.ToPtr("m@example.ru")}
	theirs := rest.Contact{Name: "Мария", Multifields: rest.Multifields{
		phoneOf(1, "WORK", "+73432001020"), phoneOf(2, "HOME", "8 912 345-67-01"),
		{ID: 3, TypeID: rest.Email, ValueType: "WORK", Value: "office@example.ru"},
		{ID: 4, TypeID: rest.Email, ValueType: "OTHER", Value: "M@Example.ru"},
	}}
	for name, agreed := range map[string]Agreed{
		"introduced": nil,
		"changed": SentContact(&clients.Client{
			FirstName: "Мария", Phone: lo.ToPtr("+79123456709"),
			Email: lo.ToPtr("old@example.ru"),
		}),
	} {
		m := MergeContact(agreed, c, theirs, "pixlpark:x")
		if m.Send["fm"] != nil || len(m.Take) > 0 {
			t.Errorf("%s: sends %v, takes %v", name, m.Send["fm"], m.Take)
		}
	}
}

func TestMergeContact_whatStoodForANameGoesWhenOneIsKnown(t *testing.T) {
	nameless := &clients.Client{ID: 7, Email: lo.ToPtr("m@example.ru")}
	theirs := rest.Contact{
		Name:        "m@example.ru",
		Multifields: rest.Multifields{{ID: 3, TypeID: rest.Email, ValueType: rest.Home, Value: "m@example.ru"}},
		Origin:      rest.Origin{OriginatorID: "pixlpark:x", OriginID: "client:7"},
	}
	named := *nameless
	named.LastName = "Петрова"
	m := MergeContact(SentContact(nameless), &named, theirs, "pixlpark:x")
	if m.Send[fieldName] != "" || m.Send[fieldLastName] != "Петрова" || len(m.Take) > 0 {
		t.Errorf("sends %v, takes %v", m.Send, m.Take)
	}
	theirs.Name = "Мария" // a manager put the name in its place meanwhile
	m = MergeContact(SentContact(nameless), &named, theirs, "pixlpark:x")
	if _, sent := m.Send[fieldName]; sent || m.Take[fieldName] != "Мария" {
		t.Errorf("sends %v, takes %v", m.Send, m.Take)
	}
}

// A contact with a last name alone, found for a client who has a phone and no name, gets no phone for a first name.
func TestMergeContact_aNameStaysEmptyOnBothSides(t *testing.T) {
	phone := "+79123456701"
	c := &clients.Client{ID: 1, Phone: &phone}
	m := MergeContact(nil, c, rest.Contact{LastName: "Петров"}, "pixlpark:x")
	if name, sent := m.Send[fieldName]; sent {
		t.Errorf("the contact's first name becomes %q", name)
	}
	if m.Take[fieldLastName] != "Петров" {
		t.Errorf("taken: %v, want the last name", m.Take)
	}
}
