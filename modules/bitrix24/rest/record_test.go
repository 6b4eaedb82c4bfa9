package rest

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"
)

func decodeFile[T any](t *testing.T, name string) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(testdata(t, "records/"+name), &v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}

// noon is so many minutes past noon in Moscow, on the day of the recorded answers.
func noon(minute int) time.Time {
	return time.Date(2026, 11, 23, 9, minute, 0, 0, time.UTC)
}

func TestDeal_readsAlikeFromBothFamilies(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]Deal{
		"crm.item.get": decodeFile[Item[Deal]](t, "deal.item.json").Item,
		"crm.deal.get": decodeFile[Deal](t, "deal.old.json"),
	} {
		if d.ID != 351 || d.Title != "Заказ № 42" || d.CategoryID != 9 || d.StageID != "C9:NEW" ||
			d.StageSemanticID != InProgress || d.Opportunity != 123450 || !bool(d.IsManualOpportunity) ||
			d.CompanyID != 0 || d.ContactID != 84 || d.LeadID != 0 ||
			d.AssignedByID != 6 || d.Comments != "[B]Срочно[/B]" || d.OriginatorID != "pixlpark:1" ||
			d.OriginID != "order:42" || d.CreatedBy != 1 || d.UpdatedBy != 7 || d.MovedBy != 7 ||
			d.UTMSource != "google" || d.UTMMedium != "" || bool(d.Closed) {
			t.Errorf("%s: %+v", name, d)
		}
		if !d.CreatedTime.At.Equal(noon(0)) || !d.UpdatedTime.At.Equal(noon(5)) || !d.MovedTime.At.Equal(noon(4)) ||
			d.BeginDate.At.Format(time.DateOnly) != "2026-11-23" || d.CloseDate.At.Format(time.DateOnly) != "2026-11-30" {
			t.Errorf("%s: times %v %v %v %v %v", name, d.CreatedTime, d.UpdatedTime, d.MovedTime, d.BeginDate, d.CloseDate)
		}
		if got := d.Custom.Text("UF_CRM_PIXLPARK_DELIVERY"); got != "Курьер" {
			t.Errorf("%s: delivery = %q", name, got)
		}
		if got := d.Custom.Text("UF_CRM_TAGS") + d.Custom.Text("UF_CRM_NONE"); got != "" || len(d.Custom) != 2 {
			t.Errorf("%s: several values read as %q, custom fields = %v", name, got, d.Custom)
		}
	}
	item := decodeFile[Item[Deal]](t, "deal.item.json").Item
	if !reflect.DeepEqual(item.ContactIDs, List[ID]{84, 85}) {
		t.Errorf("contactIds = %v", item.ContactIDs)
	}
}

func TestContact_readsAlikeFromBothFamilies(t *testing.T) {
	t.Parallel()
	item := decodeFile[Item[Contact]](t, "contact.item.json").Item
	old := decodeFile[Contact](t, "contact.old.json")
	if !reflect.DeepEqual(item, old) {
		t.Errorf("crm.item.get    %+v\ncrm.contact.get %+v", item, old)
	}
	if phone, ok := old.Multifields.First(Phone, Mobile); !ok || phone.Value != "+79990000000" || phone.ID != 156 {
		t.Errorf("mobile phone = %+v, %v", phone, ok)
	}
	if email, ok := old.Multifields.First(Email, Work); ok {
		t.Errorf("work e-mail = %+v, want none", email)
	}
	if got := old.Multifields.Of(Email); len(got) != 1 || got[0].ValueType != Home || len(old.Multifields) != 2 {
		t.Errorf("e-mails = %+v of %+v", got, old.Multifields)
	}
}

func TestLeadAndCompany(t *testing.T) {
	t.Parallel()
	lead := decodeFile[Lead](t, "lead.old.json")
	if lead.StageID != LeadConverted || lead.StageSemanticID != Success || lead.ContactID != 43 || lead.CompanyID != 0 ||
		!lead.DateClosed.At.Equal(noon(0)) || len(lead.Multifields) != 2 || lead.Multifields[1].TypeID != "IM" {
		t.Errorf("lead = %+v", lead)
	}
	company := decodeFile[Company](t, "company.old.json")
	if company.TypeID != "CUSTOMER" || company.OriginVersion != "3" || company.Multifields != nil ||
		!company.UpdatedTime.At.Equal(noon(0)) {
		t.Errorf("company = %+v", company)
	}
}

