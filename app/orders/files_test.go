package orders_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

// attach attaches a file to an item of an order.
func (a *account) attach(o *orders.Order, item int, name, content string) *orders.File {
	a.t.Helper()
	f, err := a.AttachFile(staff.WithActor(a.t.Context(), staff.Site()), o.ID, o.Items[item].ID, name,
		strings.NewReader(content))
	if err != nil {
		a.t.Fatal(err)
	}
	return f
}

func TestAttachFile_comesBackAsItWas(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newAccount(t, d)
		o := a.place(a.draft())
		content := string([]byte{0, 1, 2, 255, '\n'}) + "макет"
		f := a.attach(o, 0, "макет.pdf", content)
		got, data, err := a.ReadFile(t.Context(), o.ID, f.ID)
		if err != nil || string(data) != content || got.Name != "макет.pdf" || got.Size != int64(len(content)) {
			t.Errorf("read %+v with %q, %v", got, data, err)
		}
		if files := a.look(o.ID).Items[0].Files; len(files) != 1 || files[0] != *f {
			t.Errorf("files of the order = %+v", files)
		}
		if told := a.told(o.ID); len(told) != 2 || told[1] != "Приложен файл: макет.pdf" {
			t.Errorf("history = %q", told)
		}
		other := a.place(a.draft())
		if _, _, err := a.ReadFile(t.Context(), other.ID, f.ID); err == nil {
			t.Error("read through another order")
		}
		if err := a.RemoveFile(t.Context(), other.ID, f.ID); err == nil {
			t.Error("removed through another order")
		}
		if err := a.RemoveFile(staff.WithActor(t.Context(), staff.Site()), o.ID, f.ID); err != nil {
			t.Fatal(err)
		}
		if _, _, err := a.ReadFile(t.Context(), o.ID, f.ID); err == nil {
			t.Error("read after removal")
		}
		a.contents(0)
	})
}

// contents checks how many contents are stored.
func (a *account) contents(want int64) {
	a.t.Helper()
	var n int64
	if err := a.db.From(a.t.Context()).Table("file_contents").Count(&n).Error; err != nil || n != want {
		a.t.Errorf("%d contents are stored, %v; want %d", n, err, want)
	}
}

func TestAttachFile_refusals(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newAccount(t, d)
		o, other := a.place(a.draft()), a.place(a.draft())
		item := o.Items[0].ID
		for name, tt := range map[string]struct {
			order, item int64
			content     []byte
			kind        refusal.Kind
		}{
			"empty":                {o.ID, item, nil, refusal.Invalid},
			"a byte too long":      {o.ID, item, make([]byte, orders.MaxFileSize+1), refusal.Invalid},
			"unknown order":        {5, item, []byte("x"), refusal.NotFound},
			"another order's item": {o.ID, other.Items[0].ID, []byte("x"), refusal.NotFound},
		} {
			_, err := a.AttachFile(t.Context(), tt.order, tt.item, "x.pdf", bytes.NewReader(tt.content))
			if no, ok := refusal.From(err); !ok || no.Kind != tt.kind {
				t.Errorf("%s: %v, want %s", name, err, tt.kind)
			}
		}
		broken := errors.New("connection lost")
		if _, err := a.AttachFile(t.Context(), o.ID, item, "x.pdf", iotest.ErrReader(broken)); !errors.Is(err, broken) {
			t.Errorf("half a file: %v", err)
		}
		a.contents(0)
		if _, err := a.AttachFile(t.Context(), o.ID, item, "полон.tif",
			bytes.NewReader(make([]byte, orders.MaxFileSize))); err != nil {
			t.Errorf("a file of exactly the limit: %v", err)
		}
	})
}

func TestAttachFile_twentyToAnItemHoweverManyAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newAccount(t, d)
		o := a.place(a.draft())
		for n := range orders.MaxFiles - 2 {
			a.attach(o, 0, fmt.Sprint(n), "x")
		}
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				_, err := a.AttachFile(t.Context(), o.ID, o.Items[0].ID, "x", strings.NewReader("x"))
				if _, refused := refusal.From(err); err != nil && !refused {
					t.Errorf("attach: %v", err)
				}
			})
		}
		all.Wait()
		a.contents(orders.MaxFiles)
	})
}

func TestFiles_goWithTheirItem(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newAccount(t, d)
		o := a.place(a.draft(orders.Item{Name: "a", Quantity: 1}, orders.Item{Name: "b", Quantity: 1}))
		a.attach(o, 0, "a.pdf", "a")
		a.attach(o, 1, "b.pdf", "b")
		a.change(o.ID, func(o *orders.Order) { o.ReplaceItems([]orders.Item{{Name: "b", Quantity: 5}}) })
		got := a.look(o.ID)
		if len(got.Items) != 1 || len(got.Items[0].Files) != 1 || got.Items[0].Files[0].Name != "b.pdf" {
			t.Errorf("items = %+v", got.Items)
		}
		a.contents(1)
	})
}

func TestAttachFile_names(t *testing.T) {
	t.Parallel()
	a := newAccount(t, dbtest.New(t, db.SQLite))
	long := strings.Repeat("я", 300)
	for typed, want := range map[string]string{
		"макет.pdf": "макет.pdf", `C:\Users\anna\макет.pdf`: "макет.pdf", "../../etc/passwd": "passwd",
		"/etc/shadow": "shadow", "..": "файл", "": "файл", "a/": "файл",
		`a<b>:"|?*.pdf`: "a_b______.pdf", "a\x00b\nc\r.pdf": "abc.pdf", " .скрытый. ": "скрытый",
		"exe\u202egnp.jpg": "exegnp.jpg", "\xff\xfe.pdf": "pdf",
		long + ".tiff": long[:2*(150-5)] + ".tiff", long: long[:2*150],
	} {
		o := a.place(a.draft())
		if got := a.attach(o, 0, typed, "x").Name; got != want {
			t.Errorf("%.40q is kept as %q, want %q", typed, got, want)
		}
	}
}
