//go:build unix

package jobs_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/jobs"
)

// TestMain makes the test's own binary a process that holds a lane, for those who ask for it.
func TestMain(m *testing.M) {
	if url := os.Getenv("HOLD_THE_LANE"); url != "" {
		if err := holdTheLane(url, os.Getenv("IN_A_TRANSACTION") != ""); err != nil {
			fmt.Println("cannot:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// holdTheLane has its handler say when it has begun, writes when it is told to go on, and says what came of it.
func holdTheLane(url string, inTransaction bool) error {
	ctx := context.Background()
	d, err := db.Open(ctx, db.Options{URL: url, Log: dbtest.Silent(), IdleInTransaction: time.Second})
	if err != nil {
		return err
	}
	defer d.Close()
	q := jobs.New(d, jobs.Config{Log: dbtest.Silent(), Lease: time.Second})
	pause := func() {
		fmt.Println("begun")
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	}
	jobs.Handle(q, "shop", 10, func(ctx context.Context, _ []jobs.Job) []error {
		var err error
		if inTransaction {
			err = d.Transaction(ctx, func(ctx context.Context, _ *db.Tx) error {
				pause()
				return write(ctx, d, "too late")
			})
		} else {
			pause()
			err = write(ctx, d, "too late")
		}
		fmt.Println("wrote:", err)
		return []error{jobs.PauseLane(time.Hour, err)}
	})
	fmt.Println("ended:", q.Drain(ctx))
	return nil
}

// A process under SIGSTOP is what a machine that swaps, a virtual one that is moved and a laptop that is closed are to
// the others.
func TestLease_aFrozenProcessIsReplacedAndThawsInVain(t *testing.T) {
	t.Parallel()
	for name, inTransaction := range map[string]string{"between transactions": "", "inside one": "1"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := dbtest.Fresh(t, db.Postgres)
			d := dbtest.Open(t, o)
			s := &shop{}
			q := unrenewed(d, s.handle)
			enqueue(t, d, q, push{Thing: "a"})

			frozen := exec.Command(os.Args[0])
			frozen.Env = append(os.Environ(), "HOLD_THE_LANE="+o.URL, "IN_A_TRANSACTION="+inTransaction)
			in, err := frozen.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := frozen.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := frozen.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				_ = frozen.Process.Kill()
				_ = frozen.Wait()
			})
			said := make(chan string, 10)
			go func() {
				for lines := bufio.NewScanner(out); lines.Scan(); {
					said <- lines.Text()
				}
				close(said)
			}()
			if got := next(t, "the handler begins", said); got != "begun" {
				t.Fatalf("it said %q", got)
			}
			signal(t, frozen, syscall.SIGSTOP)
			drain(t, q) // waits until the lease has run out
			if got := s.got(); got != "a" {
				t.Errorf("groups = %q, want a done by the successor", got)
			}
			signal(t, frozen, syscall.SIGCONT)
			if _, err := io.WriteString(in, "\n"); err != nil {
				t.Fatal(err)
			}
			if got := next(t, "it writes", said); !strings.HasPrefix(got, "wrote:") || strings.Contains(got, "<nil>") {
				t.Errorf("it said %q, want an error", got)
			}
			if got := next(t, "it ends", said); got != "ended: drain lane shop: "+jobs.ErrLost.Error() {
				t.Errorf("it said %q, want that the lane was lost", got)
			}
			if got := find(t, q, "a"); got.State != jobs.Done || len(written(t, d)) > 0 || lane(t, q).Paused {
				t.Errorf("job = %+v, written = %q, lane = %+v; want nothing of what the frozen one says",
					got, written(t, d), lane(t, q))
			}
		})
	}
}

func signal(t *testing.T, c *exec.Cmd, s syscall.Signal) {
	t.Helper()
	if err := c.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}
