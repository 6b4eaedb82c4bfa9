package plan

import (
	"errors"
	"fmt"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// LegalFacts are what decides about a legal entity of an organization and its requisite, with bank details and legal
// address.
type LegalFacts struct {
	Entity          organizations.LegalEntity
	Requisite, Bank *Link

	// Intents to create requisite and bank details, whose outcomes are unknown.
	Open, BankOpen *Intent

	Found     []int64 // requisites with its key or, if nothing was sent for it yet, with its ИНН
	FoundBank []int64 // bank details with its key or its account
	Addressed bool    // the requisite has a legal address, whoever wrote it
	Err       error   // why the portal did not say so
}

// key is the external key of the requisite and of the bank details.
func (l *LegalFacts) key() string { return Key(LegalEntity, Requisite, l.Entity.ID, l.Entity.Token) }

// LacksAddress reports whether there is a legal address to send that was never sent.
func (l *LegalFacts) LacksAddress() bool {
	return l.Entity.Address != "" && (l.Requisite == nil || l.Requisite.Agreed[addressPrint].Ours == "")
}

// What the link of a requisite or of bank details keeps in Agreed: fingerprints of what was last sent.
const (
	requisitePrint = "requisite"
	bankPrint      = "bank"
	addressPrint   = "address"
)

// ErrNoPreset means that requisites cannot be created, since the portal lacks the template they are made by. Its text
// is for people.
var ErrNoPreset = errors.New(
	"на портале нет шаблона реквизитов «Организация»: добавьте его в «CRM / Настройки / Реквизиты» и повторите",
)

// forLegalEntity are the commands about one legal entity of an organization that has a company: its requisite, then
// bank details and legal address.
func forLegalEntity(f OrganizationFacts, l *LegalFacts) ([]*Command, error) {
	if l.Err != nil {
		return nil, l.Err
	}
	// An answer was lost: if nothing is found, the requisite or the bank details have to wait.
	if wait := f.unsettled(l.Open); wait != nil && len(l.Found) == 0 {
		return nil, wait
	}
	if wait := f.unsettled(l.BankOpen); wait != nil && len(l.FoundBank) == 0 {
		return nil, wait
	}
	requisite, preset := f.legalLink(l, Requisite, l.Requisite, l.Found), f.Presets.Of(l.Entity)
	if requisite.RemoteID == 0 && preset == 0 {
		return nil, ErrNoPreset
	}
	c := Command{Name: fmt.Sprintf("requisite%d", l.Entity.ID), About: f.about()}
	methods := legalMethods{add: "crm.requisite.add", update: "crm.requisite.update"}
	write := writeLegal(c, methods, requisite, l.key(), requisitePrint, mapping.RequisiteFields(l.Entity),
		mapping.NewRequisite(l.Entity, f.Link.RemoteID, preset, f.Origin))
	in := inRequisite{link: requisite, number: requisite.RemoteID}
	if write != nil {
		in.after = []string{write.Name}
	}
	if requisite.RemoteID == 0 {
		in.number = Ref{Command: write.Name}
	}
	return lo.Compact([]*Command{write, writeBank(f, l, in), writeAddress(f, l, in)}), nil
}

// inRequisite is the requisite that bank details and the legal address stand in.
type inRequisite struct {
	link   *Link
	number any      // its number, or a Ref to the command that creates it
	after  []string // the command that creates or changes it
}

// legalLink returns the link to a record of a legal entity: the known one, else a new one to the record that was found.
// Without either it has no number until the command that creates the record is answered.
func (f Frame) legalLink(l *LegalFacts, e Entity, known *Link, found []int64) *Link {
	if known != nil {
		return known.copy()
	}
	return f.newLink(LegalEntity, l.Entity.ID, e, lo.FirstOrEmpty(found), nil)
}

// legalMethods are the methods that create and change requisites, or bank details.
type legalMethods struct{ add, update string }

// writeLegal completes a command so that it creates or changes a requisite or bank details. It returns nil if the
// record has the fields already. made are the fields of a new record and key its external key. What only a new record
// needs, c.After, an update does without.
func writeLegal(c Command, methods legalMethods, l *Link, key, print string, fields, made rest.Params) *Command {
	sent := mapping.Agreed{print: {Ours: mapping.Print(fields)}}
	switch {
	case l.RemoteID == 0:
		c.Method, c.Params = methods.add, rest.Params{"fields": made}
		c.Intent = &Sending{Entity: l.Entity, Key: key}
		c.Then = func(a Answer) (int64, Changes, error) {
			var id rest.ID
			if err := numbered(a, c.Method, &id, &id); err != nil {
				return 0, Changes{}, err
			}
			l.RemoteID = id.Int64() // the commands that follow agree on the same link
			return l.RemoteID, Changes{Agree: []Agreement{{Link: l, Fields: sent}}}, nil
		}
	case l.Agreed[print] == sent[print]:
		return nil
	default:
		c.Method, c.Params, c.After = methods.update, rest.Params{"id": l.RemoteID, "fields": fields}, nil
		c.Then = func(Answer) (int64, Changes, error) {
			return l.RemoteID, Changes{Agree: []Agreement{{Link: l, Fields: sent, Instead: true}}}, nil
		}
	}
	return &c
}

// writeBank is the command that creates or changes the bank details of a legal entity, or nil
// (crm.requisite.bankdetail.add, crm.requisite.bankdetail.update).
func writeBank(f OrganizationFacts, l *LegalFacts, in inRequisite) *Command {
	bank := f.legalLink(l, BankDetail, l.Bank, l.FoundBank)
	if bank.RemoteID == 0 && !mapping.HasBank(l.Entity) {
		return nil
	}
	c := Command{Name: fmt.Sprintf("bank%d", l.Entity.ID), After: in.after, About: f.about()}
	methods := legalMethods{add: "crm.requisite.bankdetail.add", update: "crm.requisite.bankdetail.update"}
	made := mapping.NewBank(l.Entity, in.number, f.Origin)
	return writeLegal(c, methods, bank, l.key(), bankPrint, mapping.BankFields(l.Entity), made)
}

// writeAddress is the command that writes the legal address into a requisite, or nil (crm.address.add,
// crm.address.update). An address has no number, and a second one is refused.
func writeAddress(f OrganizationFacts, l *LegalFacts, in inRequisite) *Command {
	address, sent := l.Entity.Address, in.link.Agreed[addressPrint].Ours
	if address == "" || sent == mapping.Print(address) {
		return nil
	}
	method := "crm.address.add"
	if l.Addressed || sent != "" {
		method = "crm.address.update"
	}
	return &Command{
		Name: fmt.Sprintf("address%d", l.Entity.ID), Method: method, After: in.after, About: f.about(),
		Params: rest.Params{"fields": mapping.LegalAddress(l.Entity, in.number)},
		Then: func(Answer) (int64, Changes, error) {
			now := mapping.Agreed{addressPrint: {Ours: mapping.Print(address)}}
			return 0, Changes{Agree: []Agreement{{Link: in.link, Fields: now}}}, nil
		},
	}
}
