package panel

import (
	"fmt"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
)

// slot runs what a module put into a page. A panic in it is an error of its own: the page goes on.
func slot[T any](fn func() (T, error)) (result T, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return fn()
}

// moduleOf is the module whose function it is, for the log; outside modules/ the function's whole name.
func moduleOf(fn any) string {
	name := runtime.FuncForPC(reflect.ValueOf(fn).Pointer()).Name()
	if _, rest, ok := strings.Cut(name, "/modules/"); ok {
		name = rest[:strings.IndexAny(rest+".", "/.")]
	}
	return name
}
