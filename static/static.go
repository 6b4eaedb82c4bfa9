// Package static holds the panel's style sheet, script and icons, served under /static/panel/.
package static

import "embed"

// FS has the files at its root.
//
//go:embed *.css *.js *.svg
var FS embed.FS
