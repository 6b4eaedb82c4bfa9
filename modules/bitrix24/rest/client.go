// Package rest is a client of Bitrix24's REST API through an inbound webhook. It knows Bitrix24 and nothing of the
// panel.
//
// Everything goes through Client.Do, which sends one Batch of up to fifty commands as one request (method batch). It
// never repeats a request, since only the caller knows what a repetition would do. When it fails, Unknown says whether
// the portal may have done the work all the same.
//
// Begin reading at Batch, then Client and Result. types*.go hold the records, event.go what a portal sends to us.
// Names in «» are pages of the vendor's documentation; REST.md is the project's digest of it.
package rest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// Options of a client; the zero value works.
type Options struct {
	Timeout   time.Duration // of one request, without the wait for the limiter; default 65 s, as the portal gives up at 60
	Limiter   *Limiter      // holds requests back; nil: nothing does
	Operating *Operating    // is told how long methods ran; nil: nobody is

	AllowPrivate bool   // whether plain http and addresses of private networks may be called; see CheckAddress
	UserAgent    string // what the portal's log calls us; default pixlpark-panel
	MaxAnswer    int64  // in bytes; a longer answer is an error; default 32 MB

	Now func() time.Time // the clock; default time.Now

	// Observe is called after every request, before Do returns, and must be quick. Its context is that of Do, which may
	// have been cancelled by then.
	Observe func(ctx context.Context, e Exchange)
}

// Exchange is one request and what came of it, for the journal. The webhook's code is masked wherever it occurs.
type Exchange struct {
	At       time.Time
	Duration time.Duration // without the wait for the limiter
	Address  string
	Moved    *url.URL // where a redirect leads, and the request is made again; else nil
	Commands []Command
	Halt     bool
	Status   int     // 0 if no answer came
	Answer   string  // its beginning
	Result   *Result // what came of each command; nil with Err
	Err      error   // what Do returns for it
}

// answerExcerpt is how much of an answer an Exchange holds.
const answerExcerpt = 64 << 10

// Client calls one portal through one webhook. It costs nothing to make, so one is made whenever the settings may have
// changed: connections, limiter and operating time outlive it. It is safe for use by several goroutines.
type Client struct {
	hook      Webhook
	opts      Options
	transport http.RoundTripper // no http.Client: that would follow redirects and quote addresses in errors
}

// New returns a client of the webhook's portal. It sends nothing.
func New(hook Webhook, opts Options) *Client {
	if opts.Timeout <= 0 {
		opts.Timeout = 65 * time.Second
	}
	if opts.UserAgent == "" {
		opts.UserAgent = "pixlpark-panel/1.0 (bitrix24)"
	}
	if opts.MaxAnswer <= 0 {
		opts.MaxAnswer = 32 << 20
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	transport := publicTransport
	if opts.AllowPrivate {
		transport = privateTransport
	}
	return &Client{hook: hook, opts: opts, transport: transport}
}

// String names the client without its secret.
func (c *Client) String() string { return c.hook.String() }

// Format makes every verb print String.
func (c *Client) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// Do waits for the limiter and sends the batch once (method batch). An empty batch is not sent and has an empty
// Result.
//
// The error concerns the request as a whole: *Error is the portal's refusal, *RequestError the lack of a readable
// answer; Unknown says whether commands may have been run. Failures of single commands are in the Result.
//
// A portal that has moved answers with a redirect. The request is then made at the new address, as a POST again and
// without a third attempt, if that address may be called; Result.Moved or *MovedError tell the new address.
func (c *Client) Do(ctx context.Context, b *Batch) (*Result, error) {
	if err := b.Err(); err != nil {
		return nil, err
	}
	if b.Len() == 0 {
		return &Result{batch: b}, nil
	}
	if err := c.hook.Check(); err != nil {
		return nil, &RequestError{Method: BatchMethod, Err: err}
	}
	result, err := c.post(ctx, c.hook.Portal, b)
	var moved *redirect
	if !errors.As(err, &moved) {
		return result, err
	}
	result, err = c.post(ctx, moved.to, b)
	if err != nil {
		return nil, &MovedError{Portal: moved.to, Err: err}
	}
	result.Moved = moved.to
	return result, nil
}

// redirect is the answer of a portal that has moved. It never leaves the client.
type redirect struct{ to *url.URL }

func (r *redirect) Error() string { return "moved to " + r.to.Host }

// post makes one request at a portal's address and has it observed.
func (c *Client) post(ctx context.Context, portal *url.URL, b *Batch) (*Result, error) {
	if err := CheckAddress(portal, c.opts.AllowPrivate); err != nil {
		return nil, &RequestError{Method: BatchMethod, Err: err}
	}
	if c.opts.Limiter != nil {
		if err := c.opts.Limiter.Wait(ctx, b.Class); err != nil {
			return nil, &RequestError{Method: BatchMethod, Err: err}
		}
	}
	if b.Leaving != nil {
		if err := b.Leaving(ctx); err != nil {
			return nil, err
		}
	}
	sent := c.opts.Now()
	status, header, body, err := c.roundTrip(ctx, portal, b)
	received := c.opts.Now()
	var result *Result
	if err == nil {
		result, err = c.read(portal, b, status, header, body, sent, received)
	}
	if c.opts.Observe != nil {
		var to *url.URL
		if moved := (*redirect)(nil); errors.As(err, &moved) {
			to = moved.to
		}
		c.opts.Observe(ctx, Exchange{
			At:       sent,
			Duration: received.Sub(sent),
			Address:  Webhook{Portal: portal, UserID: c.hook.UserID}.String() + "batch.json",
			Moved:    to,
			Commands: b.Commands(),
			Halt:     b.Halt,
			Status:   status,
			Answer:   c.excerpt(body),
			Result:   result,
			Err:      err,
		})
	}
	var refused *Error
	if errors.As(err, &refused) && refused.QueryLimit() && c.opts.Limiter != nil {
		if drainErr := c.opts.Limiter.Drain(ctx); drainErr != nil {
			return nil, errors.Join(err, fmt.Errorf("request limit: %w", drainErr))
		}
	}
	return result, err
}

// roundTrip returns the whole answer, or a *RequestError.
func (c *Client) roundTrip(ctx context.Context, portal *url.URL, b *Batch) (int, http.Header, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.opts.Timeout)
	defer cancel()
	// Nothing is on its way before the headers are: a failure until then is certain.
	var wrote atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { wrote.Store(true) }})

	fail := func(status int, err error) error {
		return &RequestError{Method: BatchMethod, Sent: wrote.Load(), Status: status, Err: c.hook.maskedError(err)}
	}
	address := c.hook.endpoint(portal).String()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(b.body()))
	if err != nil {
		return 0, nil, nil, fail(0, ErrPortal) // the error itself quotes the address
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	request.Header.Set("User-Agent", c.opts.UserAgent)

	response, err := c.transport.RoundTrip(request)
	if err != nil {
		return 0, nil, nil, fail(0, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, c.opts.MaxAnswer+1))
	switch {
	case err != nil:
		return response.StatusCode, nil, body, fail(response.StatusCode, fmt.Errorf("half an answer: %w", err))
	case int64(len(body)) > c.opts.MaxAnswer:
		return response.StatusCode, nil, body, fail(response.StatusCode, fmt.Errorf("an answer over %d bytes", c.opts.MaxAnswer))
	}
	return response.StatusCode, response.Header, body, nil
}

