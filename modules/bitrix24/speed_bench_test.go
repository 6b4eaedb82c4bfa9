package bitrix24_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// These say what the module costs those who wait. Run each by itself, on a machine that does nothing else:
//
//	go test ./modules/bitrix24 -run '^$' -bench 'Order|Events|Start' -benchtime 1x

// dialects runs a benchmark on both databases.
func dialects(b *testing.B, measure func(b *testing.B, dialect db.Dialect)) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		b.Run(string(dialect), func(b *testing.B) { measure(b, dialect) })
	}
}

// took is how long it took.
func took(do func()) time.Duration {
	began := time.Now()
	do()
	return time.Since(began)
}

// report says the median and the 99th of a hundred, in milliseconds, and returns the median.
func report(b *testing.B, what string, times []time.Duration) float64 {
	slices.Sort(times)
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	b.ReportMetric(ms(times[len(times)/2]), what+"-median-ms")
	b.ReportMetric(ms(times[len(times)*99/100]), what+"-p99-ms")
	return ms(times[len(times)/2])
}

// BenchmarkOrderPortalPaused places 2,000 orders in turn on a panel whose portal is down and on one without the module.
func BenchmarkOrderPortalPaused(b *testing.B) {
	dialects(b, func(b *testing.B, dialect db.Dialect) {
		plain := apptest.New(b, dialect)
		plain.Run()
		x := bitrix24test.New(b, dialect)
		x.Run()
		x.Fail(emulator.Fault{Fault: "down"})
		place := func(p *apptest.Panel) func() {
			return func() { p.Call("POST", "/api/orders", bitrix24test.Draft()).Want(b, http.StatusCreated) }
		}
		place(plain)()
		place(x.Panel)() // finds out that the portal is down
		var with, without []time.Duration
		for b.Loop() {
			for i := range 2000 {
				if i%2 == 0 {
					without = append(without, took(place(plain)))
				}
				with = append(with, took(place(x.Panel)))
				if i%2 == 1 {
					without = append(without, took(place(plain)))
				}
			}
		}
		b.ReportMetric(report(b, "with", with)-report(b, "without", without), "difference-ms")
	})
}

// BenchmarkOrderPortalHealthy places orders that are in the portal when they are answered, and leaves out what the portal
// took: five hundred one by one, and five hundred ("busy") without a pause, so that each meets the events of the last.
func BenchmarkOrderPortalHealthy(b *testing.B) {
	dialects(b, func(b *testing.B, dialect db.Dialect) {
		x := bitrix24test.New(
			b, dialect, bitrix24test.Unconnected,
			func(s *bitrix24test.Setup) { bitrix24test.Hasten(&s.Options, 1000, time.Now) },
		)
		var portal atomic.Int64
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			portal.Add(int64(took(func() { x.Portal.ServeHTTP(w, r) })))
		}))
		b.Cleanup(server.Close)
		x.PortalURL = server.URL
		x.Must(x.Module.Connect(b.Context(), x.Webhook(), bitrix24test.PortalToken))
		x.Run()
		x.Place() // makes the contact
		var alone, busy []time.Duration
		for b.Loop() {
			for n := range 1000 {
				if n < 500 { // what the portal's events of the last order cause is over
					x.Must(x.Portal.Flush(b.Context()))
					for x.Unsent() > 0 {
						runtime.Gosched()
					}
				}
				portal.Store(0)
				own := took(func() { x.Place() }) - time.Duration(portal.Load())
				if n < 500 {
					alone = append(alone, own)
				} else {
					busy = append(busy, own)
				}
			}
		}
		report(b, "own", alone)
		report(b, "own-busy", busy)
	})
}

