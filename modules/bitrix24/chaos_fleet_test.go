package bitrix24_test

import (
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pixlpark/panel/app"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/modules/bitrix24"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
	"github.com/sirupsen/logrus"
)

// buildPanel builds the program, once for all tests, and returns its path.
func buildPanel(t testing.TB) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be asked to end on Windows: there is no SIGTERM")
	}
	path, err := builtPanel()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// builtPanel is in a folder that TestMain removes.
var builtPanel = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "panelbuilt-*")
	if err != nil {
		return "", err
	}
	removePanel = func() { _ = os.RemoveAll(dir) }
	path := filepath.Join(dir, "panel")
	if out, err := exec.Command("go", "build", "-o", path, "github.com/pixlpark/panel").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return path, nil
})

var removePanel = func() {}

// fleet is the program in one or several processes on one database, behind a balancer that knows nothing of who is dead.
type fleet struct {
	t         testing.TB
	binary    string
	dialect   db.Dialect
	database  db.Options
	server    *dbtest.Server // the Postgres, where it is the fleet's own
	secret    string
	env       []string
	balancer  *httptest.Server
	next      atomic.Int64
	processes []*process
}

// process is one of them, killed and started again at the same address.
type process struct {
	address string
	proxy   *httputil.ReverseProxy
	log     string
	cmd     *exec.Cmd
	ended   chan error
}

func newFleet(t testing.TB, binary string, dialect db.Dialect) *fleet {
	t.Helper()
	return newFleetOn(t, binary, dialect, dbtest.Empty(t, dialect))
}

// newFleetOn is a fleet on an empty database.
func newFleetOn(t testing.TB, binary string, dialect db.Dialect, database db.Options) *fleet {
	t.Helper()
	f := &fleet{t: t, binary: binary, dialect: dialect, database: database}
	f.secret = base64.StdEncoding.EncodeToString([]byte(strings.Repeat("c", 32)))
	f.balancer = httptest.NewServer(f)
	t.Cleanup(func() {
		for _, p := range f.processes {
			p.kill()
		}
		f.balancer.CloseClientConnections()
		f.balancer.Close()
	})
	f.env = append(os.Environ(),
		"PUBLIC_URL="+f.url(), "SECRET_KEY="+f.secret, "ALLOW_PRIVATE_PORTAL=1", "LOG_LEVEL=warn",
		"BITRIX24_TIMEOUT=10s", "BITRIX24_AWAIT_SITE=200ms", "BITRIX24_AWAIT_STAFF=200ms",
	)
	return f
}

func (f *fleet) url() string { return f.balancer.URL }

// environment is that of a process at this address.
func (f *fleet) environment(address string) []string {
	return append(f.env[:len(f.env):len(f.env)],
		"ADDR="+address, "DATABASE_URL="+f.database.URL, "DATA_DIR="+filepath.Dir(f.database.Path))
}

