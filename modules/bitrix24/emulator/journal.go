package emulator

import (
	"maps"
	"slices"
	"time"
)

// Stats are the counters of GET /control/stats.
type Stats struct {
	// Requests counts every HTTP call to REST, refused ones too.
	Requests int `json:"requests"`
	// Refused counts by code what the REST module itself refused, at the top of an answer or inside a batch.
	Refused map[string]int `json:"refused"`
	// Commands counts runs of methods, those of a batch one by one.
	Commands map[string]int `json:"commands"`
	// Changes counts records that really became different.
	Changes int `json:"changes"`
	// EventsSent were answered with 2xx, EventsFailed were lost.
	EventsSent   int `json:"events_sent"`
	EventsFailed int `json:"events_failed"`
}

func newStats() Stats {
	return Stats{Refused: map[string]int{}, Commands: map[string]int{}}
}

// Stats returns a copy of the counters.
func (p *Portal) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := p.stats
	out.Refused, out.Commands = maps.Clone(out.Refused), maps.Clone(out.Commands)
	return out
}

// A logEntry is one line of the page «Журнал»: a REST request, or an event that was sent.
type logEntry struct {
	At       time.Time
	Source   string // address of the caller, or of the handler
	Method   string
	Commands []string
	Event    string
	Record   int64
	Status   int
	Answer   string
	Took     time.Duration
}

// journal keeps the last entries.
type journal struct {
	entries []logEntry
}

const journalSize = 500

func (j *journal) add(e logEntry) {
	if len(j.entries) >= 2*journalSize {
		j.entries = slices.Clone(j.entries[journalSize:])
	}
	j.entries = append(j.entries, e)
}

func (p *Portal) record(e logEntry) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.version++
	p.journal.add(e)
}
