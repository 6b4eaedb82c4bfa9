package bitrix24_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// chaosWorker is a site with its customers, and a manager of the portal who works with their deals. What he knows to be
// true is the model that the end is compared with.
type chaosWorker struct {
	*chaos
	number    int
	random    *rand.Rand
	calls     int
	clients   []*chaosClient
	returning int // so many clients have registered before, though a restored database may not know it
	company   *chaosCompany
	orders    []*chaosOrder
}

type chaosClient struct {
	id                 int64
	first, last, email string
	merged             bool
	loose              bool // what he is called in the end cannot be told
}

type chaosCompany struct{ id, entity, employee int64 }

// chaosOrder is what must be true of an order in the end.
type chaosOrder struct {
	id, client, company int64
	total               orders.Money
	comments            []string
	byHand              int    // rows that a manager added to the deal
	title               string // that a manager gave it
	fixed               bool   // its items stay: something is paid, or there is a discount that other items may not bear

	gone     bool     // its deal was deleted, and nobody makes another unasked
	rejected bool     // its lead was
	contact  bool     // it is in a deal whose contact a manager has chosen
	loose    bool     // it was changed, and then a copy from before that was restored
	history  []string // what happened to it

	// Where the order must stand, as long as only one side changes that: a move in the portal can cross a push, and
	// within two seconds the portal's wins.
	status    orders.Status
	panelOnly bool
}

func newChaosWorker(c *chaos, number int) *chaosWorker {
	return &chaosWorker{chaos: c, number: number, random: rand.New(rand.NewPCG(c.seed, uint64(number)))}
}

// work orders its share of the orders, and between two of them does something to an earlier one.
func (w *chaosWorker) work() {
	share := w.chaosScale.orders / w.chaosScale.workers
	if w.number < w.chaosScale.orders%w.chaosScale.workers {
		share++
	}
	for range share {
		w.step(w.order)
		for range w.random.IntN(4) {
			w.step(func() {
				if n := len(w.orders); n > 0 { // the latest ones more often
					w.disturb(w.orders[n-1-min(w.random.IntN(n), w.random.IntN(n))])
				}
			})
		}
		if w.ctx.Err() != nil {
			w.t.Errorf("the time was up when %d orders were placed", w.placed.Load())
			return
		}
	}
}

// step does something while no database is replaced.
func (w *chaosWorker) step(do func()) {
	w.world.RLock()
	defer w.world.RUnlock()
	do()
}

// order places an order: of a new customer, of one who was here before, or of an organization.
func (w *chaosWorker) order() {
	o := &chaosOrder{status: orders.Placed, panelOnly: w.random.IntN(2) == 0}
	draft := apptest.JSON{"Comment": fmt.Sprintf("Заказ %d сайта %d", len(w.orders), w.number)}
	o.comments = []string{draft["Comment"].(string)}
	var client *chaosClient
	switch n := w.random.IntN(10); {
	case n < 1:
		if w.company == nil || w.random.IntN(3) == 0 {
			w.found()
		}
		if w.company == nil {
			return
		}
		o.client, o.company = w.company.employee, w.company.id
		draft["UserId"], draft["OrganizationId"], draft["LegalEntityId"] = o.client, o.company, w.company.entity
	case n < 5 && len(w.clients) > 0:
		client = w.clients[w.random.IntN(len(w.clients))]
	default:
		client = w.newClient()
		w.clients = append(w.clients, client)
	}
	if client != nil {
		draft["Client"] = client.json(w)
	}
	o.total = w.cart(draft)
	o.fixed = draft["DiscountPrice"] != nil
	answer := w.call("POST", "/api/orders", draft, http.StatusCreated)
	if answer == nil {
		return
	}
	o.id, o.client = int64(answer.Number("Id")), int64(answer.Number("UserId"))
	if client != nil {
		client.id = o.client
	}
	w.orders = append(w.orders, o)
	w.placed.Add(1)
}

// phone is the worker's n-th, unlike any other's.
func (w *chaosWorker) phone(n int) string { return fmt.Sprintf("+79%02d%07d", 10+w.number, n) }

func (w *chaosWorker) newClient() *chaosClient {
	n := len(w.clients)
	return &chaosClient{
		first: "Имя", last: fmt.Sprintf("Фамилия%d-%d", w.number, n), email: fmt.Sprintf("c%d-%d@example.ru", w.number, n),
		loose: n < w.returning, // he finds his contact, as people have left it
	}
}

func (c *chaosClient) json(w *chaosWorker) apptest.JSON {
	for n, known := range w.clients {
		if known == c {
			return apptest.JSON{"FirstName": c.first, "LastName": c.last, "Email": c.email, "Phone": w.phone(n)}
		}
	}
	return nil
}

// found registers an organization with an employee and a legal entity.
func (w *chaosWorker) found() {
	n := w.calls // unlike any other, even in a restored database
	employee := w.call("POST", "/api/clients", apptest.JSON{
		"FirstName": "Сотрудник", "LastName": fmt.Sprintf("Организации%d-%d", w.number, n),
		"Email": fmt.Sprintf("e%d-%d@example.ru", w.number, n),
	}, http.StatusCreated)
	if employee == nil {
		return
	}
	company := w.call("POST", "/api/organizations", apptest.JSON{
		"Name": fmt.Sprintf("ООО «Ромашка %d-%d»", w.number, n), "Type": "Client", "Email": fmt.Sprintf("o%d-%d@example.ru", w.number, n),
		"LegalEntities": []apptest.JSON{{
			"Name": fmt.Sprintf("ООО «Ромашка %d-%d»", w.number, n), "Inn": inn(int64(w.number*100_000 + n)), "Kpp": "770101001",
			"Bank": "ПАО Банк", "Bik": "044525225", "Account": "40702810500000000001", "CorrAccount": "30101810400000000225",
		}},
		"Employees": []apptest.JSON{{"ClientId": employee.ID(), "Role": "Administrator"}},
	}, http.StatusCreated)
	if company == nil {
		return
	}
	entity := company.Body["LegalEntities"].([]any)[0].(map[string]any)["Id"].(float64)
	w.company = &chaosCompany{id: company.ID(), entity: int64(entity), employee: employee.ID()}
}