// excerpt is the beginning of an answer. It is masked before it is cut, or half a code could be left at the end.
func (c *Client) excerpt(body []byte) string {
	text := c.hook.masked(string(body))
	return strings.ToValidUTF8(text[:min(len(text), answerExcerpt)], "")
}

// read makes a Result, an *Error, a *RequestError or a *redirect of an answer.
func (c *Client) read(
	portal *url.URL, b *Batch, status int, header http.Header, body []byte, sent, received time.Time,
) (*Result, error) {
	if status >= 300 && status < 400 {
		return nil, c.readRedirect(portal, status, header)
	}
	a, timing, err := decodeAnswer(status, body, b)
	var refused *Error
	switch {
	case errors.As(err, &refused):
		refused.Code, refused.Description = c.hook.masked(refused.Code), c.hook.masked(refused.Description)
		refused.RetryAfter = retryAfter(header, received)
		return nil, refused
	case err != nil:
		return nil, &RequestError{Method: BatchMethod, Sent: true, Status: status, Err: c.hook.maskedError(err)}
	}
	result := &Result{Timing: timing, batch: b, answer: a, masked: c.hook.maskedError}
	result.offset, result.timed = timing.offset(sent, received)
	for _, refused := range a.Errors {
		refused.Code, refused.Description = c.hook.masked(refused.Code), c.hook.masked(refused.Description)
	}
	c.noteOperating(result)
	return result, nil
}

// readRedirect keeps scheme and host of where a portal sends us, and nothing of the path, which holds the code.
func (c *Client) readRedirect(portal *url.URL, status int, header http.Header) error {
	fail := func(reason string) error {
		return &RequestError{Method: BatchMethod, Status: status, Err: errors.New(reason)}
	}
	target, err := portal.Parse(header.Get("Location"))
	if err != nil || header.Get("Location") == "" {
		return fail("a redirect to nowhere")
	}
	to, err := ParsePortal(target.Scheme + "://" + target.Host)
	switch {
	case err != nil:
		return fail("a redirect to no portal")
	case to.Host == portal.Host:
		return fail("a redirect within the portal")
	case portal.Scheme == "https" && to.Scheme != "https":
		return fail("a redirect from https to http")
	case portal.String() != c.hook.Portal.String():
		return fail("a second redirect")
	case CheckAddress(to, c.opts.AllowPrivate) != nil:
		return fail("a redirect to an address that may not be called")
	}
	return &redirect{to: to}
}

// noteOperating remembers how long each method ran, and writes into the refusal of a blocked one how long it must
// wait.
func (c *Client) noteOperating(r *Result) {
	if c.opts.Operating == nil {
		return
	}
	for _, command := range r.batch.commands {
		if timing, ok := r.answer.Timing[command.Name]; ok {
			c.opts.Operating.Note(command.Method, timing, r.offset)
		}
	}
	for _, refused := range r.answer.Errors {
		if refused.OperatingLimit() {
			c.opts.Operating.Blocked(refused.Method)
			refused.RetryAfter = c.opts.Operating.Rest(refused.Method)
		}
	}
}
