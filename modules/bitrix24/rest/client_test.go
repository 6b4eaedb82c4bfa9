package rest

import (
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestDo_asksOnceAndReadsTheAnswer(t *testing.T) {
	t.Parallel()
	clock := newClock()
	var exchanges []Exchange
	var requests atomic.Int32
	c := setup(t, Options{
		Now: clock.Now, Observe: func(_ context.Context, e Exchange) { exchanges = append(exchanges, e) },
		UserAgent: "test",
	},
		func(w http.ResponseWriter, r *http.Request) {
			requests.Add(1)
			if r.Method != http.MethodPost || r.URL.Path != "/rest/11/"+secret+"/batch.json" {
				t.Errorf("asked %s %s", r.Method, r.URL.Path)
			}
			if got := r.Header.Get("Content-Type") + " " + r.Header.Get("User-Agent"); got != "application/json test" {
				t.Errorf("headers = %s", got)
			}
			got := readSent(t, r)
			if got.Halt != 1 || got.Cmd["owner"] != "user.current" ||
				got.Cmd["department"] != "department.get?ID=%24result%5Bowner%5D%5BUF_DEPARTMENT%5D%5B0%5D" {
				t.Errorf("sent %+v", got)
			}
			clock.forward(1500 * time.Millisecond)
			_, _ = w.Write(testdata(t, "answers/linked.json"))
		})
	b := &Batch{Halt: true}
	owner := b.Add("owner", "user.current", nil)
	b.Add("department", "department.get", Params{"ID": owner.Field("UF_DEPARTMENT", "0")})

	result, err := c.Do(t.Context(), b)
	if err != nil || result.Err() != nil {
		t.Fatal(err, result.Err())
	}
	var user User
	if err := result.Decode("owner", &user); err != nil || user.ID != 7 || user.Name != "Анна" {
		t.Errorf("owner = %+v, %v", user, err)
	}
	if got := result.Total("department"); got != 1 {
		t.Errorf("Total = %d, want 1", got)
	}
	if got := result.Next("department"); got != 0 {
		t.Errorf("Next = %d, want 0", got)
	}
	if got := result.CommandTiming("owner"); got.Operating != 250*time.Millisecond || got.ResetAt.Unix() != 1795435800 {
		t.Errorf("owner took %+v", got)
	}
	// 12:00:00.25 there when it was 12:00:00 here, 12:00:01.75 when it was 12:00:01.5.
	if offset, ok := result.ClockOffset(); !ok || offset != 250*time.Millisecond {
		t.Errorf("ClockOffset = %v, %v; want 250ms", offset, ok)
	}
	if requests.Load() != 1 || len(exchanges) != 1 {
		t.Fatalf("%d requests, %d observed; want one", requests.Load(), len(exchanges))
	}
	e := exchanges[0]
	if e.Status != 200 || e.Duration != 1500*time.Millisecond || e.Err != nil || !e.Halt || len(e.Commands) != 2 ||
		!strings.HasSuffix(e.Address, "/rest/11/***/batch.json") || !strings.Contains(e.Answer, "Печать") {
		t.Errorf("observed %+v", e)
	}
}

func TestDo_nothingToAsk(t *testing.T) {
	t.Parallel()
	c := setup(t, Options{}, func(http.ResponseWriter, *http.Request) { t.Error("asked") })
	if result, err := c.Do(t.Context(), &Batch{}); err != nil || result.Err() != nil {
		t.Errorf("empty batch: %v", err)
	}
	b := &Batch{}
	b.Add("1", "profile", nil)
	if _, err := c.Do(t.Context(), b); err == nil || Unknown(err) || Temporary(err) {
		t.Errorf("wrong batch: %v, want a permanent error, nothing sent", err)
	}
	c.hook.Code = ""
	if _, err := c.Do(t.Context(), oneDeal()); !errors.Is(err, ErrWebhook) || Unknown(err) || Temporary(err) {
		t.Errorf("no code: %v, want ErrWebhook", err)
	}
}

func TestDo_failedCommands(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, file string
		halt       bool
		second     func(error) bool
	}{
		{"each fails on its own", "failed.halt0.json", false, func(err error) bool {
			var e *Error
			return errors.As(err, &e) && e.Scope() && e.Method == "department.get"
		}},
		{"the first stops the rest", "failed.halt1.json", true, func(err error) bool { return errors.Is(err, ErrHalted) && !Unknown(err) }},
		{"one is lost", "failed.halt1.json", false, Unknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := setup(t, Options{}, answers(200, string(testdata(t, "answers/"+tt.file))))
			b := &Batch{Halt: tt.halt}
			b.Add("owner", "user.current", nil)
			b.Add("department", "department.get", nil)
			result, err := c.Do(t.Context(), b)
			if err != nil {
				t.Fatal(err)
			}
			var first *Error
			if !errors.As(result.Err(), &first) || first.Method != "user.current" || !first.Scope() || first.Status != 200 || Unknown(first) {
				t.Errorf("Err() = %#v, want the scope missing for user.current", result.Err())
			}
			if err := result.Decode("department", new(any)); !tt.second(err) {
				t.Errorf("second command: %v", err)
			}
			if got, want := result.Missing("department"), tt.file == "failed.halt1.json"; got != want {
				t.Errorf("Missing = %v, want %v", got, want)
			}
		})
	}
}

