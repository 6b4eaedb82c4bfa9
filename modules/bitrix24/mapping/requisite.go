package mapping

import (
	"strings"

	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// Presets are the ids of the portal's Russian templates of requisites (crm.requisite.preset.list), which differ from
// portal to portal.
type Presets struct {
	Company    int64 // «Организация»
	SoleTrader int64 // «Индивидуальный предприниматель»
}

// FindPresets picks the templates by their external ids, else by their names.
func FindPresets(list []rest.Preset) Presets {
	var p Presets
	for _, preset := range list {
		xmlID, name := strings.ToUpper(string(preset.XMLID)), strings.ToLower(string(preset.Name))
		switch {
		case strings.Contains(xmlID, "RU_INDIVIDUAL"),
			p.SoleTrader == 0 && (name == "ип" || strings.HasPrefix(name, "индивидуальный предприниматель")):
			p.SoleTrader = preset.ID.Int64()
		case strings.Contains(xmlID, "RU_COMPANY"), p.Company == 0 && strings.HasPrefix(name, "организация"):
			p.Company = preset.ID.Int64()
		}
	}
	if p.SoleTrader == 0 {
		p.SoleTrader = p.Company
	}
	return p
}

// Of is the template of a legal entity.
func (p Presets) Of(l organizations.LegalEntity) int64 {
	if l.SoleTrader() {
		return p.SoleTrader
	}
	return p.Company
}

// NewRequisite are the fields of crm.requisite.add for a legal entity of a company.
func NewRequisite(l organizations.LegalEntity, company any, preset int64, origin Origin) rest.Params {
	fields := RequisiteFields(l)
	fields["ENTITY_TYPE_ID"] = rest.TypeCompany
	fields["ENTITY_ID"] = company
	fields["PRESET_ID"] = preset
	fields["XML_ID"] = LegalEntityKey(l.ID, l.Token)
	fields["ORIGINATOR_ID"] = string(origin)
	return fields
}

// RequisiteFields are those that follow the legal entity (crm.requisite.update).
func RequisiteFields(l organizations.LegalEntity) rest.Params {
	fields := rest.Params{
		"NAME": Cut(l.Name, titleLimit), "RQ_INN": l.INN, "RQ_COMPANY_NAME": Cut(l.Name, titleLimit),
	}
	if l.SoleTrader() {
		fields["RQ_OGRNIP"] = l.OGRN
	} else {
		fields["RQ_OGRN"], fields["RQ_KPP"] = l.OGRN, l.KPP
		fields["RQ_COMPANY_FULL_NAME"] = Cut(l.Name, titleLimit)
	}
	return fields
}

// HasBank reports whether there is anything to put into bank details.
func HasBank(l organizations.LegalEntity) bool {
	return l.Bank != "" || l.BIK != "" || l.Account != "" || l.CorrAccount != ""
}

// BankFields are the fields of crm.requisite.bankdetail.update.
func BankFields(l organizations.LegalEntity) rest.Params {
	name := l.Bank
	if name == "" {
		name = "Банковские реквизиты"
	}
	return rest.Params{
		"NAME": Cut(name, titleLimit), "RQ_BANK_NAME": Cut(l.Bank, titleLimit), "RQ_BIK": l.BIK,
		"RQ_ACC_NUM": l.Account, "RQ_COR_ACC_NUM": l.CorrAccount,
	}
}

// NewBank are the fields of crm.requisite.bankdetail.add.
func NewBank(l organizations.LegalEntity, requisite any, origin Origin) rest.Params {
	fields := BankFields(l)
	fields["ENTITY_ID"] = requisite
	fields["XML_ID"] = LegalEntityKey(l.ID, l.Token)
	fields["ORIGINATOR_ID"] = string(origin)
	return fields
}

// LegalAddress are the fields of crm.address.add and update: the legal address of a requisite.
func LegalAddress(l organizations.LegalEntity, requisite any) rest.Params {
	return rest.Params{
		"TYPE_ID": rest.AddressLegal, "ENTITY_TYPE_ID": rest.TypeRequisite, "ENTITY_ID": requisite,
		"ADDRESS_1": Cut(l.Address, titleLimit),
	}
}
