package mapping

import (
	"fmt"
	"testing"
	"unicode/utf8"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// send does to a contact or company what the portal does with fields of crm.item.update.
func send(fields rest.Params, set func(field, value string), multifields *rest.Multifields) {
	for field, value := range fields {
		if field != "fm" {
			set(field, fmt.Sprint(value))
			continue
		}
		for key, entry := range value.(map[string]any) {
			entry := entry.(map[string]any)
			made := rest.Multifield{
				TypeID: rest.Text(entry["typeId"].(string)), ValueType: rest.Text(entry["valueType"].(string)), Value: rest.Text(entry["value"].(string)),
			}
			kept := rest.Multifields{}
			for _, m := range *multifields {
				if fmt.Sprint(m.ID) != key {
					kept = append(kept, m)
				} else {
					made.ID = m.ID
				}
			}
			if made.ID == 0 {
				made.ID = rest.ID(100 + len(kept))
			}
			if made.Value != "" {
				kept = append(kept, made)
			}
			*multifields = kept
		}
	}
}

var (
	someNames  = []string{"", "Мария", "Анна", "Пётр"}
	somePhones = []string{"", "+79123456701", "+79123456702", "+79123456703"}
	someEmails = []string{"", "a@example.ru", "b@example.ru", "c@example.ru"}
)

// Whatever either side has, and whatever was last agreed: after one comparison nothing is left to do, what only one side
// changed is on both, and no second value of a kind has appeared.
func TestMergeContact_bothSidesAlwaysEndEqual(t *testing.T) {
	r := random(t)
	for range 30_000 {
		c := &clients.Client{ID: 7, FirstName: pick(r, someNames...), SecondName: pick(r, someNames...), LastName: pick(r, someNames...)}
		if phone := pick(r, somePhones...); phone != "" {
			c.Phone = &phone
		}
		if email := pick(r, someEmails...); email != "" {
			c.Email = &email
		}
		theirs := rest.Contact{
			Name: rest.Text(pick(r, someNames...)), SecondName: rest.Text(pick(r, someNames...)), LastName: rest.Text(pick(r, someNames...)),
			Multifields: rest.Multifields{},
		}
		if phone := pick(r, somePhones...); phone != "" {
			theirs.Multifields = append(theirs.Multifields, rest.Multifield{ID: 1, TypeID: rest.Phone, ValueType: rest.Mobile, Value: rest.Text(phone)})
		}
		if email := pick(r, someEmails...); email != "" {
			theirs.Multifields = append(theirs.Multifields, rest.Multifield{ID: 2, TypeID: rest.Email, ValueType: rest.Home, Value: rest.Text(email)})
		}
		agreed := Agreed{}
		if r.IntN(3) > 0 {
			for field, values := range map[string][]string{
				fieldName: someNames, fieldSecondName: someNames, fieldLastName: someNames, fieldPhone: somePhones, fieldEmail: someEmails,
			} {
				value := pick(r, values...)
				agreed[field] = Pair{Ours: value, Theirs: value}
			}
		}
		describe := fmt.Sprintf("agreed %v, ours %v, theirs %v", agreed, ContactFields(c), PresentContact(theirs))
		ours, present := ContactFields(c), PresentContact(theirs)
		m := MergeContact(agreed, c, theirs, "pixlpark:x")
		for field, value := range m.Take {
			if err := TakeContact(c, field, value); err != nil {
				t.Fatalf("%s: taking %s: %v", describe, field, err)
			}
		}
		send(m.Send, func(field, value string) {
			switch field {
			case fieldName:
				theirs.Name = rest.Text(value)
			case fieldSecondName:
				theirs.SecondName = rest.Text(value)
			case fieldLastName:
				theirs.LastName = rest.Text(value)
			case "originatorId":
				theirs.OriginatorID = rest.Text(value)
			case "originId":
				theirs.OriginID = rest.Text(value)
			default:
				t.Fatalf("%s: %s is sent", describe, field)
			}
		}, &theirs.Multifields)
		if len(theirs.Multifields.Of(rest.Phone)) > 1 || len(theirs.Multifields.Of(rest.Email)) > 1 {
			t.Fatalf("%s: a second value was added: %+v", describe, theirs.Multifields)
		}
		again := MergeContact(m.Agreed, c, theirs, "pixlpark:x")
		if len(again.Send) > 0 || len(again.Take) > 0 || len(again.Notes) > 0 {
			t.Fatalf("%s: once more sends %v and takes %v", describe, again.Send, again.Take)
		}
		for field, pair := range agreed {
			if field == fieldName {
				continue // the portal demands one, so an empty one may stand for another text
			}
			now := ContactFields(c)[field]
			switch {
			case ours[field] == pair.Ours && present[field] != pair.Theirs && now != present[field]:
				t.Fatalf("%s: the portal's new %s is not taken: %q", describe, field, now)
			case ours[field] != pair.Ours && present[field] == pair.Theirs && PresentContact(theirs)[field] != ours[field]:
				t.Fatalf("%s: the panel's new %s is not sent: %q", describe, field, PresentContact(theirs)[field])
			case ours[field] != pair.Ours && present[field] != pair.Theirs && now != present[field]:
				t.Fatalf("%s: both changed %s, the portal's wins, not %q", describe, field, now)
			}
		}
	}
}

func TestMergeCompany_anAddressMendsItsLineOfTheComment(t *testing.T) {
	theirs := rest.Company{Comments: "Звонить до 12\nФактический адрес: Пермь\nПлатят вовремя"}
	agreed := SentCompany(&organizations.Organization{Address: "Пермь"}, Rules{})
	for address, want := range map[string]any{
		"Пермь": nil,
		"Тула":  "Звонить до 12\nФактический адрес: Тула\nПлатят вовремя",
		"":      "Звонить до 12\nПлатят вовремя",
	} {
		m := MergeCompany(agreed, &organizations.Organization{Address: address}, theirs, Rules{}, "pixlpark:x")
		if got := m.Send["comments"]; got != want {
			t.Errorf("address %q: comment %q, want %q", address, got, want)
		}
	}
}

func TestCut_keepsWithinTheLimitAndBreaksNoCharacter(t *testing.T) {
	r := random(t)
	for range 20_000 {
		var text []rune
		for range r.IntN(60) {
			text = append(text, pick(r, 'a', 'я', '😀', '$', '\n', '"'))
		}
		limit := 2 + r.IntN(40)
		for name, cut := range map[string]string{"Cut": Cut(string(text), limit), "cutFront": cutFront(string(text), limit+2)} {
			if n := utf8.RuneCountInString(cut); n > limit+2 || name == "Cut" && n > limit || !utf8.ValidString(cut) {
				t.Fatalf("%s of %q to %d: %q", name, string(text), limit, cut)
			}
		}
	}
}