func TestDo_everyFormOfResultAndError(t *testing.T) {
	t.Parallel()
	clock := newClock()
	operating := &Operating{Now: clock.Now}
	c := setup(t, Options{Now: clock.Now, Operating: operating}, answers(200, string(testdata(t, "answers/every.error.json"))))
	b := &Batch{}
	for _, name := range []string{"gone", "link", "done", "id", "none", "word", "old", "zero", "hundred", "sentence", "html", "bare"} {
		b.Add(name, "crm.item."+name, nil)
	}
	b.Add("slow", "crm.item.id", nil)
	result, err := c.Do(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	var id ID
	if err := result.Decode("id", &id); err != nil || id != 512 {
		t.Errorf("id = %d, %v", id, err)
	}
	var found Duplicates
	if err := result.Decode("gone", &found); err != nil || len(found) != 0 {
		t.Errorf("gone = %v, %v", found, err)
	}
	var linked Bool
	if err := result.Decode("link", &linked); err != nil || bool(linked) {
		t.Errorf("link = %v, %v", linked, err)
	}
	var word Text
	if err := result.Decode("word", &word); err != nil || word != "reg150907" {
		t.Errorf("word = %v, %v", word, err)
	}
	if string(result.Raw("done")) != "true" || result.Next("id") != 50 {
		t.Errorf("done, next = %s, %d", result.Raw("done"), result.Next("id"))
	}
	if err := result.Decode("none", new(Deal)); err != nil {
		t.Errorf("none: %v", err)
	}
	// The command was run, but its result can't be read: it must be looked for.
	if err := result.Decode("word", &id); !Unknown(err) {
		t.Errorf("word as id: %v, want unknown", err)
	}
	for name, want := range map[string]Error{
		"old":      {"crm.item.old", "", "Not found", 200, 0},
		"zero":     {"crm.item.zero", "0", "Access denied.", 200, 0},
		"hundred":  {"crm.item.hundred", "100", "Could not find value for parameter {fields}", 200, 0},
		"sentence": {"crm.item.sentence", "Communication type is not defined", "", 200, 0},
		"html":     {"crm.item.html", "ERROR_CORE", "Discount Sum is required if the rate is 100% Discount Rate is required", 200, 0},
		"bare":     {"crm.item.bare", "", "Something went wrong", 200, 0},
		"slow":     {"crm.item.id", "OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit.", 200, 296800 * time.Millisecond},
	} {
		var got *Error
		if !errors.As(result.Error(name), &got) || *got != want {
			t.Errorf("%s = %+v, want %+v", name, got, want)
		}
	}
	// The portal's clock is 3.2 s ahead, and it takes off the oldest minute at 12:05:00 of its own.
	if got := operating.Rest("CRM.item.id"); got != 296800*time.Millisecond {
		t.Errorf("Rest = %v, want 296.8s", got)
	}
}

func TestDo_refusedAsAWhole(t *testing.T) {
	t.Parallel()
	refusal := func(code, description string) string {
		body, _ := json.Marshal(map[string]string{"error": code, "error_description": description})
		return string(body)
	}
	tests := []struct {
		name               string
		status             int
		body               string
		is                 func(*Error) bool
		temporary, unknown bool
	}{
		{"too many requests", 503, refusal("QUERY_LIMIT_EXCEEDED", "Too many requests"), (*Error).QueryLimit, true, false},
		{"in lower case", 503, refusal("query_limit_exceeded", ""), (*Error).QueryLimit, true, false},
		{
			"operating time", 429,
			refusal("OPERATION_TIME_LIMIT", "Method is blocked due to operation time limit."),
			(*Error).OperatingLimit, true, false,
		},
		{"blocked by the vendor", 503, refusal("OVERLOAD_LIMIT", "REST API is blocked due to overload"), (*Error).Overload, false, false},
		{"no credentials", 401, refusal("NO_AUTH_FOUND", "Wrong authorization data"), (*Error).Credentials, false, false},
		{"wrong code", 401, refusal("INVALID_CREDENTIALS", "Invalid request credentials"), (*Error).Credentials, false, false},
		{"wrong code as documented", 403, refusal("INVALID_CREDENTIALS", "Invalid request credentials"), (*Error).Credentials, false, false},
		{"expired", 401, refusal("expired_token", "The access token provided has expired"), (*Error).Credentials, false, false},
		{"owner dismissed", 401, refusal("authorization_error", "Unable to authorize user"), (*Error).Credentials, false, false},
		{"scope", 403, refusal("insufficient_scope", "The request requires higher privileges"), (*Error).Scope, false, false},
		{"tariff", 403, refusal("ACCESS_DENIED", "REST API is available only on commercial plans"), (*Error).Plan, false, false},
		{"no rights", 403, refusal("user_access_error", "The user does not have access"), (*Error).AccessDenied, false, false},
		{"no method", 404, refusal("ERROR_METHOD_NOT_FOUND", "Method not found!"), (*Error).NoMethod, false, false},
		{"portal closed", 500, refusal("PORTAL_DELETED", "Portal was deleted"), (*Error).PortalDeleted, false, false},
		{"portal closed by the kernel", 403, refusal("PORTAL_DELETED", ""), (*Error).PortalDeleted, false, false},
		{"https", 400, refusal("INVALID_REQUEST", "Https required"), nil, false, false},
		{"too long", 400, refusal("ERROR_BATCH_LENGTH_EXCEEDED", "Max batch length exceeded"), nil, false, false},
		{"manifest", 404, refusal("ERROR_MANIFEST_IS_NOT_AVAILABLE", "Manifest is not available"), nil, false, false},
		{"internal", 500, refusal("INTERNAL_SERVER_ERROR", "Internal server error"), nil, true, true},
		{"unexpected", 500, refusal("ERROR_UNEXPECTED_ANSWER", "Server returned an unexpected response"), nil, true, true},
		{"encoding", 200, refusal("WRONG_ENCODING", "Wrong request encoding"), nil, true, true},
		{"an unknown code of 5xx", 502, refusal("SOMETHING", ""), nil, true, true},
		{"an unknown code of 4xx", 400, refusal("SOMETHING", ""), nil, false, false},
		{"an empty code", 400, refusal("", "Parameter 'fields' must be array."), nil, false, false},
		{"a number", 400, `{"error":0,"error_description":"x"}`, nil, false, false},
		{"with status 200", 200, refusal("insufficient_scope", ""), (*Error).Scope, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := setup(t, Options{}, answers(tt.status, tt.body)).Do(t.Context(), oneDeal())
			var e *Error
			if !errors.As(err, &e) {
				t.Fatalf("error = %v, want an *Error", err)
			}
			if e.Method != "batch" || e.Status != tt.status {
				t.Errorf("Method, Status = %s, %d", e.Method, e.Status)
			}
			if Temporary(err) != tt.temporary || Unknown(err) != tt.unknown {
				t.Errorf("temporary, unknown = %v, %v; want %v, %v", Temporary(err), Unknown(err), tt.temporary, tt.unknown)
			}
			for i, is := range []func(*Error) bool{
				(*Error).QueryLimit, (*Error).OperatingLimit, (*Error).Overload, (*Error).Credentials, (*Error).Scope, (*Error).Plan,
				(*Error).AccessDenied, (*Error).NoMethod, (*Error).PortalDeleted, (*Error).NotFound,
			} {
				if is(e) && (tt.is == nil || !tt.is(e)) {
					t.Errorf("taken for kind %d", i)
				}
			}
			if tt.is != nil && !tt.is(e) {
				t.Errorf("%v is not taken for what it is", e)
			}
		})
	}
}

