package plan

import "github.com/pixlpark/panel/modules/bitrix24/mapping"

// CarrierFacts are what decides about a deal or lead of the portal that carries an external key of this installation,
// and appeared after all that this database knew when the lane was taken over. Usually nothing did. If the database was
// restored from a copy, it is what was created in the lost hours.
type CarrierFacts struct {
	Entity Entity
	Key    string
	Linked bool // it is linked to a record of the panel already

	// What the panel has under the number in the key.
	Exists bool
	Token  string
	HasOne bool   // it is linked to a record of that kind, whichever
	Choice Choice // what was decided about it
}

// Carrier is what a record of the portal that carries a key of ours turns out to be.
type Carrier string

// The carriers.
const (
	Known     Carrier = ""          // there is nothing to do about it
	Stray     Carrier = "stray"     // the panel has no record of that number and token: it was lost
	Unclaimed Carrier = "unclaimed" // the panel has the record, and does not know that it is on the portal already
)

// ForCarrier decides what a record of the portal is that carries a key of ours. A lead's key goes to the deal that it is
// converted into, too: such a deal is claimed by whoever looks at the lead.
func ForCarrier(f CarrierFacts) Carrier {
	record, _, token, ok := KeyOf(f.Key)
	switch {
	case !ok || f.Linked:
		return Known
	case !f.Exists || token != f.Token:
		return Stray
	case f.HasOne || f.Choice == ChoiceIgnore || f.Key != Key(record.Kind, f.Entity, record.ID, token):
		return Known
	}
	return Unclaimed
}

// KeyOf returns which record of the panel an external key of a deal, lead, contact or company names, what the record
// that carries it was created as, and the token in the key.
func KeyOf(key string) (owner Record, as Entity, token string, ok bool) {
	what, id, token, ok := mapping.ParseKey(key)
	named, known := map[string]struct {
		kind Local
		as   Entity
	}{
		"order": {Order, Deal}, "client": {Client, Contact}, "organization": {Organization, Company},
		"lead-order": {Order, Lead}, "lead-client": {Client, Lead}, "lead-organization": {Organization, Lead},
	}[what]
	return Record{Kind: named.kind, ID: id}, named.as, token, ok && known
}
