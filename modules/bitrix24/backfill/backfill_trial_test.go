package backfill_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// triedLine is what a trial says of one record: its line of the table.
var triedLine = regexp.MustCompile(
	`(?s)<a href="/admin/(orders|clients|organizations)/(\d+)">.*?<span class="pill [a-z]*">([^<]+)</span>.*?<td[^>]*>(.*?)</td>`)

// A shop of some years: orders of persons and an organization, some sent by hand, some changed there or here since, some
// customers known to the portal, an order that is not to be sent.
func anyShop(x *bitrix24test.Pair, r *rand.Rand) {
	before := x.PlaceMany(2 + r.IntN(3))
	client := x.NewClient()
	company := x.NewOrganization(client)
	before = append(before, x.Place(bitrix24test.By(client), bitrix24test.Set("OrganizationId", company.ID())))
	if r.IntN(2) == 0 {
		x.Do("create_contact", emulator.Args{"fields": map[string]any{
			"NAME": "Уже", "EMAIL": []map[string]any{{"VALUE": "client1@example.ru", "VALUE_TYPE": "HOME"}},
		}})
	}
	x.Connect()
	for _, order := range before {
		switch r.IntN(4) {
		case 0:
			x.Press(order, "ignore")
		case 1:
			x.As(staff.Administrator).Post(fmt.Sprintf("/admin/orders/%d/actions/bitrix24.send", order)).Want(x.T, http.StatusSeeOther)
		}
	}
	x.Settle()
	x.WithoutEvents(func() {
		for _, order := range before {
			deals := x.DealsOf(order)
			if len(deals) == 0 {
				continue
			}
			id, _ := strconv.ParseInt(fmt.Sprint(deals[0]["ID"]), 10, 64)
			switch r.IntN(4) {
			case 0:
				x.Do("move_deal", emulator.Args{"id": id, "stage": "EXECUTING"})
			case 1:
				x.Do("delete_deal", emulator.Args{"id": id})
			}
		}
	})
}

// What a trial says is what the export does: it creates, links, changes and leaves alone the very records, and the
// journal tells it in the same words.
func TestTrial_saysWhatTheExportDoes(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { trialAndExport(t, seed) })
	}
}

func trialAndExport(t *testing.T, seed uint64) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		anyShop(x, rand.New(rand.NewPCG(seed, 0)))
		admin := x.As(staff.Administrator)
		what := []string{"what", "order", "what", "client", "what", "organization", "action"}
		last := x.Number("SELECT coalesce(max(id), 0) FROM bitrix24_journal")
		plan := triedLine.FindAllStringSubmatch(
			admin.Post(bitrix24test.BackfillPage, append(what, "try")...).Want(t, http.StatusOK).Text, -1,
		)
		if len(plan) < 5 {
			t.Fatalf("the trial has %d lines", len(plan))
		}
		admin.Post(bitrix24test.BackfillPage, append(what, "start")...).Want(t, http.StatusSeeOther)
		x.Settle()
		for _, line := range plan {
			kind := strings.TrimSuffix(line[1], "s")
			query := fmt.Sprintf("FROM bitrix24_journal WHERE id > %d AND local = '%s' AND local_id = %s", last, kind, line[2])
			created := x.Number("SELECT count(*) " + query + " AND direction = 'out' AND text LIKE 'Создан%'")
			if want := line[3] == "создать"; (created > 0) != want {
				t.Errorf("%s %s: the trial says %q, %d records were created", kind, line[2], line[3], created)
			}
			journal := x.Text("SELECT coalesce(group_concat(text, '; '), '') " + query)
			for _, detail := range regexp.MustCompile(`<div>([^<]*)</div>`).FindAllStringSubmatch(line[4], -1) {
				words, _, isChange := strings.Cut(detail[1], ": ")
				if line[3] == "обновить" && isChange && !strings.Contains(journal, words) {
					t.Errorf("%s %s: the trial says %q, the journal %q", kind, line[2], words, journal)
				}
			}
			if line[3] == "ничего не менять" && strings.Contains(journal, "обновлен") {
				t.Errorf("%s %s: the trial says that nothing changes, the journal %q", kind, line[2], journal)
			}
		}
	}, bitrix24test.Unconnected)
}
