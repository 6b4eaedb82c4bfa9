package db

import "strings"

// PageSize is how many rows a list reads: take, but never more than 100, and 50 where nothing is said.
func PageSize(take int) int {
	if take <= 0 {
		return 50
	}
	return min(take, 100)
}

// Contains makes the pattern of `LIKE ? ESCAPE '\'` that finds text anywhere, whatever signs it holds.
func Contains(text string) string {
	return "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
}
