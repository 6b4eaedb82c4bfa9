package app_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/sirupsen/logrus"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/staff"
)

// large is the total from which an order is thanked for, in kopecks.
const large = 10_000_00

// greeting is a whole module: it thanks for every large order as soon as it is placed, and lets employees do so again.
type greeting struct{ *app.Host }

func (*greeting) Name() string { return "greeting" }

// Register declares what the module adds to the panel.
func (g *greeting) Register(h *app.Host) error {
	g.Host = h
	h.Orders.OnSaved(g.orderSaved)
	h.Orders.AddAction(panel.Action[*orders.Order]{
		Name: "greeting.thank", Label: "Поблагодарить",
		Visible: func(_ context.Context, o *orders.Order) (bool, error) { return o.Total >= large, nil },
		Do: func(ctx context.Context, o *orders.Order) (string, error) {
			err := h.DB.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
				return h.Jobs.Enqueue(tx, thank{ID: o.ID})
			})
			return "Спасибо отправлено", err
		},
	})
	jobs.Handle(h.Jobs, "greeting", 50, g.thankAll)
	return nil
}

// orderSaved runs in the order's transaction. It calls nobody: that is the job's work, after the commit.
func (g *greeting) orderSaved(_ context.Context, tx *db.Tx, saved orders.Saved) error {
	if saved.Before != nil || saved.Order.Total < large {
		return nil
	}
	return g.Jobs.Enqueue(tx, thank{ID: saved.Order.ID})
}

// thank is the job. It names the order and nothing that may have changed by the time it runs.
type thank struct{ ID int64 }

func (thank) Kind() string  { return "greeting.thank" }
func (t thank) Key() string { return fmt.Sprintf("order/%d", t.ID) }

// thankAll is given the jobs that are due and returns an outcome for each.
func (g *greeting) thankAll(ctx context.Context, group []jobs.Job) []error {
	outcomes := make([]error, len(group))
	for i, job := range group {
		outcomes[i] = g.thank(ctx, job)
	}
	return outcomes
}

func (g *greeting) thank(ctx context.Context, job jobs.Job) error {
	var t thank
	if err := job.Decode(&t); err != nil {
		return jobs.Permanent(err)
	}
	o, err := g.Orders.Find(ctx, t.ID)
	if err != nil {
		return err
	}
	client, err := g.Clients.Find(ctx, o.ClientID)
	if err != nil {
		return err
	}
	fmt.Printf("%s, thank you for an order of %d roubles!\n", client.FirstName, o.Total/100)
	return nil
}

// The panel is put together with its modules, here in a folder of its own and without a server. A program would call
// Run; main's list of modules is all that changes for another one.
func ExampleModule() {
	folder, err := os.MkdirTemp("", "greeting-example-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	log := logrus.New()
	log.SetOutput(io.Discard)
	ctx := context.Background()
	a, err := app.New(ctx, app.Config{Addr: "127.0.0.1:8080", DataDir: folder, TimeZone: "Europe/Moscow"},
		log, &greeting{})
	if err != nil {
		panic(err)
	}
	defer a.Close()

	err = placeOrders(ctx, a.Host(), 900_00, 12_000_00)
	if err = errors.Join(err, a.Host().Jobs.Drain(ctx)); err != nil {
		fmt.Println(err)
	}
	// Output:
	// Ольга, thank you for an order of 12000 roubles!
}

// placeOrders places an order of each price, as a site would.
func placeOrders(ctx context.Context, h *app.Host, prices ...orders.Money) error {
	site, _, err := h.Sites.Add(ctx, "Типография", "https://shop.example.ru", "token")
	if err != nil {
		return err
	}
	client, err := h.Clients.Register(ctx, staff.Site(), clients.Client{FirstName: "Ольга"})
	if err != nil {
		return err
	}
	for _, price := range prices {
		_, err := h.Orders.Place(ctx, orders.Draft{
			By: staff.Site(), SiteID: site.ID, ClientID: client.ID,
			Items: []orders.Item{{Name: "Визитки", Quantity: 1, Price: price}},
		})
		if err != nil {
			return err
		}
	}
	return nil
}
