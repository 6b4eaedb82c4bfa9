package dbtest

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// startServer starts a Postgres in a new folder of that name. It dies with this test binary.
func startServer(name string, options ...string) (*server, error) {
	initdb, postgres, err := binaries()
	if err != nil {
		return nil, err
	}
	work, err := workFolder()
	if err != nil {
		return nil, err
	}
	who, err := unprivileged()
	if err != nil {
		return nil, err
	}
	dir := filepath.Join(work.path, name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	if who != nil {
		if err := os.Chown(dir, int(who.Uid), int(who.Gid)); err != nil {
			return nil, err
		}
	}
	if err := newCluster(initdb, dir, who); err != nil {
		return nil, err
	}
	s := &server{admin: &url.URL{
		Scheme: "postgres", User: url.User("postgres"), Path: "/postgres",
		RawQuery: url.Values{"host": {dir}, "sslmode": {"disable"}}.Encode(),
	}}
	s.begin = func() error { return s.run(postgres, dir, who, options) }
	return s, s.begin()
}

// run starts the server's process on its folder and waits until it takes connections.
func (s *server) run(postgres, dir string, who *syscall.Credential, options []string) error {
	data := filepath.Join(dir, "data")
	var output bytes.Buffer
	run := exec.Command(postgres, append([]string{
		"-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "fsync=off",
		"-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=300",
		"-c", "shared_buffers=64MB", "-c", "autovacuum=off", "-c", "jit=off",
		"-c", "max_wal_size=128MB", "-c", "min_wal_size=32MB", "-c", "dynamic_shared_memory_type=mmap",
		"-c", "log_min_messages=fatal",
	}, options...)...)
	run.Dir, run.Stdout, run.Stderr = dir, &output, &output
	// SIGQUIT ends a server at once; it comes when this process dies, however that happens.
	run.SysProcAttr = &syscall.SysProcAttr{Credential: who, Pdeathsig: syscall.SIGQUIT}
	ended, err := startWithUs(run)
	if err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	s.end = func() {
		_ = run.Process.Signal(syscall.SIGQUIT)
		<-ended
	}
	if err := s.answers(ended, &output); err != nil {
		return err
	}
	// Half the work of copying block by block, where nothing waits for a disk.
	version, _, _ := strings.Cut(s.conn.PgConn().ParameterStatus("server_version"), ".")
	if n, err := strconv.Atoi(version); err == nil && n >= 15 {
		s.strategy = " STRATEGY file_copy"
	}
	return nil
}

// answers waits until the server takes connections.
func (s *server) answers(ended <-chan struct{}, output *bytes.Buffer) error {
	deadline := time.After(30 * time.Second)
	for {
		err := s.exec("SELECT 1")
		if err == nil {
			return nil
		}
		select {
		case <-ended:
			return fmt.Errorf("postgres ended at once: %s", output)
		case <-deadline:
			return fmt.Errorf("postgres does not answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// startWithUs starts a program whose SysProcAttr.Pdeathsig ends it with this process. ended is closed when it has ended.
func startWithUs(run *exec.Cmd) (ended <-chan struct{}, err error) {
	started, over := make(chan error, 1), make(chan struct{})
	go func() {
		runtime.LockOSThread() // the death signal is sent when the *thread* ends that started the child
		err := run.Start()
		started <- err
		if err == nil {
			_ = run.Wait()
		}
		close(over)
	}()
	return over, <-started
}
