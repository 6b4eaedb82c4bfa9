package rest

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func FuzzParseEvent(f *testing.F) {
	f.Add("application/x-www-form-urlencoded", testdata(f, "event.form"))
	f.Add("application/json", testdata(f, "event.json"))
	f.Add("", []byte("a[][b]=1&a[5]&[=]&event[]=%5B"))
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		e, err := ParseEvent(contentType, body)
		if err == nil && e.Name == "" {
			t.Error("an event without a name and without an error")
		}
		if err != nil && !errors.Is(err, ErrNoEvent) && e != (Event{}) {
			t.Errorf("unreadable, and yet %v", e)
		}
		if e.RecordID < 0 {
			t.Errorf("id %d", e.RecordID)
		}
	})
}

func FuzzDecodeAnswer(f *testing.F) {
	files, err := filepath.Glob("testdata/answers/*.json")
	if err != nil || len(files) == 0 {
		f.Fatal("no answers to begin with", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(200, data)
	}
	f.Add(503, []byte(`{"error":"QUERY_LIMIT_EXCEEDED","error_description":"Too many requests"}`))
	f.Add(302, []byte(`<html>`))
	b := &Batch{Halt: true}
	b.Add("owner", "user.current", nil)
	b.Add("department", "department.get", nil)
	c := New(Webhook{Portal: nil, UserID: 1, Code: secret}, Options{Operating: &Operating{}})
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status >= 300 && status < 400 {
			return // never decoded
		}
		now := time.Now()
		result, err := c.read(nil, b, status, http.Header{}, body, now, now)
		if (result == nil) == (err == nil) {
			t.Fatalf("result %v and error %v", result, err)
		}
		if err != nil {
			_, _, _ = Unknown(err), Temporary(err), err.Error()
			return
		}
		for _, command := range b.Commands() {
			// A result that decodes belongs to a command with no error, and the reverse.
			var v any
			if err := result.Error(command.Name); (err == nil) != (result.Decode(command.Name, &v) == nil) {
				t.Errorf("%s: error %v, and Decode says otherwise", command.Name, err)
			}
			_ = result.Decode(command.Name, new(Deal))
			_ = result.Decode(command.Name, new(Items[Contact]))
			_ = result.Decode(command.Name, new(Duplicates))
		}
	})
}

func FuzzParseWebhook(f *testing.F) {
	f.Add("https://x.bitrix24.ru/rest/11/abc/")
	f.Add(" x.bitrix24.ru/rest/api/11/abc/batch.json?a=1 ")
	f.Add("http://[::1]:80/rest/1/a/")
	f.Add("r../rest/1/a")
	f.Fuzz(func(t *testing.T, address string) {
		hook, ok := ParseWebhook(address)
		if !ok {
			return
		}
		if err := hook.Check(); err != nil {
			t.Errorf("read from %q: %v", address, err)
		}
		again, ok := ParseWebhook(hook.Portal.Scheme + "://" + hook.Portal.Host + "/rest/1/" + hook.Code + "/")
		if !ok || again.Portal.Host != hook.Portal.Host || again.Code != hook.Code {
			t.Errorf("%q is read as %v, that as %v", address, hook.Portal, again.Portal)
		}
	})
}

func FuzzParseForm(f *testing.F) {
	f.Add(testdata(f, "event.form"))
	f.Add([]byte("a[b][]=1&a[]=2&a=3&a[b[c]]=4"))
	f.Fuzz(func(t *testing.T, body []byte) {
		values, err := ParseForm(body)
		if err != nil {
			return
		}
		if _, err := json.Marshal(values); err != nil {
			t.Errorf("not plain values: %v", err)
		}
	})
}
