package faults_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"sync"

	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
)

// refusal is one documented error of one method, what a person sees of it, and what becomes of the work.
type refusal struct {
	Method string
	Code   any // as the portal writes it: a text, a number, sometimes a sentence
	Says   string
	Status int
	Place  string // where it is documented
	Seen   string // what a person reads; empty: what stands for a refusal without words of its own
	Then   string // person, paused, later, told, unhurt
}

// denier stands between panel and portal. It notes which methods are called, and, while it refuses one, answers it with
// a documented error: a command within its batch, which the portal itself goes on or halts after, or the whole request.
type denier struct {
	portal http.Handler

	mu      sync.Mutex
	refuses *refusal
	struck  int
	heard   map[string]bool
}

// denied puts a denier before the portal. The panel is connected afterwards.
func denied(x *bitrix24test.Pair) *denier {
	g := &denier{portal: x.Portal, heard: map[string]bool{}}
	server := httptest.NewServer(g)
	x.T.Cleanup(server.Close)
	x.PortalURL = server.URL
	return g
}

// refuse begins to refuse; nil ends it. It returns how often the last refusal was given.
func (g *denier) refuse(r *refusal) (struck int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	struck, g.struck, g.refuses = g.struck, 0, r
	return struck
}

// A command as the client writes it into a batch, up to the end of the method's name.
var commandOf = regexp.MustCompile(`"([A-Za-z]\w*)":"([A-Za-z.]+)`)

func (g *denier) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	body, refused, row := g.hear(body)
	if row != nil && row.Method == "batch" {
		w.WriteHeader(row.Status)
		_ = json.NewEncoder(w).Encode(row.body())
		return
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	if len(refused) == 0 {
		g.portal.ServeHTTP(w, r)
		return
	}
	answer := httptest.NewRecorder()
	g.portal.ServeHTTP(answer, r)
	_, _ = w.Write(row.put(answer.Body.Bytes(), refused))
}

// hear notes the methods of a batch. Commands that are to be refused call a method that no portal has.
func (g *denier) hear(body []byte) (changed []byte, refused []string, row *refusal) {
	g.mu.Lock()
	defer g.mu.Unlock()
	row = g.refuses
	if row != nil && row.Method == "batch" {
		g.struck++
		return body, nil, row
	}
	return commandOf.ReplaceAllFunc(body, func(command []byte) []byte {
		part := commandOf.FindSubmatch(command)
		name, method := string(part[1]), string(part[2])
		g.heard[method] = true
		if row == nil || method != row.Method {
			return command
		}
		g.struck++
		refused = append(refused, name)
		return []byte(`"` + name + `":"no.such.method`)
	}), refused, row
}

func (r *refusal) body() map[string]any {
	return map[string]any{"error": r.Code, "error_description": r.Says}
}

// put writes the documented error into an answer for the commands that were run, and refused, by those names.
func (r *refusal) put(answer []byte, names []string) []byte {
	var whole, result map[string]json.RawMessage
	errors := map[string]any{}
	if json.Unmarshal(answer, &whole) != nil || json.Unmarshal(whole["result"], &result) != nil || json.Unmarshal(result["result_error"], &errors) != nil {
		return answer
	}
	for _, name := range names {
		if errors[name] != nil { // else an earlier one halted the batch
			errors[name] = r.body()
		}
	}
	result["result_error"], _ = json.Marshal(errors)
	whole["result"], _ = json.Marshal(result)
	answer, _ = json.Marshal(whole)
	return answer
}
