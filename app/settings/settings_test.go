package settings_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pixlpark/panel/app/cache"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/settings"
)

const plain = "hunter2-код"

type shop struct {
	URL  string
	Code settings.Sealed
}

func newKeys(t *testing.T) *settings.Keys {
	t.Helper()
	keys, err := settings.LoadKeys(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func seal(t *testing.T, keys *settings.Keys, place string) settings.Sealed {
	t.Helper()
	sealed, err := keys.Seal(place, plain)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func save(t *testing.T, d *db.DB, s *settings.Store, value any) {
	t.Helper()
	err := d.Transaction(t.Context(), func(_ context.Context, tx *db.Tx) error { return s.Save(tx, "shop", value) })
	if err != nil {
		t.Fatal(err)
	}
}

func TestStore_savesAndForgetsAtOnce(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if err := d.Check(t.Context(), settings.Models()...); err != nil {
			t.Fatal(err)
		}
		s := settings.New(d, cache.New(d), newKeys(t))
		load := func(ctx context.Context) shop {
			t.Helper()
			got, err := settings.Load[shop](ctx, s, "shop")
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		if got := load(t.Context()); got != (shop{}) {
			t.Errorf("never saved: %+v", got)
		}
		for _, url := range []string{"https://a", "https://b"} {
			save(t, d, s, shop{URL: url, Code: seal(t, s.Keys, "shop/code")})
			got := load(t.Context())
			code, err := s.Keys.Open("shop/code", got.Code)
			if got.URL != url || code != plain || err != nil {
				t.Errorf("got %+v, code %q, %v", got, code, err)
			}
		}
		// In a transaction its own value counts, and only there.
		refused := errors.New("refused")
		err := d.Transaction(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			if err := s.Save(tx, "shop", shop{URL: "https://c"}); err != nil {
				return err
			}
			if got := load(ctx); got.URL != "https://c" {
				t.Errorf("inside: %+v", got)
			}
			return refused
		})
		if !errors.Is(err, refused) {
			t.Fatal(err)
		}
		if got := load(t.Context()); got.URL != "https://b" {
			t.Errorf("after the rollback: %+v", got)
		}
	})
}

func TestStore_callersDoNotShareWhatTheyLoad(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := settings.New(d, cache.New(d), newKeys(t))
		save(t, d, s, map[string]string{"a": "1"})
		for range 2 {
			got, err := settings.Load[map[string]string](t.Context(), s, "shop")
			if err != nil || got["a"] != "1" {
				t.Fatalf("got %v, %v", got, err)
			}
			got["a"] = "changed"
		}
	})
}

func TestStore_plainTextIsNowhere(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := settings.New(d, cache.New(d), newKeys(t))
		save(t, d, s, shop{Code: seal(t, s.Keys, "shop/code")})
		var document string
		if err := d.From(t.Context()).Raw("SELECT document FROM settings").Scan(&document).Error; err != nil {
			t.Fatal(err)
		}
		if strings.Contains(document, "hunter2") || !strings.Contains(document, "sealed:") {
			t.Errorf("document = %s", document)
		}
	})
}

func TestSealed_neverPrintsTheSecret(t *testing.T) {
	t.Parallel()
	doc := shop{Code: seal(t, newKeys(t), "shop/code")}
	asJSON, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		fmt.Sprint(doc), fmt.Sprintf("%+v", doc), fmt.Sprintf("%#v", doc),
		fmt.Sprintf("%s %q %x", doc.Code, doc.Code, doc.Code),
		doc.Code.String(), string(asJSON),
	} {
		if strings.Contains(text, "hunter2") || strings.Contains(text, base64.RawStdEncoding.EncodeToString([]byte(plain))) {
			t.Errorf("leaked in %q", text)
		}
	}
	if got := doc.Code.String(); got != "••••" {
		t.Errorf("String() = %q, want a mask", got)
	}
	if got := (settings.Sealed{}).String(); got != "" {
		t.Errorf("String() of no secret = %q", got)
	}
}

func TestSealed_refusesWhatIsNotSealed(t *testing.T) {
	t.Parallel()
	var doc shop
	err := json.Unmarshal([]byte(`{"Code": "hunter2"}`), &doc)
	if !errors.Is(err, settings.ErrNotSealed) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("from JSON: err = %v", err)
	}
	var s settings.Sealed
	for _, value := range []any{"hunter2", []byte("hunter2"), 42} {
		if err := s.Scan(value); !errors.Is(err, settings.ErrNotSealed) {
			t.Errorf("from a column with %T: err = %v", value, err)
		}
	}
	if err := s.Scan(nil); err != nil || !s.IsZero() {
		t.Errorf("from NULL: %v, %v", s, err)
	}
}

