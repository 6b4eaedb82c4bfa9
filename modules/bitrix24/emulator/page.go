package emulator

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

//go:embed pages
var pageFiles embed.FS

// A page is what the layout needs; Body belongs to the page's own template.
type page struct {
	Title   string
	Domain  string
	Version int64
	Menu    []tab
	Body    any
}

// A tab is a link of which one may be the present place.
type tab struct {
	Name, URL string
	Current   bool
}

// An option is a choice of a select, or a check box.
type option struct {
	Code, Name string
	Current    bool
}

// pageRoutes are the portal's own pages, for a person to click on. They need no sign-in: everybody is the
// administrator. A form of another site is refused.
func (p *Portal) pageRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/crm/deal/kanban/", http.StatusFound)
	})
	mux.HandleFunc("GET /version", p.servePageVersion)
	mux.HandleFunc("GET /static/{file}", servePageFile)
	mux.HandleFunc("GET /static/stages.css", p.serveStageColours)
	mux.HandleFunc("GET /disk/downloadFile/{id}/", p.serveFile)
	mux.HandleFunc("GET /crm/deal/kanban/{$}", p.pageDeals)
	mux.HandleFunc("GET /crm/deal/kanban/category/{category}/{$}", p.pageDeals)
	mux.HandleFunc("GET /crm/lead/kanban/{$}", p.pageLeads)
	mux.HandleFunc("GET /crm/deal/recyclebin/{$}", p.pageBin)
	for _, kind := range []string{"deal", "lead", "contact", "company"} {
		mux.HandleFunc("GET /crm/"+kind+"/list/{$}", func(w http.ResponseWriter, r *http.Request) { p.pageList(w, r, kind) })
		mux.HandleFunc("GET /crm/"+kind+"/details/{id}/{$}", func(w http.ResponseWriter, r *http.Request) {
			p.pageCard(w, r, kind)
		})
	}
	mux.HandleFunc("GET /crm/configs/", p.pageSettings)
	mux.HandleFunc("GET /company/personal/user/{id}/", p.pageUser)
	mux.HandleFunc("GET /devops/webhooks/", p.pageWebhooks)
	mux.HandleFunc("GET /devops/log/", p.pageLog)

	sameOrigin := http.NewCrossOriginProtection()
	mux.Handle("POST /do/{deed}", sameOrigin.Handler(http.HandlerFunc(p.postDeed)))
	mux.Handle("POST /crm/lead/move", sameOrigin.Handler(http.HandlerFunc(p.postMoveLead)))
	mux.Handle("POST /devops/webhooks/inbound/{id}", sameOrigin.Handler(http.HandlerFunc(p.postInbound)))
	mux.Handle("POST /devops/webhooks/outbound/{id}", sameOrigin.Handler(http.HandlerFunc(p.postOutbound)))
}

// menu are the sections of the portal.
var menu = []tab{
	{Name: "Лиды", URL: "/crm/lead/kanban/"},
	{Name: "Сделки", URL: "/crm/deal/kanban/"},
	{Name: "Контакты", URL: "/crm/contact/list/"},
	{Name: "Компании", URL: "/crm/company/list/"},
	{Name: "Настройки", URL: "/crm/configs/"},
	{Name: "Вебхуки", URL: "/devops/webhooks/"},
	{Name: "Журнал", URL: "/devops/log/"},
}

// pageTemplates are all pages, parsed when the program starts.
var pageTemplates = parsePages("kanban", "list", "card", "settings", "webhooks", "log", "message")

// parsePages makes one template set a page; a card has the buttons of a list.
func parsePages(names ...string) map[string]*template.Template {
	out := map[string]*template.Template{}
	for _, name := range names {
		files := []string{"pages/layout.html", "pages/" + name + ".html"}
		if name == "card" {
			files = []string{"pages/layout.html", "pages/list.html", "pages/card.html"}
		}
		out[name] = template.Must(template.ParseFS(pageFiles, files...))
	}
	return out
}

// show renders a page of the section that begins with the given path.
func (p *Portal) show(w http.ResponseWriter, status int, name, title, section string, body any) {
	p.mu.Lock()
	x := page{Title: title, Domain: p.domain, Version: p.version, Body: body}
	p.mu.Unlock()
	for _, m := range menu {
		m.Current = section != "" && strings.HasPrefix(m.URL, section)
		x.Menu = append(x.Menu, m)
	}
	var out bytes.Buffer
	if err := pageTemplates[name].ExecuteTemplate(&out, "layout", x); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'self'")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = out.WriteTo(w) // the reader may be gone
}

// say shows a sentence with a way back.
func (p *Portal) say(w http.ResponseWriter, status int, heading, text, back string) {
	p.show(w, status, "message", heading, "", struct{ Heading, Text, Back string }{heading, text, back})
}

// notFound is the page of what does not exist.
func (p *Portal) notFound(w http.ResponseWriter) {
	p.say(w, http.StatusNotFound, "Не найдено", "Такой страницы или записи на портале нет.", "/")
}

// servePageFile serves the script, the style sheet and the icon.
func servePageFile(w http.ResponseWriter, r *http.Request) {
	switch name := r.PathValue("file"); name {
	case "portal.css", "portal.js", "favicon.svg":
		http.ServeFileFS(w, r, pageFiles, "pages/"+name)
	default:
		http.NotFound(w, r)
	}
}

// serveStageColours is a style sheet of its own, since a page may have no inline style.
func (p *Portal) serveStageColours(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	var out strings.Builder
	for _, r := range p.statuses.all() {
		if colour := p.statuses.text(r, "COLOR"); isColour(colour) {
			fmt.Fprintf(&out, ".stage-%d { --color: %s; }\n", r.id, colour)
		}
	}
	p.mu.Unlock()
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, out.String())
}

// isColour reports whether a text is a colour that may stand in a style sheet.
var isColour = regexp.MustCompile(`^#[0-9A-Fa-f]{6}$`).MatchString

// servePageVersion answers the number of the last change; an open page asks for it and reloads when it has grown.
func (p *Portal) servePageVersion(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	version := p.version
	p.mu.Unlock()
	w.Header().Set("Cache-Control", "no-store")
	reply(w, map[string]int64{"version": version})
}

// serveFile serves a file of a record or a comment. It is never shown in the browser, since anybody may have sent it.
func (p *Portal) serveFile(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	p.mu.Lock()
	f, ok := p.files[id]
	p.mu.Unlock()
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(f.content)
}
