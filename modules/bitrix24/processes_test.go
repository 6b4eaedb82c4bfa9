package bitrix24_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/panel/paneltest"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
)

// TestProcesses runs the built program as an administrator would, in one process or several.
func TestProcesses(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program")
	}
	t.Parallel()
	binary := buildPanel(t)
	for name, test := range map[string]func(t *testing.T, binary string){
		"a second process on an SQLite file is refused":  secondProcessOnSQLite,
		"several begin at once on an empty database":     severalBeginAtOnce,
		"a rolling restart":                              rollingRestart,
		"what is mistaken is said in a sentence":         mistakes,
		"a damaged file is said in a sentence":           damagedFiles,
		"migrate does only that, and once":               migrateOnly,
		"SIGTERM lets a running exchange end, on SQLite": func(t *testing.T, b string) { terminated(t, b, db.SQLite) },
		"… on Postgres":                                  func(t *testing.T, b string) { terminated(t, b, db.Postgres) },
		"killed in an exchange, on SQLite":               func(t *testing.T, b string) { killedInExchange(t, b, db.SQLite) },
		"killed in an exchange, on a Postgres":           func(t *testing.T, b string) { killedInExchange(t, b, db.Postgres) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, binary)
		})
	}
}

func secondProcessOnSQLite(t *testing.T, binary string) {
	f := newFleet(t, binary, db.SQLite)
	f.start(1)
	first := f.processes[0]
	said, code := f.run()
	if code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	bitrix24test.Contains(
		t, "the second process", said, fmt.Sprintf("is in use by process %d", first.cmd.Process.Pid),
		"several need DATABASE_URL",
	)
	plain(t, said)
	f.ready(first)
	f.stop()
}

func severalBeginAtOnce(t *testing.T, binary string) {
	f := newFleet(t, binary, db.Postgres)
	f.env = append(f.env, "LOG_LEVEL=info")
	f.start(4)
	migrated := map[string]int{}
	for _, p := range f.processes {
		for line := range strings.Lines(p.complaints()) {
			if _, which, ok := strings.Cut(line, "msg=migrated "); ok {
				migrated[which]++
			}
		}
	}
	if len(migrated) < 2 {
		t.Errorf("migrations = %v, want the host's and the module's", migrated)
	}
	for which, times := range migrated {
		if times != 1 {
			t.Errorf("migration %s was applied %d times", which, times)
		}
	}
	f.stop()
}

// rollingRestart restarts three processes one after the other while sites order and an employee works.
func rollingRestart(t *testing.T, binary string) {
	f, portal := connectedFleet(t, binary, db.Postgres, &gate{ctx: t.Context()})
	f.start(3)
	front := newFront(f)
	admin := front.signIn()

	var placed atomic.Int64
	var restarted atomic.Bool
	var work sync.WaitGroup
	for site := range 3 {
		work.Go(func() {
			for n := 0; !restarted.Load(); n++ {
				if front.order(fmt.Sprintf("%d-%d", site, n)) > 0 {
					placed.Add(1)
				}
				pause(t.Context(), 20*time.Millisecond)
			}
		})
	}
	work.Go(func() {
		for !restarted.Load() && !t.Failed() {
			answer, err := paneltest.Read(admin.Get(f.url() + "/admin/orders"))
			if err != nil || answer.Status != http.StatusOK {
				t.Errorf("an employee who is signed in sees status %d, %v", answer.Status, err)
			}
			pause(t.Context(), 20*time.Millisecond)
		}
	})
	defer work.Wait()
	defer restarted.Store(true)

	types := []string{"persons", "all", "persons"}
	for i, p := range f.processes {
		before := placed.Load()
		front.restarting.Store(p)
		if err := p.terminate(); err != nil {
			t.Errorf("after SIGTERM: %v\n%s", err, p.complaints())
		}
		f.restart(p)
		front.restarting.Store(nil)
		if i == 1 { // who listens loses the connection, and with it what is said until there is another
			if f.number("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'") == 0 {
				t.Error("nobody listened")
			}
		}
		values := settingsOn(t, admin, p)
		values.Set("bitrix24.order_types", types[i])
		saved, err := paneltest.Read(directly(admin).PostForm("http://"+p.address+bitrix24test.SettingsPage+"/bitrix24", values))
		if err != nil {
			t.Fatal(err)
		}
		saved.Want(t, http.StatusSeeOther)
		for _, other := range f.processes { // well before anything cached would be read again by itself
			f.until("settings saved on one process are in force on another", 20*time.Second, func() bool {
				return settingsOn(t, admin, other).Get("bitrix24.order_types") == types[i]
			})
		}
		f.until("orders come in", time.Minute, func() bool { return placed.Load() > before })
	}
	restarted.Store(true)
	work.Wait()
	f.until("every order has its deal", time.Minute, func() bool { return len(dealsByOrder(portal)) == int(placed.Load()) })
	f.stop()
	f.agreed(portal, placed.Load())
}

