package staff

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// Hash is a password as it is stored: argon2id in the usual text form. It never prints itself.
type Hash string

// String hides the hash from logs and pages.
func (Hash) String() string { return "•••" }

// GoString hides the hash from %#v.
func (Hash) GoString() string { return "•••" }

// Cost is what argon2id spends on a password, and so has to be spent on each guess at it.
type Cost struct {
	Passes  uint32
	Memory  uint32 // in KiB
	Threads uint8
	Refusal time.Duration // how long somebody who tried too often waits to be told so
}

var (
	// DefaultCost is the second choice of RFC 9106 scaled to OWASP's 19 MiB, about 30 ms here.
	DefaultCost = Cost{Passes: 2, Memory: 19 * 1024, Threads: 1, Refusal: time.Second}

	// TestCost protects nothing. Tests sign in hundreds of times.
	TestCost = Cost{Passes: 1, Memory: 8, Threads: 1}
)

const (
	saltLength = 16
	keyLength  = 32
)

// Door is where people stand in line for their passwords to be worked on, so that a crowd at one holds up nobody at
// another.
type Door int

// The doors of the panel and the shop.
const (
	Known    Door = iota // employees in a browser that is known to their account
	Employed             // other employees, and whoever says to be one
	Visiting             // visitors of the shop
)

// lines bound how many passwords are worked on at a time: each takes its 19 MiB and a core.
var lines = map[Door]*line{
	Known:    {turns: make(chan struct{}, 2), most: 50},
	Employed: {turns: make(chan struct{}, 1), most: 50},
	Visiting: {turns: make(chan struct{}, 1), most: 20},
}

// strangers is how many passwords of unknown people are worked on at a time, at all doors together: one core stays free
// for those who are known, and for everything else.
var strangers = make(chan struct{}, max(1, runtime.GOMAXPROCS(0)-1))

// line lets people in by turns; beyond so many who wait already nobody may stand at its end.
type line struct {
	turns   chan struct{}
	waiting atomic.Int64
	most    int64
}

// errShortPassword is shown to people.
var errShortPassword = errors.New("пароль должен быть не короче восьми знаков")

// CheckPassword refuses a password that is too short to keep strangers out. It is a form.Check.
func CheckPassword(password string) error {
	if utf8.RuneCountInString(password) < 8 {
		return errShortPassword
	}
	return nil
}

// NewHash hashes a password with a fresh salt. Clients of the shop have theirs made here too.
func (s *Service) NewHash(ctx context.Context, door Door, password string) (Hash, error) {
	salt := make([]byte, saltLength)
	_, _ = rand.Read(salt) // never fails: crypto/rand ends the program instead
	key, err := s.derive(ctx, door, s.cost, password, salt)
	if err != nil {
		return "", err
	}
	return s.cost.format(salt, key), nil
}

// Decoy is the hash of nobody's password. It is compared with where no such account exists, so that the answer takes
// as long as for one that does.
func (s *Service) Decoy() Hash {
	return s.cost.format(make([]byte, saltLength), make([]byte, keyLength))
}

// format writes a hash in the usual text form.
func (c Cost) format(salt, key []byte) Hash {
	return Hash(fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.Memory, c.Passes, c.Threads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key)))
}

// Matches reports whether the password is the one that was hashed, at the cost that it was hashed at. Where too many
// wait for that already, it returns a *TooManyAttempts.
func (s *Service) Matches(ctx context.Context, door Door, h Hash, password string) (bool, error) {
	parts := strings.Split(string(h), "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, fmt.Errorf("check password: unknown hash")
	}
	var cost Cost
	_, costErr := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &cost.Memory, &cost.Passes, &cost.Threads)
	salt, saltErr := base64.RawStdEncoding.DecodeString(parts[4])
	want, wantErr := base64.RawStdEncoding.DecodeString(parts[5])
	if costErr != nil || cost.Passes == 0 || cost.Threads == 0 || saltErr != nil || wantErr != nil {
		return false, fmt.Errorf("check password: damaged hash")
	}
	got, err := s.derive(ctx, door, cost, password, salt)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

// derive waits for its turn at the door and computes the key.
func (s *Service) derive(ctx context.Context, door Door, c Cost, password string, salt []byte) ([]byte, error) {
	l := lines[door]
	if l.waiting.Add(1) > l.most {
		l.waiting.Add(-1)
		return nil, s.tooMany(ctx, time.Minute)
	}
	defer l.waiting.Add(-1)
	select {
	case l.turns <- struct{}{}:
		defer func() { <-l.turns }()
	case <-ctx.Done():
		return nil, fmt.Errorf("hash password: %w", ctx.Err())
	}
	if door != Known {
		strangers <- struct{}{} // soon: whoever is before us works, and does not wait
		defer func() { <-strangers }()
	}
	return argon2.IDKey([]byte(password), salt, c.Passes, c.Memory, c.Threads, keyLength), nil
}
