package mapping

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// The fields of a company that go both ways beside phone and e-mail, by their names in Agreed.
const (
	fieldTitle = "title"
	fieldType  = "typeId"

	fieldAddress = "address" // goes one way only, as a line of the comment
)

// actualAddress begins the line of a company's comment that holds its address: REST keeps addresses with requisites.
const actualAddress = "Фактический адрес: "

// CompanyFields are an organization's synced fields in the panel's own words.
func CompanyFields(o *organizations.Organization) map[string]string {
	return map[string]string{fieldTitle: o.Name, fieldPhone: o.Phone, fieldEmail: o.Email, fieldType: string(o.Type)}
}

// NewCompany are the fields of a company made for an organization (crm.item.add, entityTypeId 4).
func NewCompany(o *organizations.Organization, rules Rules, origin Origin) rest.Params {
	fields := rest.Params{
		"title":        Cut(o.Name, titleLimit),
		"originatorId": string(origin),
		"originId":     OrganizationKey(o.ID, o.Token),
		"opened":       "N",
	}
	if typeID, ok := rules.CompanyType("", o.Type); ok {
		fields["typeId"] = typeID
	}
	if o.Address != "" {
		fields["comments"] = mendAddress("", o.Address)
	}
	if fm := newMultifields(o.Phone, o.Email); fm != nil {
		fields["fm"] = fm
	}
	return fields
}

// SentCompany is what both sides have agreed on once a company is made with NewCompany.
func SentCompany(o *organizations.Organization, rules Rules) Agreed {
	typeID, _ := rules.CompanyType("", o.Type)
	return Agreed{
		fieldTitle: {Ours: o.Name, Theirs: Cut(o.Name, titleLimit)}, fieldPhone: {Ours: o.Phone, Theirs: o.Phone},
		fieldEmail: {Ours: o.Email, Theirs: o.Email}, fieldType: {Ours: string(o.Type), Theirs: typeID},
		fieldAddress: {Ours: o.Address, Theirs: addressLine(o.Address)},
	}
}

// PresentCompany are a company's synced fields, as the portal has them.
func PresentCompany(theirs rest.Company) map[string]string {
	phone, email := findPhone(theirs.Multifields, "", Pair{}), findEmail(theirs.Multifields, "", Pair{})
	return map[string]string{
		fieldTitle: string(theirs.Title), fieldType: string(theirs.TypeID),
		fieldPhone: string(phone.Value), fieldEmail: string(email.Value),
		fieldAddress: presentAddress(string(theirs.Comments)),
	}
}

func addressLine(address string) string { return strings.Join(strings.Fields(address), " ") }

func presentAddress(comment string) string {
	for line := range strings.Lines(comment) {
		if address, ok := strings.CutPrefix(line, actualAddress); ok {
			return strings.TrimSpace(address)
		}
	}
	return ""
}

// mendAddress puts an address into a comment in place of our former one; whatever else people wrote stays.
func mendAddress(comment, address string) string {
	var lines []string
	if comment != "" {
		lines = strings.Split(comment, "\n")
	}
	at := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, actualAddress) })
	switch {
	case at >= 0 && address == "":
		lines = slices.Delete(lines, at, at+1)
	case at >= 0:
		lines[at] = actualAddress + addressLine(address)
	case address != "":
		lines = append(lines, actualAddress+addressLine(address))
	}
	return strings.Join(lines, "\n")
}

// CompanyMerge is the outcome of comparing an organization with its company.
type CompanyMerge struct {
	Send   rest.Params       // for crm.item.update; empty: nothing to send
	Take   map[string]string // the panel's fields to change
	Agreed Agreed            // what holds once both are done
	Notes  []string          // conflicts in words, for the journal
}

// MergeCompany compares an organization with its company, as MergeContact compares a client with his contact. A type
// that has no counterpart on the other side, and the address, which only we write, are never in conflict.
func MergeCompany(
	agreed Agreed, o *organizations.Organization, theirs rest.Company, rules Rules, origin Origin,
) CompanyMerge {
	m := CompanyMerge{Send: rest.Params{}, Take: map[string]string{}, Agreed: Agreed{}}
	ours := CompanyFields(o)
	sent := map[string]string{fieldTitle: Cut(o.Name, titleLimit), fieldPhone: o.Phone, fieldEmail: o.Email}
	typeID, typeMaps := rules.CompanyType(string(theirs.TypeID), o.Type)
	sent[fieldType] = typeID
	present := PresentCompany(theirs)
	values := map[string]foundValue{
		fieldPhone: findPhone(theirs.Multifields, ours[fieldPhone], agreed[fieldPhone]),
		fieldEmail: findEmail(theirs.Multifields, ours[fieldEmail], agreed[fieldEmail]),
	}
	fm := map[string]any{}
	for _, field := range []string{fieldTitle, fieldPhone, fieldEmail, fieldType} {
		value, multi := values[field]
		if multi {
			present[field] = string(value.Value)
		}
		pair, known := agreed[field]
		verdict := mergeField(pair, field, ours[field], sent[field], present[field])
		if !known && verdict != Keep {
			verdict = introduce(ours[field], present[field])
		}
		if verdict == Conflict {
			m.Notes = append(m.Notes, fmt.Sprintf("%s изменили с обеих сторон, взято значение портала", fieldTitles[field]))
			verdict = Pull
		}
		taken := present[field]
		if field == fieldType {
			// «Не задано» on either side changes nothing on the other.
			ourType, maps := rules.OrganizationType(present[field])
			taken = string(ourType)
			if verdict == Pull && !maps || verdict == Push && !typeMaps {
				verdict = Keep
			}
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
			m.Take[field] = taken
			m.Agreed[field] = Pair{Ours: taken, Theirs: present[field]}
		case Keep:
			m.Agreed[field] = Pair{Ours: ours[field], Theirs: present[field]}
		}
	}
	if len(fm) > 0 {
		m.Send["fm"] = fm
	}
	if agreed[fieldAddress].Ours != o.Address {
		m.Send["comments"] = mendAddress(string(theirs.Comments), o.Address)
	}
	m.Agreed[fieldAddress] = Pair{Ours: o.Address, Theirs: addressLine(o.Address)}
	if lacksKey(theirs.Origin, origin) {
		m.Send["originatorId"], m.Send["originId"] = string(origin), OrganizationKey(o.ID, o.Token)
	}
	return m
}

// TakeCompany changes an organization by one field that MergeCompany says is to be taken.
func TakeCompany(o *organizations.Organization, field, value string) {
	switch field {
	case fieldTitle:
		o.Name = value
	case fieldPhone:
		o.Phone = value
	case fieldEmail:
		o.Email = value
	case fieldType:
		o.Type = organizations.Type(value)
	}
}
