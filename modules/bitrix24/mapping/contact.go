package mapping

import (
	"fmt"
	"strings"

	"github.com/pixlpark/panel/app/clients"
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

var contactFields = []string{fieldName, fieldSecondName, fieldLastName, fieldPhone, fieldEmail}

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
		"originId":     ClientKey(c.ID),
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
		fieldName: Cut(first, nameLimit), fieldSecondName: Cut(c.SecondName, nameLimit), fieldLastName: Cut(c.LastName, nameLimit),
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
	phone, _ := bestMultifield(theirs.Multifields, rest.Phone, rest.Mobile)
	email, _ := bestMultifield(theirs.Multifields, rest.Email, rest.Home)
	return map[string]string{
		fieldName: string(theirs.Name), fieldSecondName: string(theirs.SecondName), fieldLastName: string(theirs.LastName),
		fieldPhone: string(phone.Value), fieldEmail: string(email.Value),
	}
}

// ContactMerge is what a comparison of a client with his contact comes to.
type ContactMerge struct {
	Send   rest.Params       // for crm.item.update; empty: nothing to send
	Take   map[string]string // the panel's fields to change; an empty value clears the field
	Agreed Agreed            // what holds once both are done
	Notes  []string          // conflicts in words, for the journal
}

// MergeContact compares a client with his contact, field by field, against what was last agreed; an Agreed without a
// field means that the two have just been introduced: then only empty fields are filled, on either side, and nothing is
// overwritten. When both sides changed a field the portal's value wins.
func MergeContact(agreed Agreed, c *clients.Client, theirs rest.Contact, origin Origin) ContactMerge {
	m := ContactMerge{Send: rest.Params{}, Take: map[string]string{}, Agreed: Agreed{}}
	phone, phoneExact := bestMultifield(theirs.Multifields, rest.Phone, rest.Mobile)
	email, emailExact := bestMultifield(theirs.Multifields, rest.Email, rest.Home)
	ours := ContactFields(c)
	sent := personName(c)
	sent[fieldPhone], sent[fieldEmail] = ours[fieldPhone], ours[fieldEmail]
	present := PresentContact(theirs)
	fm := map[string]any{}
	for _, field := range contactFields {
		pair, known := agreed[field]
		verdict := Merge(pair, ours[field], present[field], sameValue(field, sent[field], present[field]))
		if !known && verdict != Keep {
			verdict = introduce(ours[field], present[field])
		}
		exact := field != fieldPhone && field != fieldEmail || field == fieldPhone && phoneExact || field == fieldEmail && emailExact
		if !exact && present[field] != "" && ours[field] != "" && (verdict == Pull || verdict == Conflict) {
			verdict = Push // a value of another type may fill an empty field, never replace one
		}
		if verdict == Conflict {
			m.Notes = append(m.Notes, fmt.Sprintf("%s изменили с обеих сторон, взято значение портала", fieldTitles[field]))
			verdict = Pull
		}
		switch verdict {
		case Push:
			m.push(fm, field, sent[field], phone, phoneExact, email, emailExact)
			m.Agreed[field] = Pair{Ours: ours[field], Theirs: sent[field]}
		case Pull:
			m.Take[field] = present[field]
			m.Agreed[field] = Pair{Ours: present[field], Theirs: present[field]}
		case Keep:
			m.Agreed[field] = Pair{Ours: ours[field], Theirs: present[field]}
		}
	}
	if len(fm) > 0 {
		m.Send["fm"] = fm
	}
	if string(theirs.OriginID) == "" && len(theirs.OriginatorID) == 0 {
		m.Send["originatorId"], m.Send["originId"] = string(origin), ClientKey(c.ID)
	}
	return m
}

// introduce decides a field of two records that were never compared: the empty side is filled, two different values
// stay as they are until somebody changes one.
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

func (m *ContactMerge) push(fm map[string]any, field, value string, phone rest.Multifield, phoneExact bool, email rest.Multifield, emailExact bool) {
	switch field {
	case fieldPhone:
		pushMultifield(fm, "n0", rest.Phone, rest.Mobile, value, phone, phoneExact)
	case fieldEmail:
		pushMultifield(fm, "n1", rest.Email, rest.Home, value, email, emailExact)
	default:
		m.Send[field] = value
	}
}

// pushMultifield changes the existing value by its id (crm.item.update, fm); without an id the portal would add a second
// one. An empty value deletes it.
func pushMultifield(fm map[string]any, fresh, typeID, valueType, value string, existing rest.Multifield, exact bool) {
	switch {
	case exact:
		fm[fmt.Sprint(existing.ID)] = multifield(typeID, valueType, value)
	case value != "":
		fm[fresh] = multifield(typeID, valueType, value)
	}
}

// bestMultifield is the value of the right type, or else the first of the kind. exact tells which.
func bestMultifield(all rest.Multifields, typeID, valueType string) (value rest.Multifield, exact bool) {
	if value, ok := all.First(typeID, valueType); ok {
		return value, true
	}
	if others := all.Of(typeID); len(others) > 0 {
		return others[0], false
	}
	return rest.Multifield{}, false
}

// sameValue compares two spellings of one value.
func sameValue(field, a, b string) bool {
	switch field {
	case fieldPhone:
		return normalPhone(a) == normalPhone(b)
	case fieldEmail:
		return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
	default:
		return strings.TrimSpace(rest.Disarm(a)) == strings.TrimSpace(rest.Disarm(b))
	}
}

func normalPhone(s string) string {
	if phone, err := clients.ParsePhone(s); err == nil {
		return phone
	}
	return strings.TrimSpace(s)
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

// PhoneForms are the spellings under which a Russian phone may be kept on the portal, whose search compares digits
// (crm.duplicate.findbycomm).
func PhoneForms(e164 string) []string {
	if strings.HasPrefix(e164, "+7") && len(e164) == 12 {
		return []string{e164, "8" + e164[2:]}
	}
	return []string{e164}
}
