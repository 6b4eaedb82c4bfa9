package apptest

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/panel/paneltest"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

// Browser keeps cookies and follows no redirects.
type Browser struct {
	t      testing.TB
	url    string
	client *http.Client
}

// Answer is a page that has been read.
type Answer = paneltest.Answer

// Browser is one that nobody has used yet.
func (p *Panel) Browser() *Browser {
	p.t.Helper()
	jar, err := cookiejar.New(nil)
	p.must(err)
	return &Browser{t: p.t, url: p.URL, client: &http.Client{
		Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// As is the browser of the demo's employee of a role, who signs in on first use.
func (p *Panel) As(role staff.Role) *Browser {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if b := p.browsers[role]; b != nil {
		return b
	}
	b := p.Browser()
	for _, e := range app.DemoStaff {
		if e.Role != role {
			continue
		}
		_, err := p.Staff.Create(p.t.Context(), e)
		if taken, ok := refusal.From(err); !ok || taken.Kind != refusal.Conflict { // by a panel on the same database
			p.must(err)
		}
		b.Post("/login", "email", e.Email, "password", e.Password).Want(p.t, http.StatusSeeOther)
	}
	p.browsers[role] = b
	return b
}

// Get opens a page.
func (b *Browser) Get(path string) Answer {
	b.t.Helper()
	answer, err := paneltest.Read(b.Open(path))
	if err != nil {
		b.t.Fatal(err)
	}
	return answer
}

// Open is Get for a response as it comes, character references and all.
func (b *Browser) Open(path string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, b.url+path, nil)
	if err != nil {
		return nil, err
	}
	return b.client.Do(r)
}

// Post submits a form of name, value, name, value.
func (b *Browser) Post(path string, pairs ...string) Answer {
	b.t.Helper()
	values := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	return b.Submit(path, values)
}

// Submit is Post for values that are gathered already.
func (b *Browser) Submit(path string, values url.Values) Answer {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.url+path, strings.NewReader(values.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return b.do(r)
}

func (b *Browser) do(r *http.Request) Answer {
	b.t.Helper()
	answer, err := paneltest.Read(b.client.Do(r))
	if err != nil {
		b.t.Fatal(err)
	}
	return answer
}
