package app_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/staff"
)

// BenchmarkSignIn_besideHostileConnections signs an employee in at the full cost of passwords, first alone and then
// beside fifty connections that do nothing but register, and try passwords, each from an address of its own. It prints
// both medians and what each hostile connection got done.
func BenchmarkSignIn_besideHostileConnections(b *testing.B) {
	for _, tt := range []struct {
		name  string
		known bool // the employee has signed in with this browser before
		doors []string
	}{
		{"at the shop", false, []string{"/site/register", "/site/login"}},
		{"at the panel, the browser is known", true, []string{"/login"}},
		{"at all doors, the browser is known", true, []string{"/site/register", "/site/login", "/login"}},
	} {
		b.Run(tt.name, func(b *testing.B) {
			p := apptest.OpenWith(b, dbtest.Fresh(b, db.SQLite), func(cfg *app.Config) { cfg.PasswordCost = staff.DefaultCost })
			jar, err := cookiejar.New(nil)
			if err != nil {
				b.Fatal(err)
			}
			employee := app.DemoStaff[0]
			if _, err := p.Staff.Create(b.Context(), employee); err != nil {
				b.Fatal(err)
			}
			signIn := func() time.Duration {
				browser := newBrowser(nil)
				if tt.known {
					browser.Jar = jar
				}
				form := url.Values{"email": {employee.Email}, "password": {employee.Password}}
				began := time.Now()
				if status := browser.post(b.Context(), p.URL+"/login", "203.0.113.1", form); status != http.StatusSeeOther {
					b.Fatalf("the employee is answered %d", status)
				}
				return time.Since(began)
			}
			signIn()
			measure := func() time.Duration {
				times := make([]time.Duration, max(20, b.N))
				for i := range times {
					times[i] = signIn()
				}
				slices.Sort(times)
				return times[len(times)/2]
			}
			quiet := measure()
			ctx, stop := context.WithCancel(b.Context())
			var answered atomic.Int64
			var crowd sync.WaitGroup
			for i := range 50 {
				crowd.Go(func() {
					hostile := newBrowser(nil)
					for n := 0; ctx.Err() == nil; n++ {
						email := fmt.Sprintf("stranger%d@example%d.ru", n, i)
						hostile.post(ctx, p.URL+tt.doors[n%len(tt.doors)], fmt.Sprintf("198.51.100.%d", i), url.Values{
							"FirstName": {"Кто-то"}, "Email": {email}, "email": {email}, "password": {"long enough"},
						})
						answered.Add(1)
					}
				})
			}
			time.Sleep(time.Second) // the crowd gathers
			beside := measure()
			stop()
			crowd.Wait()
			b.ReportMetric(float64(quiet.Microseconds())/1000, "quiet-ms")
			b.ReportMetric(float64(beside.Microseconds())/1000, "beside-ms")
			b.ReportMetric(float64(beside)/float64(quiet), "times")
			b.ReportMetric(float64(answered.Load())/50, "answers/connection")
		})
	}
}

type browser struct{ *http.Client }

func newBrowser(jar http.CookieJar) *browser {
	return &browser{&http.Client{
		Jar: jar, Transport: &http.Transport{MaxIdleConnsPerHost: 1},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// post submits a form as a proxy passes it on and returns the status; 0: there was no answer.
func (b *browser) post(ctx context.Context, address, from string, form url.Values) int {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return 0
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Forwarded-For", from)
	resp, err := b.Do(r)
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}
