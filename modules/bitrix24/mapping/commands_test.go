package mapping_test

import (
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

var rewrite = flag.Bool("update", false, "write the golden files of testdata")

// commands is a batch written for people: each command's method, and its parameters as the portal reads them, one a
// line, sorted. It goes through the client that really sends them, so that what cannot be sent is no command here
// either.
type commands struct {
	t     *testing.T
	batch rest.Batch
	notes map[int][]string // what stands before the command of that number
}

func newCommands(t *testing.T) *commands {
	t.Helper()
	return &commands{t: t, batch: rest.Batch{Halt: true}, notes: map[int][]string{}}
}

// add appends a command with what mapping gives for it; the rest of its parameters is the sender's (see
// testdata/README.md).
func (c *commands) add(name, method string, params rest.Params) rest.Ref {
	c.t.Helper()
	ref := c.batch.Add(name, method, params)
	if err := c.batch.Err(); err != nil {
		c.t.Fatal(err)
	}
	return ref
}

// item appends a command that makes or changes an item of the CRM; with nothing to send there is none.
func (c *commands) item(name, method string, fields rest.Params) rest.Ref {
	c.t.Helper()
	if len(fields) == 0 {
		c.say("%s: nothing is sent\n", name)
		return rest.Ref{}
	}
	return c.add(name, method, rest.Params{"fields": fields}).Field("item", "id")
}

// rows appends the command that gives a new deal or lead its product rows.
func (c *commands) rows(rows []mapping.Row) {
	c.t.Helper()
	list := make([]any, len(rows))
	for i, row := range rows {
		list[i] = row.Params()
	}
	c.add("rows", "crm.item.productrow.set", rest.Params{"productRows": list})
}

// say writes a line of its own, before the next command.
func (c *commands) say(format string, args ...any) {
	n := c.batch.Len()
	c.notes[n] = append(c.notes[n], fmt.Sprintf(format, args...))
}

// String is the text of the golden file.
func (c *commands) String() string {
	var text strings.Builder
	notes := func(n int) {
		for _, note := range c.notes[n] {
			fmt.Fprintf(&text, "# %s\n", note)
		}
	}
	for i, command := range c.batch.Commands() {
		if i > 0 {
			text.WriteByte('\n')
		}
		notes(i)
		fmt.Fprintf(&text, "%s: %s\n", command.Name, command.Method)
		for parameter := range strings.SplitSeq(command.Query, "&") {
			name, value, _ := strings.Cut(parameter, "=")
			fmt.Fprintf(&text, "  %s = %s\n", c.decoded(name), readable(c.decoded(value)))
		}
	}
	if c.batch.Len() > 0 {
		text.WriteByte('\n')
	}
	notes(c.batch.Len())
	return strings.TrimRight(text.String(), "\n") + "\n"
}

func (c *commands) decoded(text string) string {
	c.t.Helper()
	plain, err := url.QueryUnescape(text)
	if err != nil {
		c.t.Fatal(err)
	}
	return plain
}

// readable shows what an editor would not, keeps the lines of a text below one another, and leaves out the middle of a
// very long one.
func readable(text string) string {
	if text == "" {
		return "(empty)"
	}
	if runes := []rune(text); len(runes) > 1000 {
		text = fmt.Sprintf("%s\n[…]\n%s\n[%d characters in all]", string(runes[:200]), string(runes[len(runes)-200:]),
			len(runes))
	}
	text = strings.NewReplacer("\u2060", `\u2060`, "\u00a0", `\u00a0`).Replace(text)
	return strings.ReplaceAll(text, "\n", "\n      | ")
}

// golden compares the commands with testdata/<name>.txt, or writes it with -update.
func (c *commands) golden(name string) {
	c.t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if *rewrite {
		if err := os.WriteFile(path, []byte(c.String()), 0o644); err != nil {
			c.t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		c.t.Fatal(err)
	}
	if got := c.String(); got != string(want) {
		c.t.Errorf("%s differs (go test ./modules/bitrix24/mapping -update rewrites it)\ngot:\n%s\nwant:\n%s",
			path, got, want)
	}
}
