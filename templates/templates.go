// Package templates holds the pages of the host: the layout, the templates that draw any form, and one folder for each
// part of the panel. app/panel parses them; a module brings its own.
package templates

import "embed"

// FS has layout.html at its root and a folder for each part, with the English words of the part in its en.json.
//
//go:embed *.html */*.html */en.json
var FS embed.FS
