package dbtest

import (
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// A test binary has no hook for its end, so its folder is swept by the next one: the lock on the file "alive" in it
// dies with the process.
const (
	folderPattern = "paneltest-*"
	aliveFile     = "alive"
)

// workFolder is where this test binary keeps its templates and its server.
var workFolder = sync.OnceValues(func() (string, error) {
	sweep()
	dir, err := os.MkdirTemp("", folderPattern)
	if err != nil {
		return "", err
	}
	// The server is another user's process and has to get to its own folder inside.
	if err := os.Chmod(dir, 0o711); err != nil {
		return "", err
	}
	alive, err := os.Create(filepath.Join(dir, aliveFile))
	if err != nil {
		return "", err
	}
	return dir, syscall.Flock(int(alive.Fd()), syscall.LOCK_EX) // never closed: held as long as the process lives
})

// sweep removes the folders of test binaries that are gone.
func sweep() {
	folders, _ := filepath.Glob(filepath.Join(os.TempDir(), folderPattern))
	for _, dir := range folders {
		alive, err := os.Open(filepath.Join(dir, aliveFile))
		if err != nil {
			continue // another one is just making it
		}
		if syscall.Flock(int(alive.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			_ = os.RemoveAll(dir)
		}
		_ = alive.Close()
	}
}
