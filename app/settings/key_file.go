package settings

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// keyFile is the name of the key's file in the data folder.
const keyFile = "secret.key"

// LoadKeys reads the keys from the text of SECRET_KEY: base64, several parted by commas, the one to seal with first.
// When that is empty, the key is in a file of dataDir, made at the first start for its owner alone. An empty dataDir
// means that there must be a SECRET_KEY, as there must with several processes.
func LoadKeys(dataDir, secretKey string) (*Keys, error) {
	source := "SECRET_KEY"
	if secretKey == "" {
		if dataDir == "" {
			return nil, errors.New("SECRET_KEY is not set: with DATABASE_URL it must be, 32 bytes in base64, the same for every process")
		}
		source = filepath.Join(dataDir, keyFile)
		text, err := readKeyFile(source)
		if err != nil {
			return nil, err
		}
		secretKey = text
	}
	var secrets [][]byte
	for text := range strings.SplitSeq(secretKey, ",") {
		secret, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
		if err != nil {
			return nil, fmt.Errorf("%s is not base64", source) // the error itself would quote the key
		}
		secrets = append(secrets, secret)
	}
	keys, err := NewKeys(secrets...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", source, err)
	}
	return keys, nil
}

// readKeyFile reads the key's file, and makes it when there is none.
func readKeyFile(path string) (string, error) {
	text, err := os.ReadFile(path)
	if err == nil {
		return string(text), checkMode(path)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read the secret key: %w", err)
	}
	if err := makeKeyFile(path); err != nil {
		return "", fmt.Errorf("make a secret key: %w", err)
	}
	text, err = os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read the secret key: %w", err)
	}
	return string(text), nil
}

// checkMode refuses a key that others than its owner can read.
func checkMode(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("read the secret key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("%s can be read by others: chmod 600 it", path)
	}
	return nil
}

// makeKeyFile writes a whole file under another name and links it, so that nobody reads half a key, and of two that
// start together one wins.
func makeKeyFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	secret := make([]byte, KeySize)
	if _, err := rand.Read(secret); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), keyFile+"-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(secret) + "\n")
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
