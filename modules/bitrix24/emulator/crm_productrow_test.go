package emulator

import "testing"

func TestProductRows(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("crm.deal.add", obj{"TITLE": "x", "OPPORTUNITY": 5})
	r.sent()
	set := func(rows ...any) { r.call("crm.deal.productrows.set", obj{"id": 1, "rows": append(list{}, rows...)}) }
	set(
		obj{"PRODUCT_NAME": "Фото", "PRICE": 18.5, "QUANTITY": 3, "SORT": 20},
		obj{"PRODUCT_NAME": "Постер", "PRICE": 120, "TAX_RATE": 20, "TAX_INCLUDED": "Y", "SORT": 10}, obj{"PRICE": 1},
	)
	deal, _ := r.Deal(1)
	same(t, "OPPORTUNITY", deal["OPPORTUNITY"], "176.50")
	same(t, "TAX_VALUE", deal["TAX_VALUE"], "20.00")
	sameList(t, "the extra update", r.sent(), "ONCRMDEALUPDATE 1")
	rows := r.Rows(1)
	same(t, "order of SORT", rows[0]["PRODUCT_NAME"]+rows[1]["PRODUCT_NAME"]+rows[2]["PRODUCT_NAME"], "[3]ПостерФото")
	same(t, "price without tax", rows[1]["PRICE_EXCLUSIVE"], "100")
	set(obj{"ID": rows[2]["ID"], "PRODUCT_NAME": "Фото 10х15", "PRICE": 20, "QUANTITY": 3})
	now := r.Rows(1)
	same(
		t, "the passed row is kept, the others go", words(len(now), now[0]["ID"] == rows[2]["ID"], now[0]["PRODUCT_NAME"]),
		"1 true Фото 10х15",
	)

	r.call("crm.deal.update", obj{"id": 1, "fields": obj{"IS_MANUAL_OPPORTUNITY": "Y", "OPPORTUNITY": 999}})
	row := r.call("crm.item.productrow.add", obj{
		"fields": obj{"ownerType": "D", "ownerId": 1, "productName": "Доставка", "price": 300},
	}).(obj)["productRow"].(obj)
	deal, _ = r.Deal(1)
	same(t, "a manual amount stays", deal["OPPORTUNITY"], "999.00")
	r.call("crm.item.productrow.update", obj{"id": row["id"], "fields": obj{"quantity": 2}})
	got := r.call("crm.item.productrow.get", obj{"id": row["id"]}).(obj)["productRow"].(obj)
	same(t, "quantity", got["quantity"], any(2.0))
	same(t, "price stays", got["price"], any(300.0))
	found := r.call("crm.item.productrow.list", obj{
		"filter": obj{"=ownerType": "D", "=ownerId": 1, ">price": 100},
	}).(obj)["productRows"].([]any)
	same(t, "list", len(found), 1)
	if result := r.call("crm.item.productrow.delete", obj{"id": row["id"]}); result != nil {
		t.Errorf("delete answers %v", result)
	}
	r.fails("crm.item.productrow.get", obj{"id": row["id"]}, 400, "NOT_FOUND", "Item not found")
	r.fails(
		"crm.item.productrow.set", obj{"ownerType": "Q", "ownerId": 1, "productRows": list{}}, 400,
		"ENTITY_TYPE_NOT_SUPPORTED", "",
	)
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
		obj{"PRICE": 899.1, "DISCOUNT_TYPE_ID": 2, "DISCOUNT_RATE": 10},
		obj{"PRICE": 80, "DISCOUNT_TYPE_ID": 1, "DISCOUNT_SUM": 20},
	}})
	rows := r.Rows(1)
	same(t, "percent", rows[0]["DISCOUNT_SUM"]+" "+rows[0]["PRICE_NETTO"], "99.9 999")
	same(t, "absolute", rows[1]["DISCOUNT_RATE"]+" "+rows[1]["PRICE_BRUTTO"], "20 100")
	r.fails(
		"crm.deal.productrows.set", obj{"id": 1, "rows": list{obj{"PRICE": 1, "DISCOUNT_TYPE_ID": 1}}}, 400, "ERROR_CORE",
		"Discount Sum",
	)
}