func TestDo_gzip(t *testing.T) {
	t.Parallel()
	c := setup(t, Options{}, func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			t.Error("gzip is not asked for")
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = z.Write([]byte(`{"result":{"result":{"deal":{"item":{"id":5}}},"result_error":[]}}`))
		_ = z.Close()
	})
	result, err := c.Do(t.Context(), oneDeal())
	if err != nil {
		t.Fatal(err)
	}
	var deal Item[Deal]
	if err := result.Decode("deal", &deal); err != nil || deal.Item.ID != 5 {
		t.Errorf("deal = %+v, %v", deal, err)
	}
}

func TestDo_retryAfter(t *testing.T) {
	t.Parallel()
	clock := newClock()
	for header, want := range map[string]time.Duration{
		"7": 7 * time.Second, "": 0, "soon": 0, "-5": 0, "99999999999": 24 * time.Hour,
		clock.Now().Add(time.Minute).Format(http.TimeFormat): time.Minute,
	} {
		c := setup(t, Options{Now: clock.Now}, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", header)
			w.WriteHeader(503)
			_, _ = io.WriteString(w, `{"error":"QUERY_LIMIT_EXCEEDED"}`)
		})
		_, err := c.Do(t.Context(), oneDeal())
		var e *Error
		if !errors.As(err, &e) || e.RetryAfter != want {
			t.Errorf("Retry-After %q: %+v, want %v", header, e, want)
		}
	}
}

