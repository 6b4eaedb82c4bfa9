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

type bucket struct {
	level float64
	at    time.Time
}

type basket struct {
	minute  int64
	first   time.Time
	seconds float64
}

const operatingWindow = 10 * time.Minute

// admit counts one request of a source; a refused one is not counted (OPEN.md A6).
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

// cost is the operating time that a call is charged with: the order of size of the documents' own samples (a get 0.02 s,
// a list 0.03 s, an update 0.08 s, an add 0.12 s, an import 0.1 s an item). Nothing is slowed down by it.
func (b *Behaviour) cost(name string, params *php.Array) float64 {
	if seconds, ok := b.Cost[name]; ok {
		return seconds
	}
	switch _, verb, _ := cutLast(name, "."); strings.ToLower(verb) {
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
