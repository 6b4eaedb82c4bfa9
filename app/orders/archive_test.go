package orders_test

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/refusal"
)

// unpack reads a zip into its files by name, in their order.
func unpack(t testing.TB, data []byte) (names []string, files map[string]string) {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	files = map[string]string{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, f.Name)
		files[f.Name] = string(content)
	}
	return names, files
}

func (a *account) archive(o *orders.Order) ([]string, map[string]string) {
	a.t.Helper()
	var out bytes.Buffer
	if err := a.WriteArchive(a.t.Context(), &out, a.look(o.ID), moscow); err != nil {
		a.t.Fatal(err)
	}
	return unpack(a.t, out.Bytes())
}

func TestArchive_holdsSheetTableAndFiles(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newAccount(t, d)
		draft := a.draft(
			orders.Item{
				Name: "Визитки", Description: "90×50", Quantity: 2, Price: 450_00,
				Options: []orders.Option{{Title: "Лак", Description: "матовый", Price: 1_50, Quantity: 2}},
			},
			orders.Item{Name: "Плакат", Quantity: 1, Price: 100_00})
		draft.Comment, draft.Shipping.Title, draft.Shipping.Type, draft.Discount = "срочно", "Офис", orders.Point, 3_00
		o := a.place(draft)
		a.attach(o, 0, "макет.pdf", "лицо")
		a.attach(o, 0, "МАКЕТ.pdf", "оборот")
		a.attach(o, 1, "макет.pdf", "плакат")
		a.change(o.ID, func(o *orders.Order) { o.Say("Менеджер", "тайна", false) })

		names, files := a.archive(o)
		want := []string{
			"Заказ 3284901.html", "Заказ 3284901.csv", "Файлы/01 Визитки/макет.pdf", "Файлы/01 Визитки/МАКЕТ (2).pdf",
			"Файлы/02 Плакат/макет.pdf",
		}
		if !slices.Equal(names, want) {
			t.Errorf("archive holds %q, want %q", names, want)
		}
		if files[want[2]] != "лицо" || files[want[3]] != "оборот" || files[want[4]] != "плакат" {
			t.Errorf("files = %q", files)
		}
		page := files[want[0]]
		for _, words := range []string{
			"Ёлкин Иван", "ivan@example.ru", "Точка выдачи (Офис)", "срочно",
			"1\u00a0000,00\u00a0руб.", "Лак: матовый", "90×50", "Печатный двор", ">макет.pdf</a>",
		} {
			if !strings.Contains(page, words) {
				t.Errorf("the sheet lacks %q", words)
			}
		}
		table := csv.NewReader(strings.NewReader(strings.TrimPrefix(files[want[1]], "\uFEFF")))
		table.Comma, table.FieldsPerRecord = ';', -1
		rows, err := table.ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range [][]string{
			{"Заказ", "3284901"},
			{"Заказчик", "Ёлкин Иван"},
			{"1", "Визитки", "2", "450,00", "900,00", "90×50", want[2] + "\n" + want[3]},
			{"", "Лак: матовый", "2", "1,50", "3,00", "", ""},
			{"Скидка", "3,00\u00a0руб."},
			{"Итого к оплате", "1\u00a0000,00\u00a0руб."},
		} {
			if !slices.ContainsFunc(rows, func(got []string) bool { return slices.Equal(got, row) }) {
				t.Errorf("the table lacks %q: %q", row, rows)
			}
		}
		for name, text := range files {
			if strings.Contains(text, "тайна") {
				t.Errorf("%s tells what was said internally", name)
			}
		}
	})
}

