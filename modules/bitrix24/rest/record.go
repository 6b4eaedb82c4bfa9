package rest

import (
	"encoding/json"
	"slices"
	"strings"
)

// Entity types («crm-enum-owner-type»), the entityTypeId of crm.item.* and the ENTITY_TYPE_ID of requisites.
const (
	TypeLead      = 1
	TypeDeal      = 2
	TypeContact   = 3
	TypeCompany   = 4
	TypeRequisite = 8
)

// Item is the result of crm.item.add, update and get («crm-item-get»).
type Item[T any] struct {
	Item T `json:"item"`
}

// Items is the result of crm.item.list («crm-item-list»).
type Items[T any] struct {
	Items List[T] `json:"items"`
}

// Custom are the custom fields of a record (UF_CRM_*, or ufCrm… without useOriginalUfNames), by the name they came
// under.
type Custom map[string]json.RawMessage

// Text is a custom field of one value; "" if it is missing, empty or multiple.
func (c Custom) Text(name string) string {
	var text Text
	_ = text.UnmarshalJSON(c[name])
	return string(text)
}

// Multifield is one phone, e-mail or the like («data-types», crm_multifield). Written without ID it is added, so that
// a change must name it.
type Multifield struct {
	ID        ID   `json:"id"`
	TypeID    Text `json:"typeId"`    // PHONE, EMAIL, WEB, IM, LINK
	ValueType Text `json:"valueType"` // WORK, MOBILE, HOME …
	Value     Text `json:"value"`
}

// Kinds of multifields and their values that flow between the two sides.
const (
	Phone  = "PHONE"
	Email  = "EMAIL"
	Mobile = "MOBILE" // «Мобильный»
	Home   = "HOME"   // «Частный»
	Work   = "WORK"
)

// UnmarshalJSON accepts the names of both families.
func (m *Multifield) UnmarshalJSON(data []byte) error {
	type plain Multifield
	return decodeRecord(data, nil, (*plain)(m), nil)
}

// Multifields are all those of a record, in the portal's order.
type Multifields []Multifield

// Of are those of one kind, PHONE or EMAIL.
func (m Multifields) Of(typeID string) Multifields {
	return slices.DeleteFunc(slices.Clone(m), func(f Multifield) bool { return string(f.TypeID) != typeID })
}

// First is the first of a kind and a type of value: the mobile phone, the private e-mail.
func (m Multifields) First(typeID, valueType string) (Multifield, bool) {
	i := slices.IndexFunc(m, func(f Multifield) bool {
		return string(f.TypeID) == typeID && string(f.ValueType) == valueType
	})
	if i < 0 {
		return Multifield{}, false
	}
	return m[i], true
}

// multifieldNames are the members that hold multifields in the old family, where the new one has `fm`.
var multifieldNames = []string{Phone, Email, "WEB", "IM", "LINK"}

// itemNames are the names of the old family that differ from the new by more than their spelling.
var itemNames = map[string]string{
	"DATE_CREATE":        "createdTime",
	"DATE_MODIFY":        "updatedTime",
	"CREATED_BY_ID":      "createdBy",
	"MODIFY_BY_ID":       "updatedBy",
	"MOVED_BY_ID":        "movedBy",
	"STATUS_ID":          "stageId",
	"STATUS_SEMANTIC_ID": "stageSemanticId",
	"COMPANY_TYPE":       "typeId",
}

// decodeRecord reads a record of either family, crm.item.* (stageId) or crm.deal.* (STAGE_ID), into the same struct.
// Custom fields go to custom, multifields of the old family to `fm`.
func decodeRecord(data []byte, names map[string]string, record any, custom *Custom) error {
	var members Map[json.RawMessage]
	if err := members.UnmarshalJSON(data); err != nil {
		return err
	}
	renamed := make(map[string]json.RawMessage, len(members))
	for name, value := range members {
		switch {
		case custom != nil && (strings.HasPrefix(name, "UF_") || strings.HasPrefix(name, "ufCrm")):
			if *custom == nil {
				*custom = make(Custom)
			}
			(*custom)[name] = value
		case custom != nil && slices.Contains(multifieldNames, name):
		case names[name] != "":
			renamed[names[name]] = value
		case name == strings.ToUpper(name):
			renamed[camelCase(name)] = value
		default:
			renamed[name] = value
		}
	}
	if custom != nil {
		if err := gatherMultifields(members, renamed); err != nil {
			return err
		}
	}
	plain, err := json.Marshal(renamed)
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, record)
}

func gatherMultifields(from Map[json.RawMessage], to map[string]json.RawMessage) error {
	var all List[json.RawMessage]
	if err := all.UnmarshalJSON(orNull(to["fm"])); err != nil {
		return err
	}
	for _, name := range multifieldNames {
		var some List[json.RawMessage]
		if err := some.UnmarshalJSON(orNull(from[name])); err != nil {
			return err
		}
		all = append(all, some...)
	}
	joined, err := json.Marshal(all)
	to["fm"] = joined
	return err
}

func orNull(data json.RawMessage) json.RawMessage {
	if data == nil {
		return json.RawMessage("null")
	}
	return data
}

// camelCase turns ASSIGNED_BY_ID into assignedById.
func camelCase(name string) string {
	words := strings.Split(strings.ToLower(name), "_")
	for i, word := range words[1:] {
		if word != "" {
			words[i+1] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return strings.Join(words, "")
}