func TestKeys_opensOnlyWhatIsItsOwn(t *testing.T) {
	t.Parallel()
	first, second := make([]byte, settings.KeySize), make([]byte, settings.KeySize)
	second[0] = 1
	keys := func(secrets ...[]byte) *settings.Keys {
		k, err := settings.NewKeys(secrets...)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	sealed := seal(t, keys(first), "shop/code")
	var damaged settings.Sealed
	text, _ := sealed.Value()
	if err := damaged.Scan(text.(string)[:len(text.(string))-4] + "AAAA"); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		keys  *settings.Keys
		place string
		value settings.Sealed
		ok    bool
	}{
		"the same key":             {keys(first), "shop/code", sealed, true},
		"an older key beside":      {keys(second, first), "shop/code", sealed, true},
		"another key":              {keys(second), "shop/code", sealed, false},
		"another place":            {keys(first), "shop/token", sealed, false},
		"damaged":                  {keys(first), "shop/code", damaged, false},
		"twice the same is unlike": {keys(first), "shop/code", seal(t, keys(first), "shop/code"), true},
	} {
		got, err := c.keys.Open(c.place, c.value)
		if c.ok && (got != plain || err != nil) || !c.ok && (got != "" || err == nil) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	if again := seal(t, keys(first), "shop/code"); again == sealed {
		t.Error("the same secret sealed twice reads the same")
	}
}

func TestKeys_deriveOneForEachPurpose(t *testing.T) {
	t.Parallel()
	keys := newKeys(t)
	derive := func(k *settings.Keys, purpose string) string {
		key, err := k.Derive(purpose)
		if err != nil || len(key) != settings.KeySize {
			t.Fatalf("%d bytes, %v", len(key), err)
		}
		return string(key)
	}
	key := derive(keys, "a")
	if again := derive(keys, "a"); again != key || key == derive(keys, "b") || key == derive(newKeys(t), "a") {
		t.Error("a derived key is that of its purpose and its secret alone")
	}
	got := fmt.Sprintf("%v %+v %#v %x", keys, keys, keys, keys)
	if strings.Trim(strings.ReplaceAll(got, "settings.Keys", ""), " ") != "" {
		t.Errorf("printed: %s", got)
	}
}

func TestLoadKeys_makesAFileForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	var starts sync.WaitGroup
	loaded := make([]*settings.Keys, 4)
	for i := range loaded {
		starts.Go(func() {
			var err error
			if loaded[i], err = settings.LoadKeys(dir, ""); err != nil {
				t.Error(err)
			}
		})
	}
	starts.Wait()
	sealed := seal(t, loaded[0], "a")
	for _, keys := range loaded {
		if got, err := keys.Open("a", sealed); got != plain || err != nil {
			t.Errorf("another start has another key: %v", err)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 1 {
		t.Fatalf("files = %v, %v, want the key's alone", files, err)
	}
	path := filepath.Join(dir, files[0].Name())
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode = %v, %v, want 0600", info.Mode(), err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := settings.LoadKeys(dir, ""); err == nil {
		t.Error("a key that everybody can read is accepted")
	}
}

func TestLoadKeys_refusesBadKeysWithoutQuotingThem(t *testing.T) {
	t.Parallel()
	short := base64.StdEncoding.EncodeToString([]byte("too short"))
	for _, text := range []string{"not base64!", short, short + ","} {
		if _, err := settings.LoadKeys(t.TempDir(), text); err == nil || strings.Contains(err.Error(), text) {
			t.Errorf("err = %v", err)
		}
	}
	if _, err := settings.LoadKeys("", ""); err == nil || !strings.Contains(err.Error(), "SECRET_KEY") {
		t.Errorf("without file and variable: err = %v", err)
	}
}

func TestKeys_sealAnewWithTheFirst(t *testing.T) {
	t.Parallel()
	older, newer := make([]byte, settings.KeySize), make([]byte, settings.KeySize)
	newer[0] = 1
	keys := func(secrets ...[]byte) *settings.Keys {
		k, err := settings.NewKeys(secrets...)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	sealed := seal(t, keys(older), "shop/code")
	anew, err := keys(newer, older).SealAnew("shop/code", sealed)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := keys(newer).Open("shop/code", anew); got != plain || err != nil {
		t.Errorf("without the older key: %q, %v", got, err)
	}
	if same, err := keys(newer, older).SealAnew("shop/code", anew); same != anew || err != nil {
		t.Errorf("sealed with the first key already: another text, %v", err)
	}
	if kept, err := keys(newer).SealAnew("shop/code", sealed); kept != sealed || err == nil {
		t.Errorf("no key opens it: changed %v, %v", kept != sealed, err)
	}
	if _, err := keys(newer, older).SealAnew("shop/token", sealed); err == nil {
		t.Error("sealed anew for another place")
	}
	if none, err := keys(newer).SealAnew("shop/code", settings.Sealed{}); !none.IsZero() || err != nil {
		t.Errorf("no secret: %v, %v", none, err)
	}
}

func TestChange_savesWhatIsChangedAndNothingElse(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := settings.New(d, cache.New(d), newKeys(t))
		change := func(to string) (seen string) {
			t.Helper()
			err := d.Transaction(t.Context(), func(_ context.Context, tx *db.Tx) error {
				return settings.Change(tx, s, "shop", func(value *shop) bool {
					seen = value.URL
					value.URL = to
					return to != ""
				})
			})
			if err != nil {
				t.Fatal(err)
			}
			return seen
		}
		load := func() string {
			t.Helper()
			got, err := settings.Load[shop](t.Context(), s, "shop")
			if err != nil {
				t.Fatal(err)
			}
			return got.URL
		}
		if change("https://b"); load() != "" {
			t.Error("a document that was never saved is there")
		}
		save(t, d, s, shop{URL: "https://a"})
		if seen := change(""); seen != "https://a" || load() != "https://a" {
			t.Errorf("nothing to change: saw %q, left %q", seen, load())
		}
		if change("https://b"); load() != "https://b" {
			t.Errorf("changed: %q", load())
		}
	})
}
