package panel

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io"
	"path"
	"regexp"
	"strings"
	"time"
)

// hostOwner is the name under which the host's own static files are served.
const hostOwner = "panel"

// definesContent tells a page from a fragment.
var definesContent = regexp.MustCompile(`\{\{-?\s*define\s+"content"\s*-?\}\}`)

// templates are all pages and fragments, parsed once for each language: <owner>/<file> without its ending.
type templates map[Language]map[string]*template.Template

// execute runs one template of a parsed page into memory.
func (t templates) execute(lang Language, page, name string, data any) ([]byte, error) {
	set := t[lang][page]
	if set == nil {
		return nil, fmt.Errorf("render %s: no such template", page)
	}
	var buf bytes.Buffer
	if err := set.ExecuteTemplate(&buf, name, data); err != nil {
		return nil, fmt.Errorf("render %s: %w", page, err)
	}
	return buf.Bytes(), nil
}

// source is a template file before parsing.
type source struct{ name, text string }

// parseTemplates reads every owner's templates. A page is the layout, the form templates, the fragments of its own
// folder and itself, so two pages may both define "content".
func parseTemplates(owners []owner, zone *time.Location, assets *assets) (templates, error) {
	words := dictionary{}
	for _, o := range owners {
		if err := words.read(o.templates); err != nil {
			return nil, fmt.Errorf("templates of %s: %w", o.name, err)
		}
	}
	folders, base, err := readTemplates(owners)
	if err != nil {
		return nil, err
	}
	all := templates{}
	for _, lang := range languages {
		parsed, err := parseLanguage(funcs(lang, zone, words, assets), base, folders)
		if err != nil {
			return nil, err
		}
		all[lang] = parsed
	}
	return all, nil
}

// readTemplates returns the files of each owner's folder, and apart from them the layout and the form templates.
func readTemplates(owners []owner) (folders map[string][]source, base []source, err error) {
	folders = map[string][]source{}
	for _, o := range owners {
		err := o.templates.each(".html", func(file string, text []byte) {
			folder, name := path.Dir(file), strings.TrimSuffix(path.Base(file), ".html")
			switch {
			case o.name != hostOwner:
				folders[o.name] = append(folders[o.name], source{o.name + "/" + name, string(text)})
			case folder == ".":
				base = append(base, source{name, string(text)})
			case folder == "form":
				base = append(base, source{"form/" + name, string(text)})
			default:
				folders[folder] = append(folders[folder], source{folder + "/" + name, string(text)})
			}
		})
		if err != nil {
			return nil, nil, fmt.Errorf("templates of %s: %w", o.name, err)
		}
	}
	return folders, base, nil
}

// parseLanguage parses everything for one language.
func parseLanguage(
	funcs template.FuncMap, base []source, folders map[string][]source,
) (map[string]*template.Template, error) {
	shared, err := parseInto(template.New("").Funcs(funcs), base)
	if err != nil {
		return nil, err
	}
	parsed := map[string]*template.Template{}
	for _, files := range folders {
		var pages, fragments []source
		for _, file := range files {
			if definesContent.MatchString(file.text) {
				pages = append(pages, file)
			} else {
				fragments = append(fragments, file)
			}
		}
		folder, err := parseInto(template.Must(shared.Clone()), fragments)
		if err != nil {
			return nil, err
		}
		for _, page := range pages {
			set, err := parseInto(template.Must(folder.Clone()), []source{page})
			if err != nil {
				return nil, err
			}
			if err := checkEscaping(set, "layout"); err != nil {
				return nil, fmt.Errorf("template %s: %w", page.name, err)
			}
			parsed[page.name] = set
		}
		for _, fragment := range fragments {
			if err := checkEscaping(folder, fragment.name); err != nil {
				return nil, fmt.Errorf("template %s: %w", fragment.name, err)
			}
			parsed[fragment.name] = folder
		}
	}
	return parsed, nil
}

func parseInto(set *template.Template, files []source) (*template.Template, error) {
	for _, file := range files {
		if _, err := set.New(file.name).Parse(file.text); err != nil {
			return nil, fmt.Errorf("template %s: %w", file.name, err)
		}
	}
	return set, nil
}

// checkEscaping has html/template look at the places of all values now, which it would otherwise do on the first
// request. The execution itself stops at the first field, for there is no data.
func checkEscaping(set *template.Template, name string) error {
	err := set.ExecuteTemplate(io.Discard, name, struct{}{})
	if escaping, ok := errors.AsType[*template.Error](err); ok {
		return escaping
	}
	return nil
}
