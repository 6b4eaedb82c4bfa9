package apptest

import (
	"net/url"
	"regexp"
	"strings"
)

var (
	formField  = regexp.MustCompile(`(?s)<input\b([^>]*)>|<select\b([^>]*)>(.*?)</select>|<textarea\b([^>]*)>(.*?)</textarea>`)
	formOption = regexp.MustCompile(`<option\b([^>]*)>`)
	attribute  = regexp.MustCompile(`\b([a-z]+)(?:="([^"]*)")?`)
)

// Fields are what a browser would send of a page's forms if nobody typed anything: the fields whose names begin with
// prefix.
func Fields(page, prefix string) url.Values {
	values := url.Values{}
	for _, found := range formField.FindAllStringSubmatch(page, -1) {
		attributes := attributesOf(found[1] + found[2] + found[4])
		name := attributes["name"]
		if name == "" || !strings.HasPrefix(name, prefix) {
			continue
		}
		_, checked := attributes["checked"]
		switch kind := attributes["type"]; {
		case found[2] != "":
			values.Set(name, chosen(found[3]))
		case found[4] != "":
			values.Set(name, found[5])
		case kind == "checkbox", kind == "radio":
			if checked {
				values.Add(name, attributes["value"])
			}
		default:
			values.Add(name, attributes["value"])
		}
	}
	return values
}

// chosen is the option that is selected, else the first.
func chosen(options string) string {
	first := ""
	for i, found := range formOption.FindAllStringSubmatch(options, -1) {
		attributes := attributesOf(found[1])
		if _, selected := attributes["selected"]; selected {
			return attributes["value"]
		}
		if i == 0 {
			first = attributes["value"]
		}
	}
	return first
}

func attributesOf(text string) map[string]string {
	all := map[string]string{}
	for _, found := range attribute.FindAllStringSubmatch(text, -1) {
		all[found[1]] = found[2]
	}
	return all
}
