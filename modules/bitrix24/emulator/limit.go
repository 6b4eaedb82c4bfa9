package emulator

import (
	"strings"
	"time"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// limits are the counters of REST.md section 5: a leaky bucket per source address, and ten one-minute baskets of
// operating time per webhook and method.
type limits struct {
	buckets map[string]*bucket
	baskets map[string][]basket
}

// A bucket fills by one with each request and leaks with time.
type bucket struct {
	level float64
	at    time.Time
}

// A basket is the operating time used within one minute.
type basket struct {
	minute  int64
	first   time.Time
	seconds float64
}

// operatingWindow is the time within which operating time is summed.
const operatingWindow = 10 * time.Minute

// admit counts one request of a source and reports whether the bucket holds it. A refused request is not counted
// (OPEN.md A6).
func (l *limits) admit(source string, now time.Time, b *Behaviour) bool {
	if l.buckets == nil {
		l.buckets = map[string]*bucket{}
	}
	k := l.buckets[source]
	if k == nil {
		k = &bucket{at: now}
		l.buckets[source] = k
	}
	if passed := now.Sub(k.at).Seconds(); passed > 0 {
		k.level = max(0, k.level-passed*b.BucketRate)
		k.at = now
	}
	if k.level+1 > b.BucketSize {
		return false
	}
	k.level++
	return true
}

// used tells the operating time within the last ten minutes and when its oldest minute is forgotten.
func (l *limits) used(key string, now time.Time) (seconds float64, resetAt time.Time) {
	list := l.baskets[key]
	for len(list) > 0 && !list[0].first.Add(operatingWindow).After(now) {
		list = list[1:]
	}
	if l.baskets != nil {
		l.baskets[key] = list
	}
	for _, b := range list {
		seconds += b.seconds
	}
	if len(list) > 0 {
		return seconds, list[0].first.Add(operatingWindow)
	}
	return 0, now.Add(operatingWindow)
}

// spend charges operating time.
func (l *limits) spend(key string, seconds float64, now time.Time) {
	if l.baskets == nil {
		l.baskets = map[string][]basket{}
	}
	list, minute := l.baskets[key], now.Unix()/60
	if n := len(list); n > 0 && list[n-1].minute == minute {
		list[n-1].seconds += seconds
		return
	}
	l.baskets[key] = append(list, basket{minute, now, seconds})
}

// cost is the operating time in seconds that a call is charged with (REST.md 5.5). The sizes are those of the
// documents' samples. Nothing takes that long in fact.
func (b *Behaviour) cost(name string, params *php.Array) float64 {
	if seconds, ok := b.Cost[name]; ok {
		return seconds
	}
	switch _, verb := splitName(name); strings.ToLower(verb) {
	case "add", "set":
		return 0.12
	case "update", "delete":
		return 0.08
	case "import":
		return 0.1
	case "batchimport":
		data, _ := params.Get("data").(*php.Array)
		return 0.1 * float64(max(1, data.Len()))
	case "list":
		return 0.03
	}
	return 0.02
}
