package pages_test

import (
	"net/http"
	"testing"

	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/pages"
	"github.com/pixlpark/panel/modules/bitrix24/records"
)

// TestJournal_keepsWhatWasSaidInLittleRoom has orders sent and finds the same words on the page as in lines of before.
func TestJournal_keepsWhatWasSaidInLittleRoom(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Place()
		x.Drain()
		shown := func(when string) {
			t.Helper()
			x.As(staff.Administrator).Get(pages.JournalURL).Want(t, http.StatusOK,
				"Создана сделка", "crm.item.add {", `"currencyId": "RUB"`, `"opportunity":1149.75`)
			if t.Failed() {
				t.Fatal(when)
			}
		}
		shown("packed")

		database := x.Host().DB.From(t.Context())
		var lines []records.JournalEntry
		x.Must(database.Find(&lines).Error)
		var kept, said int
		for _, line := range lines {
			kept += len(line.Request) + len(line.Answer) + len(line.Packed)
			x.Must(line.Unpack())
			said += len(line.Request) + len(line.Answer)
			x.Must(database.Model(&line).Updates(map[string]any{
				"request": line.Request, "answer": line.Answer, "packed": nil,
			}).Error)
		}
		if said == 0 || 4*kept > said {
			t.Errorf("%d bytes are kept of %d, want at most a quarter", kept, said)
		}
		t.Logf("%d lines: %d bytes are kept of %d", len(lines), kept, said)
		shown("as lines of before")
	})
}
