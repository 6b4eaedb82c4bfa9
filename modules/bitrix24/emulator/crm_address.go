package emulator

import "github.com/pixlpark/panel/modules/bitrix24/emulator/php"

// addressTable are the fields of crm.address.*. An address has no number that these methods take: its key is TYPE_ID,
// ENTITY_TYPE_ID and ENTITY_ID together.
const addressTable = `
TYPE_ID integer req add | Тип
ENTITY_TYPE_ID integer req add | Тип владельца
ENTITY_ID integer req add | Владелец
ADDRESS_1 string 255 | Улица, дом
ADDRESS_2 string 255 | Квартира, офис
CITY string 255 | Населённый пункт
POSTAL_CODE string 60 | Почтовый индекс
REGION string 255 | Район
PROVINCE string 255 | Регион
COUNTRY string 255 | Страна
COUNTRY_CODE string 100 | Код страны
LOC_ADDR_ID integer | Местоположение
ANCHOR_TYPE_ID integer ro | Тип корневого владельца
ANCHOR_ID integer ro | Корневой владелец
`

// addressMethods are crm.address.* (REST.md 14.2).
func (m methods) addressMethods() {
	m.add("crm", map[string]func(*call) (any, error){
		"crm.address.add":    addressAdd,
		"crm.address.update": addressUpdate,
		"crm.address.delete": addressDelete,
		"crm.address.list":   func(c *call) (any, error) { return c.oldListOf(c.addresses, nil) },
		"crm.address.fields": func(c *call) (any, error) { return describeAll(c.addresses.schema), nil },
	})
}

// addressOwner reads the fields of an address and finds its owner, a requisite or a lead.
func (c *call) addressOwner() (fields *php.Array, owner *record, err error) {
	fields, err = c.fields()
	if err != nil {
		return nil, nil, err
	}
	id := php.Int(fields.Get("ENTITY_ID"))
	switch kind := php.Int(fields.Get("ENTITY_TYPE_ID")); {
	case php.Int(fields.Get("TYPE_ID")) <= 0:
		return nil, nil, undefined("TYPE_ID")
	case kind != typeRequisite && kind != typeLead:
		return nil, nil, undefined("ENTITY_TYPE_ID")
	case id <= 0:
		return nil, nil, undefined("ENTITY_ID")
	case kind == typeRequisite:
		owner = c.requisites.rows[id]
	default:
		owner = c.leads.rows[id]
	}
	if owner == nil {
		return nil, nil, failed("", "Entity not found.")
	}
	return fields, owner, nil
}

// address finds an address by its key; nil when there is none.
func (c *call) address(fields *php.Array) *record {
	for _, r := range c.addresses.where("ENTITY_ID", php.Int(fields.Get("ENTITY_ID"))) {
		if c.addresses.integer(r, "ENTITY_TYPE_ID") == php.Int(fields.Get("ENTITY_TYPE_ID")) &&
			c.addresses.integer(r, "TYPE_ID") == php.Int(fields.Get("TYPE_ID")) {
			return r
		}
	}
	return nil
}

// addressAdd is crm.address.add. It answers true, not a number, and refuses a second address with the same key.
func addressAdd(c *call) (any, error) {
	fields, owner, err := c.addressOwner()
	if err != nil {
		return nil, err
	}
	if c.address(fields) != nil {
		return nil, failed("", "TypeAddress exists")
	}
	r := c.add(c.addresses, fields)
	if c.addresses.integer(r, "ENTITY_TYPE_ID") == typeRequisite {
		c.addresses.put(r, "ANCHOR_TYPE_ID", c.requisites.integer(owner, "ENTITY_TYPE_ID"))
		c.addresses.put(r, "ANCHOR_ID", c.requisites.integer(owner, "ENTITY_ID"))
	} else {
		c.addresses.put(r, "ANCHOR_TYPE_ID", int64(typeLead))
		c.addresses.put(r, "ANCHOR_ID", owner.id)
	}
	c.emit("ONCRMADDRESSREGISTER", owner.id)
	return true, nil
}

// addressUpdate is crm.address.update. The key is among the fields.
func addressUpdate(c *call) (any, error) {
	fields, _, err := c.addressOwner()
	if err != nil {
		return nil, err
	}
	r := c.address(fields)
	if r == nil {
		return nil, failed("", "TypeAddress not found")
	}
	c.update(c.addresses, r, fields)
	return true, nil
}

// addressDelete is crm.address.delete. The key is among the fields.
func addressDelete(c *call) (any, error) {
	fields, owner, err := c.addressOwner()
	if err != nil {
		return nil, err
	}
	r := c.address(fields)
	if r == nil {
		return nil, failed("", "TypeAddress not found")
	}
	c.addresses.remove(r)
	c.stats.Changes++
	c.save()
	c.emit("ONCRMADDRESSUNREGISTER", owner.id)
	return true, nil
}
