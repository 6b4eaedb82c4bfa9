package plan_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// The simulation drives plans of orders through a panel and a portal that are models in memory. People work on both
// sides, robots interfere, answers and events are lost, doubled and late, and processes die between any two steps. In
// the end everything has to be as people want it.
//
// A history is a list of steps that come from a seed. Steps say nothing of each other, so a history that fails is
// shortened by leaving steps out.
//
//	go test -run TestSimulation ./modules/bitrix24/plan                                      20,000 histories
//	HISTORIES=1000000 go test -run TestSimulation -timeout 2h ./modules/bitrix24/plan        a million
//	SEED=42 go test -v -run TestSimulation ./modules/bitrix24/plan                           tells history 42
const (
	histories = 20_000
	length    = 30 // steps of a history
)

func TestSimulation(t *testing.T) {
	t.Parallel()
	if seed, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64); err == nil {
		h := newHistory(seed, length)
		told, wrong := h.tell()
		t.Log(told)
		if wrong != "" {
			t.Fatal(h.shortest())
		}
		return
	}
	first, count := uint64(0), uint64(histories)
	if testing.Short() {
		count = histories / 10
	}
	if n, err := strconv.ParseUint(os.Getenv("HISTORIES"), 10, 64); err == nil {
		first, count = rand.Uint64()>>1, n // others every time
	}
	t.Logf("%d histories from seed %d on", count, first)
	defer debug.SetGCPercent(debug.SetGCPercent(1000)) // of a heap this small, half of the time would go into collecting
	var next atomic.Uint64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < count && !t.Failed(); i = next.Add(1) - 1 {
				if h := newHistory(first+i, length); h.play() != "" {
					t.Error(h.shortest())
				}
			}
		})
	}
	workers.Wait()
}

func FuzzSimulation(f *testing.F) {
	f.Add(uint64(1), uint8(length))
	f.Fuzz(func(t *testing.T, seed uint64, steps uint8) {
		if h := newHistory(seed, int(steps)); h.play() != "" {
			t.Fatal(h.shortest())
		}
	})
}

// history is what happens to a world.
type history struct {
	seed uint64
	setup
	steps []step
}

func newHistory(seed uint64, steps int) history {
	r := rand.New(rand.NewPCG(seed, 0))
	h := history{seed: seed, setup: anySetup(r)}
	for range steps {
		h.steps = append(h.steps, anyStep(r))
	}
	if steps > 0 {
		h.steps[0].Do = place
	}
	return h
}

// play lets a history happen and says what is wrong in the end; empty: nothing is.
func (h history) play() string { return h.in(newWorld(h.setup)) }

// tell is play with an account of what happened.
func (h history) tell() (told, wrong string) {
	var lines []string
	w := newWorld(h.setup)
	w.history = &lines
	wrong = h.in(w)
	return strings.Join(append(lines, wrong), "\n"), wrong
}

func (h history) in(w *world) (wrong string) {
	defer func() {
		if p := recover(); p != nil {
			wrong = fmt.Sprintf("panic: %v", p)
			if w.history != nil {
				buf := make([]byte, 4096)
				wrong += "\n" + string(buf[:runtime.Stack(buf, false)])
			}
		}
	}()
	for _, s := range h.steps {
		if w.happens(s); w.wrong != "" {
			return w.wrong
		}
	}
	return w.rest()
}
