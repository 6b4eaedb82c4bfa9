package dbtest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
)

// newCluster makes the folder data in dir. initdb works for more than a second, so it runs once on a machine for each
// Postgres and user, and is copied from then on.
func newCluster(initdb, dir string, who *syscall.Credential) error {
	original, err := originalCluster(initdb, who)
	if err != nil {
		return err
	}
	return run(who, dir, "cp", "-R", "-p", filepath.Join(original, "data"), "data")
}

// originalCluster is the folder of the cluster that all others are copies of.
func originalCluster(initdb string, who *syscall.Credential) (string, error) {
	program, err := filepath.EvalSymlinks(initdb)
	if err != nil {
		return "", err
	}
	version, err := os.Stat(program)
	if err != nil {
		return "", err
	}
	uid, gid := os.Getuid(), os.Getgid()
	if who != nil {
		uid, gid = int(who.Uid), int(who.Gid)
	}
	key := sha256.Sum256(fmt.Append(nil, program, version.Size(), version.ModTime().UnixNano(), uid))
	path := filepath.Join(os.TempDir(), fmt.Sprintf("panelinitdb-%x", key[:6]))
	if made, err := os.Lstat(path); err == nil {
		if owner := made.Sys().(*syscall.Stat_t).Uid; int(owner) != uid { // anybody may write beside it
			return "", fmt.Errorf("%s belongs to user %d, not to %d who runs Postgres", path, owner, uid)
		}
		if _, err := os.Stat(filepath.Join(path, "data", "PG_VERSION")); err == nil {
			return path, nil
		}
		_ = os.RemoveAll(path) // what cleans folders of temporary files has emptied it
	}
	unfinished, err := os.MkdirTemp("", "panelinitdb-new-*")
	if err != nil {
		return "", err
	}
	defer func() { _ = os.RemoveAll(unfinished) }()
	if err := os.Chown(unfinished, uid, gid); err != nil {
		return "", err
	}
	// C.UTF-8, so that lower() knows Cyrillic. It is written to the disk, for it may outlive a power cut.
	err = run(who, unfinished, initdb, "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8",
		"--locale=C.UTF-8", "--no-instructions")
	if err != nil {
		return "", err
	}
	if err := os.Rename(unfinished, path); err != nil && !errors.Is(err, syscall.ENOTEMPTY) && !errors.Is(err, syscall.EEXIST) {
		return "", err
	} // else another test binary was faster
	return path, nil
}

// run is a command of the user in a folder of his.
func run(who *syscall.Credential, dir, name string, args ...string) error {
	command := exec.Command(name, args...)
	command.Dir, command.SysProcAttr = dir, &syscall.SysProcAttr{Credential: who}
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", filepath.Base(name), err, out)
	}
	return nil
}

// binaries finds the server on PATH or in the versioned folders of Debian, the highest version first.
func binaries() (initdb, postgres string, err error) {
	dirs, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	version := func(dir string) int {
		n, _ := strconv.Atoi(filepath.Base(filepath.Dir(dir)))
		return n
	}
	slices.SortFunc(dirs, func(a, b string) int { return version(b) - version(a) })
	for _, dir := range append([]string{""}, dirs...) {
		initdb, err1 := exec.LookPath(filepath.Join(dir, "initdb"))
		postgres, err2 := exec.LookPath(filepath.Join(dir, "postgres"))
		if err1 == nil && err2 == nil {
			return initdb, postgres, nil
		}
	}
	return "", "", fmt.Errorf("%w: initdb and postgres are neither on PATH nor in /usr/lib/postgresql", errNoPostgres)
}

// unprivileged is the user to run the server as; nil means as we are. The server refuses root.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2); err != nil {
			return nil, fmt.Errorf("read user %s: %w", name, err)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("postgres refuses to run as root, and there is no user postgres or nobody")
}
