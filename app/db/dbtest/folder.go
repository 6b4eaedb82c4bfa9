package dbtest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/gofrs/flock"
)

// A test binary has no hook for its end, so its folder is swept by the next one: the lock on the file "alive" in it
// dies with the process.
const (
	folderPattern = "paneltest-*"
	aliveFile     = "alive"
)

// folder is where a test binary keeps its templates and its server.
type folder struct {
	path  string
	alive *flock.Flock // kept, or the garbage collector would close the file, and the lock would be gone
}

// parent is where the work folders are: TMPDIR where it is set, else memory if there is room for them. Memory spares a
// disk the thousands of files that tests make and remove, which is half of what a test on SQLite costs. Whatever a
// process wrote before it was killed is there as it would be on a disk.
var parent = sync.OnceValue(func() string {
	if os.Getenv("TMPDIR") == "" && roomy(memoryFolder) {
		return memoryFolder
	}
	return os.TempDir()
})

// A container's memoryFolder often has 64 MB, which is too little for a Postgres.
const (
	memoryFolder = "/dev/shm"
	memoryNeeded = 1 << 30 // bytes
)

// workFolder is this test binary's.
var workFolder = sync.OnceValues(func() (folder, error) {
	sweep()
	for {
		made, err := makeFolder()
		if err == nil || !errors.Is(err, errSwept) {
			return made, err
		}
	}
})

// errSwept says that another binary took a new folder for one whose owner is gone.
var errSwept = errors.New("folder swept before it was locked")

func makeFolder() (folder, error) {
	path, err := os.MkdirTemp(parent(), folderPattern)
	if err != nil {
		return folder{}, err
	}
	// The server is another user's process and has to get to its own folder inside.
	if err := os.Chmod(path, 0o711); err != nil {
		return folder{}, err
	}
	made := folder{path, flock.New(filepath.Join(path, aliveFile))}
	locked, err := made.alive.TryLock()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return folder{}, err
	}
	if _, gone := os.Stat(made.alive.Path()); !locked || gone != nil {
		return folder{}, errSwept
	}
	return made, nil
}

// sweep removes the folders of test binaries that are gone.
func sweep() {
	folders, _ := filepath.Glob(filepath.Join(parent(), folderPattern))
	for _, path := range folders {
		// Nothing is created: a folder without the file is being made.
		alive := flock.New(filepath.Join(path, aliveFile), flock.SetFlag(os.O_RDONLY))
		if gone, err := alive.TryLock(); gone && err == nil {
			_ = os.RemoveAll(path)
		}
		_ = alive.Close()
	}
}
