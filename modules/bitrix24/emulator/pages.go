package emulator

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// The portal's own pages, for a person to click on. They need no sign-in: everybody is the administrator.

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

// A choice of a select, or a check box.
type option struct {
	Code, Name string
	Current    bool
}

// A deed is a button that does something at once.
type deed struct {
	Deed, Label string
	Danger      bool
	Fields      []pair
}

type pair struct{ Name, Value string }

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
		mux.HandleFunc("GET /crm/"+kind+"/details/{id}/{$}", func(w http.ResponseWriter, r *http.Request) { p.pageCard(w, r, kind) })
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

var menu = []tab{
	{Name: "Лиды", URL: "/crm/lead/kanban/"},
	{Name: "Сделки", URL: "/crm/deal/kanban/"},
	{Name: "Контакты", URL: "/crm/contact/list/"},
	{Name: "Компании", URL: "/crm/company/list/"},
	{Name: "Настройки", URL: "/crm/configs/"},
	{Name: "Вебхуки", URL: "/devops/webhooks/"},
	{Name: "Журнал", URL: "/devops/log/"},
}

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

func (p *Portal) notFound(w http.ResponseWriter) {
	p.say(w, http.StatusNotFound, "Не найдено", "Такой страницы или записи на портале нет.", "/")
}

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

func (p *Portal) servePageVersion(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	version := p.version
	p.mu.Unlock()
	w.Header().Set("Cache-Control", "no-store")
	reply(w, map[string]int64{"version": version})
}

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

// readForm decodes a posted form as PHP would.
func readForm(w http.ResponseWriter, r *http.Request) (*php.Array, error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		return nil, fmt.Errorf("read form: %w", err)
	}
	return php.ParseQuery(string(body), 5000), nil
}

// back is where a form wants to return to: a path of this portal, nothing else.
func back(args *php.Array) string {
	path := php.String(args.Get("back"))
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.HasPrefix(path, "/\\") {
		return "/"
	}
	return path
}

// postDeed does what a button says and goes back. A new record is shown.
func (p *Portal) postDeed(w http.ResponseWriter, r *http.Request) {
	args, err := readForm(w, r)
	if err != nil {
		p.say(w, http.StatusBadRequest, "Не получилось", err.Error(), "/")
		return
	}
	if fields, ok := args.Get("fields").(*php.Array); ok {
		tidyFields(fields)
	}
	p.mu.Lock()
	made, err := p.person(args).do(r.PathValue("deed"))
	p.mu.Unlock()
	if err != nil {
		message := err.Error()
		if e, ok := errors.AsType[*restError](err); ok {
			message = e.description
		}
		p.say(w, http.StatusUnprocessableEntity, "Не получилось", message, back(args))
		return
	}
	to := back(args)
	if kind, ok := strings.CutPrefix(r.PathValue("deed"), "create_"); ok {
		to = cardURL(kind, php.Int(made.Get("id")))
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// tidyFields turns "1, 2" of a text input into a list, and a decimal comma into a point.
func tidyFields(fields *php.Array) {
	for _, name := range []string{"OPPORTUNITY", "PRICE"} {
		if s, ok := fields.Get(name).(string); ok {
			fields.Set(name, strings.NewReplacer(",", ".", " ", "", "\u00a0", "").Replace(s))
		}
	}
	for _, name := range []string{"CONTACT_IDS", "COMPANY_IDS", "CONTACT_ID"} {
		s, ok := fields.Get(name).(string)
		if !ok {
			continue
		}
		list := &php.Array{}
		for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ',' || r == ' ' || r == ';' }) {
			list.Append(part)
		}
		fields.Set(name, list)
	}
}

func cardURL(kind string, id int64) string {
	return "/crm/" + kind + "/details/" + strconv.FormatInt(id, 10) + "/"
}

// postMoveLead moves a lead to a stage; «Качественный лид» opens the dialog instead.
func (p *Portal) postMoveLead(w http.ResponseWriter, r *http.Request) {
	args, err := readForm(w, r)
	if err != nil {
		p.say(w, http.StatusBadRequest, "Не получилось", err.Error(), "/")
		return
	}
	id := php.Int(args.Get("id"))
	p.mu.Lock()
	x := p.person(php.Map("id", id, "fields", php.Map("STATUS_ID", args.Get("stage"))))
	success := php.String(args.Get("stage")) == p.successStage(leadStages)
	if !success {
		_, err = x.edit(p.leads)
	}
	p.mu.Unlock()
	switch {
	case success:
		http.Redirect(w, r, cardURL("lead", id)+"?convert=1", http.StatusSeeOther)
	case err != nil:
		p.say(w, http.StatusUnprocessableEntity, "Не получилось", err.Error(), back(args))
	default:
		http.Redirect(w, r, back(args), http.StatusSeeOther)
	}
}

// money writes an amount as people read it: 2 219 ₽, 18,50 ₽.
func money(amount float64, currency string) string {
	whole := strconv.FormatFloat(amount, 'f', 2, 64)
	number, cents, _ := strings.Cut(whole, ".")
	sign := ""
	if strings.HasPrefix(number, "-") {
		sign, number = "-", number[1:]
	}
	var out strings.Builder
	for i, c := range number {
		if i > 0 && (len(number)-i)%3 == 0 {
			out.WriteRune('\u00a0')
		}
		out.WriteRune(c)
	}
	if cents != "00" {
		out.WriteString("," + cents)
	}
	if currency == "RUB" || currency == "" {
		currency = "₽"
	}
	return sign + out.String() + "\u00a0" + currency
}

var months = [...]string{"янв", "фев", "мар", "апр", "мая", "июн", "июл", "авг", "сен", "окт", "ноя", "дек"}

// when writes an instant as people read it: 27 окт, 16:58.
func (p *Portal) when(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	at = at.In(p.zone)
	return fmt.Sprintf("%d %s, %s", at.Day(), months[at.Month()-1], at.Format("15:04"))
}
