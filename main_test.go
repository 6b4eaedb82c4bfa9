package main

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestMain makes the test's own binary the program itself for those who ask for it.
func TestMain(m *testing.M) {
	if os.Getenv("BE_THE_PANEL") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// panel runs the program and returns what it printed and its exit code.
func panel(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), "BE_THE_PANEL=1", "DATABASE_URL=")
	cmd.Dir = t.TempDir()
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if ctx.Err() != nil || cmd.ProcessState == nil {
		t.Fatalf("panel %q: %v, %v", args, err, ctx.Err())
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func TestHelp_isNoFailure(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ args, want string }{
		{"-h", "panel demo"},
		{"--help", "panel migrate"},
		{"help", "panel portal"},
		{"demo -h", "-portal-addr"},
		{"portal -h", "-limits"},
		{"migrate -h", "migrate"},
	} {
		stdout, stderr, code := panel(t, strings.Fields(tt.args)...)
		if code != 0 || !strings.Contains(stdout+stderr, tt.want) || strings.Contains(stderr, "level=error") {
			t.Errorf("panel %s = %d, printed %q and %q; want its usage and 0", tt.args, code, stdout, stderr)
		}
	}
	if stdout, stderr, code := panel(t, "-x"); code != 1 || !strings.Contains(stderr, "panel demo") {
		t.Errorf("panel -x = %d, printed %q and %q; want the usage and 1", code, stdout, stderr)
	}
}

func TestDemo_aTakenPortIsAllItSpeaksOf(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	address := taken.Addr().String()
	for _, args := range [][]string{
		{"-addr", address, "-portal-addr", "127.0.0.1:0"},
		{"-addr", "127.0.0.1:0", "-portal-addr", address},
	} {
		stdout, stderr, code := panel(t, append([]string{"demo"}, args...)...)
		if code != 1 || stdout != "" || !strings.Contains(stderr, "address already in use") {
			t.Errorf("demo %q = %d, printed %q and %q; want nothing but the error", args, code, stdout, stderr)
		}
	}
}
