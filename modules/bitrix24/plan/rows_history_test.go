package plan_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// history is an order and the rows of its deal, with people on both sides and a connection that loses answers. It does
// what package exchange does with a plan, step by step, in memory.
type history struct {
	*rand.Rand
	now    time.Time
	steps  []string
	cart   []mapping.Row
	part   int // number of the item that was added last
	linked map[string]plan.OwnedRow
	intent mapping.Agreed // nil: no answer about rows is missing, and all numbers are known
	sentAt time.Time
	sent   map[string]bool

	portal  map[int64]mapping.Row
	last    int64          // number of the row that was made last
	byHand  map[int64]bool // rows of a manager
	delayed []delayed      // work of requests whose connection was closed before it was done
}

// delayed is a command that the portal will have done by a time, within settle of its request.
type delayed struct {
	at time.Time
	do func() int64
}

// settle is how long the portal may go on working after an answer was lost.
const settle = time.Minute

func newHistory(seed uint64) *history {
	return &history{
		Rand: rand.New(rand.NewPCG(seed, 1)), now: time.Unix(1_700_000_000, 0), linked: map[string]plan.OwnedRow{},
		sent: map[string]bool{}, portal: map[int64]mapping.Row{}, byHand: map[int64]bool{},
	}
}

func (h *history) note(format string, args ...any) {
	h.steps = append(h.steps, fmt.Sprintf(format, args...))
}

// step lets one thing happen.
func (h *history) step() {
	h.pass(time.Duration(h.IntN(30)) * time.Second)
	switch h.IntN(10) {
	case 0, 1, 2:
		h.editCart()
	case 3, 4, 5, 6:
		h.push(h.IntN(3) == 0)
	case 7:
		h.manage()
	case 8:
		h.copyRows()
	case 9:
		h.pass(settle)
	}
}

// pass lets time go by, in which the portal does what it was still to do.
func (h *history) pass(d time.Duration) {
	h.now = h.now.Add(d)
	due, later := lo.FilterReject(h.delayed, func(c delayed, _ int) bool { return !c.at.After(h.now) })
	h.delayed = later
	for _, c := range due {
		c.do()
	}
}

// editCart adds, changes or removes an item of the order. Few names and prices make rows that look alike.
func (h *history) editCart() {
	if len(h.cart) > 0 && h.IntN(3) == 0 {
		i := h.IntN(len(h.cart))
		h.note("item %s is removed", h.cart[i].Key)
		h.cart = slices.Delete(slices.Clone(h.cart), i, i+1)
		return
	}
	row := mapping.Row{
		Name: []string{"Визитки", "Буклеты"}[h.IntN(2)], Price: orders.Money(1 + h.IntN(2)), Quantity: int64(1 + h.IntN(2)), Sort: 10,
	}
	if len(h.cart) > 0 && h.IntN(2) == 0 {
		i := h.IntN(len(h.cart))
		row.Key = h.cart[i].Key
		h.cart = slices.Clone(h.cart)
		h.cart[i] = row
		h.note("item %s is now %s", row.Key, row.Looks())
		return
	}
	h.part++
	row.Key = fmt.Sprintf("item/%d", h.part)
	h.cart = append(slices.Clone(h.cart), row)
	h.note("item %s: %s", row.Key, row.Looks())
}

// manage lets a manager add a row, or remove any.
func (h *history) manage() {
	if ids := slices.Sorted(maps.Keys(h.portal)); len(ids) > 0 && h.IntN(3) == 0 {
		id := ids[h.IntN(len(ids))]
		h.note("a manager removes row %d", id)
		delete(h.portal, id)
		delete(h.byHand, id)
		return
	}
	id := h.insert(mapping.Row{Name: "Скидка менеджера", Price: 7, Quantity: 1})
	h.byHand[id] = true
	h.note("a manager adds row %d", id)
}

// copyRows gives all rows new numbers, as the conversion of a lead does, or the restoring of a deal.
func (h *history) copyRows() {
	h.pass(settle)
	h.note("all rows get new numbers")
	rows, byHand := h.portal, h.byHand
	h.portal, h.byHand = map[int64]mapping.Row{}, map[int64]bool{}
	for _, id := range slices.Sorted(maps.Keys(rows)) {
		h.byHand[h.insert(rows[id])] = byHand[id]
	}
	h.linked = map[string]plan.OwnedRow{}
	h.unknown()
}

// unknown notes that the numbers of rows are unknown; an answer that is still waited for stays noted.
func (h *history) unknown() {
	if h.intent == nil {
		h.intent, h.sentAt = mapping.Agreed{}, h.now.Add(-settle)
	}
}

func (h *history) insert(row mapping.Row) int64 {
	h.last++
	h.portal[h.last] = row
	return h.last
}

// facts are what the exchange would read now.
func (h *history) facts() plan.RowFacts {
	f := plan.RowFacts{Wanted: h.cart, Linked: h.linked, Now: h.now}
	if h.intent == nil {
		return f
	}
	f.Lost = &plan.LostRows{Awaited: h.intent, Sent: h.sent, SettledAt: h.sentAt.Add(settle)}
	for _, id := range slices.Sorted(maps.Keys(h.portal)) {
		row := h.portal[id]
		f.Lost.There = append(f.Lost.There, rest.ProductRow{
			ID: rest.ID(id), ProductName: rest.Text(row.Name), Price: rest.Money(row.Price),
			Quantity: rest.Number(row.Quantity), Sort: rest.ID(row.Sort),
		})
	}
	return f
}

