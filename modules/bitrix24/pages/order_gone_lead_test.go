package pages_test

import (
	"fmt"
	"testing"

	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
)

// A deleted order leaves its lead in place with a note, as it does a deal; and the deal that a person makes of the lead
// afterwards says so as well.
func TestOrderDeletedWhileItsLeadIsOpen_theTimelineSaysSo(t *testing.T) {
	bitrix24test.EachWithLeads(t, func(t *testing.T, x *bitrix24test.Pair) {
		order := x.Place()
		client := int64(x.Order(order).Number("UserId"))
		x.Settle()
		lead, _ := x.Lead(bitrix24test.ClientLead(client), 1)
		x.SetStatus(order, "Deleted")
		x.Settle()
		x.Settle()
		comments := x.State().Comments
		if len(comments) != 1 {
			t.Fatalf("%d comments in timelines, want 1: %v", len(comments), comments)
		}
		bitrix24test.Equal(t, "whose timeline", fmt.Sprint(comments[0]["ENTITY_TYPE"], comments[0]["ENTITY_ID"]), fmt.Sprint("lead", lead))
		bitrix24test.Contains(t, "note", fmt.Sprint(comments[0]["COMMENT"]), fmt.Sprintf("Заказ № %d удалён", order))
		x.Lead(bitrix24test.ClientLead(client), 1)
		x.AtRest()
	})
}