func TestArchive_namesAndTextsOfCustomersAreHarmless(t *testing.T) {
	t.Parallel()
	a := newAccount(t, dbtest.New(t, db.SQLite))
	evil := []string{
		`../../../etc/cron.d/x`, `..\..\x`, `=cmd|' /C calc'!A0`, "+1+cmd", "-2+3", "@SUM(A1)", "\t=1+1",
		`<script>alert(1)</script>`, strings.Repeat("я", 400),
		"a\nb", `"; =1+1; "`, "CON: <x>", "...", "имя\u202exe", "con", "NUL.txt", "com1.tar.gz", "LPT¹",
	}
	var items []orders.Item
	for _, name := range evil {
		items = append(items, orders.Item{Name: name, Comment: name, Quantity: 1})
	}
	draft := a.draft(items...)
	draft.Comment = `=HYPERLINK("http://evil")`
	o := a.place(draft)
	for i, name := range evil {
		a.attach(o, i, name, "x")
	}
	names, files := a.archive(o)
	if len(names) != 2+len(evil) {
		t.Errorf("%d entries, want %d", len(names), 2+len(evil))
	}
	seen := map[string]bool{}
	for _, name := range names {
		if path.Clean(name) != name || path.IsAbs(name) || strings.Contains(name, "..") ||
			strings.ContainsAny(name, "\\:*?\"<>|\n\u202e") || !utf8.ValidString(name) || len(name) > 600 {
			t.Errorf("name %q", name)
		}
		if base := strings.ToLower(path.Base(name)); base == "con" || strings.HasPrefix(base, "nul.") ||
			strings.HasPrefix(base, "com1.") || base == "lpt¹" {
			t.Errorf("name %q is a device of Windows", name)
		}
		if seen[strings.ToLower(name)] {
			t.Errorf("name %q twice", name)
		}
		seen[strings.ToLower(name)] = true
	}
	if strings.Contains(files[names[0]], "<script>") {
		t.Error("the sheet runs a customer's script")
	}
	table := csv.NewReader(strings.NewReader(strings.TrimPrefix(files[names[1]], "\uFEFF")))
	table.Comma, table.FieldsPerRecord = ';', -1
	rows, err := table.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") {
				t.Errorf("a spreadsheet would run %q", cell)
			}
		}
	}
}

func TestArchive_isServedToWhoeverHasTheLink(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a := newAccount(t, d)
		o := a.place(a.draft())
		a.attach(o, 0, "макет.pdf", "макет")
		server := echo.New()
		server.HTTPErrorHandler = func(err error, c echo.Context) {
			if no, ok := refusal.From(err); ok && no.Kind == refusal.NotFound {
				_ = c.NoContent(http.StatusNotFound)
				return
			}
			_ = c.NoContent(http.StatusInternalServerError)
		}
		a.ServeArchive(server, moscow, dbtest.Silent())
		get := func(link string) *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			server.ServeHTTP(w, httptest.NewRequest(http.MethodGet, link, nil).WithContext(t.Context()))
			return w
		}
		link := orders.ArchiveURL("https://panel.example/", o)
		if want := "https://panel.example/orders/3284901/archive/" + o.ArchiveKey; link != want {
			t.Errorf("link = %s, want %s", link, want)
		}
		got := get(link)
		if got.Code != 200 || got.Header().Get("Content-Type") != "application/zip" ||
			got.Header().Get("Content-Disposition") != `attachment; filename="order-3284901.zip"` {
			t.Errorf("%d %v", got.Code, got.Header())
		}
		if names, _ := unpack(t, got.Body.Bytes()); len(names) != 3 {
			t.Errorf("served %q", names)
		}
		other := a.place(a.draft())
		for _, wrong := range []string{
			link[:len(link)-1], link + "x", strings.ToLower(link), strings.Replace(link, "3284901", "3284902", 1),
			strings.Replace(link, "3284901", "1", 1), strings.Replace(link, "3284901", "abc", 1),
			strings.Replace(link, o.ArchiveKey, other.ArchiveKey, 1),
		} {
			if got := get(wrong); got.Code != 404 || got.Header().Get("Content-Disposition") != "" {
				t.Errorf("%s = %d %v, want 404", wrong, got.Code, got.Header())
			}
		}
		revoked := a.change(o.ID, func(o *orders.Order) { o.ArchiveKey = "ANOTHERKEY" })
		if old, fresh := get(link).Code, get(orders.ArchiveURL("", revoked)).Code; old != 404 || fresh != 200 {
			t.Errorf("revoked: the old link answers %d, the new one %d", old, fresh)
		}
	})
}

// A receiver that goes away ends the archive with an error, not with half of one that looks whole.
func TestArchive_cutShort(t *testing.T) {
	t.Parallel()
	a := newAccount(t, dbtest.New(t, db.SQLite))
	o := a.place(a.draft())
	a.attach(o, 0, "макет.pdf", strings.Repeat("x", 100_000))
	full := errors.New("gone")
	if err := a.WriteArchive(t.Context(), &narrow{room: 50_000, err: full}, a.look(o.ID), moscow); !errors.Is(err, full) {
		t.Errorf("error = %v, want the receiver's", err)
	}
}

// narrow takes so much and no more.
type narrow struct {
	room int
	err  error
}

func (n *narrow) Write(p []byte) (int, error) {
	if n.room -= len(p); n.room < 0 {
		return 0, n.err
	}
	return len(p), nil
}
