package emulator

import "net/http"

func (p *Portal) pageRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/crm/deal/kanban/", http.StatusFound)
	})
}
