package app_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	path     = "github.com/pixlpark/panel"
	bitrix24 = path + "/modules/bitrix24"
	emulator = bitrix24 + "/emulator"
)

// TestImports holds the rules of who may know whom: imports point from main to modules to the host to its tools.
func TestImports(t *testing.T) {
	tools := []string{"db", "cache", "jobs", "once", "settings", "form", "money", "panel", "staff", "refusal", "pasted", "phone", "email"}
	nouns := []string{"orders", "clients", "organizations", "export", "sites", "tariff", "shop", "api"}
	rules := []struct {
		rule  string
		who   func(pkg string) bool
		never func(imported string) bool
	}{
		{
			"the host knows no module",
			func(pkg string) bool {
				return under(pkg, "app") || under(pkg, "templates") || under(pkg, "static") || under(pkg, "migrations")
			},
			func(i string) bool { return under(i, "modules") },
		},
		{
			"the host's tools know no orders, clients or organizations",
			func(pkg string) bool { return among(pkg, "app/", tools) },
			func(i string) bool { return i == path+"/app" || among(i, "app/", nouns) },
		},
		{
			"the client of the portal knows nothing of ours",
			func(pkg string) bool { return pkg == bitrix24+"/rest" },
			func(i string) bool { return under(i, "") || strings.Contains(i, ".") },
		},
		{
			"the emulator stands on the standard library and its own imitation of PHP",
			func(pkg string) bool { return pkg == emulator },
			func(i string) bool { return i != emulator+"/php" && (under(i, "") || strings.Contains(i, ".")) },
		},
		{
			"the imitation of PHP, and whatever else lies below the emulator, stands on the standard library alone",
			func(pkg string) bool { return strings.HasPrefix(pkg, emulator+"/") },
			func(i string) bool { return under(i, "") || strings.Contains(i, ".") },
		},
		{
			"mapping and plan are pure: no database, no network, no web",
			func(pkg string) bool { return pkg == bitrix24+"/mapping" || pkg == bitrix24+"/plan" },
			func(i string) bool {
				return strings.HasPrefix(i, "gorm.io/") || strings.HasPrefix(i, "github.com/labstack/") ||
					i == "net/http" || i == path+"/app/db"
			},
		},
		{
			"what the tests of a module share is imported by tests only",
			func(pkg string) bool { return !under(pkg, "modules/bitrix24/bitrix24test") },
			func(i string) bool { return under(i, "modules/bitrix24/bitrix24test") },
		},
	}
	for pkg, imports := range packages(t) {
		for _, r := range rules {
			if !r.who(pkg) {
				continue
			}
			for _, imported := range imports {
				if r.never(imported) {
					t.Errorf("%s: %s imports %s", r.rule, pkg, imported)
				}
			}
		}
		if module, ok := moduleOf(pkg); ok {
			for _, imported := range imports {
				if other, ok := moduleOf(imported); ok && other != module {
					t.Errorf("modules know nothing of each other: %s imports %s", pkg, imported)
				}
			}
		} else if pkg != path && pkg != path+"/.ci/pictures" && pkg != path+"/.ci/smoke" {
			for _, imported := range imports {
				if _, ok := moduleOf(imported); ok {
					t.Errorf("only main names a module: %s imports %s", pkg, imported)
				}
			}
		}
	}
}

// TestImports_bitrix24 holds the plan of the module's packages: each imports only those that stand below it, so none
// imports its neighbour. The emulator and what tests share stand apart and are known to none of them.
func TestImports_bitrix24(t *testing.T) {
	plan := [][]string{
		{""},
		{"/pages", "/setup", "/compare", "/backfill"},
		{"/exchange"},
		{"/portal"},
		{"/records"},
		{"/plan"},
		{"/mapping"},
		{"/rest"},
	}
	height := map[string]int{}
	for i, row := range plan {
		for _, name := range row {
			height[bitrix24+name] = len(plan) - i
		}
	}
	found := packages(t)
	for pkg := range height {
		if _, ok := found[pkg]; !ok {
			t.Errorf("%s of the plan is not there", pkg)
		}
	}
	for pkg, imports := range found {
		apart := under(pkg, "modules/bitrix24/emulator") || under(pkg, "modules/bitrix24/bitrix24test") ||
			pkg == bitrix24+"/faults" // tests only
		if !under(pkg, "modules/bitrix24") || apart {
			continue
		}
		if height[pkg] == 0 {
			t.Errorf("%s has no place in the plan", pkg)
		}
		for _, imported := range imports {
			if under(imported, "modules/bitrix24") && (height[imported] == 0 || height[imported] >= height[pkg]) {
				t.Errorf("%s imports %s, which does not stand below it", pkg, imported)
			}
		}
	}
}

// TestHost_neverMentionsTheModule greps: a name in a comment or a template is the beginning of knowing.
func TestHost_neverMentionsTheModule(t *testing.T) {
	for _, folder := range []string{".", "../templates", "../static", "../migrations"} {
		err := filepath.WalkDir(folder, func(file string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || strings.HasSuffix(file, "_test.go") {
				return err
			}
			text, err := os.ReadFile(file)
			if strings.Contains(strings.ToLower(string(text)), "bitrix") {
				t.Errorf("%s mentions the module", file)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// packages lists the program's packages with what each imports, tests left out.
func packages(t *testing.T) map[string][]string {
	t.Helper()
	list := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "./...")
	list.Dir = ".."
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	found := map[string][]string{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		found[fields[0]] = fields[1:]
	}
	if len(found) < 20 {
		t.Fatalf("only %d packages found", len(found))
	}
	return found
}

// under reports whether a package is the folder or lies below it.
func under(pkg, folder string) bool {
	root := strings.TrimSuffix(path+"/"+folder, "/")
	return pkg == root || strings.HasPrefix(pkg, root+"/")
}

func among(pkg, prefix string, names []string) bool {
	for _, name := range names {
		if under(pkg, prefix+name) {
			return true
		}
	}
	return false
}

func moduleOf(pkg string) (string, bool) {
	rest, ok := strings.CutPrefix(pkg, path+"/modules/")
	name, _, _ := strings.Cut(rest, "/")
	return name, ok
}
