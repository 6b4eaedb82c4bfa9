package mapping_test

import (
	"testing"

	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

func TestFindPresets(t *testing.T) {
	for _, c := range []struct {
		name string
		list []rest.Preset
		want mapping.Presets
	}{
		{"by external id", []rest.Preset{
			{ID: 4, XMLID: "#CRM_REQUISITE_PRESET_DEF_RU_COMPANY#", Name: "Юрлицо"},
			{ID: 5, XMLID: "#CRM_REQUISITE_PRESET_DEF_RU_INDIVIDUAL#", Name: "Предприниматель"},
		}, mapping.Presets{Company: 4, SoleTrader: 5}},
		{"by name", []rest.Preset{{ID: 1, Name: "Организация"}, {ID: 3, Name: "ИП"}}, mapping.Presets{Company: 1, SoleTrader: 3}},
		{
			"by its full name",
			[]rest.Preset{{ID: 1, Name: "Организация"}, {ID: 3, Name: "Индивидуальный предприниматель"}},
			mapping.Presets{Company: 1, SoleTrader: 3},
		},
		{
			"the first of equal names",
			[]rest.Preset{{ID: 1, Name: "Организация"}, {ID: 2, Name: "Организация (копия)"}},
			mapping.Presets{Company: 1, SoleTrader: 1},
		},
		{"an external id outdoes a name", []rest.Preset{
			{ID: 1, Name: "Организация"}, {ID: 4, XMLID: "#CRM_REQUISITE_PRESET_DEF_RU_COMPANY#", Name: "Юрлицо"},
		}, mapping.Presets{Company: 4, SoleTrader: 4}},
		{
			"without one for sole traders, that of companies serves",
			[]rest.Preset{{ID: 1, Name: "Организация"}},
			mapping.Presets{Company: 1, SoleTrader: 1},
		},
		{"a portal without Russian templates", []rest.Preset{{ID: 8, Name: "Company"}}, mapping.Presets{}},
	} {
		if got := mapping.FindPresets(c.list); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestPresets_ofALegalEntity(t *testing.T) {
	if got := presets.Of(company()); got != 1 {
		t.Errorf("preset of an ООО = %d, want 1", got)
	}
	if got := presets.Of(soleTrader()); got != 3 {
		t.Errorf("preset of an ИП = %d, want 3", got)
	}
}

// An ИП has an ОГРНИП and neither КПП nor the full name of a company.
func TestRequisiteFields_followTheKindOfEntity(t *testing.T) {
	ooo, ip := mapping.RequisiteFields(company()), mapping.RequisiteFields(soleTrader())
	if ooo["RQ_OGRN"] != "1056600000001" || ooo["RQ_KPP"] != "667001001" || ooo["RQ_OGRNIP"] != nil {
		t.Errorf("an ООО becomes %v", ooo)
	}
	if ip["RQ_OGRNIP"] != "305660000000001" || ip["RQ_OGRN"] != nil || ip["RQ_KPP"] != nil ||
		ip["RQ_COMPANY_FULL_NAME"] != nil {
		t.Errorf("an ИП becomes %v", ip)
	}
}

// Making a requisite sends all that an update would, so that the first update after it sends nothing.
func TestNewRequisite_holdsWhatFollows(t *testing.T) {
	for _, l := range []organizations.LegalEntity{company(), soleTrader()} {
		made := mapping.NewRequisite(l, 77, 1, origin)
		for name, value := range mapping.RequisiteFields(l) {
			if made[name] != value {
				t.Errorf("%s: %s is made as %v and updated to %v", l.Name, name, made[name], value)
			}
		}
		bank := mapping.NewBank(l, 901, origin)
		for name, value := range mapping.BankFields(l) {
			if bank[name] != value {
				t.Errorf("%s: %s of the bank is made as %v and updated to %v", l.Name, name, bank[name], value)
			}
		}
	}
}

func TestHasBank(t *testing.T) {
	if mapping.HasBank(organizations.LegalEntity{Name: "ООО", INN: "6670123450"}) {
		t.Error("an entity without bank details has some")
	}
	for name, l := range map[string]organizations.LegalEntity{
		"bank": {Bank: "АО «Банк»"}, "БИК": {BIK: "046577001"}, "account": {Account: "4"},
		"correspondent account": {CorrAccount: "3"},
	} {
		if !mapping.HasBank(l) {
			t.Errorf("the %s alone is none", name)
		}
	}
}