// push decides and performs. With losing, the answers of its commands are lost: done at once, done later, or never.
func (h *history) push(losing bool) {
	p := plan.ForRows(h.facts())
	if p.Wait > 0 {
		h.note("push waits %s", p.Wait)
		return
	}
	h.note("push: %d to add, %d to change, %d to remove; lost: %v", len(p.Add), len(p.Change), len(p.Remove), losing)
	if h.intent != nil {
		for _, pair := range h.intent {
			if pair.Theirs != "" {
				h.sent[pair.Theirs] = true
			}
		}
		h.intent = nil
	}
	h.linked = maps.Clone(p.Linked)
	// What is about to be made is noted before it leaves.
	for _, row := range p.Add {
		h.sent[row.Looks()] = true
		h.awaits(losing, plan.AgreedRows(row))
		h.command(losing, func() int64 { return h.insert(row) }, func(id int64) {
			h.linked[row.Key] = plan.OwnedRow{ID: id, Print: row.Print()}
		})
	}
	for _, change := range p.Change {
		h.sent[change.Row.Looks()] = true
		h.awaits(losing, plan.AgreedRows(change.Row))
		h.command(losing, func() int64 {
			if _, there := h.portal[change.ID]; !there {
				return 0
			}
			h.portal[change.ID] = change.Row
			return change.ID
		}, func(id int64) {
			if id == 0 {
				h.unknown()
				return
			}
			h.linked[change.Row.Key] = plan.OwnedRow{ID: id, Print: change.Row.Print()}
		})
	}
	for _, removal := range p.Remove {
		h.awaits(losing, plan.AgreedRemoval(removal.Key))
		h.command(losing, func() int64 {
			if _, there := h.portal[removal.ID]; !there {
				return 0
			}
			delete(h.portal, removal.ID)
			return removal.ID
		}, func(id int64) {
			if id == 0 {
				h.unknown()
				return
			}
			delete(h.linked, removal.Key)
		})
	}
}

// awaits notes what is about to be sent; the note stays if the answer is lost.
func (h *history) awaits(losing bool, sent mapping.Agreed) {
	if !losing {
		return
	}
	if h.intent == nil {
		h.intent = mapping.Agreed{}
	}
	h.sentAt = h.now
	maps.Copy(h.intent, sent)
}

// command does a command and gives its answer to done; a lost one is done at once, later, or never, without an answer.
func (h *history) command(losing bool, do func() int64, done func(id int64)) {
	switch {
	case !losing:
		done(do())
	case h.IntN(3) == 0:
		do()
	case h.IntN(2) == 0:
		h.delayed = append(h.delayed, delayed{at: h.now.Add(time.Duration(h.Int64N(int64(settle)))), do: do})
	}
}

// rest lets time pass until nothing is left to do, and says what is then not as it should be. A row of ours that a
// manager removed is missed only once all rows are read, as «Сверка» does; none may be there twice before that either.
func (h *history) rest() string {
	for _, all := range []bool{false, true} {
		if all {
			h.unknown()
		}
		for range 5 {
			h.pass(2 * settle)
			h.push(false)
		}
		if p := plan.ForRows(h.facts()); len(p.Add)+len(p.Change)+len(p.Remove) > 0 || p.Wait > 0 {
			return fmt.Sprintf("it does not come to rest: %+v", p)
		}
		ours, wanted := map[string]int{}, map[string]int{}
		for id, row := range h.portal {
			if !h.byHand[id] {
				ours[row.Looks()]++
			}
		}
		for _, row := range h.cart {
			wanted[row.Looks()]++
		}
		for looks, n := range ours {
			if n > wanted[looks] || all && n < wanted[looks] {
				return fmt.Sprintf("%d rows %s, want %d", n, looks, wanted[looks])
			}
		}
		if all && len(ours) != len(wanted) {
			return fmt.Sprintf("rows of ours: %v, want %v", ours, wanted)
		}
	}
	return ""
}

// play runs a history and returns what is wrong at its end.
func play(seed uint64, steps int) (h *history, wrong string) {
	h = newHistory(seed)
	managers := 0
	for range steps {
		h.step()
		managers = 0
		for _, is := range h.byHand {
			if is {
				managers++
			}
		}
	}
	if wrong = h.rest(); wrong != "" {
		return h, wrong
	}
	left := 0
	for id, is := range h.byHand {
		if _, there := h.portal[id]; is && there {
			left++
		}
	}
	if left != managers {
		return h, fmt.Sprintf("%d of a manager's %d rows are left", left, managers)
	}
	return h, ""
}

// Whatever happens to an order and the rows of its deal, in the end the deal has each row of the order once, and every
// row that a manager added.
func TestRows_anyHistoryEndsWithEachRowOnceAndAManagersRowsKept(t *testing.T) {
	t.Parallel()
	for seed := range uint64(1000) {
		if h, wrong := play(seed, 30); wrong != "" {
			t.Fatalf("seed %d: %s\n%s", seed, wrong, strings.Join(shortest(seed, h, wrong), "\n"))
		}
	}
}

// shortest is the shortest beginning of a failing history that fails by itself.
func shortest(seed uint64, h *history, _ string) []string {
	for steps := range 30 {
		if shorter, wrong := play(seed, steps); wrong != "" {
			return append(shorter.steps, wrong)
		}
	}
	return h.steps
}

func FuzzRows(f *testing.F) {
	f.Add(uint64(1), uint8(30))
	f.Fuzz(func(t *testing.T, seed uint64, steps uint8) {
		if h, wrong := play(seed, int(steps)); wrong != "" {
			t.Fatalf("%s\n%v", wrong, h.steps)
		}
	})
}