// BenchmarkOrderBurstUsedUp places orders of a known client under the portal's real limits: sixty one after the other,
// which use up the burst, and then sixty more, one each 600 ms, while the portal's events of all of them come back.
func BenchmarkOrderBurstUsedUp(b *testing.B) {
	dialects(b, func(b *testing.B, dialect db.Dialect) {
		x := bitrix24test.New(b, dialect, func(s *bitrix24test.Setup) {
			s.Options.Limits, s.Options.EchoWait, s.Portal.Limits = rest.Limits{}, 4*time.Second, true
		})
		x.Run()
		client := bitrix24test.By(int64(x.Order(x.Place()).Number("UserId")))
		for b.Loop() {
			var row, after []time.Duration
			before := x.Portal.Stats()
			for range 60 {
				row = append(row, took(func() { x.Place(client) }))
			}
			for range 60 {
				d := took(func() { x.Place(client) })
				after = append(after, d)
				time.Sleep(max(0, 600*time.Millisecond-d))
			}
			x.Recover()
			time.Sleep(5 * time.Second) // the last echoes are read
			b.ReportMetric(float64(x.Portal.Stats().Requests-before.Requests)/120, "requests/order")
			b.ReportMetric(float64(x.Portal.Stats().Refused["QUERY_LIMIT_EXCEEDED"]), "refused")
			report(b, "row", row)
			report(b, "after", after)
		}
	})
}

// BenchmarkEvents sends 200 events a second for ten seconds, of 300 deals, while what they say is read from the portal.
func BenchmarkEvents(b *testing.B) {
	dialects(b, func(b *testing.B, dialect db.Dialect) {
		x := bitrix24test.New(b, dialect, func(s *bitrix24test.Setup) { s.Options.AwaitSite = time.Nanosecond })
		x.Run()
		const deals = 300
		for range deals {
			x.Place()
		}
		x.Recover()
		client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
		send := func(n int) {
			answer, err := client.PostForm(x.URL+"/api/bitrix/events", url.Values{
				"event": {"ONCRMDEALUPDATE"}, "data[FIELDS][ID]": {strconv.Itoa(1 + n%deals)}, "ts": {strconv.FormatInt(time.Now().Unix(), 10)},
				"auth[application_token]": {bitrix24test.PortalToken}, "auth[domain]": {"127.0.0.1"},
			})
			if err != nil {
				b.Error(err)
				return
			}
			if answer.Body.Close(); answer.StatusCode != http.StatusOK {
				b.Errorf("an event was answered with %d", answer.StatusCode)
			}
		}
		var mu sync.Mutex
		var times []time.Duration
		for b.Loop() {
			var sent sync.WaitGroup
			tick := time.NewTicker(5 * time.Millisecond)
			for n := range 2000 {
				<-tick.C
				sent.Go(func() {
					d := took(func() { send(n) })
					mu.Lock()
					defer mu.Unlock()
					times = append(times, d)
				})
			}
			tick.Stop()
			sent.Wait()
		}
		report(b, "event", times)
	})
}

// BenchmarkStart starts the built program on a migrated database until it is ready, and looks at its memory when it has
// served a few pages and rests.
func BenchmarkStart(b *testing.B) {
	binary := buildPanel(b)
	resident := regexp.MustCompile(`VmRSS:\s+(\d+) kB`)
	dialects(b, func(b *testing.B, dialect db.Dialect) {
		f, _ := connectedFleet(b, binary, dialect, &gate{ctx: b.Context()})
		f.start(1)
		p := f.processes[0]
		var starts []time.Duration
		for b.Loop() {
			for range 10 {
				x := p.terminate()
				if x != nil {
					b.Fatal(x)
				}
				starts = append(starts, took(func() { f.restart(p) }))
			}
		}
		report(b, "start", starts)
		memory := func() float64 {
			status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
			found := resident.FindSubmatch(status)
			if err != nil || found == nil {
				b.Fatal("no memory in /proc: ", err)
			}
			kb, _ := strconv.ParseFloat(string(found[1]), 64)
			return kb / 1024
		}
		b.ReportMetric(memory(), "started-MB")
		front := newFront(f)
		admin := front.signIn()
		for n := range 50 {
			front.order(strconv.Itoa(n))
			settingsOn(b, admin, p)
		}
		b.ReportMetric(memory(), "used-MB")
	})
}
