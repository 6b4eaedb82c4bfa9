package mapping

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
)

// A property is checked in two ways, by the same function: Test… runs it on a few thousand random cases, and Fuzz… for
// as long as it is told to (go test -fuzz FuzzRows ./modules/bitrix24/mapping), on cases that the fuzzer chooses.

// check runs a property on that many random cases. A failure names the seed that repeats it.
func check(t *testing.T, cases int, property func(t *testing.T, r *rand.Rand)) {
	t.Helper()
	seed := rand.Uint64()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	})
	r := rand.New(rand.NewPCG(seed, 0))
	for range cases {
		property(t, r)
	}
}

// fuzz runs a property on the choices that the fuzzer makes.
func fuzz(f *testing.F, property func(t *testing.T, r *rand.Rand)) {
	f.Helper()
	for seed := range uint64(8) {
		r, input := rand.New(rand.NewPCG(seed, 0)), make([]byte, 256)
		for i := range input {
			input[i] = byte(r.Uint32())
		}
		f.Add(input)
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		property(t, rand.New(&choices{input: input, rest: rand.NewPCG(0, 0)}))
	})
}

// choices is a source of randomness that is read from an input, so that a small change of it is a small change of the
// case. When the input ends, it goes on at random: a source of zeros would keep rand.IntN asking for ever.
type choices struct {
	input []byte
	rest  rand.Source
}

func (c *choices) Uint64() uint64 {
	if len(c.input) < 8 {
		return c.rest.Uint64()
	}
	n := binary.LittleEndian.Uint64(c.input)
	c.input = c.input[8:]
	return n
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }
