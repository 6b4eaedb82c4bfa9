package jobs_test

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/panel/paneltest"
	"github.com/pixlpark/panel/app/staff"
)

// freeFor has the lane given up a while ago.
func freeFor(t *testing.T, d *db.DB, ago time.Duration) {
	t.Helper()
	err := d.From(t.Context()).Exec("UPDATE leases SET ends_at = ? WHERE lane = 'shop'", d.Clock(-ago)).Error
	if err != nil {
		t.Fatal(err)
	}
}

func TestNeglected_namesALaneThatNobodyTakes(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := &shop{}
		q := unrenewed(d, s.handle)
		want := func(when string, names ...string) {
			t.Helper()
			got, err := q.Neglected(t.Context())
			if err != nil || strings.Join(got, " ") != strings.Join(names, " ") {
				t.Errorf("%s: neglected = %q, %v, want %q", when, got, err, names)
			}
		}
		want("before anybody came")
		enqueue(t, d, q, push{Thing: "a"})
		drain(t, q)
		freeFor(t, d, 30*time.Second)
		want("between two holders")
		freeFor(t, d, 2*time.Minute)
		want("for long", "shop")
		run(t, q)
		until(t, "it is held again", func() bool { return lane(t, q).Holder != "" })
		want("held")
	})
}

func TestMeters_sayWhetherTheLaneIsHeld(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, db.SQLite)
	s := &shop{}
	q := unrenewed(d, s.handle)
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(q.Meters())
	want := func(held, taken float64) {
		t.Helper()
		families, err := metrics.Gather()
		if err != nil || len(families) != 2 {
			t.Fatalf("%d metrics, %v; want 2", len(families), err)
		}
		gotHeld := families[0].GetMetric()[0].GetGauge().GetValue()
		gotTaken := families[1].GetMetric()[0].GetCounter().GetValue()
		if gotHeld != held || gotTaken != taken {
			t.Errorf("%s = %v, %s = %v; want %v and %v", families[0].GetName(), gotHeld,
				families[1].GetName(), gotTaken, held, taken)
		}
	}
	want(0, 0)
	stop := run(t, q)
	until(t, "it is held", func() bool { return lane(t, q).Holder != "" })
	want(1, 1)
	stop()
	want(0, 1)
}

func TestPage_aBannerSaysThatNobodyWorks(t *testing.T) {
	t.Parallel()
	d := dbtest.New(t, db.SQLite)
	var outcome error
	site, q := openPage(t, d, &outcome)
	site.SignIn(staff.Administrator)
	paneltest.Must(t, q.Drain(t.Context()))
	const text = "никто не выполняет"
	site.Get(jobs.URL).Want(t, 200).Lacks(t, text)
	freeFor(t, d, time.Hour)
	site.Get(jobs.URL).Want(t, 200, text, "Никто не обслуживает")
}
