package mapping

import (
	"testing"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// A contact with a last name alone, found for a client who has a phone and no name, gets no phone for a first name.
func TestMergeContact_aNameStaysEmptyOnBothSides(t *testing.T) {
	phone := "+79123456701"
	c := &clients.Client{ID: 1, Phone: &phone}
	m := MergeContact(nil, c, rest.Contact{LastName: "Петров"}, "pixlpark:x")
	if name, sent := m.Send[fieldName]; sent {
		t.Errorf("the contact's first name becomes %q", name)
	}
	if m.Take[fieldLastName] != "Петров" {
		t.Errorf("taken: %v, want the last name", m.Take)
	}
}

// A deal that was just found by its key is where the order's status belongs: that is no change of stage, so it pays for
// nothing.
func TestDecideStage_firstMeetingPaysForNothing(t *testing.T) {
	rules := Rules{Funnels: map[int64]Funnel{0: {Stages: []StageRule{{StageID: "EXECUTING", Status: orders.PrintingInProgress, Paid: true}}}}}
	d := rules.DecideStage(Pair{}, Present{Status: orders.PrintingInProgress, Stage: "EXECUTING"})
	if d.Take != (StageRule{}) || d.Send != "" || d.Conflict {
		t.Errorf("decided %+v, want to agree and nothing else", d)
	}
	if want := (Pair{Ours: string(orders.PrintingInProgress), Theirs: "EXECUTING"}); d.Agreed != want {
		t.Errorf("agreed %+v, want %+v", d.Agreed, want)
	}
}
