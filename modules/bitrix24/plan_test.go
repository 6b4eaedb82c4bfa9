package bitrix24_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestPlan_sizes keeps packages and files so small that a reader finds a thing by its name. The emulator is left out of
// the count of files: it has one for each record of the portal.
func TestPlan_sizes(t *testing.T) {
	t.Parallel()
	const lines, files, rootFiles = 400, 36, 12
	count := map[string]int{}
	for path, text := range sources(t) {
		if n := bytes.Count(text, []byte("\n")); n > lines {
			t.Errorf("%s has %d lines, more than %d", path, n, lines)
		}
		if !strings.HasSuffix(path, "_test.go") {
			count[filepath.Dir(path)]++
		}
	}
	for folder, n := range count {
		most := files
		switch {
		case folder == ".":
			most = rootFiles
		case folder == "emulator" || strings.HasPrefix(folder, "emulator/"):
			continue
		}
		if n > most {
			t.Errorf("%s has %d files besides tests, more than %d", folder, n, most)
		}
	}
}

// TestPlan_docListsEveryJob compares the tables of doc.go with the jobs that the code has.
func TestPlan_docListsEveryJob(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	kind := regexp.MustCompile(`Kind\(\) string +\{ return portal\.(?:Bulk)?Lane \+ "\.(\w+)" \}`)
	found := 0
	for path, text := range sources(t) {
		for _, match := range kind.FindAllSubmatch(text, -1) {
			found++
			if !bytes.Contains(doc, []byte("\n//\t"+string(match[1])+" ")) {
				t.Errorf("doc.go does not list the job %s of %s", match[1], path)
			}
		}
	}
	if found < 12 {
		t.Errorf("only %d kinds of jobs found", found)
	}
}

// sources are the module's Go files, by their path below this package.
func sources(t *testing.T) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" {
			return err
		}
		files[filepath.ToSlash(path)], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
