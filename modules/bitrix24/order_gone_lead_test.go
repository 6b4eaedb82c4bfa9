package bitrix24_test

import (
	"fmt"
	"testing"
)

// A deleted order leaves its lead in place with a note, as it does a deal; and the deal that a person makes of the lead
// afterwards says so as well.
func TestOrderDeletedWhileItsLeadIsOpen_theTimelineSaysSo(t *testing.T) {
	eachWithLeads(t, func(t *testing.T, x *exchange) {
		order := x.place()
		client := int64(x.order(order).Number("UserId"))
		x.settle()
		lead, _ := x.lead(clientLead(client), 1)
		x.setStatus(order, "Deleted")
		x.settle()
		x.settle()
		comments := x.state().Comments
		if len(comments) != 1 {
			t.Fatalf("%d comments in timelines, want 1: %v", len(comments), comments)
		}
		equal(t, "whose timeline", fmt.Sprint(comments[0]["ENTITY_TYPE"], comments[0]["ENTITY_ID"]), fmt.Sprint("lead", lead))
		contains(t, "note", fmt.Sprint(comments[0]["COMMENT"]), fmt.Sprintf("Заказ № %d удалён", order))
		x.lead(clientLead(client), 1)
		x.atRest()
	})
}
