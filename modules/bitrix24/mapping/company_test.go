package mapping

import (
	"testing"

	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

func TestMergeCompany_anAddressMendsItsLineOfTheComment(t *testing.T) {
	theirs := rest.Company{Comments: "Звонить до 12\nФактический адрес: Пермь\nПлатят вовремя"}
	agreed := SentCompany(&organizations.Organization{Address: "Пермь"}, Rules{})
	for address, want := range map[string]any{
		"Пермь": nil,
		"Тула":  "Звонить до 12\nФактический адрес: Тула\nПлатят вовремя",
		"":      "Звонить до 12\nПлатят вовремя",
	} {
		m := MergeCompany(agreed, &organizations.Organization{Address: address}, theirs, Rules{}, "pixlpark:x")
		if got := m.Send["comments"]; got != want {
			t.Errorf("address %q: comment %q, want %q", address, got, want)
		}
	}
}
