package emulator

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// An eventKind is an event that the form of an outbound webhook offers.
type eventKind struct {
	Code, Title string
	manual      bool
}

// eventKinds are in the order of the form. Moving a deal to another funnel is not among them, since only applications
// can subscribe to it.
var eventKinds = []eventKind{
	{"ONCRMDEALUPDATE", "Обновление сделки", true},
	{"ONCRMCONTACTUPDATE", "Обновление контакта", true},
	{"ONCRMCOMPANYUPDATE", "Обновление компании", true},
	{"ONCRMLEADUPDATE", "Обновление лида", true},
	{"ONCRMDEALDELETE", "Удаление сделки", true},
	{"ONCRMCONTACTDELETE", "Удаление контакта", true},
	{"ONCRMCOMPANYDELETE", "Удаление компании", true},
	{"ONCRMLEADDELETE", "Удаление лида", true},
	{"ONCRMPRODUCTDELETE", "Удаление товара", true},
	{"ONCRMDEALADD", "Создание сделки", false},
	{"ONCRMCONTACTADD", "Создание контакта", false},
	{"ONCRMCOMPANYADD", "Создание компании", false},
	{"ONCRMLEADADD", "Создание лида", false},
	{"ONCRMPRODUCTADD", "Создание товара", false},
	{"ONCRMPRODUCTUPDATE", "Обновление товара", false},
	{"ONCRMTIMELINECOMMENTADD", "Создание комментария", false},
	{"ONCRMTIMELINECOMMENTUPDATE", "Обновление комментария", false},
	{"ONCRMTIMELINECOMMENTDELETE", "Удаление комментария", false},
	{"ONCRMREQUISITEADD", "Создание реквизита", false},
	{"ONCRMREQUISITEUPDATE", "Обновление реквизита", false},
	{"ONCRMREQUISITEDELETE", "Удаление реквизита", false},
	{"ONCRMBANKDETAILADD", "Создание банковского реквизита", false},
	{"ONCRMBANKDETAILUPDATE", "Обновление банковского реквизита", false},
	{"ONCRMBANKDETAILDELETE", "Удаление банковского реквизита", false},
	{"ONCRMADDRESSREGISTER", "Регистрация адреса", false},
	{"ONCRMADDRESSUNREGISTER", "Снятие адреса с регистрации", false},
	{"ONVOXIMPLANTCALLEND", "Завершение звонка", false},
}

// ManualEvents returns the nine events that the vendor's manual tells the owner to tick.
func ManualEvents() []string {
	var out []string
	for _, e := range eventKinds {
		if e.manual {
			out = append(out, e.Code)
		}
	}
	return out
}

// eventCodes is the answer of the method events.
func eventCodes() *php.Array {
	out := &php.Array{}
	for _, e := range eventKinds {
		out.Append(e.Code)
	}
	return out
}

// An event on its way to one webhook.
type event struct {
	code    string
	id      int64
	handler int64
	url     string
	token   string
	ts      int64
	extra   []string // further pairs of data[...]
	due     time.Time
}

// emit queues an event for every webhook that subscribes to it. The caller holds the portal's lock.
func (p *Portal) emit(code string, id int64, extra ...string) {
	if p.queue == nil {
		return // while the stock data is made
	}
	for _, o := range p.outbound {
		handler, ticked := o.Events[code]
		if !ticked {
			continue
		}
		e := event{code: code, id: id, handler: handler, url: o.URL, token: o.Token, ts: p.now().Unix(), extra: extra}
		times := 1
		for _, f := range p.faults.active {
			if f.Method != "" && !strings.EqualFold(f.Method, code) {
				continue
			}
			switch f.Fault {
			case "drop_events":
				if p.faults.strike(f) {
					times = 0
				}
			case "double_events":
				if times > 0 && p.faults.strike(f) {
					times++
				}
			case "delay_events":
				if p.faults.strike(f) {
					e.due = time.Now().Add(f.delay())
				}
			}
		}
		for range times {
			p.queue.push(e, p.shuffles())
		}
	}
}

// shuffles returns a function that picks a place in the queue by chance, or nil when events are not to be shuffled.
func (p *Portal) shuffles() func(n int) int {
	for _, f := range p.faults.active {
		if f.Fault == "shuffle_events" && p.faults.strike(f) {
			return p.faults.random.IntN
		}
	}
	return nil
}

// emitMove sends the event of a deal that moved to another funnel. Only applications can subscribe to it, so a webhook
// learns nothing of the move: no ONCRMDEALUPDATE is sent instead (REST.md 8.2).
func (p *Portal) emitMove(r *record) {
	p.emit(
		"ONCRMDEALMOVETOCATEGORY", r.id, "data[FIELDS][CATEGORY_ID]", p.deals.text(r, "CATEGORY_ID"),
		"data[FIELDS][STAGE_ID]", p.deals.text(r, "STAGE_ID"),
	)
}

// body is the form that the portal posts to the handler (REST.md 20.1).
func (p *Portal) body(e event) string {
	p.mu.Lock()
	domain, b := p.domain, p.behaviour
	p.mu.Unlock()
	var out strings.Builder
	add := func(name, value string) {
		if out.Len() > 0 {
			out.WriteByte('&')
		}
		out.WriteString(url.QueryEscape(name) + "=" + url.QueryEscape(value))
	}
	add("event", e.code)
	if b.EventHandlerID {
		add("event_handler_id", strconv.FormatInt(e.handler, 10))
	}
	id := "data[FIELDS][ID]"
	if strings.HasPrefix(e.code, "ONCRMTIMELINECOMMENT") && !b.CommentEventFields {
		id = "data[ID]"
	}
	if e.id > 0 {
		add(id, strconv.FormatInt(e.id, 10))
	}
	for i := 0; i+1 < len(e.extra); i += 2 {
		add(e.extra[i], e.extra[i+1])
	}
	add("ts", strconv.FormatInt(e.ts, 10))
	add("auth[domain]", domain)
	if b.EventEndpoints {
		add("auth[client_endpoint]", "https://"+domain+"/rest/")
		add("auth[server_endpoint]", "https://oauth.bitrix.info/rest/")
	}
	add("auth[member_id]", p.member)
	add("auth[application_token]", e.token)
	return out.String()
}
