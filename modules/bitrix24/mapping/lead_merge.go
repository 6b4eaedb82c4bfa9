package mapping

import (
	"maps"

	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// SentValues is what both sides have agreed on once a lead is made with a phone and an e-mail.
func SentValues(phone, email string) Agreed {
	return Agreed{fieldPhone: {Ours: phone, Theirs: phone}, fieldEmail: {Ours: email, Theirs: email}}
}

// LeadChanged reports whether the panel has changed anything since an open lead was last told of it.
func (a Agreed) LeadChanged(fields rest.Params, phone, email string) bool {
	return len(a.Changed(fields)) > 0 || a[fieldPhone].Ours != phone || a[fieldEmail].Ours != email
}

// PresentLead are the fields of a lead that say who it is about, as the portal has them.
func PresentLead(theirs rest.Lead) map[string]string {
	phone, email := findPhone(theirs.Multifields, "", Pair{}), findEmail(theirs.Multifields, "", Pair{})
	return map[string]string{
		fieldTitle: string(theirs.Title), "companyTitle": string(theirs.CompanyTitle),
		fieldName: string(theirs.Name), fieldSecondName: string(theirs.SecondName), fieldLastName: string(theirs.LastName),
		fieldPhone: string(phone.Value), fieldEmail: string(email.Value),
	}
}

// MergeLead returns what the panel has changed and an open lead is to be told (crm.item.update), and what is agreed on
// once it has been. It goes one way only: what people have put into the lead since stays there.
func MergeLead(
	agreed Agreed, fields rest.Params, phone, email string, theirs rest.Lead,
) (send rest.Params, after Agreed) {
	send, after = rest.Params{}, maps.Clone(agreed)
	after.Agree(fields)
	present := PresentLead(theirs)
	for name, value := range agreed.Changed(fields) {
		if pair, known := agreed[name]; !known || sameValue(name, pair.Theirs, Print(present[name])) {
			send[name] = value
		}
	}
	fm := map[string]any{}
	for field, ours := range map[string]string{fieldPhone: phone, fieldEmail: email} {
		pair, known := agreed[field]
		if known && pair.Ours == ours {
			continue
		}
		value := findPhone(theirs.Multifields, ours, pair)
		if field == fieldEmail {
			value = findEmail(theirs.Multifields, ours, pair)
		}
		there := string(value.Value)
		after[field] = Pair{Ours: ours, Theirs: there}
		untouched := known && sameValue(field, pair.Theirs, there) || there == "" || !value.exact
		if untouched && !sameValue(field, ours, there) && value.push(fm, ours) {
			after[field] = Pair{Ours: ours, Theirs: ours}
		}
	}
	if len(fm) > 0 {
		send["fm"] = fm
	}
	return send, after
}
