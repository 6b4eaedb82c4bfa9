package mapping

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// meeting is a client and a contact before they are compared. A field has three values in it: what was agreed on, and
// what either side has now.
type meeting struct {
	met    bool // whether they were compared before, so that agreed holds
	fields map[string]fieldValues
}

type fieldValues struct{ agreed, ours, theirs string }

var (
	someNames   = []string{"", "Мария", "Анна", "Пётр"}
	somePhones  = []string{"", "+79123456701", "+79123456702", "+79123456703"}
	someEmails  = []string{"", "a@example.ru", "b@example.ru", "c@example.ru"}
	fieldChoice = map[string][]string{
		fieldName: someNames, fieldSecondName: someNames, fieldLastName: someNames, fieldPhone: somePhones,
		fieldEmail: someEmails,
	}
)

func anyMeeting(r *rand.Rand) meeting {
	m := meeting{met: r.IntN(3) > 0, fields: map[string]fieldValues{}}
	for _, field := range contactFields {
		from := fieldChoice[field]
		m.fields[field] = fieldValues{agreed: pick(r, from...), ours: pick(r, from...), theirs: pick(r, from...)}
	}
	return m
}

func (m meeting) agreed() Agreed {
	agreed := Agreed{}
	if m.met {
		for field, v := range m.fields {
			agreed[field] = Pair{Ours: v.agreed, Theirs: v.agreed}
		}
	}
	return agreed
}

func (m meeting) client() *clients.Client {
	c := &clients.Client{
		ID: 7, FirstName: m.fields[fieldName].ours, SecondName: m.fields[fieldSecondName].ours,
		LastName: m.fields[fieldLastName].ours,
	}
	if phone := m.fields[fieldPhone].ours; phone != "" {
		c.Phone = &phone
	}
	if email := m.fields[fieldEmail].ours; email != "" {
		c.Email = &email
	}
	return c
}

func (m meeting) contact() rest.Contact {
	c := rest.Contact{
		Name: rest.Text(m.fields[fieldName].theirs), SecondName: rest.Text(m.fields[fieldSecondName].theirs),
		LastName: rest.Text(m.fields[fieldLastName].theirs), Multifields: rest.Multifields{},
	}
	if phone := m.fields[fieldPhone].theirs; phone != "" {
		c.Multifields = append(c.Multifields, rest.Multifield{
			ID: 1, TypeID: rest.Phone, ValueType: rest.Mobile,
			Value: rest.Text(phone),
		})
	}
	if email := m.fields[fieldEmail].theirs; email != "" {
		c.Multifields = append(c.Multifields, rest.Multifield{
			ID: 2, TypeID: rest.Email, ValueType: rest.Home,
			Value: rest.Text(email),
		})
	}
	return c
}

// Whatever either side has, and whatever was last agreed: after one comparison nothing is left to do, what only one
// side changed is on both, and no second value of a kind has appeared.
func TestMergeContact_bothSidesAlwaysEndEqual(t *testing.T) {
	t.Run("every case of one field, the others at random", func(t *testing.T) {
		check(t, 1, func(t *testing.T, r *rand.Rand) {
			t.Helper()
			for _, field := range contactFields {
				for _, v := range everyCase(fieldChoice[field]) {
					m := anyMeeting(r)
					m.fields[field] = v
					m.endsEqual(t)
				}
			}
		})
	})
	t.Run("all at random", func(t *testing.T) {
		check(t, 1500, func(t *testing.T, r *rand.Rand) { t.Helper(); anyMeeting(r).endsEqual(t) })
	})
}

func FuzzMergeContact(f *testing.F) {
	fuzz(f, func(t *testing.T, r *rand.Rand) { t.Helper(); anyMeeting(r).endsEqual(t) })
}

// everyCase are all threes that can be made of the values.
func everyCase(values []string) []fieldValues {
	var all []fieldValues
	for _, agreed := range values {
		for _, ours := range values {
			for _, theirs := range values {
				all = append(all, fieldValues{agreed, ours, theirs})
			}
		}
	}
	return all
}

// endsEqual compares the two, does on either side what the comparison says, and checks where they stand then.
func (m meeting) endsEqual(t *testing.T) {
	t.Helper()
	c, theirs := m.client(), m.contact()
	merged := MergeContact(m.agreed(), c, theirs, "pixlpark:x")
	for field, value := range merged.Take {
		if err := TakeContact(c, field, value); err != nil {
			t.Fatalf("%+v: taking %s: %v", m, field, err)
		}
	}
	if err := update(&theirs, merged.Send); err != nil {
		t.Fatalf("%+v: %v", m, err)
	}
	if len(theirs.Multifields.Of(rest.Phone)) > 1 || len(theirs.Multifields.Of(rest.Email)) > 1 {
		t.Fatalf("%+v: a second value was added: %+v", m, theirs.Multifields)
	}
	again := MergeContact(merged.Agreed, c, theirs, "pixlpark:x")
	if len(again.Send) > 0 || len(again.Take) > 0 || len(again.Notes) > 0 {
		t.Fatalf("%+v: once more sends %v and takes %v", m, again.Send, again.Take)
	}
	if !m.met {
		return
	}
	ours, present := ContactFields(c), PresentContact(theirs)
	for field, v := range m.fields {
		if field == fieldName {
			continue // the portal demands one, so an empty one may stand for another text
		}
		switch {
		case v.ours == v.agreed && v.theirs != v.agreed && ours[field] != v.theirs:
			t.Fatalf("%+v: the portal's new %s is not taken: %q", m, field, ours[field])
		case v.ours != v.agreed && v.theirs == v.agreed && present[field] != v.ours:
			t.Fatalf("%+v: the panel's new %s is not sent: %q", m, field, present[field])
		case v.ours != v.agreed && v.theirs != v.agreed && ours[field] != v.theirs:
			t.Fatalf("%+v: both changed %s, the portal's wins, not %q", m, field, ours[field])
		}
	}
}

// update does to a contact what the portal does with the fields of crm.item.update.
func update(c *rest.Contact, fields rest.Params) error {
	for field, value := range fields {
		if field == "fm" {
			updateMultifields(&c.Multifields, value.(map[string]any))
			continue
		}
		text := rest.Text(value.(string))
		switch field {
		case fieldName:
			c.Name = text
		case fieldSecondName:
			c.SecondName = text
		case fieldLastName:
			c.LastName = text
		case "originatorId":
			c.OriginatorID = text
		case "originId":
			c.OriginID = text
		default:
			return fmt.Errorf("%s is sent", field)
		}
	}
	return nil
}

// updateMultifields changes the value whose id is the key, deletes it when its new value is empty, and adds what has
// another key.
func updateMultifields(all *rest.Multifields, fm map[string]any) {
	for key, entry := range fm {
		entry := entry.(map[string]any)
		value := rest.Multifield{
			TypeID: rest.Text(entry["typeId"].(string)), ValueType: rest.Text(entry["valueType"].(string)),
			Value: rest.Text(entry["value"].(string)),
		}
		kept := rest.Multifields{}
		for _, m := range *all {
			if fmt.Sprint(m.ID) != key {
				kept = append(kept, m)
			} else {
				value.ID = m.ID
			}
		}
		if value.ID == 0 {
			value.ID = rest.ID(100 + len(kept))
		}
		if value.Value != "" {
			kept = append(kept, value)
		}
		*all = kept
	}
}