// terminated has a process told to end while the portal works on its order.
func terminated(t *testing.T, binary string, dialect db.Dialect) {
	gate := &gate{ctx: t.Context()}
	f, portal := connectedFleet(t, binary, dialect, gate)
	f.start(1)
	p, front := f.processes[0], newFront(f)
	gate.close("crm.item.add")
	front.order("1")
	gate.reached(t)
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	f.until("nobody listens any more", 20*time.Second, func() bool {
		c, err := net.Dial("tcp", p.address)
		if err == nil {
			_ = c.Close()
		}
		return errors.Is(err, syscall.ECONNREFUSED)
	})
	select {
	case err := <-p.ended:
		t.Fatalf("the process did not wait for its exchange: %v\n%s", err, p.complaints())
	default:
	}
	gate.open()
	if err := p.terminate(); err != nil {
		t.Errorf("after SIGTERM: %v\n%s", err, p.complaints())
	}
	if n := f.number("SELECT count(*) FROM bitrix24_links WHERE entity = 'deal'"); n != 1 {
		t.Errorf("%d deals are known, want 1: the exchange did not end", n)
	}
	sent := portal.Stats().Commands["crm.item.add"]
	f.restart(p)
	front.order("2")
	f.until("the next order has its deal", time.Minute, func() bool { return len(dealsByOrder(portal)) == 2 })
	f.until("its exchange has ended", time.Minute, func() bool { // what is under way at a stop is for the next start
		return f.dialect == db.SQLite || // whose database nobody else may open
			f.number("SELECT count(*) FROM bitrix24_intents")+f.number("SELECT count(*) FROM jobs WHERE state = 'running'") == 0
	})
	f.stop()
	f.agreed(portal, 2)
	if now := portal.Stats().Commands["crm.item.add"]; now != sent+1 {
		t.Errorf("%d records were made after the restart, want the deal of the new order alone", now-sent)
	}
}

// killedInExchange loses a process while the portal works on its order. The portal does the work all the same, or it
// never does.
func killedInExchange(t *testing.T, binary string, dialect db.Dialect) {
	gate := &gate{ctx: t.Context()}
	f, portal := connectedFleet(t, binary, dialect, gate)
	// On Postgres the next process waits for the lease of the one that was killed.
	f.env = append(f.env, "BITRIX24_SETTLE=300ms", "BITRIX24_RETRY_FIRST=100ms", "JOBS_LEASE=2s")
	f.start(1)
	p, front := f.processes[0], newFront(f)
	admin := front.signIn()
	for i, done := range []bool{true, false} {
		gate.close("crm.item.add")
		order := front.order(fmt.Sprint(i))
		gate.reached(t)
		p.kill()
		if done {
			gate.open()
			f.until("the portal has made the deal", 20*time.Second, func() bool { return len(dealsByOrder(portal)) == i+1 })
		} else {
			gate.drop()
		}
		f.restart(p)
		f.until("the order's page shows its deal", time.Minute, func() bool {
			answer, err := paneltest.Read(admin.Get(f.url() + bitrix24test.Page(order)))
			return err == nil && strings.Contains(answer.Text, "/crm/deal/details/")
		})
	}
	f.stop()
	f.agreed(portal, 2)
}

func migrateOnly(t *testing.T, binary string) {
	for _, dialect := range []db.Dialect{db.SQLite, db.Postgres} {
		f := newFleet(t, binary, dialect)
		f.env = append(f.env, "LOG_LEVEL=info")
		said, code := f.run("migrate")
		if code != 0 || !strings.Contains(said, "msg=migrated line=bitrix24") {
			t.Errorf("migrate on %s = %d: %s", dialect, code, said)
		}
		if said, code := f.run("migrate"); code != 0 || strings.Contains(said, "migrated") {
			t.Errorf("migrate again on %s = %d: %s", dialect, code, said)
		}
	}
}

