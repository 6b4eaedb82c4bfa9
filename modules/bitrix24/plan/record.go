package plan

import (
	"fmt"

	"github.com/pixlpark/panel/modules/bitrix24/mapping"
)

// Record is a record of the panel.
type Record struct {
	Kind Local
	ID   int64
}

// Name is the record as people call it, «Заказ № 42».
func (r Record) Name() string {
	title := map[Local]string{Order: "Заказ", Client: "Клиент", Organization: "Организация"}[r.Kind]
	return fmt.Sprintf("%s № %d", title, r.ID)
}

// URL is the path of the record's page in the panel; empty if it has none.
func (r Record) URL() string {
	path := map[Local]string{Order: "orders", Client: "clients", Organization: "organizations"}[r.Kind]
	if path == "" {
		return ""
	}
	return fmt.Sprintf("/admin/%s/%d", path, r.ID)
}

// About returns the note about one record of the panel and its record on the portal, whose number is 0 while it is not
// known.
func About(kind Local, id int64, e Entity, remoteID int64) Note {
	return Note{Local: kind, LocalID: id, Entity: e, RemoteID: remoteID}
}

// Note says which records a line of the journal is about.
type Note struct {
	Local    Local
	LocalID  int64
	Entity   Entity
	RemoteID int64
}

// Direction says which side something was sent to.
type Direction string

// The directions.
const (
	Outward Direction = "out" // to the portal
	Inward  Direction = "in"  // to the panel
)

// Key returns the external key under which a record of the panel is found as a record of that kind on the portal, by
// the record's number and token. The same key names the intent to create it.
func Key(kind Local, e Entity, id int64, token string) string {
	switch kind {
	case LegalEntity:
		return mapping.LegalEntityKey(id, token)
	case Client:
		if e == Lead {
			return mapping.ClientLeadKey(id, token)
		}
		return mapping.ClientKey(id, token)
	case Organization:
		if e == Lead {
			return mapping.OrganizationLeadKey(id, token)
		}
		return mapping.OrganizationKey(id, token)
	}
	if e == Lead {
		return mapping.OrderLeadKey(id, token)
	}
	return mapping.OrderKey(id, token)
}

// RowsKey is the key of the intent to change an order's product rows. It never leaves the panel, so it does without the
// token.
func RowsKey(order int64) string { return mapping.OrderKey(order, "") }
