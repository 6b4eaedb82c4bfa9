package emulator

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestDeal_defaultsAndReadOnlyFields(t *testing.T) {
	t.Parallel()
	c := newClock()
	r := newRig(t, func(o *Options) { o.Clock = c.now })
	deal := r.add("crm.deal.add", obj{"ID": 77, "DATE_CREATE": "2001-01-01", "NO_SUCH_FIELD": 1, "LEAD_ID": 5, "STAGE_SEMANTIC_ID": "S"})
	got := r.call("crm.deal.get", obj{"id": deal}).(obj)
	for name, want := range map[string]any{
		"ID": "1", "TITLE": "Сделка #1", "STAGE_ID": "NEW", "STAGE_SEMANTIC_ID": "P", "CATEGORY_ID": "0", "TYPE_ID": "SALE", "OPENED": "Y", "CLOSED": "N",
		"IS_NEW": "Y", "ASSIGNED_BY_ID": "1", "MODIFY_BY_ID": "1", "CURRENCY_ID": "RUB", "OPPORTUNITY": "0.00", "LEAD_ID": nil, "COMPANY_ID": nil,
		"BEGINDATE": "2026-11-23T03:00:00+03:00", "CLOSEDATE": "2026-11-30T03:00:00+03:00", "DATE_CREATE": "2026-11-23T15:00:00+03:00",
	} {
		same(t, name, got[name], want)
	}
	c.step(time.Hour)
	r.call("crm.deal.update", obj{"id": deal, "fields": obj{"CATEGORY_ID": 1, "DATE_MODIFY": "2001-01-01", "TITLE": strings.Repeat("я", 300)}})
	now, _ := r.Deal(deal)
	same(t, "the funnel cannot be changed so", now["CATEGORY_ID"], "0")
	same(t, "DATE_MODIFY", now["DATE_MODIFY"], "2026-11-23T16:00:00+03:00")
	same(t, "TITLE is cut", len([]rune(now["TITLE"])), 255)
	same(t, "DATE_CREATE", now["DATE_CREATE"], "2026-11-23T15:00:00+03:00")
}