func mistakes(t *testing.T, binary string) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	address := taken.Addr().String()
	key := "SECRET_KEY=" + base64.StdEncoding.EncodeToString(make([]byte, 32))
	for _, tt := range []struct {
		args string
		env  []string
		want string
	}{
		{args: "nonsense", want: `unknown command`},
		{args: "migrate twice", want: `migrate takes flags only`},
		{args: "demo -nonsense", want: `flag provided but not defined: -nonsense`},
		{args: "portal more", want: `portal takes flags only`},
		{args: "portal -user x", want: `-user is an employee's number`},
		{args: "portal -limits x", want: `-limits is real or off`},
		{args: "portal -addr " + address, want: `address already in use`},
		{args: "demo -addr 127.0.0.1:0 -portal-addr " + address, want: `address already in use`},
		{args: "demo -addr 127.0.0.1:0 -portal ftp://x", want: `-portal`},
		{env: []string{"ADDR=" + address}, want: `address already in use`},
		{env: []string{"ADDR=nowhere"}, want: `listen on nowhere`},
		{env: []string{"LOG_LEVEL=loud"}, want: `LOG_LEVEL`},
		{env: []string{"LOG_FORMAT=xml"}, want: `LOG_FORMAT is json or text`},
		{env: []string{"TIME_ZONE=Mars"}, want: `TIME_ZONE`},
		{env: []string{"PUBLIC_URL=panel"}, want: `is no address like https://panel.example.ru`},
		{env: []string{"DEV=perhaps"}, want: `DEV=`},
		{env: []string{"BITRIX24_TIMEOUT=65"}, want: `BITRIX24_TIMEOUT=`},
		{env: []string{"BITRIX24_SETTLE=-1s"}, want: `a time cannot be negative`},
		{env: []string{"SECRET_KEY=secret-of-mine"}, want: `SECRET_KEY is not base64`},
		{env: []string{"SECRET_KEY=c2VjcmV0"}, want: `a secret key is 32 bytes long`},
		{env: []string{"DATABASE_URL=postgres://panel:secret-of-mine@127.0.0.1:1/panel"}, want: `SECRET_KEY is not set`},
		{env: []string{"DATABASE_URL=postgres://panel:secret-of-mine@127.0.0.1:1/panel", key}, want: `connection refused`},
		{env: []string{"DATABASE_URL=mysql://panel:secret-of-mine@db/panel", key}, want: `read DATABASE_URL`},
		{env: []string{"DATA_DIR=/dev/null/data"}, want: `/dev/null/data`},
	} {
		cmd := exec.Command(binary, strings.Fields(tt.args)...)
		cmd.Env = append(bare(), append([]string{"DATA_DIR=" + t.TempDir()}, tt.env...)...)
		said, code := ended(t, cmd)
		if code != 1 || !strings.Contains(said, tt.want) {
			t.Errorf("panel %s with %q = %d, want 1 and %q: %s", tt.args, tt.env, code, tt.want, said)
		}
		plain(t, said)
	}
	help := exec.Command(binary, "demo", "-h")
	if said, code := ended(t, help); code != 0 || !strings.Contains(said, "-portal-addr") || strings.Contains(said, "stopped") {
		t.Errorf("demo -h = %d: %s", code, said)
	}
}

func damagedFiles(t *testing.T, binary string) {
	for _, tt := range []struct{ file, content, args, want string }{
		{"panel.db", strings.Repeat("no database", 100), "migrate", "file is not a database"},
		{"secret.key", "half a k", "migrate", "is not base64"},
		{"portal.json", `{"tables":`, "portal -addr 127.0.0.1:0 -data .", "is damaged"},
		{"portal.json", `5`, "portal -addr 127.0.0.1:0 -data .", "is no JSON object"},
		{"portal.json", `{"tables":`, "demo -addr 127.0.0.1:0 -portal-addr 127.0.0.1:0 -data .", "is damaged"},
	} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, tt.file), []byte(tt.content), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(binary, strings.Fields(tt.args)...)
		cmd.Dir, cmd.Env = folder, append(bare(), "DATA_DIR="+folder)
		said, code := ended(t, cmd)
		if code != 1 || !strings.Contains(said, tt.want) || !strings.Contains(said, tt.file) {
			t.Errorf("panel %s with a damaged %s = %d, want 1 and %q: %s", tt.args, tt.file, code, tt.want, said)
		}
		plain(t, said)
		if kept, err := os.ReadFile(filepath.Join(folder, tt.file)); err != nil || string(kept) != tt.content {
			t.Errorf("the damaged %s was not left as it was: %v", tt.file, err)
		}
	}
}
