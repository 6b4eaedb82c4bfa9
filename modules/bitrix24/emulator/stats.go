package emulator

import "maps"

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

// newStats are counters at zero.
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
