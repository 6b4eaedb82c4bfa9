package exchange

import (
	"sync"

	"github.com/pixlpark/panel/app/jobs"
)

// suspects finds the one record that makes the portal fall silent. After two requests of unknown outcome the group
// that sent them is halved, and halved again, until the record is alone. Then it is retried by itself and holds up
// nobody else. Between two attempts the portal has answered a probe, or the lane would still be paused.
//
// The counts are those of this process. They only make groups smaller, so a process that takes over begins with whole
// groups.
type suspects struct {
	mu     sync.Mutex
	counts map[string]int // unknown outcomes in a row, by job
}

// suspectKey names a job within the counts.
func suspectKey(j jobs.Job) string { return j.Kind + " " + j.Key }

// share is how many jobs that write may leave together.
func (s *suspects) share(group []jobs.Job) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	most := 0
	for _, j := range group {
		most = max(most, s.counts[suspectKey(j)])
	}
	if most < 2 {
		return writeLimit
	}
	return max(1, writeLimit>>(most-1))
}

// suspect counts an unknown outcome of jobs that left together.
func (s *suspects) suspect(group []jobs.Job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts == nil {
		s.counts = map[string]int{}
	}
	for _, j := range group {
		s.counts[suspectKey(j)]++
	}
}

// clear forgets a job whose outcome is known.
func (s *suspects) clear(j jobs.Job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.counts, suspectKey(j))
}