func TestProductRows_readAlikeFromBothFamilies(t *testing.T) {
	t.Parallel()
	item := decodeFile[ProductRows](t, "rows.item.json").ProductRows
	old := decodeFile[List[ProductRow]](t, "rows.old.json")
	if !reflect.DeepEqual(item, old) {
		t.Errorf("crm.item.productrow %+v\ncrm.deal.productrows %+v", item, old)
	}
	if row := old[0]; row.ID != 17654 || row.Price != 1250 || row.Quantity != 100 || row.MeasureCode != 796 ||
		row.ProductName != "Фото 10×15" {
		t.Errorf("row = %+v", row)
	}
}

func TestRecords_anythingButARecordIsAnError(t *testing.T) {
	t.Parallel()
	for _, data := range []string{
		`5`, `"x"`, `true`, `{"ID":"C9:NEW"}`, `{"PHONE":"+7"}`, `{"PHONE":[{"ID":[1]}]}`,
		`{"fm":5}`, `["x"]`,
	} {
		var c Contact
		if err := json.Unmarshal([]byte(data), &c); err == nil && data != `["x"]` {
			t.Errorf("%s = %+v, want an error", data, c)
		}
	}
	for _, none := range []string{`[]`, `{}`, `null`} {
		d := Deal{ID: 5}
		if err := d.UnmarshalJSON([]byte(none)); err != nil || d.ID != 0 {
			t.Errorf("%s = %+v, %v; want an empty deal", none, d, err)
		}
	}
}

func TestDirectory(t *testing.T) {
	t.Parallel()
	d := decodeFile[struct {
		Categories Categories
		Statuses   List[Stage]
		Currencies List[Currency]
		Profile    Profile
		User       User
		Fields     List[UserField]
		Presets    List[Preset]
		Requisite  Requisite
		Bank       BankDetail
		Addresses  List[Address]
		Contacts   List[ContactLink]
		Companies  List[CompanyLink]
		Duplicates Duplicates
		Lines      Lines
		Callback   Callback
		Comments   List[TimelineComment]
		Product    Product
	}](t, "directory.json")
	for name, ok := range map[string]bool{
		"categories": len(d.Categories.Categories) == 2 && d.Categories.Categories[0].ID == 9 &&
			bool(d.Categories.Categories[1].IsDefault),
		"stages": d.Statuses[0].StatusID == "NEW" && d.Statuses[0].Semantics == InProgress && d.Statuses[0].Sort == 10 &&
			d.Statuses[1].StatusID == "C9:WON" && d.Statuses[1].Semantics == Success && d.Statuses[1].CategoryID == 9,
		"currencies": d.Currencies[0].Code == "RUB" && bool(d.Currencies[0].Base),
		"profile":    d.Profile.ID == 1 && bool(d.Profile.Admin) && d.Profile.Name == "Вадим",
		"user":       d.User.ID == 3 && bool(d.User.Active) && d.User.LastName == "Петров",
		"fields":     d.Fields[0].FormLabel == "Оплата" && d.Fields[0].List[0].ID == 3157 && d.Fields[1].List == nil,
		"presets":    d.Presets[0].XMLID == "#CRM_REQUISITE_PRESET_DEF_RU_COMPANY#" && d.Presets[0].CountryID == 1,
		"requisite": d.Requisite.INN == "7701000000" && d.Requisite.EntityTypeID == TypeCompany &&
			d.Requisite.DateModify.At.IsZero(),
		"bank": d.Bank.Account == "40702810938000060473" && d.Bank.BIK == "044525225" && d.Bank.EntityID == 27,
		"addresses": d.Addresses[0].TypeID == AddressLegal && d.Addresses[0].EntityTypeID == TypeRequisite &&
			d.Addresses[0].City == "Москва",
		"contacts":   d.Contacts[0].ContactID == 55 && bool(d.Contacts[0].IsPrimary),
		"companies":  d.Companies[0].CompanyID == 12 && bool(d.Companies[0].IsPrimary),
		"duplicates": reflect.DeepEqual(d.Duplicates["CONTACT"], List[ID]{275, 2297}) && d.Duplicates["LEAD"] == nil,
		"lines":      d.Lines["reg150907"] == "SIP",
		"callback":   bool(d.Callback.Started) && d.Callback.CallID == "callback.72f4",
		"comments":   d.Comments[0].ID == 999 && d.Comments[0].Created.At.Equal(noon(0)) && d.Comments[1].Created.At.IsZero(),
		"product":    d.Product.Price == 1250 && d.Product.XMLID == "site:7",
	} {
		if !ok {
			t.Errorf("%s: read wrongly: %+v", name, d)
		}
	}
}
