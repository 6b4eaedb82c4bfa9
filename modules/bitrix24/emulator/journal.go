package emulator

import (
	"slices"
	"time"
)

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

// journalSize is how many entries are kept at least.
const journalSize = 500

// add appends an entry and forgets the oldest ones.
func (j *journal) add(e logEntry) {
	if len(j.entries) >= 2*journalSize {
		j.entries = slices.Clone(j.entries[journalSize:])
	}
	j.entries = append(j.entries, e)
}

// record notes an entry and lets open pages know.
func (p *Portal) record(e logEntry) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.version++
	p.journal.add(e)
}
