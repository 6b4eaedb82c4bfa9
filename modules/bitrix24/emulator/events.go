package emulator

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// An event on its way to one webhook.
type event struct {
	code    string
	id      int64
	handler int64
	url     string
	token   string
	ts      int64
	extra   []string // further pairs of data[...]
	due     time.Time
}

// emit queues an event for every webhook that has ticked it. The caller holds the portal's lock.
func (p *Portal) emit(code string, id int64, extra ...string) {
	if p.queue == nil {
		return // while the stock data is made
	}
	for _, o := range p.outbound {
		handler, ticked := o.Events[code]
		if !ticked {
			continue
		}
		e := event{code: code, id: id, handler: handler, url: o.URL, token: o.Token, ts: p.now().Unix(), extra: extra}
		times := 1
		for _, f := range p.faults.active {
			if f.Method != "" && !strings.EqualFold(f.Method, code) {
				continue
			}
			switch f.Fault {
			case "drop_events":
				if p.faults.strike(f) {
					times = 0
				}
			case "double_events":
				if times > 0 && p.faults.strike(f) {
					times++
				}
			case "delay_events":
				if p.faults.strike(f) {
					e.due = time.Now().Add(f.delay())
				}
			}
		}
		for range times {
			p.queue.push(e, p.shuffles())
		}
	}
}

// shuffles picks a place in the queue by chance while events are to be shuffled, else -1.
func (p *Portal) shuffles() func(n int) int {
	for _, f := range p.faults.active {
		if f.Fault == "shuffle_events" && p.faults.strike(f) {
			return p.faults.random.IntN
		}
	}
	return nil
}

// emitMove tells that a deal went to another funnel. Only applications can subscribe to it, so no webhook hears it and no
// ONCRMDEALUPDATE is sent instead.
func (p *Portal) emitMove(r *record) {
	p.emit("ONCRMDEALMOVETOCATEGORY", r.id, "data[FIELDS][CATEGORY_ID]", p.deals.text(r, "CATEGORY_ID"), "data[FIELDS][STAGE_ID]", p.deals.text(r, "STAGE_ID"))
}

// body is the form that the portal posts.
func (p *Portal) body(e event) string {
	p.mu.Lock()
	domain, b := p.domain, p.behaviour
	p.mu.Unlock()
	var out strings.Builder
	add := func(name, value string) {
		if out.Len() > 0 {
			out.WriteByte('&')
		}
		out.WriteString(url.QueryEscape(name) + "=" + url.QueryEscape(value))
	}
	add("event", e.code)
	if b.EventHandlerID {
		add("event_handler_id", strconv.FormatInt(e.handler, 10))
	}
	id := "data[FIELDS][ID]"
	if strings.HasPrefix(e.code, "ONCRMTIMELINECOMMENT") && !b.CommentEventFields {
		id = "data[ID]"
	}
	if e.id > 0 {
		add(id, strconv.FormatInt(e.id, 10))
	}
	for i := 0; i+1 < len(e.extra); i += 2 {
		add(e.extra[i], e.extra[i+1])
	}
	add("ts", strconv.FormatInt(e.ts, 10))
	add("auth[domain]", domain)
	if b.EventEndpoints {
		add("auth[client_endpoint]", "https://"+domain+"/rest/")
		add("auth[server_endpoint]", "https://oauth.bitrix.info/rest/")
	}
	add("auth[member_id]", p.member)
	add("auth[application_token]", e.token)
	return out.String()
}

// A queue delivers events one after another, each once: a handler that is down or slow has lost it.
type queue struct {
	portal *Portal
	client *http.Client
	cancel context.CancelFunc
	done   chan struct{}

	mu     sync.Mutex
	wake   *sync.Cond
	events []event
	busy   bool
	closed bool
}

func newQueue(p *Portal) *queue {
	ctx, cancel := context.WithCancel(context.Background())
	q := &queue{portal: p, client: p.opts.Client, cancel: cancel, done: make(chan struct{})}
	if q.client == nil {
		q.client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	q.wake = sync.NewCond(&q.mu)
	go q.run(ctx)
	return q
}

func (q *queue) push(e event, place func(n int) int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.events = append(q.events, e)
	if n := len(q.events); place != nil {
		i := place(n)
		q.events[i], q.events[n-1] = q.events[n-1], q.events[i]
	}
	q.wake.Broadcast()
}

func (q *queue) clear() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.events = nil
	q.wake.Broadcast()
}

func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.wake.Broadcast()
	q.mu.Unlock()
	q.cancel()
	<-q.done
}

// wait returns when nothing waits and nothing is under way.
func (q *queue) wait(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.wake.Broadcast()
	})
	defer stop()
	q.mu.Lock()
	defer q.mu.Unlock()
	for (q.busy || len(q.events) > 0) && !q.closed {
		if err := ctx.Err(); err != nil {
			return err
		}
		q.wake.Wait()
	}
	return nil
}

func (q *queue) run(ctx context.Context) {
	defer close(q.done)
	for {
		e, ok := q.next(ctx)
		if !ok {
			return
		}
		q.portal.deliverEvent(ctx, q.client, e)
		q.mu.Lock()
		q.busy = false
		q.wake.Broadcast()
		q.mu.Unlock()
	}
}

// next takes the first event that is due.
func (q *queue) next(ctx context.Context) (event, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		if q.closed {
			return event{}, false
		}
		soonest := time.Duration(-1)
		for i, e := range q.events {
			wait := time.Until(e.due)
			if wait <= 0 {
				q.events = append(q.events[:i:i], q.events[i+1:]...)
				q.busy = true
				return e, true
			}
			if soonest < 0 || wait < soonest {
				soonest = wait
			}
		}
		if soonest > 0 {
			timer := time.AfterFunc(soonest, func() {
				q.mu.Lock()
				defer q.mu.Unlock()
				q.wake.Broadcast()
			})
			q.wake.Wait()
			timer.Stop()
			continue
		}
		q.wake.Wait()
	}
}

// deliverEvent posts an event and notes what became of it.
func (p *Portal) deliverEvent(ctx context.Context, client *http.Client, e event) {
	p.mu.Lock()
	limit := time.Duration(p.behaviour.HandlerTimeoutMS) * time.Millisecond
	p.mu.Unlock()
	entry := logEntry{At: p.now(), Event: e.code, Record: e.id, Source: e.url}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	status, err := post(ctx, client, e.url, p.body(e))
	entry.Status, entry.Took = status, p.now().Sub(entry.At)
	if err != nil {
		entry.Answer = "нет ответа"
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err == nil && status < 300 {
		p.stats.EventsSent++
	} else {
		p.stats.EventsFailed++
	}
	p.journal.add(entry)
}

func post(ctx context.Context, client *http.Client, address, body string) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("User-Agent", "Bitrix24 Webhook Engine")
	resp, err := client.Do(req)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection serves the next event
	return resp.StatusCode, nil
}
