package panel

import (
	"embed"
	"errors"
	"io/fs"
	"path"
	"reflect"
	"slices"
	"sync"
	"time"
)

// owner has templates and static files under one name: "panel" for the host's own, or a module's.
type owner struct {
	name              string
	templates, static folder
}

// folder is a folder of some files. Unlike what fs.Sub returns it equals another one of the same embedded files.
type folder struct {
	files fs.FS // nil: no files
	path  string
}

// each reads the files with that ending ("" for every file). A folder that is not there has none.
func (f folder) each(ending string, fn func(file string, text []byte)) error {
	if f.files == nil {
		return nil
	}
	files, err := fs.Sub(f.files, f.path)
	if err != nil {
		return err
	}
	return fs.WalkDir(files, ".", func(file string, entry fs.DirEntry, err error) error {
		if file == "." && errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || entry.IsDir() || ending != "" && path.Ext(file) != ending {
			return err
		}
		text, err := fs.ReadFile(files, file)
		if err == nil {
			fn(file, text)
		}
		return err
	})
}

// embedded reports whether the files are part of the program, so that they never change.
func (f folder) embedded() bool {
	_, ok := f.files.(embed.FS)
	return ok || f.files == nil
}

// loaded are the files of all owners, read and parsed together. Nothing in it belongs to one panel.
type loaded struct {
	assets    *assets
	templates templates
}

// load reads and parses the owners' files. What is embedded in the program is parsed once: a second panel of the
// process takes what the first one has. A program has one panel, but a test binary hundreds, of 15 MB and a tenth of a
// second each.
func load(owners []owner, zone *time.Location) (*loaded, error) {
	for _, o := range owners {
		if !o.templates.embedded() || !o.static.embedded() {
			return parse(owners, zone)
		}
	}
	return embeddedSet(owners, zone).load()
}

// embeddedSets remember what load parsed. The variable is the only place where panels of a process meet.
var embeddedSets struct {
	sync.Mutex
	all []*parsedSet
}

// parsedSet are files that never change, and what they were parsed to.
type parsedSet struct {
	owners []owner
	zone   *time.Location
	load   func() (*loaded, error)
}

// embeddedSet finds the set of the owners, or adds it. Who comes while it is being parsed waits for it.
func embeddedSet(owners []owner, zone *time.Location) *parsedSet {
	embeddedSets.Lock()
	defer embeddedSets.Unlock()
	for _, set := range embeddedSets.all {
		if slices.Equal(set.owners, owners) && sameZone(set.zone, zone) {
			return set
		}
	}
	set := &parsedSet{owners: slices.Clone(owners), zone: zone}
	set.load = sync.OnceValues(func() (*loaded, error) { return parse(set.owners, set.zone) })
	embeddedSets.all = append(embeddedSets.all, set)
	return set
}

// sameZone compares zones by what is in them, for each time.LoadLocation makes a value of its own.
func sameZone(a, b *time.Location) bool {
	return a == b || a.String() == b.String() && reflect.DeepEqual(a, b)
}

func parse(owners []owner, zone *time.Location) (*loaded, error) {
	assets, err := readAssets(owners)
	if err != nil {
		return nil, err
	}
	templates, err := parseTemplates(owners, zone, assets)
	if err != nil {
		return nil, err
	}
	return &loaded{assets: assets, templates: templates}, nil
}
