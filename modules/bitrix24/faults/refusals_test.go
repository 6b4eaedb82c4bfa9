package faults_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
)

// documentedErrors reads testdata/refusals.json: every documented error of every method that the module calls.
func documentedErrors(t *testing.T) []refusal {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "refusals.json"))
	if err != nil {
		t.Fatal(err)
	}
	var rows []refusal
	if err := json.Unmarshal(text, &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestEachDocumentedError_isToldInRussianWithWhatToDoAndEndsWithItsCause(t *testing.T) {
	rows := documentedErrors(t)
	var ahead atomic.Int64 // of the clock by which the portal's limits pass
	clock := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		s := begin(x)
		for i := range rows {
			row := &rows[i]
			t.Run(fmt.Sprintf("%s %v %s", row.Method, row.Code, row.Says), func(t *testing.T) {
				s.happens(t, row)
				if row.Code == "OPERATION_TIME_LIMIT" {
					ahead.Add(int64(2 * time.Minute))
				}
				s.ends(t)
				if row.Method == "crm.item.import" || row.Method == "crm.deal.productrows.set" {
					ahead.Add(int64(11 * time.Minute)) // what methods have worked so far is forgotten
				}
			})
		}
		for method := range s.denier.heard {
			if !covered(rows, method) {
				t.Errorf("%s was called, and testdata/refusals.json has nothing about it", method)
			}
		}
	}, bitrix24test.WithTelephony, func(s *bitrix24test.Setup) {
		bitrix24test.Hasten(&s.Options, 1000, clock)
		s.Portal.Clock = clock
	}, bitrix24test.Unconnected)
}

// happens lets one error happen, and looks at what a person sees of it and what becomes of the work.
func (s *scene) happens(t *testing.T, row *refusal) {
	x := s.Pair
	x.T = t
	look := deeds[row.Method]
	if look == nil {
		t.Fatalf("nothing is known to call %s", row.Method)
	}
	text := look(s, row)
	if s.denier.refuse(nil) == 0 {
		t.Fatal("the method was not called")
	}
	seen := row.Seen
	if seen == "" {
		seen = fmt.Sprintf("Портал не принял %s: «%s». Что было отправлено, видно в «Журнале обмена»", row.Method, row.Says)
	}
	bitrix24test.Contains(t, "the page", text, seen)
	lane, err := x.Host().Jobs.Lane(t.Context(), "bitrix24")
	x.Must(err)
	var waiting int64
	x.Must(x.Host().DB.From(t.Context()).Table("jobs").Where("state = 'waiting' AND last_error <> ''").Count(&waiting).Error)
	got := map[bool]string{true: "unhurt"}[!lane.Paused && lane.Failed == 0 && waiting == 0]
	switch {
	case lane.Paused:
		got = "paused"
	case lane.Failed > 0:
		got = "person"
	case waiting > 0:
		got = "later"
	}
	if want := strings.Replace(row.Then, "told", "unhurt", 1); got != want {
		t.Errorf("the work is %q, want %q: %v %s", got, want, x.FailedJobs(), lane.Reason)
	}
}

// ends tries again what failed, now that its cause is gone: everything arrives.
func (s *scene) ends(t *testing.T) {
	if _, err := s.Host().Jobs.RetryAll(t.Context(), "bitrix24"); err != nil {
		t.Fatal(err)
	}
	s.Recover()
	s.AtRest()
	if s.after != nil {
		s.after()
		s.after = nil
	}
}

func covered(rows []refusal, method string) bool {
	for _, row := range rows {
		if row.Method == method {
			return true
		}
	}
	return false
}

// Every method named anywhere in the module's code has its errors in the table: a new one without fails here.
func TestEachMethodOfTheModule_hasItsDocumentedErrorsInTheTable(t *testing.T) {
	t.Parallel()
	rows := documentedErrors(t)
	files, err := filepath.Glob("../*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	method := regexp.MustCompile(`^(crm|user|voximplant|telephony)\.[a-zA-Z.]+[a-z]$`)
	found := 0
	for _, file := range files {
		if folder := filepath.Base(filepath.Dir(file)); strings.HasSuffix(file, "_test.go") || folder == "emulator" || folder == "rest" {
			continue // the portal's side, and the client that knows how to call but not what for
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			name, _ := strconv.Unquote(literal.Value)
			if method.MatchString(name) {
				found++
				if !covered(rows, name) {
					t.Errorf("%s calls %s, and testdata/refusals.json has nothing about it", file, name)
				}
			}
			return true
		})
	}
	if found < 40 {
		t.Errorf("%d methods found in the code: the search is broken", found)
	}
}