func TestDeal_stages(t *testing.T) {
	t.Parallel()
	c := newClock()
	r := newRig(t, func(o *Options) { o.Clock = c.now })
	other := r.add("crm.deal.add", obj{"CATEGORY_ID": 1, "STAGE_ID": "PREPARATION"})
	got, _ := r.Deal(other)
	same(t, "a foreign stage on add is the first one", got["STAGE_ID"], "C1:NEW")
	deal := r.add("crm.deal.add", obj{"STAGE_ID": "EXECUTING"})
	c.step(24 * time.Hour)
	same(t, "a foreign stage on update", r.call("crm.deal.update", obj{"id": deal, "fields": obj{"STAGE_ID": "C1:WON"}}), any(true))
	got, _ = r.Deal(deal)
	same(t, "is ignored", got["STAGE_ID"], "EXECUTING")
	r.call("crm.deal.update", obj{"id": deal, "fields": obj{"STAGE_ID": "WON", "CLOSED": "N"}})
	got, _ = r.Deal(deal)
	same(t, "won", got["STAGE_ID"]+got["STAGE_SEMANTIC_ID"]+got["CLOSED"]+got["IS_NEW"], "WONSYN")
	same(t, "closing date", got["CLOSEDATE"], "2026-11-24T03:00:00+03:00")
	same(t, "moved", got["MOVED_TIME"], "2026-11-24T15:00:00+03:00")
	r.call("crm.deal.update", obj{"id": deal, "fields": obj{"STAGE_ID": "NEW"}})
	got, _ = r.Deal(deal)
	same(t, "reopened", got["STAGE_SEMANTIC_ID"]+got["CLOSED"], "PN")
	r.fails("crm.item.update", obj{"entityTypeId": 2, "id": deal, "fields": obj{"stageId": "C1:NEW"}}, 400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", "STAGE_ID")
	r.fails("crm.item.add", obj{"entityTypeId": 2, "fields": obj{"categoryId": 99}}, 400, "CRM_FIELD_ERROR_VALUE_NOT_VALID", "CATEGORY_ID")
}

func TestItem_movesBetweenFunnelsWithoutAnUpdateEvent(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	deal := r.add("crm.deal.add", obj{"STAGE_ID": "EXECUTING"})
	r.sent()
	item := r.call("crm.item.update", obj{"entityTypeId": 2, "id": deal, "fields": obj{"categoryId": 1}}).(obj)["item"].(obj)
	same(t, "stage", item["stageId"], any("C1:NEW"))
	same(t, "funnel", item["categoryId"], any(1.0))
	sameList(t, "events", r.sent())
	r.call("crm.item.update", obj{"entityTypeId": 2, "id": deal, "fields": obj{"stageId": "C1:WON"}})
	sameList(t, "events of an ordinary move", r.sent(), "ONCRMDEALUPDATE 1")
}

func TestItem_updateWithoutAChangeIsSilent(t *testing.T) {
	t.Parallel()
	c := newClock()
	r := newRig(t, func(o *Options) { o.Clock = c.now })
	item := r.call("crm.item.add", obj{"entityTypeId": 2, "fields": obj{"title": "x", "opportunity": 10, "begindate": "2026-11-01"}}).(obj)["item"].(obj)
	before, changes := item["updatedTime"], r.Stats().Changes
	c.step(time.Minute)
	same2 := r.call("crm.item.update", obj{"entityTypeId": 2, "id": 1, "fields": obj{"title": "x", "opportunity": 10.0, "stageId": "NEW", "begindate": "2026-11-01", "comments": ""}}).(obj)["item"].(obj)
	same(t, "updatedTime", same2["updatedTime"], before)
	sameList(t, "events", r.sent())
	r.call("crm.deal.update", obj{"id": 1, "fields": obj{"TITLE": "x"}})
	sameList(t, "the old method saves all the same", r.sent(), "ONCRMDEALUPDATE 1")
	same(t, "nothing became different", r.Stats().Changes, changes)
	r.SetBehaviour(func(b *Behaviour) { b.OldUpdateAlwaysSaves = false })
	r.call("crm.deal.update", obj{"id": 1, "fields": obj{"TITLE": "x"}})
	sameList(t, "unless switched off", r.sent())
}

func TestItem_namesAndKinds(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("crm.deal.userfield.add", obj{"FIELD_NAME": "PIXLPARK_DELIVERY", "USER_TYPE_ID": "string"})
	r.add("crm.deal.userfield.add", obj{"FIELD_NAME": "1721", "USER_TYPE_ID": "double"})
	item := r.call("crm.item.add", obj{"entityTypeId": 2, "fields": obj{
		"title": "x", "opportunity": "10.50", "isManualOpportunity": "Y", "originatorId": "pixlpark:1", "originId": "order:1", "leadId": 5,
		"ufCrmPixlparkDelivery": "Офис", "ufCrm_1721": "2.5", "observers": list{1, 2},
	}}).(obj)["item"].(obj)
	for name, want := range map[string]any{
		"id": 1.0, "opportunity": 10.5, "originId": "order:1", "leadId": 5.0, "companyId": 0.0, "assignedById": 1.0, "ufCrmPixlparkDelivery": "Офис",
		"ufCrm_1721": 2.5, "createdBy": 1.0, "stageSemanticId": "P", "entityTypeId": 2.0,
	} {
		same(t, name, item[name], want)
	}
	original := r.call("crm.item.get", obj{"entityTypeId": 2, "id": 1, "useOriginalUfNames": "Y"}).(obj)["item"].(obj)
	same(t, "original name", original["UF_CRM_PIXLPARK_DELIVERY"], any("Офис"))
	old := r.call("crm.deal.get", obj{"id": 1}).(obj)
	same(t, "old family", old["UF_CRM_1721"], any("2.5"))
	r.fails("crm.item.add", obj{"entityTypeId": 2, "fields": obj{"contactIds": 5}}, 400, "100", "Expected iterable value for multiple field, but got integer instead")
	r.fails("crm.item.get", obj{"id": 1}, 400, "100", "entityTypeId")
	r.fails("crm.item.get", obj{"entityTypeId": 140, "id": 1}, 400, "NOT_FOUND", "Smart process not found")
}

func TestItem_deleteAnswersAnEmptyList(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("crm.deal.add", obj{"TITLE": "x"})
	if list, ok := r.call("crm.item.delete", obj{"entityTypeId": 2, "id": 1}).([]any); !ok || len(list) != 0 {
		t.Errorf("result = %v", list)
	}
	r.fails("crm.deal.get", obj{"id": 1}, 400, "", "Not found")
}

func TestItem_batchImport(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	items := r.call("crm.item.batchImport", obj{"entityTypeId": 3, "data": list{
		obj{"name": "Иван", "createdTime": "2020-05-06T10:00:00+03:00", "PHONE": list{obj{"VALUE": "+79990000000", "VALUE_TYPE": "MOBILE"}}}, obj{"post": "без имени"},
	}}).(obj)["items"].([]any)
	same(t, "made", items[0].(obj)["item"].(obj)["id"], any(1.0))
	same(t, "refused", items[1].(obj)["error"], any("CRM_FIELD_ERROR_REQUIRED"))
	contact, _ := r.Contact(1)
	same(t, "createdTime", contact["DATE_CREATE"], "2020-05-06T10:00:00+03:00")
	same(t, "phone", contact["PHONE.MOBILE"], "+79990000000")
	data := list{}
	for range 21 {
		data = append(data, obj{"name": "x"})
	}
	r.fails("crm.item.batchImport", obj{"entityTypeId": 3, "data": data}, 400, "MAX_IMPORT_BATCH_SIZE_EXCEEDED", "20")
	same(t, "import", r.call("crm.item.import", obj{"entityTypeId": 2, "fields": obj{"title": "x"}}).(obj)["item"].(obj)["id"], any(1.0))
}

func TestMultifields(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	contact := r.add("crm.contact.add", obj{"NAME": "Иван", "PHONE": list{obj{"VALUE": "111", "VALUE_TYPE": "WORK"}, obj{"VALUE": "222", "VALUE_TYPE": "MOBILE"}, obj{"VALUE": "333"}}})
	rows := func() (ids []any, values string) {
		got := r.call("crm.contact.get", obj{"id": contact}).(obj)
		phones, _ := got["PHONE"].([]any)
		for _, p := range phones {
			ids = append(ids, p.(obj)["ID"])
			values += p.(obj)["VALUE_TYPE"].(string) + ":" + p.(obj)["VALUE"].(string) + " "
		}
		return ids, values
	}
	ids, values := rows()
	same(t, "added", values, "WORK:111 MOBILE:222 WORK:333 ")
	update := func(phones ...any) {
		r.call("crm.contact.update", obj{"id": contact, "fields": obj{"PHONE": phones}})
	}
	update(obj{"VALUE": "222", "VALUE_TYPE": "MOBILE"})
	_, values = rows()
	same(t, "without ID a row is doubled", values, "WORK:111 MOBILE:222 WORK:333 MOBILE:222 ")
	update(obj{"ID": ids[0], "VALUE": "444", "VALUE_TYPE": "HOME"}, obj{"ID": ids[1], "DELETE": "Y"}, obj{"ID": ids[2], "VALUE": ""})
	ids, values = rows()
	same(t, "changed and deleted by ID", values, "HOME:444 MOBILE:222 ")
	update(obj{"ID": ids[0]}, obj{"ID": ids[1], "DELETE": "Y"})
	got := r.call("crm.contact.get", obj{"id": contact}).(obj)
	if _, ok := got["PHONE"]; ok {
		t.Error("PHONE is there though empty")
	}
	same(t, "HAS_PHONE", got["HAS_PHONE"], any("N"))

	r.fails("crm.contact.update", obj{"id": contact, "fields": obj{"NAME": "Пётр", "EMAIL": list{obj{"VALUE": "no-address", "VALUE_TYPE": "WORK"}}}}, 400, "ERROR_CORE", "The field Work e-mail contains an invalid address")
	now, _ := r.Contact(contact)
	same(t, "a bad address refuses everything", now["NAME"], "Иван")

	item := r.call("crm.item.update", obj{"entityTypeId": 3, "id": contact, "fields": obj{"fm": obj{"n0": obj{"typeId": "PHONE", "valueType": "MOBILE", "value": "555"}}}}).(obj)["item"].(obj)
	same(t, "flat alias", item["phoneMobile"], any("555"))
	row := item["fm"].([]any)[0].(obj)
	item = r.call("crm.item.update", obj{"entityTypeId": 3, "id": contact, "fields": obj{"fm": obj{fmt.Sprint(row["id"]): obj{"typeId": "PHONE", "valueType": "MOBILE", "value": ""}}}}).(obj)["item"].(obj)
	same(t, "an empty value deletes", len(item["fm"].([]any)), 0)
	r.fails("crm.contact.add", obj{"fields": obj{"POST": "x"}}, 400, "", "required")
	r.fails("crm.company.add", obj{"fields": obj{"COMMENTS": "x"}}, 400, "", "required")
}

func TestContactImport_letsTimesBeSet(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for i, x := range []struct {
		imports any
		set     bool
	}{{"Y", true}, {"N", true}, {0, false}, {"", false}} {
		r.call("crm.contact.add", obj{"fields": obj{"NAME": "x", "DATE_CREATE": "2020-01-02T03:04:05+03:00"}, "params": obj{"IMPORT": x.imports}})
		got, _ := r.Contact(int64(i + 1))
		same(t, fmt.Sprintf("IMPORT=%v", x.imports), got["DATE_CREATE"] == "2020-01-02T03:04:05+03:00", x.set)
	}
}

func TestDuplicates(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	phone := func(s string) list { return list{obj{"VALUE": s, "VALUE_TYPE": "MOBILE"}} }
	r.add("crm.contact.add", obj{"NAME": "a", "PHONE": phone("+7 (999) 123-45-67"), "EMAIL": list{obj{"VALUE": "Ivan@Example.ru"}}})
	r.add("crm.lead.add", obj{"TITLE": "l", "PHONE": phone("79991234567 доб. 12")})
	find := func(params obj) any { return r.call("crm.duplicate.findbycomm", params) }
	got := find(obj{"type": "PHONE", "values": list{"+79991234567"}}).(obj)
	same(t, "contact", got["CONTACT"].([]any)[0], any(1.0))
	same(t, "lead, extension ignored", got["LEAD"].([]any)[0], any(1.0))
	got = find(obj{"type": "EMAIL", "values": list{"ivan@example.ru"}, "entity_type": "CONTACT"}).(obj)
	same(t, "letter case of an address", len(got), 1)
	if none, ok := find(obj{"type": "PHONE", "values": list{"89991234567"}}).([]any); !ok || len(none) != 0 {
		t.Errorf("8 and +7 differ: %v", none)
	}
	r.SetBehaviour(func(b *Behaviour) { b.EightIsSeven = true })
	if _, ok := find(obj{"type": "PHONE", "values": list{"89991234567"}}).(obj); !ok {
		t.Error("8 and +7 are switched to be the same")
	}
	r.fails("crm.duplicate.findbycomm", obj{"type": "PHONE"}, 400, "Communication values is not defined", "")
	r.fails("crm.duplicate.findbycomm", obj{"type": "WEB", "values": list{"x"}}, 400, "Communication type 'WEB' is not supported in current context", "")
	for range 19 {
		r.add("crm.contact.add", obj{"NAME": "a", "PHONE": phone("+79991234567")})
	}
	got = find(obj{"type": "PHONE", "values": list{"+79991234567"}}).(obj)
	same(t, "kinds before the full one", len(got), 2)
	r.call("crm.contact.delete", obj{"id": 1})
	r.call("crm.lead.update", obj{"id": 1, "fields": obj{"PHONE": list{obj{"ID": 3, "VALUE": "5"}}}})
	got = find(obj{"type": "PHONE", "values": list{"+79991234567"}}).(obj)
	same(t, "changes reach the index", fmt.Sprint(len(got), len(got["CONTACT"].([]any))), "1 19")
}

func TestLinks(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for range 3 {
		r.add("crm.contact.add", obj{"NAME": "x"})
		r.add("crm.company.add", obj{"TITLE": "x"})
	}
	r.add("crm.deal.add", obj{"TITLE": "x", "CONTACT_IDS": list{2, 1}})
	r.sent()
	get := func(method string, id int) string {
		var out strings.Builder
		for _, v := range r.call(method, obj{"id": id}).([]any) {
			x := v.(obj)
			key := x["CONTACT_ID"]
			if key == nil {
				key = x["COMPANY_ID"]
			}
			fmt.Fprintf(&out, "%v%v ", key, x["IS_PRIMARY"])
		}
		return out.String()
	}
	same(t, "links of add", get("crm.deal.contact.items.get", 1), "2Y 1N ")
	same(t, "add again", r.call("crm.deal.contact.add", obj{"id": 1, "fields": obj{"CONTACT_ID": 1}}), any(false))
	sameList(t, "nothing happened", r.sent())
	same(t, "add", r.call("crm.deal.contact.add", obj{"id": 1, "fields": obj{"CONTACT_ID": 3, "IS_PRIMARY": "Y"}}), any(true))
	sameList(t, "events", r.sent(), "ONCRMDEALUPDATE 1")
	deal, _ := r.Deal(1)
	same(t, "primary", deal["CONTACT_ID"], "3")
	r.call("crm.deal.contact.items.set", obj{"id": 1, "items": list{obj{"CONTACT_ID": 1}, obj{"CONTACT_ID": 2, "IS_PRIMARY": "Y"}}})
	same(t, "set", get("crm.deal.contact.items.get", 1), "1N 2Y ")
	r.call("crm.deal.update", obj{"id": 1, "fields": obj{"CONTACT_ID": 3}})
	same(t, "CONTACT_ID replaces the primary one", get("crm.deal.contact.items.get", 1), "3Y 1N ")
	r.call("crm.contact.delete", obj{"id": 3})
	same(t, "a deleted contact leaves", get("crm.deal.contact.items.get", 1), "1Y ")
	r.call("crm.deal.contact.items.delete", obj{"id": 1})
	same(t, "cleared", get("crm.deal.contact.items.get", 1), "")

	r.call("crm.company.contact.items.set", obj{"id": 2, "items": list{obj{"CONTACT_ID": 1}, obj{"CONTACT_ID": 2}}})
	same(t, "every row is primary from the company's side", get("crm.company.contact.items.get", 2), "1Y 2Y ")
	r.call("crm.contact.company.add", obj{"id": 1, "fields": obj{"COMPANY_ID": 1}})
	same(t, "companies", get("crm.contact.company.items.get", 1), "2Y 1N ")
	contact, _ := r.Contact(1)
	same(t, "COMPANY_ID", contact["COMPANY_ID"], "2")
	r.call("crm.company.delete", obj{"id": 2})
	same(t, "a deleted company leaves", get("crm.contact.company.items.get", 1), "1Y ")
}

func TestProductRows(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("crm.deal.add", obj{"TITLE": "x", "OPPORTUNITY": 5})
	r.sent()
	set := func(rows ...any) { r.call("crm.deal.productrows.set", obj{"id": 1, "rows": append(list{}, rows...)}) }
	set(obj{"PRODUCT_NAME": "Фото", "PRICE": 18.5, "QUANTITY": 3, "SORT": 20}, obj{"PRODUCT_NAME": "Постер", "PRICE": 120, "TAX_RATE": 20, "TAX_INCLUDED": "Y", "SORT": 10}, obj{"PRICE": 1})
	deal, _ := r.Deal(1)
	same(t, "OPPORTUNITY", deal["OPPORTUNITY"], "176.50")
	same(t, "TAX_VALUE", deal["TAX_VALUE"], "20.00")
	sameList(t, "the extra update", r.sent(), "ONCRMDEALUPDATE 1")
	rows := r.Rows(1)
	same(t, "order of SORT", rows[0]["PRODUCT_NAME"]+rows[1]["PRODUCT_NAME"]+rows[2]["PRODUCT_NAME"], "[3]ПостерФото")
	same(t, "price without tax", rows[1]["PRICE_EXCLUSIVE"], "100")
	set(obj{"ID": rows[2]["ID"], "PRODUCT_NAME": "Фото 10х15", "PRICE": 20, "QUANTITY": 3})
	now := r.Rows(1)
	same(t, "the passed row is kept, the others go", words(len(now), now[0]["ID"] == rows[2]["ID"], now[0]["PRODUCT_NAME"]), "1 true Фото 10х15")

	r.call("crm.deal.update", obj{"id": 1, "fields": obj{"IS_MANUAL_OPPORTUNITY": "Y", "OPPORTUNITY": 999}})
	row := r.call("crm.item.productrow.add", obj{"fields": obj{"ownerType": "D", "ownerId": 1, "productName": "Доставка", "price": 300}}).(obj)["productRow"].(obj)
	deal, _ = r.Deal(1)
	same(t, "a manual amount stays", deal["OPPORTUNITY"], "999.00")
	r.call("crm.item.productrow.update", obj{"id": row["id"], "fields": obj{"quantity": 2}})
	got := r.call("crm.item.productrow.get", obj{"id": row["id"]}).(obj)["productRow"].(obj)
	same(t, "quantity", got["quantity"], any(2.0))
	same(t, "price stays", got["price"], any(300.0))
	found := r.call("crm.item.productrow.list", obj{"filter": obj{"=ownerType": "D", "=ownerId": 1, ">price": 100}}).(obj)["productRows"].([]any)
	same(t, "list", len(found), 1)
	if result := r.call("crm.item.productrow.delete", obj{"id": row["id"]}); result != nil {
		t.Errorf("delete answers %v", result)
	}
	r.fails("crm.item.productrow.get", obj{"id": row["id"]}, 400, "NOT_FOUND", "Item not found")
	r.fails("crm.item.productrow.set", obj{"ownerType": "Q", "ownerId": 1, "productRows": list{}}, 400, "ENTITY_TYPE_NOT_SUPPORTED", "")
	r.fails("crm.item.productrow.list", obj{"filter": obj{}}, 400, "100", "ownerType")
	r.fails("crm.deal.productrows.set", obj{"id": 1, "rows": "x"}, 400, "", "The parameter rows must be array.")
	set()
	same(t, "cleared", len(r.Rows(1)), 0)
	r.sent()
	changes := r.Stats().Changes
	set()
	sameList(t, "equal rows still save", r.sent(), "ONCRMDEALUPDATE 1")
	same(t, "but change nothing", r.Stats().Changes, changes)

	r.add("crm.lead.add", obj{"TITLE": "l"})
	r.call("crm.lead.productrows.set", obj{"id": 1, "rows": list{obj{"PRODUCT_ID": 3, "QUANTITY": 2}}})
	lead, _ := r.Lead(1)
	same(t, "rows of a lead, price and name of the product", lead["OPPORTUNITY"], "1620.00")
}

func TestProductRows_discounts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("crm.deal.add", obj{"TITLE": "x"})
	r.call("crm.deal.productrows.set", obj{"id": 1, "rows": list{
		obj{"PRICE": 899.1, "DISCOUNT_TYPE_ID": 2, "DISCOUNT_RATE": 10}, obj{"PRICE": 80, "DISCOUNT_TYPE_ID": 1, "DISCOUNT_SUM": 20},
	}})
	rows := r.Rows(1)
	same(t, "percent", rows[0]["DISCOUNT_SUM"]+" "+rows[0]["PRICE_NETTO"], "99.9 999")
	same(t, "absolute", rows[1]["DISCOUNT_RATE"]+" "+rows[1]["PRICE_BRUTTO"], "20 100")
	r.fails("crm.deal.productrows.set", obj{"id": 1, "rows": list{obj{"PRICE": 1, "DISCOUNT_TYPE_ID": 1}}}, 400, "ERROR_CORE", "Discount Sum")
}
