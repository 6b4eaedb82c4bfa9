package templates_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// russianOnly are the folders and files whose texts no language is chosen for: the shop is the customers', the
// emulator the portal's, and demo data are data.
var russianOnly = []string{"app/shop/", "templates/shop/", "modules/bitrix24/emulator/", "app/seed.go", "app/panel/paneltest/", "app/apptest/"}

var (
	cyrillic = regexp.MustCompile(`[а-яА-ЯёЁ]`)
	spoken   = regexp.MustCompile(`\bt(?: \([^"()]*)? "([^"]+)"`)
)

// TestEnglish_isThereForEveryText looks for texts that the panel would leave in Russian when English is chosen: what
// templates say themselves, and what the code gives them as a label, a title, a hint or a notice.
func TestEnglish_isThereForEveryText(t *testing.T) {
	t.Parallel()
	english := map[string]string{}
	texts := map[string]string{} // text to place
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	root := os.DirFS("..")
	must(fs.WalkDir(root, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() && strings.HasPrefix(path, ".") && path != "." {
			return fs.SkipDir
		}
		if slices.ContainsFunc(russianOnly, func(prefix string) bool { return strings.HasPrefix(path, prefix) }) {
			return nil
		}
		switch {
		case e.Name() == "en.json":
			text, err := fs.ReadFile(root, path)
			must(err)
			must(json.Unmarshal(text, &english))
		case filepath.Ext(path) == ".html":
			text, err := fs.ReadFile(root, path)
			must(err)
			for _, found := range spoken.FindAllStringSubmatch(string(text), -1) {
				texts[found[1]] = path
			}
		case filepath.Ext(path) == ".go" && !strings.HasSuffix(path, "_test.go"):
			source, err := fs.ReadFile(root, path)
			must(err)
			files := token.NewFileSet()
			file, err := parser.ParseFile(files, path, source, parser.SkipObjectResolution)
			must(err)
			ast.Inspect(file, func(n ast.Node) bool {
				for _, expression := range shown(n) {
					if text, ok := constant(expression); ok {
						texts[text] = files.Position(n.Pos()).String()
					}
				}
				return true
			})
		}
		return nil
	}))
	if len(texts) < 500 {
		t.Errorf("only %d texts found: have templates or forms changed their shape?", len(texts))
	}
	for text, place := range texts {
		if cyrillic.MatchString(text) && english[text] == "" {
			t.Errorf("%s: no English for %q", place, text)
		}
	}
}

// shown are the expressions of a node that people get to see as they are.
func shown(n ast.Node) []ast.Expr {
	switch n := n.(type) {
	case *ast.KeyValueExpr: // panel.Page{Title: …}, panel.Action{Label: …}
		key, ok := n.Key.(*ast.Ident)
		if ok && slices.Contains([]string{"Label", "Title", "Section", "Submit", "Action"}, key.Name) {
			return []ast.Expr{n.Value}
		}
	case *ast.CallExpr:
		called := n.Fun
		if generic, ok := called.(*ast.IndexExpr); ok {
			called = generic.X
		}
		method, ok := called.(*ast.SelectorExpr)
		if !ok {
			return nil
		}
		of, _ := method.X.(*ast.Ident)
		switch {
		case of != nil && of.Name == "form" && len(n.Args) > 1: // form.Text("name", "Имя", …)
			return n.Args[1:2]
		case method.Sel.Name == "Help" || method.Sel.Name == "Placeholder":
			return n.Args
		case method.Sel.Name == "Flash" && len(n.Args) == 3: // Flash(c, tone, "Сохранено")
			return n.Args[2:]
		}
	}
	return nil
}

// constant is a text that is written as it is; one put together with data has no translation.
func constant(e ast.Expr) (string, bool) {
	literal, ok := e.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(literal.Value)
	return text, err == nil
}