func TestDo_tellsTheLimiterOfARefusal(t *testing.T) {
	t.Parallel()
	var taken []Class
	drained := 0
	limiter := NewLimiter(LimiterOptions{
		Take: func(_ context.Context, class Class) (time.Duration, error) {
			taken = append(taken, class)
			return 0, nil
		},
		Drain: func(context.Context) error { drained++; return nil },
	})
	status, body := 503, `{"error":"QUERY_LIMIT_EXCEEDED"}`
	c := setup(t, Options{Limiter: limiter}, func(w http.ResponseWriter, r *http.Request) { answers(status, body)(w, r) })
	b := oneDeal()
	b.Class = People
	if _, err := c.Do(t.Context(), b); err == nil || drained != 1 {
		t.Errorf("error %v, drained %d times; want once", err, drained)
	}
	status, body = 200, `{"result":{"result":{"deal":1}}}`
	if _, err := c.Do(t.Context(), oneDeal()); err != nil || drained != 1 {
		t.Errorf("error %v, drained %d times; want no more", err, drained)
	}
	if len(taken) != 2 || taken[0] != People || taken[1] != Background {
		t.Errorf("taken = %v, want one by people, one in the background", taken)
	}
}

func TestDo_bucketThatCannotBeReadOrDrained(t *testing.T) {
	t.Parallel()
	broken := errors.New("database is away")
	limiter := NewLimiter(LimiterOptions{Take: func(context.Context, Class) (time.Duration, error) { return 0, broken }})
	c := setup(t, Options{Limiter: limiter}, func(http.ResponseWriter, *http.Request) { t.Error("asked") })
	if _, err := c.Do(t.Context(), oneDeal()); !errors.Is(err, broken) || Unknown(err) {
		t.Errorf("error = %v, want that of the bucket, nothing sent", err)
	}
	limiter = NewLimiter(LimiterOptions{Drain: func(context.Context) error { return broken }})
	c = setup(t, Options{Limiter: limiter}, answers(503, `{"error":"QUERY_LIMIT_EXCEEDED"}`))
	var e *Error
	if _, err := c.Do(t.Context(), oneDeal()); !errors.Is(err, broken) || !errors.As(err, &e) || !e.QueryLimit() || Unknown(err) {
		t.Errorf("error = %v, want the refusal and that of the bucket", err)
	}
}

func TestClient_leavingIsCalledBetweenTheLimiterAndTheRequest(t *testing.T) {
	t.Parallel()
	var steps []string
	limiter := NewLimiter(LimiterOptions{Take: func(context.Context, Class) (time.Duration, error) {
		steps = append(steps, "limiter")
		return 0, nil
	}})
	c := setup(t, Options{Limiter: limiter}, func(w http.ResponseWriter, r *http.Request) {
		steps = append(steps, "request")
		answers(http.StatusOK, `{"result":{"result":{"deal":{"item":{"id":1}}}}}`)(w, r)
	})
	b := oneDeal()
	refused := errors.New("not now")
	for _, err := range []error{nil, refused} {
		b.Leaving = func(context.Context) error {
			steps = append(steps, "leaving")
			return err
		}
		if _, got := c.Do(t.Context(), b); !errors.Is(got, err) || Unknown(got) {
			t.Errorf("Do() = %v, want %v", got, err)
		}
	}
	if want := "limiter leaving request limiter leaving"; strings.Join(steps, " ") != want {
		t.Errorf("steps = %q, want %q", steps, want)
	}
}
