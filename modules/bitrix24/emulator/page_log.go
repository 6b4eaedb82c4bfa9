package emulator

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// A logPage is the page «Журнал».
type logPage struct {
	Views   []tab
	Stats   Stats
	Entries []logLine
}

// A logLine is a request or an event in words.
type logLine struct {
	Time, What, Detail, Where, Answer, Took string
	Bad                                     bool
}

// pageLog shows the last requests and events, newest first.
func (p *Portal) pageLog(w http.ResponseWriter, r *http.Request) {
	only := r.FormValue("only")
	stats := p.Stats()
	p.mu.Lock()
	body := logPage{Stats: stats, Views: []tab{
		{"Всё", "/devops/log/", only == ""},
		{"Запросы", "/devops/log/?only=requests", only == "requests"},
		{"События", "/devops/log/?only=events", only == "events"},
	}}
	for _, e := range slices.Backward(p.journal.entries) {
		if only == "requests" && e.Event != "" || only == "events" && e.Event == "" {
			continue
		}
		if body.Entries = append(body.Entries, p.logLine(e)); len(body.Entries) == 200 {
			break
		}
	}
	p.mu.Unlock()
	p.show(w, http.StatusOK, "log", "Журнал", "/devops/log/", body)
}

// logLine puts an entry into words.
func (p *Portal) logLine(e logEntry) logLine {
	line := logLine{
		Time: e.At.In(p.zone).Format("02.01 15:04:05"), What: e.Method, Where: e.Source, Answer: e.Answer,
		Bad: e.Status < 200 || e.Status >= 300,
	}
	if e.Status > 0 {
		line.Answer = strconv.Itoa(e.Status)
	}
	if e.Status > 0 {
		line.Took = strconv.FormatInt(e.Took.Milliseconds(), 10) + " мс"
	}
	if e.Event != "" {
		line.What = e.Event
		if e.Record > 0 {
			line.Detail = "запись " + php.String(e.Record)
		}
		return line
	}
	line.Detail = strings.Join(compress(e.Commands), ", ")
	return line
}

// compress joins equal neighbours: crm.item.add ×50.
func compress(names []string) []string {
	var out []string
	for i := 0; i < len(names); {
		n := i
		for n < len(names) && names[n] == names[i] {
			n++
		}
		name := names[i]
		if n-i > 1 {
			name += " ×" + strconv.Itoa(n-i)
		}
		out = append(out, name)
		i = n
	}
	return out
}
