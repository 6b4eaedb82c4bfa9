package jobs_test

import (
	"context"
	"errors"
	"testing"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/panel/paneltest"
	"github.com/pixlpark/panel/app/staff"
)

// note is a job about an order.
type note struct{ ID string }

func (note) Kind() string  { return "shop.note" }
func (n note) Key() string { return "order/" + n.ID }

// openPage puts the page over a lane "shop" whose handler answers what *outcome says.
func openPage(t *testing.T, d *db.DB, outcome *error) (*paneltest.Site, *jobs.Queue) {
	t.Helper()
	q := jobs.New(d, jobs.Config{Log: dbtest.Silent()})
	jobs.Handle(q, "shop", 10, func(_ context.Context, group []jobs.Job) []error {
		outcomes := make([]error, len(group))
		for i := range outcomes {
			outcomes[i] = *outcome
		}
		return outcomes
	})
	return paneltest.New(t, d, func(s *paneltest.Site) {
		q.Pages(s.Panel, s.Admin, map[string]jobs.Thing{"order": {Label: "Заказ", URL: "/admin/orders"}})
	}), q
}

func ask(t *testing.T, d *db.DB, q *jobs.Queue, id string) {
	t.Helper()
	paneltest.Must(t,
		d.Transaction(t.Context(), func(_ context.Context, tx *db.Tx) error { return q.Enqueue(tx, note{id}) }))
}

func TestPage_showsWhatWaitsAndWhatFailedAndRetries(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		outcome := jobs.Permanent(errors.New("<портал> отказал"))
		site, q := openPage(t, d, &outcome)
		site.SignIn(staff.Administrator)
		site.Get(jobs.URL).Want(t, 200, "Фоновые задачи", "shop", "Здесь пусто")

		ask(t, d, q, "3284923")
		site.Get(jobs.URL+"?state=waiting").Want(t, 200, "Заказ 3284923", "/admin/orders/3284923", "shop.note", "Ждут")
		paneltest.Must(t, q.Drain(t.Context()))
		site.Get(jobs.URL).Want(t, 200, "Заказ 3284923", "отказал", "Повторить", "Повторить все")

		outcome = nil
		got := site.Post(jobs.URL+"/retry", "kind", "shop.note", "key", "order/3284923").Want(t, 303)
		site.Get(got.Location).Want(t, 200, "Задача будет выполнена сейчас")
		paneltest.Must(t, q.Drain(t.Context()))
		site.Get(jobs.URL).Want(t, 200, "Здесь пусто")
		site.Get(jobs.URL+"?state=done").Want(t, 200, "Заказ 3284923").Lacks(t, "Повторить<")
		site.Post(jobs.URL+"/retry", "kind", "shop.note", "key", "order/3284923").Want(t, 303)
		site.Get(jobs.URL).Want(t, 200, "Эта задача уже выполнена")
		site.Post(jobs.URL+"/retry", "kind", "nonsense", "key", "x").Want(t, 404)
	})
}

func TestPage_retriesAllOfALane(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		outcome := jobs.Permanent(errors.New("нет прав"))
		site, q := openPage(t, d, &outcome)
		site.SignIn(staff.Administrator)
		ask(t, d, q, "1")
		ask(t, d, q, "2")
		paneltest.Must(t, q.Drain(t.Context()))
		outcome = nil
		site.Post(jobs.URL+"/retry-all", "lane", "shop").Want(t, 303)
		site.Get(jobs.URL).Want(t, 200, "Будут выполнены снова: 2")
		paneltest.Must(t, q.Drain(t.Context()))
		site.Get(jobs.URL+"?state=done").Want(t, 200, "Заказ 1", "Заказ 2")
		site.Post(jobs.URL+"/retry-all", "lane", "unknown").Want(t, 404)
	})
}

func TestPage_saysWhyALaneIsPausedAndResumesIt(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		outcome := jobs.PauseLane(0, errors.New("портал не отвечает"))
		site, q := openPage(t, d, &outcome)
		site.SignIn(staff.Administrator)
		ask(t, d, q, "1")
		paneltest.Must(t, q.Drain(t.Context()))
		site.Get(jobs.URL).Want(t, 200, "На паузе", "портал не отвечает", "Повторить сейчас")
		site.Post(jobs.URL+"/resume", "lane", "shop").Want(t, 303)
		outcome = nil
		paneltest.Must(t, q.Drain(t.Context()))
		site.Get(jobs.URL).Want(t, 200, "shop").Lacks(t, "На паузе")
	})
}

func TestPage_onlyForAdministrators(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, db.SQLite)
	outcome := error(nil)
	site, _ := openPage(t, d, &outcome)
	site.SignIn(staff.Supervisor)
	site.Get(jobs.URL).Want(t, 403)
	for _, path := range []string{"/retry", "/retry-all", "/resume"} {
		site.Post(jobs.URL+path, "lane", "shop", "kind", "shop.note", "key", "order/1").Want(t, 403)
	}
}
