package emulator

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// A webhooksPage is the page «Вебхуки».
type webhooksPage struct {
	Inbound, Outbound []webhookForm
}

// A webhookForm is the form of one webhook; number 0 is a new one.
type webhookForm struct {
	ID                    int64
	Title, Address, Token string
	Users, Scopes, Events []option
}

// scopeNames are the scopes as the portal names them.
var scopeNames = map[string]string{
	"crm": "CRM", "telephony": "Телефония", "call": "Телефония (совершение звонков)", "user": "Пользователи",
	"user_basic": "Пользователи (базовый)",
	"user_brief": "Пользователи (минимальный)", "department": "Структура компании",
}

// pageWebhooks lists the webhooks, each as its form, and an empty form for a new one of either kind.
func (p *Portal) pageWebhooks(w http.ResponseWriter, r *http.Request) {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	p.mu.Lock()
	body := webhooksPage{}
	for _, h := range append(slices.Clone(p.inbound), &Inbound{Scopes: []string{"crm"}}) {
		f := webhookForm{
			ID: h.ID, Title: h.Title,
			Address: scheme + "://" + r.Host + "/rest/" + strconv.FormatInt(h.UserID, 10) + "/" + h.Code + "/",
		}
		for _, s := range allScopes {
			f.Scopes = append(f.Scopes, option{s, scopeNames[s], slices.Contains(h.Scopes, s)})
		}
		for _, u := range p.users.all() {
			f.Users = append(f.Users, option{Code: php.String(u.id), Name: p.userName(u.id)})
		}
		body.Inbound = append(body.Inbound, f)
	}
	fresh := &Outbound{Events: map[string]int64{}}
	p.tick(fresh, ManualEvents())
	for _, o := range append(slices.Clone(p.outbound), fresh) {
		f := webhookForm{ID: o.ID, Address: o.URL, Token: o.Token}
		for _, e := range eventKinds {
			_, ticked := o.Events[e.Code]
			f.Events = append(f.Events, option{e.Code, e.Title, ticked})
		}
		body.Outbound = append(body.Outbound, f)
	}
	p.mu.Unlock()
	p.show(w, http.StatusOK, "webhooks", "Вебхуки", "/devops/webhooks/", body)
}

// postInbound makes, changes, renews or deletes an inbound webhook.
func (p *Portal) postInbound(w http.ResponseWriter, r *http.Request) {
	args, err := readForm(w, r)
	if err != nil {
		p.say(w, http.StatusBadRequest, "Не получилось", err.Error(), "/devops/webhooks/")
		return
	}
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	p.mu.Lock()
	i := slices.IndexFunc(p.inbound, func(h *Inbound) bool { return h.ID == id })
	found := i >= 0 || id == 0
	switch action := php.String(args.Get("action")); {
	case !found:
	case id == 0:
		h := &Inbound{
			Title: php.String(args.Get("title")), UserID: max(1, php.Int(args.Get("user"))), Code: randomCode(16),
			Scopes: p.scopesOf(args),
		}
		for _, other := range p.inbound {
			h.ID = max(h.ID, other.ID)
		}
		h.ID++
		p.inbound = append(p.inbound, h)
	case action == "delete":
		p.inbound = slices.Delete(p.inbound, i, i+1)
	case action == "regenerate":
		p.inbound[i].Code = randomCode(16)
	default:
		p.inbound[i].Title, p.inbound[i].Scopes = php.String(args.Get("title")), p.scopesOf(args)
	}
	p.save()
	p.mu.Unlock()
	if !found {
		p.notFound(w)
		return
	}
	http.Redirect(w, r, "/devops/webhooks/", http.StatusSeeOther)
}

// scopesOf keeps the scopes that exist.
func (p *Portal) scopesOf(args *php.Array) []string {
	return slices.DeleteFunc(texts(args.Get("scope")), func(s string) bool { return !slices.Contains(allScopes, s) })
}

// postOutbound makes, changes, renews or deletes an outbound webhook.
func (p *Portal) postOutbound(w http.ResponseWriter, r *http.Request) {
	args, err := readForm(w, r)
	address := strings.TrimSpace(php.String(args.Get("url")))
	action := php.String(args.Get("action"))
	if err == nil && action == "save" && !strings.HasPrefix(address, "http://") &&
		!strings.HasPrefix(address, "https://") {
		p.say(
			w, http.StatusUnprocessableEntity, "Не получилось", "Адрес обработчика начинается с http:// или https://.",
			"/devops/webhooks/",
		)
		return
	}
	if err != nil {
		p.say(w, http.StatusBadRequest, "Не получилось", err.Error(), "/devops/webhooks/")
		return
	}
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	p.mu.Lock()
	i := slices.IndexFunc(p.outbound, func(o *Outbound) bool { return o.ID == id })
	found := i >= 0 || id == 0
	switch {
	case !found:
	case id == 0:
		p.addOutbound(&Outbound{Title: "Исходящий вебхук", URL: address}, texts(args.Get("event")))
	case action == "delete":
		p.outbound = slices.Delete(p.outbound, i, i+1)
	case action == "regenerate":
		p.outbound[i].Token = randomCode(32)
	default:
		p.outbound[i].URL = address
		p.tick(p.outbound[i], texts(args.Get("event")))
	}
	p.save()
	p.mu.Unlock()
	if !found {
		p.notFound(w)
		return
	}
	http.Redirect(w, r, "/devops/webhooks/", http.StatusSeeOther)
}
