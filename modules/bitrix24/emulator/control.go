package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// controlRoutes are the calls by which tests and scripts drive the portal. They are not counted in the stats.
func (p *Portal) controlRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /control/state", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, p.State())
	})
	mux.HandleFunc("GET /control/stats", func(w http.ResponseWriter, _ *http.Request) { reply(w, p.Stats()) })
	mux.HandleFunc("GET /control/behaviour", func(w http.ResponseWriter, _ *http.Request) { reply(w, p.Behaviour()) })
	mux.HandleFunc("GET /control/faults", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, map[string][]Fault{"active": p.Faults()})
	})
	mux.HandleFunc("POST /control/reset", func(w http.ResponseWriter, _ *http.Request) {
		p.Reset()
		reply(w, map[string]bool{"ok": true})
	})
	mux.HandleFunc("POST /control/flush", func(w http.ResponseWriter, r *http.Request) {
		if err := p.Flush(r.Context()); err != nil {
			complain(w, err)
			return
		}
		reply(w, map[string]bool{"ok": true})
	})
	mux.HandleFunc("POST /control/do", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			complain(w, err)
			return
		}
		made, err := p.doJSON(body)
		if err != nil {
			complain(w, err)
			return
		}
		writeJSON(w, http.StatusOK, php.AppendJSON(nil, made))
	})
	mux.HandleFunc("POST /control/faults", func(w http.ResponseWriter, r *http.Request) {
		var f Fault
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err == nil {
			err = json.Unmarshal(body, &f)
		}
		if err != nil {
			err = fmt.Errorf("a fault is a JSON object: %w", err)
		} else {
			err = p.Fail(f)
		}
		if err != nil {
			complain(w, err)
			return
		}
		reply(w, map[string][]Fault{"active": p.Faults()})
	})
	mux.HandleFunc("POST /control/behaviour", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err == nil {
			p.mu.Lock()
			err = p.mergeBehaviour(body)
			p.mu.Unlock()
		}
		if err != nil {
			complain(w, err)
			return
		}
		reply(w, p.Behaviour())
	})
}

// reply answers with a value as JSON.
func reply(w http.ResponseWriter, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		complain(w, err)
		return
	}
	writeJSON(w, http.StatusOK, body)
}

// complain answers 400 with the error's text.
func complain(w http.ResponseWriter, err error) {
	message := err.Error()
	if e, ok := errors.AsType[*restError](err); ok {
		message = e.description
	}
	writeJSON(w, http.StatusBadRequest, php.AppendJSON(nil, php.Map("error", message)))
}
