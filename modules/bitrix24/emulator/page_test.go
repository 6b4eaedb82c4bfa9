package emulator

import (
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// page gets a page and returns its status and text.
func (r *rig) page(path string) (int, string) {
	r.t.Helper()
	resp, err := r.server.Client().Get(r.server.URL + path)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, strings.ReplaceAll(string(body), "&#43;", "+")
}

// submit posts a form as a browser of this site does and returns where it leads.
func (r *rig) submit(path string, form url.Values) (status int, to, body string) {
	r.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.PostForm(r.server.URL+path, form)
	if err != nil {
		r.t.Fatal(err)
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Location"), string(content)
}

func (r *rig) shows(path string, want ...string) string {
	r.t.Helper()
	status, body := r.page(path)
	if status != http.StatusOK {
		r.t.Fatalf("%s: %d", path, status)
	}
	for _, s := range want {
		if !strings.Contains(body, s) {
			r.t.Errorf("%s does not show %q", path, s)
		}
	}
	return body
}

var inlineCode = regexp.MustCompile(`(?i)<script(?:>|[^>]*[^r]>[^<])|\son[a-z]+=|\sstyle=|<style`)

func TestPages_showRecords(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("crm.company.add", obj{"TITLE": "ООО <Ромашка>"})
	r.add("crm.contact.add", obj{
		"NAME": "Светлана", "LAST_NAME": "Дустова", "COMPANY_ID": 1,
		"PHONE": list{obj{"VALUE": "+79990000000", "VALUE_TYPE": "MOBILE"}},
	})
	r.add("crm.deal.add", obj{
		"TITLE": "Заказ № 3574193", "CONTACT_IDS": list{1}, "COMPANY_ID": 1, "ORIGIN_ID": "order:3574193",
	})
	r.call("crm.deal.productrows.set", obj{"id": 1, "rows": list{obj{"PRODUCT_NAME": "Фотографии", "PRICE": 2218.5}}})
	r.add("crm.lead.add", obj{"TITLE": "Иван Петров", "PHONE": list{obj{"VALUE": "+79990000000"}}})
	r.add("crm.timeline.comment.add", obj{"ENTITY_ID": 1, "ENTITY_TYPE": "deal", "COMMENT": "Жду <b>макет</b>"})
	pages := map[string][]string{
		"/": {"Сделки", "Заказ № 3574193"},
		"/crm/deal/kanban/": {
			"Новая", "Подготовка документов", "Заказ № 3574193", "2\u00a0218,50\u00a0₽", "Светлана Дустова", "+79990000000",
			`draggable="true"`,
		},
		"/crm/deal/kanban/category/1/":      {"Печать на заказ", "Финальный счёт"},
		"/crm/deal/list/":                   {"Заказ № 3574193", "Новая", "order:3574193"},
		"/crm/deal/list/?q=3574193":         {"Заказ № 3574193"},
		"/crm/deal/list/?q=нет":             {"Ничего нет"},
		"/crm/deal/details/1/":              {"О сделке", "Сделка успешна", "Светлана Дустова", "ООО &lt;Ромашка&gt;"},
		"/crm/deal/details/1/?tab=products": {"Фотографии", "2\u00a0218,50\u00a0₽", "Сумма товаров"},
		"/crm/deal/details/1/?tab=timeline": {"Жду &lt;b&gt;макет&lt;/b&gt;", "Анна Смирнова"},
		"/crm/deal/details/0/":              {"Создание", "Воронка"},
		"/crm/deal/recyclebin/":             {"Корзина"},
		"/crm/lead/kanban/":                 {"Не обработан", "Качественный лид", "Иван Петров"},
		"/crm/lead/list/":                   {"Иван Петров"},
		"/crm/lead/details/1/?convert=1":    {"Создать на основании лида", "Светлана Дустова (1)", "Печать на заказ"},
		"/crm/contact/list/":                {"Светлана Дустова", "+79990000000"},
		"/crm/contact/details/1/":           {"Мобильный", "Частный", "Заказ № 3574193"},
		"/crm/company/list/":                {"ООО &lt;Ромашка&gt;", "Клиент"},
		"/crm/company/details/1/":           {"Реквизиты", "Светлана Дустова"},
		"/crm/configs/": {
			"Воронка «Общая»", "Анализ причины провала", "Простая CRM", "Визитки 90х50", "Смирнова",
		},
		"/devops/webhooks/":         {"/rest/1/secret/", "Обновление сделки (ONCRMDEALUPDATE)", "Токен приложения"},
		"/devops/log/":              {"crm.deal.productrows.set", "Запросов 6"},
		"/company/personal/user/1/": {"Анна Смирнова", "ID сотрудника: 1"},
	}
	for path, want := range pages {
		if found := inlineCode.FindString(r.shows(path, want...)); found != "" {
			t.Errorf("%s has inline code: %s", path, found)
		}
	}
	for _, path := range []string{
		"/crm/deal/details/99/", "/crm/deal/kanban/category/9/", "/company/personal/user/99/", "/nowhere",
		"/static/layout.html",
	} {
		if status, _ := r.page(path); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
	r.shows("/static/stages.css", ".stage-", "#39A8EF")
	r.shows("/static/portal.js", "dragstart")
	resp, err := r.server.Client().Get(r.server.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	same(t, "policy", resp.Header.Get("Content-Security-Policy"), "default-src 'self'")
}

func TestPages_movingEditingAndDeleting(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("crm.deal.add", obj{"TITLE": "x"})
	status, to, _ := r.submit("/do/move_deal", url.Values{
		"id": {"1"}, "stage": {"EXECUTING"}, "back": {"/crm/deal/kanban/"},
	})
	same(t, "status", status, http.StatusSeeOther)
	same(t, "back", to, "/crm/deal/kanban/")
	_, to, _ = r.submit("/do/create_deal", url.Values{
		"fields[TITLE]": {"Новая сделка"}, "fields[CATEGORY_ID]": {"1"}, "fields[OPPORTUNITY]": {"1 200,50"},
	})
	same(t, "a new record is shown", to, "/crm/deal/details/2/")
	deal, _ := r.Deal(2)
	same(t, "created", deal["STAGE_ID"]+deal["OPPORTUNITY"], "C1:NEW1200.50")
	r.sent()
	body := r.shows("/crm/deal/details/2/")
	r.submit("/do/edit_deal", formOf(t, body, "/do/edit_deal", nil))
	sameList(t, "saving an unchanged card changes nothing", r.sent())
	r.submit(
		"/do/edit_deal",
		formOf(t, body, "/do/edit_deal", url.Values{"fields[TITLE]": {"Иначе"}, "fields[CONTACT_IDS]": {"5, 7"}}),
	)
	deal, _ = r.Deal(2)
	same(t, "edited", deal["TITLE"]+deal["CONTACT_ID"], "Иначе5")
	sameList(t, "events", r.sent(), "ONCRMDEALUPDATE 2")
	r.submit("/do/set_rows", url.Values{
		"deal": {"2"}, "rows[0][PRODUCT_NAME]": {"Визитки"}, "rows[0][PRICE]": {"10,5"}, "rows[0][QUANTITY]": {"2"},
		"rows[1][PRODUCT_NAME]": {""}, "rows[1][PRICE]": {""},
	})
	same(t, "rows", len(r.Rows(2)), 1)
	same(t, "price", r.Rows(2)[0]["PRICE"], "10.5")
	r.submit(
		"/do/move_deal",
		formOf(t, strings.SplitN(r.shows("/crm/deal/details/2/"), `class="stagebar"`, 2)[0], "/do/move_deal", url.Values{
			"category": {"0"},
		}),
	)
	deal, _ = r.Deal(2)
	same(t, "another funnel", deal["CATEGORY_ID"]+deal["STAGE_ID"], "0NEW")
	r.submit("/do/add_comment", url.Values{"deal": {"2"}, "text": {"привет"}})
	r.shows("/crm/deal/details/2/?tab=timeline", "привет")
	r.submit("/do/delete_deal", url.Values{"id": {"2"}})
	r.shows("/crm/deal/recyclebin/", "Иначе", "Восстановить")
	r.submit("/do/restore_deal", url.Values{"id": {"2"}})
	same(t, "restored", len(r.IDs("deal")), 2)
	status, _, body = r.submit("/do/delete_deal", url.Values{"id": {"99"}, "back": {"https://elsewhere.example/"}})
	same(t, "a mistake", status, http.StatusUnprocessableEntity)
	if !strings.Contains(body, `href="/"`) {
		t.Error("the way back leaves the portal")
	}
}

// formOf collects the inputs of a form on a page as a browser would send them, with some of them filled in.
func formOf(t *testing.T, page, action string, fill url.Values) url.Values {
	t.Helper()
	_, form, ok := strings.Cut(page, `action="`+action+`"`)
	if !ok {
		t.Fatalf("no form %s", action)
	}
	form, _, _ = strings.Cut(form, "</form>")
	out := url.Values{}
	for _, m := range regexp.MustCompile(
		`<input(?: type="hidden")? name="([^"]+)" value="([^"]*)"`,
	).FindAllStringSubmatch(form, -1) {
		out.Set(m[1], html.UnescapeString(m[2]))
	}
	for _, m := range regexp.MustCompile(
		`(?s)<textarea name="([^"]+)"[^>]*>([^<]*)</textarea>`,
	).FindAllStringSubmatch(form, -1) {
		out.Set(m[1], html.UnescapeString(m[2]))
	}
	for _, m := range regexp.MustCompile(
		`(?s)<select name="([^"]+)"[^>]*>(.*?)</select>`,
	).FindAllStringSubmatch(form, -1) {
		options := regexp.MustCompile(`<option value="([^"]*)"( selected)?>`).FindAllStringSubmatch(m[2], -1)
		out.Set(m[1], options[0][1])
		for _, o := range options {
			if o[2] != "" {
				out.Set(m[1], o[1])
			}
		}
	}
	for name, values := range fill {
		if !out.Has(name) {
			t.Fatalf("the form has no %s", name)
		}
		out.Set(name, values[0])
	}
	return out
}

func TestPages_cardsOfAllKindsSaveUnchanged(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("crm.contact.userfield.add", obj{"FIELD_NAME": "A", "USER_TYPE_ID": "string"})
	phone := list{obj{"VALUE": "+79990000000", "VALUE_TYPE": "MOBILE"}}
	r.add("crm.contact.add", obj{
		"NAME": "Иван", "PHONE": phone, "BIRTHDATE": "2000-01-02", "UF_CRM_A": "u", "COMPANY_ID": 1,
	})
	r.add("crm.company.add", obj{"TITLE": "ООО", "PHONE": phone})
	r.add("crm.lead.add", obj{"TITLE": "Лид", "NAME": "Иван", "PHONE": phone, "OPPORTUNITY": 5.5})
	for _, kind := range []string{"contact", "company", "lead"} {
		path, action := "/crm/"+kind+"/details/1/", "/do/edit_"+kind
		r.sent()
		form := formOf(t, r.shows(path), action, nil)
		if status, _, body := r.submit(action, form); status != http.StatusSeeOther {
			t.Errorf("%s: %d %s", kind, status, body)
		}
		sameList(t, kind+" unchanged", r.sent())
		form.Set("fields[PHONE][0][VALUE]", "+79991111111")
		r.submit(action, form)
		sameList(t, kind+" changed", r.sent(), "ONCRM"+strings.ToUpper(kind)+"UPDATE 1")
	}
	contact, _ := r.Contact(1)
	same(t, "the phone is replaced", contact["PHONE.MOBILE"], "+79991111111")
}

func TestPages_conversionDialog(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	newLead(r)
	status, to, _ := r.submit("/crm/lead/move", url.Values{"id": {"1"}, "stage": {"CONVERTED"}})
	same(t, "status", status, http.StatusSeeOther)
	same(t, "the dialog opens", to, "/crm/lead/details/1/?convert=1")
	same(t, "nothing is made yet", len(r.IDs("deal")), 0)
	form := formOf(t, r.shows(to), "/do/convert_lead", url.Values{"deal": {"1"}})
	same(t, "a new contact is offered", form.Get("contact"), "new")
	same(t, "a company for its title", form.Get("company"), "new")
	r.submit("/do/convert_lead", form)
	deal, _ := r.Deal(1)
	same(t, "deal", deal["LEAD_ID"]+deal["CONTACT_ID"]+deal["COMPANY_ID"]+deal["CATEGORY_ID"], "1110")
	r.add("crm.lead.add", obj{"TITLE": "y"})
	r.submit("/crm/lead/move", url.Values{"id": {"2"}, "stage": {"JUNK"}})
	lead, _ := r.Lead(2)
	same(t, "another stage is just a move", lead["STATUS_ID"], "JUNK")
}

func TestPages_webhooks(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.submit("/devops/webhooks/inbound/1", url.Values{"action": {"save"}, "title": {"CRM"}, "scope[]": {"crm", "user"}})
	r.call("user.current", nil)
	r.submit("/devops/webhooks/inbound/1", url.Values{"action": {"regenerate"}})
	r.fails("profile", nil, 401, "INVALID_CREDENTIALS", "")
	r.hook = r.server.URL + r.Webhook() + "/"
	r.call("profile", nil)
	r.submit("/devops/webhooks/inbound/0", url.Values{"action": {"save"}, "user": {"2"}, "scope[]": {"crm"}})
	same(t, "inbound", len(r.inbound), 2)
	r.submit("/devops/webhooks/inbound/2", url.Values{"action": {"delete"}})
	same(t, "inbound", len(r.inbound), 1)

	r.add("crm.deal.add", obj{"TITLE": "x"})
	url1 := r.outbound[0].URL
	r.submit("/devops/webhooks/outbound/1", url.Values{"action": {"save"}, "url": {url1}, "event[]": {"ONCRMDEALDELETE"}})
	r.call("crm.deal.update", obj{"id": 1, "fields": obj{"TITLE": "y"}})
	sameList(t, "an event that is not ticked", r.sent())
	r.submit("/devops/webhooks/outbound/1", url.Values{"action": {"regenerate"}})
	r.call("crm.deal.delete", obj{"id": 1})
	if err := r.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if token := php.String(php.ArrayOf(php.ParseQuery(r.events[0], 100).Get("auth")).Get(
		"application_token",
	)); token == "token" || len(token) != 32 {
		t.Errorf("token = %q", token)
	}
	r.sent()
	r.submit("/devops/webhooks/outbound/0", url.Values{
		"action": {"save"}, "url": {url1 + "/second"}, "event[]": {"ONCRMDEALADD"},
	})
	r.add("crm.deal.add", obj{"TITLE": "x"})
	sameList(t, "a second webhook", r.sent(), "ONCRMDEALADD 2")
	r.submit("/devops/webhooks/outbound/2", url.Values{"action": {"delete"}})
	same(t, "outbound", len(r.outbound), 1)
	if status, _, _ := r.submit("/devops/webhooks/outbound/0", url.Values{
		"action": {"save"}, "url": {"javascript:1"},
	}); status != http.StatusUnprocessableEntity {
		t.Errorf("a bad address: %d", status)
	}
}

func TestPages_settings(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, x := range []struct {
		deed string
		form url.Values
	}{
		{"add_category", url.Values{"name": {"Опт"}}},
		{"add_stage", url.Values{"entity": {"DEAL_STAGE_2"}, "name": {"Проверка"}}},
		{"add_product", url.Values{"fields[NAME]": {"Кружка"}, "fields[PRICE]": {"350,5"}}},
		{"dismiss_user", url.Values{"id": {"2"}}},
		{"set_mode", url.Values{"mode": {"2"}}},
	} {
		if status, _, body := r.submit("/do/"+x.deed, x.form); status != http.StatusSeeOther {
			t.Errorf("%s: %d %s", x.deed, status, body)
		}
	}
	r.shows("/crm/configs/", "Воронка «Опт»", "Проверка", "Кружка", "350,50", "уволен")
	same(t, "mode", r.call("crm.settings.mode.get", nil), any(2.0))
}

func TestPages_refuseForeignSites(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.add("crm.deal.add", obj{"TITLE": "x"})
	req, err := http.NewRequest(http.MethodPost, r.server.URL+"/do/delete_deal", strings.NewReader("id=1"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	resp, err := r.server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	same(t, "status", resp.StatusCode, http.StatusForbidden)
	same(t, "deals", len(r.IDs("deal")), 1)
}

func TestPages_versionFollowsChanges(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	version := func() string {
		_, body := r.page("/version")
		return body
	}
	before := version()
	same(t, "nothing happened", version(), before)
	r.do("create_deal", Args{"fields": obj{"TITLE": "x"}})
	if version() == before {
		t.Error("the version did not grow")
	}
}
