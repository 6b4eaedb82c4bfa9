package db

import (
	"crypto/rand"
	"encoding/hex"
)

// NewToken returns eight random hex digits that tell apart two records which got the same number: a database restored
// from an older copy gives numbers out again.
func NewToken() string {
	var random [4]byte
	rand.Read(random[:]) // never fails
	return hex.EncodeToString(random[:])
}