// ServeHTTP passes a request on to the processes in turn, the dead ones too.
func (f *fleet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if len(f.processes) == 0 {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	f.processes[int(f.next.Add(1))%len(f.processes)].proxy.ServeHTTP(w, r)
}

// connect migrates the database and fills in what an administrator would: staff, site, tariff, the portal's webhooks.
func (f *fleet) connect(portal string) {
	f.t.Helper()
	must := func(err error) {
		f.t.Helper()
		if err != nil {
			f.t.Fatal(err)
		}
	}
	log := logrus.New()
	log.SetOutput(io.Discard)
	module := bitrix24.New(bitrix24.Options{Timeout: 10 * time.Second, AllowPrivate: true})
	a, err := app.New(f.t.Context(), app.Config{
		Addr: "127.0.0.1:0", PublicURL: f.url(), SecretKey: f.secret, TimeZone: "Europe/Moscow",
		DatabaseURL: f.database.URL, DataDir: filepath.Dir(f.database.Path),
	}, log, module)
	must(err)
	_, err = a.SeedStaff(f.t.Context(), "https://shop.example.ru")
	must(err)
	address, err := rest.ParsePortal(portal)
	must(err)
	must(module.Connect(f.t.Context(), rest.Webhook{Portal: address, UserID: 1, Code: bitrix24test.WebhookCode}, bitrix24test.PortalToken))
	must(a.Close())
}

// query reads one column of the database beside the processes.
func (f *fleet) query(query string) (list []string) {
	for _, row := range f.rows(query) {
		list = append(list, row[0])
	}
	return list
}

// rows reads the database beside the processes. While the database is away there are none.
func (f *fleet) rows(query string) (list [][]string) {
	f.t.Helper()
	database := f.beside()
	defer database.Close()
	rows, err := database.QueryContext(f.t.Context(), query)
	if err != nil {
		return nil
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil
	}
	for rows.Next() {
		row, into := make([]string, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if rows.Scan(into...) != nil {
			return nil
		}
		list = append(list, row)
	}
	if rows.Err() != nil {
		return nil
	}
	return list
}

// change changes the database beside the processes. ok is false when the database was away or held.
func (f *fleet) change(statement string) (ok bool) {
	f.t.Helper()
	database := f.beside()
	defer database.Close()
	_, err := database.ExecContext(f.t.Context(), statement)
	return err == nil
}

// beside is the database as somebody else has it open.
func (f *fleet) beside() *sql.DB {
	f.t.Helper()
	driver, source := "pgx", f.database.URL
	if f.dialect == db.SQLite {
		driver, source = "sqlite", f.database.Path
	}
	database, err := sql.Open(driver, source)
	if err != nil {
		f.t.Fatal(err)
	}
	return database
}

// start starts that many processes at once and waits until all are ready.
func (f *fleet) start(processes int) {
	f.t.Helper()
	for i := range processes {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			f.t.Fatal(err)
		}
		address := listener.Addr().String()
		_ = listener.Close() // the process listens there
		proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: address})
		proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }
		p := &process{address: address, proxy: proxy, log: filepath.Join(f.t.TempDir(), fmt.Sprintf("panel%d.log", i))}
		f.processes = append(f.processes, p)
		f.launch(p)
	}
	for _, p := range f.processes {
		f.ready(p)
	}
}

func (f *fleet) launch(p *process) {
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		f.t.Error(err)
		return
	}
	defer log.Close()
	p.cmd = exec.Command(f.binary)
	p.cmd.Env = f.environment(p.address)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	diesWithUs(p.cmd)
	started, ended, cmd := make(chan error), make(chan error, 1), p.cmd
	go func() {
		runtime.LockOSThread() // the death signal is sent when the *thread* ends that started the child
		err := cmd.Start()
		started <- err
		if err == nil {
			ended <- cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		f.t.Error(err)
		return
	}
	p.ended = ended
}

// ready waits until a process answers that it is.
func (f *fleet) ready(p *process) {
	f.t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		if answer, err := http.Get("http://" + p.address + "/readyz"); err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case err := <-p.ended:
			p.ended <- err
			f.t.Fatalf("a process ended at its start: %v\n%s", err, p.complaints())
		default:
		}
		if time.Now().After(deadline) {
			f.t.Fatalf("a process is not ready after a minute\n%s", p.complaints())
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	p.ended <- <-p.ended
}

// stop ends all processes as an administrator would: each finishes what it does and exits with 0.
func (f *fleet) stop() {
	f.t.Helper()
	for _, p := range f.processes {
		f.ready(p)
		if err := p.terminate(); err != nil {
			f.t.Errorf("after SIGTERM: %v\n%s", err, p.complaints())
		}
	}
}

func (p *process) terminate() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case err := <-p.ended:
		p.ended <- err
		return err
	case <-time.After(75 * time.Second):
		return errors.New("still there after 75 seconds")
	}
}

// complaints is what a process wrote last.
func (p *process) complaints() string {
	text, _ := os.ReadFile(p.log)
	return string(text[max(0, len(text)-4000):])
}
