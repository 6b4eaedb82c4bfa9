package dbtest

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
)

// A test binary has no hook for its end, so its folder is swept by the next one: the lock on the file "alive" in it
// dies with the process.
const (
	folderPattern = "paneltest-*"
	aliveFile     = "alive"
)

// workFolder is where this test binary keeps its templates and its server. It gets its name when the lock is taken, so
// nobody sweeps it before.
var workFolder = sync.OnceValues(func() (string, error) {
	sweep()
	unnamed, err := os.MkdirTemp("", "new-"+folderPattern)
	if err != nil {
		return "", err
	}
	// The server is another user's process and has to get to its own folder inside.
	if err := os.Chmod(unnamed, 0o711); err != nil {
		return "", err
	}
	// A bare descriptor: an os.File that nobody refers to is closed by the garbage collector, and the lock with it.
	alive, err := syscall.Open(filepath.Join(unnamed, aliveFile), syscall.O_CREAT|syscall.O_RDONLY|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return "", err
	}
	if err := syscall.Flock(alive, syscall.LOCK_EX); err != nil {
		return "", err
	}
	dir := filepath.Join(os.TempDir(), strings.TrimPrefix(filepath.Base(unnamed), "new-"))
	return dir, os.Rename(unnamed, dir)
})

// sweep removes the folders of test binaries that are gone.
func sweep() {
	folders, _ := filepath.Glob(filepath.Join(os.TempDir(), folderPattern))
	for _, dir := range folders {
		alive, err := os.Open(filepath.Join(dir, aliveFile))
		if err != nil {
			continue // swept by another one
		}
		if syscall.Flock(int(alive.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			_ = os.RemoveAll(dir)
		}
		_ = alive.Close()
	}
}
