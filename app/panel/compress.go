package panel

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/klauspost/compress/gzhttp"
	"github.com/labstack/echo/v4"
)

// compressed sends texts of more than a kilobyte gzipped to whoever takes them so, error pages too. Layouts and archives
// go as they are: compressed they lose their length, and that a broken download can be resumed.
//
// Whoever may put text of his own into a page again and again learns from the length of the compressed answer what
// else stands in it (BREACH). No page holds a token against forged requests, for those are told by their origin
// (sameOrigin), but pages hold names and addresses. So an answer to what another site has caused, which is what browsers
// say by themselves, is not compressed.
func compressed(next echo.HandlerFunc) echo.HandlerFunc {
	zip, err := gzhttp.NewWrapper(gzhttp.MinSize(1<<10), gzhttp.EnableZstd(false), gzhttp.ContentTypes([]string{
		"text/html", "text/css", "text/csv", "text/plain", "text/javascript", "application/json", "image/svg+xml",
	}))
	if err != nil {
		panic(fmt.Errorf("compression: %w", err)) // the options above contradict each other
	}
	return echo.WrapMiddleware(func(h http.Handler) http.Handler { return zip(h) })(func(c echo.Context) error {
		c.Response().Header().Add("Vary", "Sec-Fetch-Site")
		if causedElsewhere(c.Request()) {
			c.Response().Header().Set(gzhttp.HeaderNoCompression, "yes")
		}
		if err := next(c); err != nil {
			c.Error(err) // now: behind us nobody compresses, nor knows what has been
		}
		return nil
	})
}

// causedElsewhere says that a browser opens this because of a page that is not ours.
func causedElsewhere(r *http.Request) bool {
	return !slices.Contains([]string{"", "none", "same-origin"}, r.Header.Get("Sec-Fetch-Site"))
}
