package settings

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Sealed is a secret as it may be kept: encrypted, in a settings document or a column. Seal makes one, Open reads it;
// nothing else can, so a Sealed may go through json.Marshal, GORM or a log by mistake without harm. Printed it is
// «••••». The zero value is no secret at all.
//
// There is no type that holds the plain text and seals itself on the way out: one forgotten path and it lies open.
type Sealed struct {
	text string // sealed:<key id>:<base64 of nonce and cipher text>
}

const (
	sealedPrefix = "sealed:"
	mask         = "••••"
)

// ErrNotSealed says that a text which should be a sealed secret is not one.
var ErrNotSealed = errors.New("not a sealed secret")

// IsZero says that there is no secret.
func (s Sealed) IsZero() bool { return s.text == "" }

// Seal encrypts a secret for a place, such as "shop/code": it opens only there, so that nobody can move one secret
// into the field of another. An empty plain text is no secret.
func (k *Keys) Seal(place, plain string) (Sealed, error) {
	if plain == "" {
		return Sealed{}, nil
	}
	first := k.keys[0]
	nonce := make([]byte, first.aead.NonceSize())
	if _, err := rand.Read(nonce); err != nil {
		return Sealed{}, fmt.Errorf("seal %s: %w", place, err)
	}
	text := first.aead.Seal(nonce, nonce, []byte(plain), []byte(place))
	return Sealed{sealedPrefix + first.id + ":" + base64.RawStdEncoding.EncodeToString(text)}, nil
}

// Open decrypts what Seal made for the same place with one of these keys.
func (k *Keys) Open(place string, s Sealed) (string, error) {
	if s.IsZero() {
		return "", nil
	}
	id, encoded, _ := strings.Cut(strings.TrimPrefix(s.text, sealedPrefix), ":")
	text, err := base64.RawStdEncoding.DecodeString(encoded)
	if err != nil {
		return "", fmt.Errorf("open %s: %w", place, ErrNotSealed)
	}
	for _, key := range k.keys {
		if key.id != id || len(text) < key.aead.NonceSize() {
			continue
		}
		nonce, sealed := text[:key.aead.NonceSize()], text[key.aead.NonceSize():]
		plain, err := key.aead.Open(nil, nonce, sealed, []byte(place))
		if err != nil {
			return "", fmt.Errorf("open %s: damaged, or sealed for another place", place)
		}
		return string(plain), nil
	}
	return "", fmt.Errorf("open %s: sealed with a key that SECRET_KEY does not hold", place)
}

// SealAnew returns a secret sealed with the first key; the same one if it is that already. It fails like Open.
func (k *Keys) SealAnew(place string, s Sealed) (Sealed, error) {
	plain, err := k.Open(place, s)
	if err != nil || strings.HasPrefix(s.text, sealedPrefix+k.keys[0].id+":") {
		return s, err
	}
	return k.Seal(place, plain)
}

// String masks the secret, as every way of printing does.
func (s Sealed) String() string {
	if s.IsZero() {
		return ""
	}
	return mask
}

// GoString masks the secret in %#v.
func (s Sealed) GoString() string { return fmt.Sprintf("settings.Sealed(%q)", s.String()) }

// MarshalJSON writes the sealed text, which is safe to keep.
func (s Sealed) MarshalJSON() ([]byte, error) { return json.Marshal(s.text) }

// UnmarshalJSON reads a sealed text and refuses any other: a plain secret that got into a document is an error there.
func (s *Sealed) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return ErrNotSealed // never with the value
	}
	return s.set(text)
}

// Value makes a Sealed a column.
func (s Sealed) Value() (driver.Value, error) { return s.text, nil }

// Scan reads a column and refuses what is not sealed.
func (s *Sealed) Scan(value any) error {
	switch v := value.(type) {
	case nil:
		return s.set("")
	case string:
		return s.set(v)
	case []byte:
		return s.set(string(v))
	}
	return ErrNotSealed
}

// GormDataType tells GORM that the column is a text.
func (Sealed) GormDataType() string { return "string" }

func (s *Sealed) set(text string) error {
	if text != "" && !strings.HasPrefix(text, sealedPrefix) {
		return ErrNotSealed
	}
	s.text = text
	return nil
}

// Keys seal with the first and open with any of them, so a key can be exchanged without losing what the old one
// sealed.
type Keys struct{ keys []key }

type key struct {
	id     string
	aead   cipher.AEAD
	secret []byte // for Derive alone
}

// KeySize is the length of a key in bytes.
const KeySize = 32

// NewKeys takes one or more keys of KeySize bytes.
func NewKeys(secrets ...[]byte) (*Keys, error) {
	if len(secrets) == 0 {
		return nil, errors.New("no secret key")
	}
	k := &Keys{}
	for _, secret := range secrets {
		if len(secret) != KeySize {
			return nil, fmt.Errorf("a secret key is %d bytes long, not %d", KeySize, len(secret))
		}
		block, err := aes.NewCipher(secret)
		if err != nil {
			return nil, fmt.Errorf("use a secret key: %w", err)
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return nil, fmt.Errorf("use a secret key: %w", err)
		}
		sum := sha256.Sum256(secret)
		k.keys = append(k.keys, key{hex.EncodeToString(sum[:4]), aead, secret})
	}
	return k, nil
}

// Derive makes a further key of KeySize bytes for another purpose, from the first key.
func (k *Keys) Derive(purpose string) ([]byte, error) {
	derived, err := hkdf.Key(sha256.New, k.keys[0].secret, nil, purpose, KeySize)
	if err != nil {
		return nil, fmt.Errorf("derive a key: %w", err)
	}
	return derived, nil
}

// Format keeps the keys out of whatever is printed.
func (*Keys) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "settings.Keys") }
