package emulator

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// A queue delivers events one after another. Each is sent once: a handler that is down or slow does not get it again
// (REST.md 20.3).
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

// newQueue makes a queue and starts its goroutine; close ends it.
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

// push adds an event. place, if given, picks one of n places for it, and the event there moves to the end.
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

// clear forgets the events that wait.
func (q *queue) clear() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.events = nil
	q.wake.Broadcast()
}

// close forgets the events that wait, breaks off the one under way, and returns when the goroutine has ended.
func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.wake.Broadcast()
	q.mu.Unlock()
	q.cancel()
	<-q.done
}

// wait returns when no event waits and none is under way.
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

// run delivers events until the queue is closed.
func (q *queue) run(ctx context.Context) {
	defer close(q.done)
	for {
		e, ok := q.next()
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
func (q *queue) next() (event, bool) {
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

// deliverEvent posts an event and notes in the journal what the handler answered.
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

// post sends a form and returns the status of the answer. An error means that there was no answer.
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
