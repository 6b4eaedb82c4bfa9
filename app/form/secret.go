package form

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// sealedSuffix names the hidden input that carries a sealed secret beside the field itself.
const sealedSuffix = ".sealed"

// sealedFor is how long a typed and refused secret can be submitted again without typing.
const sealedFor = time.Hour

// Secret edits a value that is never rendered: an empty submission keeps the stored one. A secret that was typed into
// a form that was then refused comes back sealed (Form.Sealer) and shown as «введён, не сохранён».
func Secret(name, label string, p *string) *Field {
	return &Field{
		Kind: KindSecret, Name: name, Label: label, limit: 1000,
		show:  func() string { return *p },
		store: func(s string) error { *p = s; return nil },
	}
}

// bindSecret takes what was typed, else what an earlier attempt sealed, else keeps what is stored.
func (f *Field) bindSecret(form *Form, typed, sealed string, demand bool) {
	text := clean(typed, f.Kind)
	if text == "" && sealed != "" && form.Sealer != nil {
		if opened, err := form.Sealer.open(form.FullName(f), sealed); err == nil {
			text = opened
		}
	}
	if text == "" {
		if demand && f.Mandatory && f.show() == "" {
			f.fail(required)
		}
		return
	}
	f.accept(text)
	if f.Error == "" && form.Sealer != nil {
		f.sealed = form.Sealer.seal(form.FullName(f), text)
	}
}

// Sealer seals secrets that travel through a page. All processes of an installation make theirs from the same key.
type Sealer struct {
	aead cipher.AEAD
	now  func() time.Time
}

// NewSealer derives a sealer from the installation's secret key.
func NewSealer(key []byte) (*Sealer, error) {
	derived, err := hkdf.Key(sha256.New, key, nil, "panel form secrets", 32)
	if err != nil {
		return nil, fmt.Errorf("derive form key: %w", err)
	}
	block, err := aes.NewCipher(derived)
	if err != nil {
		return nil, fmt.Errorf("make form cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("make form cipher: %w", err)
	}
	return &Sealer{aead: aead, now: time.Now}, nil
}

// seal binds the value to the field's name and to the time.
func (s *Sealer) seal(name, value string) string {
	nonce := make([]byte, s.aead.NonceSize(), s.aead.NonceSize()+8+len(value)+s.aead.Overhead())
	_, _ = rand.Read(nonce) // never fails: crypto/rand ends the program instead
	plain := binary.BigEndian.AppendUint64(nil, uint64(s.now().Add(sealedFor).Unix()))
	plain = append(plain, value...)
	return base64.RawURLEncoding.EncodeToString(s.aead.Seal(nonce, nonce, plain, []byte(name)))
}

func (s *Sealer) open(name, sealed string) (string, error) {
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil || len(raw) < s.aead.NonceSize() {
		return "", errors.New("open sealed secret: not sealed here")
	}
	nonce, box := raw[:s.aead.NonceSize()], raw[s.aead.NonceSize():]
	plain, err := s.aead.Open(nil, nonce, box, []byte(name))
	if err != nil || len(plain) < 8 {
		return "", errors.New("open sealed secret: not sealed here")
	}
	if s.now().Unix() > int64(binary.BigEndian.Uint64(plain)) {
		return "", errors.New("open sealed secret: too old")
	}
	return string(plain[8:]), nil
}
