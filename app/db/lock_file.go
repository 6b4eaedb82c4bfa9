package db

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/gofrs/flock"
)

// ErrInUse says that another process has the SQLite file open.
var ErrInUse = errors.New("database in use")

// heldFile is an SQLite file that this process has for itself. The lock on the file beside it says so, not that file's
// existence: it is free the moment its process dies.
type heldFile struct {
	lock *flock.Flock
	pid  string // the file with this process's number
}

// lockFile takes the SQLite file of a path, or says which process has it.
func lockFile(path string) (*heldFile, error) {
	// Windows lets nobody read a locked file, so the number is in one of its own.
	f := &heldFile{lock: flock.New(path + ".lock"), pid: path + ".pid"}
	taken, err := f.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if !taken {
		holder, _ := os.ReadFile(f.pid)
		return nil, fmt.Errorf("%s is in use by process %.20s: an SQLite database belongs to one process, several need DATABASE_URL: %w",
			path, bytes.TrimSpace(holder), ErrInUse)
	}
	_ = os.WriteFile(f.pid, []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600) // for people; the lock holds without it
	return f, nil
}

// Close lets the next process have the file.
func (f *heldFile) Close() error {
	_ = os.Remove(f.pid)
	return f.lock.Close()
}
