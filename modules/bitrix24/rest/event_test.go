package rest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestParseEvent(t *testing.T) {
	t.Parallel()
	want := Event{
		Name: "ONCRMDEALUPDATE", RecordID: 662, Token: "token-of-the-webhook", Domain: "print.bitrix24.ru",
		MemberID: "0123456789abcdef0123456789abcdef", TS: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC),
	}
	for _, tt := range []struct{ contentType, file string }{
		{"application/x-www-form-urlencoded", "event.form"},
		{"application/x-www-form-urlencoded; charset=UTF-8", "event.form"},
		{"", "event.form"},
		{"application/json", "event.json"},
		{"Application/JSON; charset=utf-8", "event.json"},
	} {
		got, err := ParseEvent(tt.contentType, testdata(t, tt.file))
		if err != nil || got != want {
			t.Errorf("%s as %q = %#v, %v; want %#v", tt.file, tt.contentType, got, err, want)
		}
	}
}

func TestParseEvent_whatMayBeMissing(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		want       Event
		err        error
	}{
		{"the id outside FIELDS", "event=ONCRMTIMELINECOMMENTADD&data[ID]=9", Event{Name: "ONCRMTIMELINECOMMENTADD", RecordID: 9}, nil},
		{"no id", "event=ONAPPTEST", Event{Name: "ONAPPTEST"}, nil},
		{"an id that is none", "event=X&data[FIELDS][ID]=abc", Event{Name: "X"}, nil},
		{"a negative id", "event=X&data[FIELDS][ID]=-5", Event{Name: "X"}, nil},
		{"an id beyond all", "event=X&data[FIELDS][ID]=99999999999999999999", Event{Name: "X"}, nil},
		{"values where maps belong", "event=X&data=5&auth=6", Event{Name: "X"}, nil},
		{"maps where values belong", "event[a]=X&auth[application_token][b]=t", Event{}, ErrNoEvent},
		{"a time that is none", "event=X&ts=tomorrow", Event{Name: "X"}, nil},
		{"a time beyond all", "event=X&ts=999999999999999", Event{Name: "X"}, nil},
		{"no event: the token is there to check", "auth[application_token]=t", Event{Token: "t"}, ErrNoEvent},
		{"nothing", "", Event{}, ErrNoEvent},
		{"rubbish", "%zz", Event{}, ErrForm},
	}
	for _, tt := range tests {
		got, err := ParseEvent("application/x-www-form-urlencoded", []byte(tt.body))
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%s: %#v, %v; want %#v, %v", tt.name, got, err, tt.want, tt.err)
		}
	}
	for _, body := range []string{"", "{", "[]", "null1", `"x"`, `{"event":"X"}{}`} {
		if _, err := ParseEvent("application/json", []byte(body)); !errors.Is(err, ErrForm) {
			t.Errorf("JSON %q: %v, want ErrForm", body, err)
		}
	}
	if _, err := ParseEvent("application/json", []byte(`null`)); !errors.Is(err, ErrNoEvent) {
		t.Errorf("JSON null: %v, want ErrNoEvent", err)
	}
}

func TestEvent_signed(t *testing.T) {
	t.Parallel()
	e := Event{Token: "abc"}
	if !e.Signed("abc") {
		t.Error("its own token is refused")
	}
	for _, token := range []string{"", "ab", "abcd", "ABC"} {
		if e.Signed(token) {
			t.Errorf("signed by %q", token)
		}
	}
	if (Event{}).Signed("") {
		t.Error("an empty token signs")
	}
}

func TestEvent_printsNoToken(t *testing.T) {
	t.Parallel()
	e := Event{Name: "X", RecordID: 5, Token: "hush", Domain: "x.bitrix24.ru"}
	for _, format := range verbs {
		if got := fmt.Sprintf(format, e); strings.Contains(got, "hush") || !strings.Contains(got, "X 5 of x.bitrix24.ru") {
			t.Errorf("%s prints %s", format, got)
		}
	}
}
