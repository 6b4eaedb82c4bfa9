// Package migrations holds the schema of the host. A change comes in two files of one number and name, one for each
// database, and only ever adds: the program before the last still runs on the new schema.
package migrations

import "embed"

// FS has the folders sqlite and postgres.
//
//go:embed sqlite/*.sql postgres/*.sql
var FS embed.FS
