package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/migrations"
)

// sendOrder makes a warehouse match an order.
type sendOrder struct{ ID int64 }

func (sendOrder) Kind() string  { return "warehouse.send_order" }
func (a sendOrder) Key() string { return fmt.Sprintf("order/%d", a.ID) }

// A lane has one handler, which is given what is due together. Jobs are enqueued in the transaction that makes them
// necessary; two equal ones that wait are one.
func Example() {
	ctx := context.Background()
	d, done := exampleDatabase(ctx)
	defer done()

	queue := jobs.New(d, jobs.Config{Log: dbtest.Silent()})
	jobs.Handle(queue, "warehouse", 50, func(_ context.Context, group []jobs.Job) []error {
		outcomes := make([]error, len(group))
		for i, job := range group {
			var order sendOrder
			if outcomes[i] = job.Decode(&order); outcomes[i] == nil {
				fmt.Printf("order %d is sent as it is now\n", order.ID)
			}
		}
		return outcomes
	}, jobs.RetryFirst(10*time.Second), jobs.PauseMax(time.Minute))

	err := d.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
		for _, id := range []int64{42, 7, 42} {
			if err := queue.Enqueue(tx, sendOrder{ID: id}); err != nil {
				return err
			}
		}
		fmt.Println("nothing happens before the commit")
		return nil
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := queue.Drain(ctx); err != nil { // a program calls queue.Run
		fmt.Println(err)
	}
	// Output:
	// nothing happens before the commit
	// order 42 is sent as it is now
	// order 7 is sent as it is now
}

// What a handler returns for a job decides how it goes on.
func ExampleHandle_outcomes() {
	ctx := context.Background()
	d, done := exampleDatabase(ctx)
	defer done()

	queue := jobs.New(d, jobs.Config{Log: dbtest.Silent()})
	outcomes := map[string]error{
		"order/1": nil,
		"order/2": jobs.Permanent(errors.New("the warehouse has no such paper")),
		"order/3": jobs.RetryAfter(time.Hour, errors.New("the warehouse opens in an hour")),
		"order/4": errors.New("the warehouse's answer is unreadable"),
	}
	jobs.Handle(queue, "warehouse", 50, func(_ context.Context, group []jobs.Job) []error {
		list := make([]error, len(group))
		for i, job := range group {
			list[i] = outcomes[job.Key]
		}
		return list
	})
	err := d.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
		return queue.EnqueueAll(tx, []jobs.Args{sendOrder{1}, sendOrder{2}, sendOrder{3}, sendOrder{4}})
	})
	if err = errors.Join(err, queue.Drain(ctx)); err != nil {
		fmt.Println(err)
		return
	}
	for id := range int64(4) {
		job, err := queue.Find(ctx, sendOrder{}.Kind(), sendOrder{id + 1}.Key())
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s: %s, failures: %d, last error: %q\n", job.Key, job.State, job.Attempts, job.LastError)
	}
	// Output:
	// order/1: done, failures: 0, last error: ""
	// order/2: failed, failures: 1, last error: "the warehouse has no such paper"
	// order/3: waiting, failures: 0, last error: "the warehouse opens in an hour"
	// order/4: waiting, failures: 1, last error: "the warehouse's answer is unreadable"
}

// exampleDatabase is the host's database in a folder of its own, until done.
func exampleDatabase(ctx context.Context) (d *db.DB, done func()) {
	folder, err := os.MkdirTemp("", "jobs-example-")
	if err != nil {
		panic(err)
	}
	d, err = db.Open(ctx, db.Options{Path: filepath.Join(folder, "panel.db"), Log: dbtest.Silent()})
	if err != nil {
		panic(err)
	}
	if err := d.Migrate(ctx, db.Line{Name: "app", FS: migrations.FS}); err != nil {
		panic(err)
	}
	return d, func() {
		_ = d.Close()
		_ = os.RemoveAll(folder)
	}
}
