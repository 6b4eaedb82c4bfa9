package staff

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
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
}

var (
	// DefaultCost is the second choice of RFC 9106 scaled to OWASP's 19 MiB, about 30 ms here.
	DefaultCost = Cost{Passes: 2, Memory: 19 * 1024, Threads: 1}

	// TestCost protects nothing. Tests sign in hundreds of times.
	TestCost = Cost{Passes: 1, Memory: 8, Threads: 1}
)

const (
	saltLength = 16
	keyLength  = 32
)

// hashing bounds how many passwords are worked on at a time: each takes its 19 MiB.
var hashing = make(chan struct{}, 2)

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
func (s *Service) NewHash(ctx context.Context, password string) (Hash, error) {
	salt := make([]byte, saltLength)
	_, _ = rand.Read(salt) // never fails: crypto/rand ends the program instead
	key, err := s.cost.derive(ctx, password, salt)
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

// Matches reports whether the password is the one that was hashed, at the cost that it was hashed at.
func (h Hash) Matches(ctx context.Context, password string) (bool, error) {
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
	got, err := cost.derive(ctx, password, salt)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(got, want) == 1, nil
}

// derive waits for its turn and computes the key.
func (c Cost) derive(ctx context.Context, password string, salt []byte) ([]byte, error) {
	select {
	case hashing <- struct{}{}:
		defer func() { <-hashing }()
	case <-ctx.Done():
		return nil, fmt.Errorf("hash password: %w", ctx.Err())
	}
	return argon2.IDKey([]byte(password), salt, c.Passes, c.Memory, c.Threads, keyLength), nil
}
