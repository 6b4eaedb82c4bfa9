package jobs

import (
	"math/rand/v2"
	"time"
)

// backoff is the wait after the n-th failed attempt: 1, 4, 9 … times the first wait, give or take a tenth, so that
// jobs that failed together do not come back together.
func backoff(first time.Duration, n int) time.Duration {
	n = min(n, 1000) // recurring work fails without an end
	wait := first * time.Duration(n*n)
	return wait + time.Duration((rand.Float64()-0.5)*0.2*float64(wait))
}

// pauseFirst is how long the first of several pauses takes.
const pauseFirst = time.Second

// pauseFor is the length of the n-th pause in a row: a second, doubling to most.
func pauseFor(n int, most time.Duration) time.Duration {
	wait := pauseFirst
	for ; n > 1 && wait < most; n-- {
		wait *= 2
	}
	return min(wait, most)
}
