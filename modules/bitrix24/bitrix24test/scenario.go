package bitrix24test

import (
	"fmt"
	"testing"
)

// Number reads a number that the portal wrote as a text.
func Number(t testing.TB, text string) int64 {
	t.Helper()
	var n int64
	if _, err := fmt.Sscan(text, &n); err != nil {
		t.Fatalf("%q is no number", text)
	}
	return n
}
