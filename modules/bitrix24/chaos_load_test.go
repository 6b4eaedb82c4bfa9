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
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
)

// chaosWorker is a site with its customers, and a manager of the portal who works with their deals. What he knows to be
// true is the model that the end is compared with.
type chaosWorker struct {
	*chaos
	number  int
	random  *rand.Rand
	calls   int
	clients []*chaosClient
	company *chaosCompany
	orders  []*chaosOrder
}

type chaosClient struct {
	id                 int64
	first, last, email string
	renamed            bool
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
		w.order()
		for n := w.random.IntN(3); n > 0 && len(w.orders) > 0; n-- {
			w.disturb(w.orders[w.random.IntN(len(w.orders))])
		}
		if w.ctx.Err() != nil {
			w.t.Errorf("the time was up when %d orders were placed", w.placed.Load())
			return
		}
	}
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
	return &chaosClient{first: "Имя", last: fmt.Sprintf("Фамилия%d-%d", w.number, n), email: fmt.Sprintf("c%d-%d@example.ru", w.number, n)}
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
	n := len(w.orders)
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

// disturb does something to an order, here or in the portal.
func (w *chaosWorker) disturb(o *chaosOrder) {
	path := fmt.Sprintf("/api/orders/%d", o.id)
	deal := w.deals.of(o.id)
	switch w.random.IntN(10) {
	case 0, 1, 2:
		w.changeStatus(o, path)
	case 3, 4:
		if deal != 0 {
			w.move(o, deal)
		}
	case 5:
		text := fmt.Sprintf("Вопрос %d", len(o.comments))
		w.call("POST", path+"/comments", apptest.JSON{"Text": text, "VisibleToClient": true}, http.StatusOK)
		o.comments = append(o.comments, text)
	case 6:
		w.changeItems(o, path)
	case 7:
		if deal != 0 && o.byHand == 0 {
			w.manage("add_row", emulator.Args{"deal": deal, "row": emulator.Args{"PRODUCT_NAME": handMade, "PRICE": 10, "QUANTITY": 1}})
			o.byHand++
		}
	case 8:
		if deal != 0 {
			o.title = fmt.Sprintf("Переговоры %d", w.random.IntN(1000))
			w.manage("edit_deal", emulator.Args{"id": deal, "fields": emulator.Args{"TITLE": o.title}})
		}
	case 9:
		if len(w.clients) > 0 {
			w.rename(w.clients[w.random.IntN(len(w.clients))])
		}
	}
}

const handMade = "Добавлено вручную"

var chaosStatuses = []orders.Status{
	orders.Pending, orders.WaitingForPayment, orders.PrintingInProgress, orders.Fulfilled, orders.Delivered, orders.Cancelled,
	orders.DesignInProgress, orders.Shipped, // no stage stands for these
}

var chaosStages = []string{"PREPARATION", "PREPAYMENT_INVOICE", "EXECUTING", "FINAL_INVOICE", "WON", "LOSE"}

func (w *chaosWorker) changeStatus(o *chaosOrder, path string) {
	if !o.panelOnly && w.random.IntN(2) == 0 {
		return // most of these stay the portal's
	}
	status := chaosStatuses[w.random.IntN(len(chaosStatuses))]
	w.call("POST", path+"/status", apptest.JSON{"Status": status}, http.StatusOK)
	o.status = status
	if !o.panelOnly {
		o.status = "" // either side's may be the last
	}
}

func (w *chaosWorker) move(o *chaosOrder, deal int64) {
	if o.panelOnly {
		return
	}
	stage := chaosStages[w.random.IntN(len(chaosStages))]
	w.manage("move_deal", emulator.Args{"id": deal, "stage": stage})
	if o.status != "" {
		o.status = mapping.Proposal(stage)
	}
}

// changeItems replaces the items, or pays all of them.
func (w *chaosWorker) changeItems(o *chaosOrder, path string) {
	if o.fixed {
		return
	}
	if w.random.IntN(2) == 0 {
		w.call("POST", path+"/payments", apptest.JSON{"Amount": o.total.String(), "Method": "Online"}, http.StatusOK)
		o.fixed = true
		if o.status == orders.WaitingForPayment || !o.panelOnly {
			o.status = "" // paid in full it moves on, if it stands there by now
		}
		return
	}
	items, _ := w.items()
	answer := w.call("PUT", path+"/items", apptest.JSON{"Items": items}, http.StatusOK)
	if answer != nil {
		o.total = moneyOf(answer.Number("TotalPrice"))
	}
}

func moneyOf(rubles float64) orders.Money {
	if rubles < 0 {
		return -moneyOf(-rubles)
	}
	return orders.Money(rubles*100 + 0.5)
}

func (w *chaosWorker) rename(c *chaosClient) {
	if c.id == 0 {
		return
	}
	c.first = fmt.Sprintf("Имя%d", w.random.IntN(1000))
	c.renamed = true
	w.call("PATCH", fmt.Sprintf("/api/clients/%d", c.id), apptest.JSON{"FirstName": c.first}, http.StatusOK)
}

// manage does what a manager does in the portal.
func (w *chaosWorker) manage(deed string, args emulator.Args) {
	if _, err := w.portal.Do(deed, args); err != nil {
		w.t.Errorf("in the portal: %v", err)
	}
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
