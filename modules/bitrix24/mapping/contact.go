package mapping

import (
	"fmt"
	"strings"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/email"
	"github.com/pixlpark/panel/app/pasted"
	"github.com/pixlpark/panel/app/phone"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// The fields of a contact that go both ways, by their names in Agreed: three parts of the name, the «Мобильный» phone
// and the «Частный» e-mail.
const (
	fieldName       = "name"
	fieldSecondName = "secondName"
	fieldLastName   = "lastName"
	fieldPhone      = "phone"
	fieldEmail      = "email"
)

// Multifields are the names of phone and e-mail in Agreed, of contacts and companies alike.
var Multifields = []string{fieldPhone, fieldEmail}

// contactFields is the order of comparing. The first name comes last, since what stands for a missing one depends on
// the others.
var contactFields = []string{fieldSecondName, fieldLastName, fieldPhone, fieldEmail, fieldName}

// ContactFields are a client's synced fields in the panel's own words.
func ContactFields(c *clients.Client) map[string]string {
	return map[string]string{
		fieldName: c.FirstName, fieldSecondName: c.SecondName, fieldLastName: c.LastName,
		fieldPhone: c.PhoneText(), fieldEmail: c.EmailText(),
	}
}

// NewContact are the fields of a contact made for a client (crm.item.add, entityTypeId 3). The portal demands a name,
// so a client without one goes by what the panel calls him.
func NewContact(c *clients.Client, origin Origin) rest.Params {
	fields := rest.Params{
		"originatorId": string(origin),
		"originId":     ClientKey(c.ID, c.Token),
		"opened":       "N",
	}
	for name, value := range personName(c) {
		if value != "" {
			fields[name] = value
		}
	}
	if fm := newMultifields(c.PhoneText(), c.EmailText()); fm != nil {
		fields["fm"] = fm
	}
	return fields
}

// personName is a client's name as the portal takes it: cut, and never empty.
func personName(c *clients.Client) map[string]string {
	first := c.FirstName
	if first == "" && c.LastName == "" {
		first = c.Name()
	}
	return map[string]string{
		fieldName:       Cut(first, nameLimit),
		fieldSecondName: Cut(c.SecondName, nameLimit),
		fieldLastName:   Cut(c.LastName, nameLimit),
	}
}

func newMultifields(phone, email string) map[string]any {
	fm := map[string]any{}
	if phone != "" {
		fm["n0"] = multifield(rest.Phone, rest.Mobile, phone)
	}
	if email != "" {
		fm["n1"] = multifield(rest.Email, rest.Home, email)
	}
	if len(fm) == 0 {
		return nil
	}
	return fm
}

func multifield(typeID, valueType, value string) map[string]any {
	return map[string]any{"typeId": typeID, "valueType": valueType, "value": Cut(value, multifieldLimit)}
}

// SentContact is what both sides have agreed on once a contact is made with NewContact.
func SentContact(c *clients.Client) Agreed {
	agreed := Agreed{}
	sent := personName(c)
	sent[fieldPhone], sent[fieldEmail] = c.PhoneText(), c.EmailText()
	for field, ours := range ContactFields(c) {
		agreed[field] = Pair{Ours: ours, Theirs: sent[field]}
	}
	return agreed
}

// PresentContact are a contact's synced fields, as the portal has them.
func PresentContact(theirs rest.Contact) map[string]string {
	phone, email := findPhone(theirs.Multifields, "", Pair{}), findEmail(theirs.Multifields, "", Pair{})
	return map[string]string{
		fieldName: string(theirs.Name), fieldSecondName: string(theirs.SecondName), fieldLastName: string(theirs.LastName),
		fieldPhone: string(phone.Value), fieldEmail: string(email.Value),
	}
}

// ContactMerge is the outcome of comparing a client with his contact.
type ContactMerge struct {
	Send   rest.Params       // for crm.item.update; empty: nothing to send
	Take   map[string]string // the panel's fields to change; an empty value clears the field
	Agreed Agreed            // what holds once both are done
	Notes  []string          // conflicts in words, for the journal
}

// MergeContact compares a client with his contact, field by field, against what was last agreed on. A value that only
// one side changed goes to the other; when both changed it the portal's wins. A field that is not in Agreed was never
// compared: then only empty fields are filled, on either side, and nothing is overwritten.
func MergeContact(agreed Agreed, c *clients.Client, theirs rest.Contact, origin Origin) ContactMerge {
	m := ContactMerge{Send: rest.Params{}, Take: map[string]string{}, Agreed: Agreed{}}
	ours := ContactFields(c)
	sent := personName(c)
	sent[fieldPhone], sent[fieldEmail] = ours[fieldPhone], ours[fieldEmail]
	present := PresentContact(theirs)
	values := map[string]foundValue{
		fieldPhone: findPhone(theirs.Multifields, ours[fieldPhone], agreed[fieldPhone]),
		fieldEmail: findEmail(theirs.Multifields, ours[fieldEmail], agreed[fieldEmail]),
	}
	after, fm := *c, map[string]any{}
	for _, field := range contactFields {
		if field == fieldName {
			sent[field] = personName(&after)[field]
		}
		value, multi := values[field]
		if multi {
			present[field] = string(value.Value)
		}
		pair, known := agreed[field]
		verdict := mergeField(pair, field, ours[field], sent[field], present[field])
		if !known && verdict != Keep {
			verdict = introduce(ours[field], present[field])
		}
		if multi && !value.exact && present[field] != "" && ours[field] != "" && (verdict == Pull || verdict == Conflict) {
			verdict = Push // a value of another type may fill an empty field, never replace one
		}
		untouched := verdict == Keep && ours[field] == "" && present[field] == pair.Theirs
		if field == fieldName && untouched && agreed.standIn() && sent[field] != pair.Theirs {
			verdict = Push // what stood for a name is no longer needed, or is another
		}
		if verdict == Conflict {
			m.Notes = append(m.Notes, fmt.Sprintf("%s изменили с обеих сторон, взято значение портала", fieldTitles[field]))
			verdict = Pull
		}
		switch verdict {
		case Push:
			m.Agreed[field] = Pair{Ours: ours[field], Theirs: sent[field]}
			switch {
			case !multi:
				m.Send[field] = sent[field]
			case !value.push(fm, sent[field]):
				m.Agreed[field] = Pair{Ours: ours[field], Theirs: present[field]}
			}
		case Pull:
			m.Take[field] = present[field]
			m.Agreed[field] = Pair{Ours: present[field], Theirs: present[field]}
			_ = TakeContact(&after, field, present[field]) // a value that the panel refuses leaves the field as it was
		case Keep:
			m.Agreed[field] = Pair{Ours: ours[field], Theirs: present[field]}
		}
	}
	if len(fm) > 0 {
		m.Send["fm"] = fm
	}
	if lacksKey(theirs.Origin, origin) {
		m.Send["originatorId"], m.Send["originId"] = string(origin), ClientKey(c.ID, c.Token)
	}
	return m
}

// standIn reports whether the contact's first name is nothing but the phone or e-mail of a client without a name.
func (a Agreed) standIn() bool {
	name := a[fieldName]
	return name.Ours == "" && name.Theirs != "" &&
		(name.Theirs == Cut(a[fieldEmail].Ours, nameLimit) || name.Theirs == Cut(a[fieldPhone].Ours, nameLimit))
}

// Email is the panel's e-mail as both sides last agreed on it.
func (a Agreed) Email() string { return a[fieldEmail].Ours }

// introduce decides about a field of two records that were never compared: the empty side is filled, and two different
// values stay as they are until somebody changes one.
func introduce(ours, theirs string) Verdict {
	switch {
	case theirs == "":
		return Push
	case ours == "":
		return Pull
	default:
		return Keep
	}
}

// sameValue compares two spellings of one value.
func sameValue(field, a, b string) bool {
	if a == b {
		return true // most fields are as they were, and reading a phone is slow
	}
	switch field {
	case fieldPhone:
		return phone.Same(a, b)
	case fieldEmail:
		return email.Same(a, b)
	default:
		return pasted.Line(a) == pasted.Line(b) // which undoes rest.Disarm, too
	}
}

var fieldTitles = map[string]string{
	fieldName: "Имя", fieldSecondName: "Отчество", fieldLastName: "Фамилию", fieldPhone: "Телефон", fieldEmail: "Почту",
	fieldTitle: "Название", fieldType: "Тип компании",
}

// TakeContact changes a client by what MergeContact says is to be taken. The error is a refusal of one field.
func TakeContact(c *clients.Client, field, value string) error {
	switch field {
	case fieldName:
		c.FirstName = value
	case fieldSecondName:
		c.SecondName = value
	case fieldLastName:
		c.LastName = value
	case fieldPhone:
		return c.SetPhone(value)
	case fieldEmail:
		return c.SetEmail(value)
	}
	return nil
}

// PhoneForms are the spellings under which a phone may be kept on the portal, whose search compares digits and looks at
// no extension (crm.duplicate.findbycomm): what it finds is to be asked with OtherExtension.
func PhoneForms(kept string) []string {
	number, _ := phone.Cut(kept)
	if strings.HasPrefix(number, "+7") && len(number) == 12 {
		return []string{number, "8" + number[2:]}
	}
	return []string{number}
}

// OtherExtension reports whether a record has the number, but only with another extension than this, or with one while
// this has none. What cannot be read as a phone may be anything.
func OtherExtension(all rest.Multifields, kept string) bool {
	number, _ := phone.Cut(kept)
	other := false
	for _, m := range all.Of(rest.Phone) {
		there, err := phone.Parse(string(m.Value))
		if err != nil || there == kept {
			return false
		}
		if theirs, _ := phone.Cut(there); theirs == number {
			other = true
		}
	}
	return other
}
