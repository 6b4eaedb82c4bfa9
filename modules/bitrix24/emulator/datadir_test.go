package emulator

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestDataDir_survivesARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := newRig(t, func(o *Options) { o.DataDir = dir })
	r.add("crm.deal.userfield.add", obj{
		"FIELD_NAME": "DELIVERY", "USER_TYPE_ID": "string", "LABEL": obj{"ru": "Доставка"},
	})
	r.add("crm.deal.userfield.add", obj{"FIELD_NAME": "WHEN", "USER_TYPE_ID": "datetime", "MULTIPLE": "Y"})
	company := r.add("crm.company.add", obj{"TITLE": "ООО"})
	contact := r.add("crm.contact.add", obj{
		"NAME": "Иван", "COMPANY_ID": company, "PHONE": list{obj{"VALUE": "+79990000000", "VALUE_TYPE": "MOBILE"}},
	})
	deal := r.add("crm.deal.add", obj{
		"TITLE": "Заказ", "ORIGIN_ID": "order:1", "CONTACT_IDS": list{contact}, "UF_CRM_DELIVERY": "Офис", "OPPORTUNITY": 10,
		"IS_MANUAL_OPPORTUNITY": "Y",
		"UF_CRM_WHEN":           list{"2026-01-01T10:00:00+03:00"},
	})
	r.call("crm.deal.productrows.set", obj{
		"id": deal, "rows": list{obj{"PRODUCT_NAME": "a", "PRICE": 18.55, "TAX_RATE": 20, "QUANTITY": 3}},
	})
	r.add("crm.timeline.comment.add", obj{
		"ENTITY_ID": deal, "ENTITY_TYPE": "deal", "COMMENT": "c", "FILES": list{list{"a.txt", "aGVsbG8="}},
	})
	r.add("crm.requisite.add", obj{
		"ENTITY_TYPE_ID": 4, "ENTITY_ID": company, "PRESET_ID": 1, "NAME": "r", "RQ_INN": "7707083893",
	})
	r.do("add_stage", Args{"category": 1, "id": "OWN", "name": "Своя"})
	doomed := r.add("crm.deal.add", obj{"TITLE": "x"})
	r.call("crm.deal.delete", obj{"id": doomed})
	before, member := r.State(), r.member
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}

	again := newRig(t, func(o *Options) { o.DataDir = dir })
	if after := again.State(); !bytes.Equal(before, after) {
		t.Errorf("the state differs:\n%s\n%s", before, after)
	}
	same(t, "member_id", again.member, member)
	found := again.call("crm.duplicate.findbycomm", obj{"type": "PHONE", "values": list{"+79990000000"}}).(obj)
	same(t, "index of phones", len(found), 1)
	same(t, "index of keys", again.titles(obj{"filter": obj{"=ORIGIN_ID": "order:1"}}), "Заказ")
	same(t, "no number twice", again.add("crm.deal.add", obj{"TITLE": "y"}), doomed+1)
	item := again.call("crm.item.get", obj{"entityTypeId": 2, "id": deal}).(obj)["item"].(obj)
	same(t, "custom field", item["ufCrmDelivery"], any("Офис"))
	same(t, "amount", item["opportunity"], any(10.0))
}

func TestDataDir_brokenFileIsAnError(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, dataFile), []byte(`{"tables":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(Options{DataDir: dir}); err == nil {
		t.Error("half a file was read")
	}
}
