package records

import (
	"fmt"
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

// About returns the record of the panel that the line is about.
func (e JournalEntry) About() Record { return Record{e.Local, e.LocalID} }
