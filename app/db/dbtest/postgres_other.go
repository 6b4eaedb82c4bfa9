//go:build !linux

package dbtest

import "fmt"

// startServer starts none: only Linux ends a server together with the process that started it.
func startServer(string, ...string) (*server, error) {
	return nil, fmt.Errorf("%w: elsewhere than on Linux TEST_DATABASE_URL has to name one", errNoPostgres)
}
