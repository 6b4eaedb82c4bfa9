package panel

import (
	"compress/gzip"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"
)

// compressed sends texts gzipped to whoever takes them so. It leaves as they are: short answers, parts of something,
// what is no text, such as layouts and archives, and static files, which are kept in both forms (assets.go).
//
// Whoever may put text of his own into a page again and again learns from the length of the compressed answer what
// else stands in it (BREACH). No page holds a token against forged requests, for those are told by their origin
// (sameOrigin), but pages hold names and addresses. So an answer to what another site has caused, which is what browsers
// say by themselves, is not compressed.
func (p *Panel) compressed(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		c.Response().Header().Add("Vary", "Accept-Encoding, Sec-Fetch-Site")
		if !takesGzip(c.Request()) || causedElsewhere(c.Request()) {
			return next(c)
		}
		w := &gzipWriter{ResponseWriter: c.Response().Writer, zips: &p.zips}
		c.Response().Writer = w
		defer func() { c.Response().Writer = w.ResponseWriter }() // an error page is written by who called us
		if err := next(c); err != nil {
			w.close() // which does nothing where nothing was written
			return err
		}
		return w.close()
	}
}

// causedElsewhere says that a browser opens this because of a page that is not ours.
func causedElsewhere(r *http.Request) bool {
	return !slices.Contains([]string{"", "none", "same-origin"}, r.Header.Get("Sec-Fetch-Site"))
}

func takesGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, quality, weighed := strings.Cut(strings.ReplaceAll(part, " ", ""), ";q=")
		if strings.EqualFold(name, "gzip") {
			return !weighed || strings.Trim(quality, "0.") != ""
		}
	}
	return false
}

// worthwhile is from how many bytes an answer is compressed.
const worthwhile = 1 << 10

// gzipWriter compresses an answer, once it is known that this is worthwhile.
type gzipWriter struct {
	http.ResponseWriter
	zips *sync.Pool

	status  int
	head    []byte // what was written before it is decided
	decided bool
	zip     *gzip.Writer // nil: not compressed
}

// WriteHeader waits for what follows, since the headers say whether it is compressed.
func (w *gzipWriter) WriteHeader(status int) {
	if status < http.StatusOK {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	w.status = status
}

// Write implements io.Writer.
func (w *gzipWriter) Write(b []byte) (int, error) {
	if w.zip != nil {
		return w.zip.Write(b)
	}
	if w.decided {
		return w.ResponseWriter.Write(b)
	}
	w.head = append(w.head, b...)
	if len(w.head) < worthwhile {
		return len(b), nil
	}
	return len(b), w.decide(true)
}

// decide sends the headers and what has been written until now.
func (w *gzipWriter) decide(long bool) (err error) {
	w.decided = true
	if w.status == 0 {
		w.status = http.StatusOK
	}
	h := w.Header()
	if !long || w.status == http.StatusPartialContent || h.Get("Content-Encoding") != "" || !isText(h.Get("Content-Type")) {
		w.ResponseWriter.WriteHeader(w.status)
		if len(w.head) > 0 {
			_, err = w.ResponseWriter.Write(w.head)
		}
		return err
	}
	h.Set("Content-Encoding", "gzip")
	h.Del("Content-Length")
	w.ResponseWriter.WriteHeader(w.status)
	if w.zip, _ = w.zips.Get().(*gzip.Writer); w.zip == nil {
		w.zip, _ = gzip.NewWriterLevel(nil, 4) // a page in 0.6 ms; 6, the usual, takes thrice that for 3 % less
	}
	w.zip.Reset(w.ResponseWriter)
	_, err = w.zip.Write(w.head)
	return err
}

// Flush sends what has been written so far, as a long download does.
func (w *gzipWriter) Flush() {
	if !w.decided {
		_ = w.decide(true)
	}
	if w.zip != nil {
		_ = w.zip.Flush()
	}
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

// Unwrap is for http.ResponseController.
func (w *gzipWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *gzipWriter) close() error {
	if !w.decided && w.status != 0 {
		return w.decide(false)
	}
	if w.zip == nil {
		return nil
	}
	defer w.zips.Put(w.zip)
	return w.zip.Close()
}

// isText says whether compressing gains anything.
func isText(contentType string) bool {
	kind, _, _ := mime.ParseMediaType(contentType)
	return strings.HasPrefix(kind, "text/") || slices.Contains([]string{
		"application/json", "application/javascript", "image/svg+xml",
	}, kind)
}
