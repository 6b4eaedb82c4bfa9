package emulator

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// maxBody is the largest request in bytes.
const maxBody = 64 << 20

// A request as it came in, decoded but not yet checked.
type request struct {
	user     int64
	code     string
	method   string
	params   *php.Array
	commands []string // the methods inside a batch
	source   string
	tls      bool
	hit      *hit // the faults that this request meets
}

// holds reports whether the request calls that method, itself or inside a batch.
func (r *request) holds(name string) bool {
	if strings.EqualFold(r.method, name) {
		return true
	}
	for _, c := range r.commands {
		if strings.EqualFold(c, name) {
			return true
		}
	}
	return false
}

// readRequest takes the address apart and merges query and body; the body wins. It always returns a request, because
// even one that cannot be read is counted and checked.
func (p *Portal) readRequest(r *http.Request) (*request, error) {
	p.mu.Lock()
	vars := p.behaviour.MaxInputVars
	p.mu.Unlock()
	req := &request{source: sourceOf(r), tls: r.TLS != nil, params: php.ParseQuery(r.URL.RawQuery, vars)}
	parts := strings.Split(strings.Trim(strings.TrimPrefix(r.URL.Path, "/rest"), "/"), "/")
	if len(parts) == 3 {
		req.user, _ = strconv.ParseInt(parts[0], 10, 64)
		req.code = parts[1]
	}
	req.method = strings.TrimSuffix(parts[len(parts)-1], ".json")

	body, err := readBody(r, vars)
	if err == nil {
		req.params.Replace(body)
	}
	if strings.EqualFold(req.method, "batch") {
		commands, _ := req.params.Get("cmd").(*php.Array)
		for _, v := range commands.All() {
			name, _, _ := strings.Cut(php.String(v), "?")
			req.commands = append(req.commands, commandName(name))
		}
	}
	return req, err
}

// readBody decodes a body by its Content-Type; a form is assumed when there is none.
func readBody(r *http.Request, vars int) (*php.Array, error) {
	if r.Body == nil || r.Method == http.MethodGet {
		return nil, nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		return nil, fmt.Errorf("read body: %w", err)
	}
	kind, params, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		return nil, nil
	case kind == "application/json":
		v, err := php.DecodeJSON(body)
		if err != nil {
			return nil, fmt.Errorf("decode body: %w", err)
		}
		a, _ := v.(*php.Array)
		return a, nil
	case kind == "multipart/form-data":
		return readMultipart(body, params["boundary"])
	default:
		return php.ParseQuery(string(body), vars), nil
	}
}

// readMultipart reads one part per nested name; the content of a file is taken as the value, too.
func readMultipart(body []byte, boundary string) (*php.Array, error) {
	out := &php.Array{}
	reader := multipart.NewReader(bytes.NewReader(body), boundary)
	for {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read part: %w", err)
		}
		value, err := io.ReadAll(part)
		if err != nil {
			return nil, fmt.Errorf("read part %s: %w", part.FormName(), err)
		}
		php.SetVariable(out, part.FormName(), string(value))
	}
}

// sourceOf is the address of the caller without its port.
func sourceOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