// inn is an ИНН of ten digits with its check digit.
func inn(n int64) string {
	digits := fmt.Sprintf("77%07d", n)
	sum := 0
	for i, weight := range []int{2, 4, 10, 3, 5, 9, 4, 6, 8} {
		sum += weight * int(digits[i]-'0')
	}
	return digits + fmt.Sprint(sum%11%10)
}

// cart fills in items that are awkward to add up, and returns what they cost.
func (w *chaosWorker) cart(draft apptest.JSON) orders.Money {
	items, sum := w.items()
	draft["Items"] = items
	if w.random.IntN(2) == 0 {
		price := orders.Money(w.random.IntN(100_000))
		draft["DeliveryPrice"], draft["Shipping"] = price.String(), apptest.JSON{"Id": 7, "Title": "Курьер", "Type": "Courier"}
		sum += price
	}
	if w.random.IntN(3) == 0 {
		discount := orders.Money(w.random.Int64N(int64(sum)))
		draft["DiscountPrice"] = discount.String()
		sum -= discount
	}
	return sum
}

func (w *chaosWorker) items() ([]apptest.JSON, orders.Money) {
	var items []apptest.JSON
	var sum orders.Money
	for i := range 1 + w.random.IntN(3) {
		price, quantity := orders.Money(1+w.random.IntN(99_999)), 1+w.random.Int64N(300)
		items = append(items, apptest.JSON{"Name": fmt.Sprintf("Печать %d", i), "Quantity": quantity, "ItemPrice": price.String()})
		sum += price * orders.Money(quantity)
	}
	return items, sum
}

func moneyOf(rubles float64) orders.Money {
	if rubles < 0 {
		return -moneyOf(-rubles)
	}
	return orders.Money(rubles*100 + 0.5)
}

// manage does what a manager does in the portal. ok is false when the record is not there any more.
func (c *chaos) manage(deed string, args emulator.Args) (made emulator.Made, ok bool) {
	made, err := c.portal.Do(deed, args)
	return made, err == nil
}

// linked is the record of a kind that the panel knows for its order, client or organization; 0: none.
func (c *chaos) linked(local string, id int64, entity string) (remote int64) {
	rows := c.fleet.query(fmt.Sprintf("SELECT remote_id FROM bitrix24_links "+
		"WHERE local = '%s' AND local_id = %d AND entity = '%s' AND state = '' ORDER BY portal_id DESC", local, id, entity))
	if len(rows) > 0 {
		_, _ = fmt.Sscan(rows[0], &remote)
	}
	return remote
}

// deal is the deal of an order, and lead its open lead.
func (o *chaosOrder) deal(c *chaos) int64 { return c.linked("order", o.id, "deal") }

func (o *chaosOrder) lead(c *chaos) int64 { return c.linked("order", o.id, "lead") }

// path is an order in the API.
func (o *chaosOrder) path() string { return fmt.Sprintf("/api/orders/%d", o.id) }

// foreigner notes that a record of the portal is nobody's, though it may look so.
func (c *chaos) foreigner(kind string, id int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.foreign[fmt.Sprint(kind, " ", id)] = true
}

// call calls the API until it is answered, with one key for all attempts: a site that does so has no order twice.
func (w *chaosWorker) call(method, path string, body apptest.JSON, want int) *apptest.Reply {
	w.calls++
	key := fmt.Sprintf("%d-%d-%d", w.seed, w.number, w.calls)
	payload, err := json.Marshal(body)
	if err != nil {
		w.t.Error(err)
		return nil
	}
	for w.ctx.Err() == nil {
		status, text := w.attempt(method, path, key, payload)
		if status == want {
			reply := &apptest.Reply{Status: status}
			if err := json.Unmarshal(text, &reply.Body); err == nil {
				return reply
			}
		}
		switch {
		case status == 0, status == http.StatusBadGateway, status == http.StatusConflict, status == want:
			w.retries.Add(1)
		case status >= 500:
			w.broken.Add(1)
			w.t.Logf("%s %s: %d %.300s", method, path, status, text)
		default:
			w.t.Errorf("%s %s: %d %.300s", method, path, status, text)
			return nil
		}
		pause(w.ctx, 30*time.Millisecond)
	}
	return nil
}

func (w *chaosWorker) attempt(method, path, key string, payload []byte) (int, []byte) {
	r, err := http.NewRequestWithContext(w.ctx, method, w.fleet.url()+path, bytes.NewReader(payload))
	if err != nil {
		return 0, nil
	}
	r.Header.Set("Authorization", "Bearer "+app.DemoToken)
	r.Header.Set("Content-Type", "application/json")
	if method == http.MethodPost {
		r.Header.Set("Idempotency-Key", key)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return 0, nil
	}
	return answer.StatusCode, text
}
