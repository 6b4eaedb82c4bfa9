package dbtest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/db"
)

// Pooled says how to open a Postgres through a PgBouncer in transaction mode, as strict as it comes: four connections
// to the server, lent from one transaction to the next, and no parameters of a start beyond those it knows. The test is
// skipped where PgBouncer is missing.
func Pooled(t testing.TB, o db.Options) db.Options {
	t.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		program, err = exec.LookPath("/usr/sbin/pgbouncer")
	}
	if err != nil && os.Getenv("REQUIRE_ALL") != "1" {
		t.Skipf("NOT TESTED BEHIND A POOLER: %v", err)
	}
	var address string
	if err == nil {
		address, err = startPooler(t, program, o.URL)
	}
	if err != nil {
		t.Fatal(err)
	}
	return db.Options{URL: address}
}

func startPooler(t testing.TB, program, behind string) (address string, err error) {
	work, err1 := workFolder()
	who, err2 := unprivileged()
	server, err3 := url.Parse(behind)
	if err := errors.Join(err1, err2, err3); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(work.path, "pooler-*")
	if err != nil {
		return "", err
	}
	if who != nil {
		if err := os.Chown(dir, int(who.Uid), int(who.Gid)); err != nil {
			return "", err
		}
	}
	password, given := server.User.Password()
	if given {
		password = " password='" + password + "'"
	}
	config := fmt.Sprintf("[databases]\n* = host=%s port=%s user=%s%s\n[pgbouncer]\nauth_type = any\n"+
		"pool_mode = transaction\ndefault_pool_size = 4\nmax_client_conn = 200\nlisten_addr =\nlisten_port = 6432\n"+
		"unix_socket_dir = %s\n",
		cmp.Or(server.Query().Get("host"), server.Hostname()), cmp.Or(server.Port(), "5432"), server.User.Username(), password, dir)
	file := filepath.Join(dir, "pgbouncer.ini")
	if err := os.WriteFile(file, []byte(config), 0o644); err != nil { //nolint:gosec // another user reads it
		return "", err
	}
	if err := runPooler(t, exec.Command(program, file), dir, who); err != nil {
		return "", err
	}
	server.User, server.Host = url.User("anybody"), ""
	server.RawQuery = url.Values{
		"host": {dir}, "port": {"6432"}, "sslmode": {"disable"},
		"default_query_exec_mode": {"exec"}, // it knows no prepared statements before 1.21
	}.Encode()
	return server.String(), nil
}

// runPooler starts it until the test ends, or this process does, and waits until it can be reached.
func runPooler(t testing.TB, run *exec.Cmd, dir string, who *syscall.Credential) error {
	var output bytes.Buffer
	run.Dir, run.Stdout, run.Stderr = dir, &output, &output
	run.SysProcAttr = &syscall.SysProcAttr{Credential: who, Pdeathsig: syscall.SIGKILL}
	ended, err := startWithUs(run)
	if err != nil {
		return fmt.Errorf("start pgbouncer: %w", err)
	}
	t.Cleanup(func() {
		_ = run.Process.Kill()
		<-ended
	})
	for deadline := time.Now().Add(30 * time.Second); ; {
		conn, err := net.Dial("unix", filepath.Join(dir, ".s.PGSQL.6432"))
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ended:
			return fmt.Errorf("pgbouncer ended at once: %s", &output)
		case <-time.After(5 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("pgbouncer does not answer: %w", err)
		}
	}
}
