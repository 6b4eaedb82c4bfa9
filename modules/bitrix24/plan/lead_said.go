package plan

import (
	"slices"

	"github.com/pixlpark/panel/modules/bitrix24/mapping"
)

// What was made of a lead says at first what the lead said. That is agreed on when a conversion is noticed, however
// late: a value that either side has changed since then goes to the other, as if the conversion had been noticed at
// once. Of a contact or company that was chosen for the lead nothing is agreed on, since it said something before.

// saidOfContact is what the contact said that was made of the lead.
func (f LeadFacts) saidOfContact() mapping.Agreed {
	said := mapping.Agreed{}
	if f.Client == nil {
		return said
	}
	for field, sent := range mapping.SentContact(f.Client) {
		pair, known := f.said(field)
		if known && pair.Ours == mapping.Print(sent.Theirs) {
			pair.Ours = sent.Ours // what stands for a missing name is none of the panel's
		}
		if known {
			said[field] = pair
		}
	}
	return said
}

// saidOfCompany is what the company said that was made of the lead. The lead may be the employee's: then the company
// has his phone and e-mail, while the organization's own lead says which the organization had. A side that had none was
// to get the other's value.
func (f LeadFacts) saidOfCompany(organization int64) mapping.Agreed {
	said := mapping.Agreed{}
	if title, known := f.said("companyTitle"); known {
		said[TitleField] = title
	}
	own := f.known(Organization, organization, Lead)
	for _, field := range mapping.Multifields {
		made, known := f.said(field)
		if own == nil || !known {
			continue
		}
		ours, hadOurs := own.Agreed[field]
		switch {
		case !hadOurs:
		case ours.Ours == "" || made.Theirs == "":
			said[field] = mapping.Pair{}
		default:
			said[field] = mapping.Pair{Ours: ours.Ours, Theirs: made.Theirs}
		}
	}
	return said
}

// said returns what the lead said of a field of its client or organization. A value so long that only its fingerprint is
// known counts as unknown.
func (f LeadFacts) said(field string) (said mapping.Pair, known bool) {
	for _, l := range slices.Backward(f.Links) {
		pair, ok := l.Agreed[field]
		if ok && !mapping.IsFingerprint(pair.Ours) && !mapping.IsFingerprint(pair.Theirs) {
			return pair, true
		}
	}
	return mapping.Pair{}, false
}
