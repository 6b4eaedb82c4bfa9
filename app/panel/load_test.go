package panel

import (
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pixlpark/panel/static"
	pages "github.com/pixlpark/panel/templates"
)

func TestLoad_parsesEmbeddedFilesOnceAProcess(t *testing.T) {
	t.Parallel()
	host := owner{hostOwner, folder{pages.FS, "."}, folder{static.FS, "."}}
	moscow := func() *time.Location { return time.FixedZone("MSK", 3*60*60) }
	must := func(owners []owner, zone *time.Location) *loaded {
		t.Helper()
		parsed, err := load(owners, zone)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	var first, second *loaded
	var both sync.WaitGroup
	both.Go(func() { first, _ = load([]owner{host}, moscow()) })
	both.Go(func() { second, _ = load([]owner{host}, moscow()) })
	both.Wait()
	if first == nil || first != second || first != must([]owner{host}, moscow()) {
		t.Error("the same embedded files were parsed more than once")
	}
	if must([]owner{host}, time.FixedZone("MSK", 4*60*60)) == first {
		t.Error("a panel of another time zone shares what writes times")
	}
	if must([]owner{host, {"shop", folder{}, folder{static.FS, "."}}}, moscow()) == first {
		t.Error("a panel of other owners shares their files")
	}
	changing := fstest.MapFS{"templates/page.html": {Data: []byte("one")}}
	owners := []owner{host, {"shop", folder{changing, "templates"}, folder{changing, "static"}}}
	if before, now := must(owners, moscow()), must(owners, moscow()); before == now {
		t.Error("files that may change were not read again")
	}
}
