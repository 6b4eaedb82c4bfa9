package emulator

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
)

func TestTransports_areEquivalent(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	form := url.Values{"fields[TITLE]": {"Заказ & 1"}, "fields[CONTACT_IDS][]": {"5"}, "fields[OPPORTUNITY]": {"10.5"}}
	var multi bytes.Buffer
	w := multipart.NewWriter(&multi)
	for name, values := range form {
		if err := w.WriteField(name, values[0]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	json := `{"fields":{"TITLE":"Заказ & 1","CONTACT_IDS":[5],"OPPORTUNITY":10.5},"unknown":1}`
	for _, x := range []struct{ name, verb, path, kind, body string }{
		{"GET", http.MethodGet, "crm.deal.add?" + form.Encode(), "", ""},
		{"GET with suffix and slash", http.MethodGet, "crm.deal.add.json/?" + form.Encode(), "", ""},
		{"form", http.MethodPost, "crm.deal.add", "application/x-www-form-urlencoded", form.Encode()},
		{"multipart", http.MethodPost, "crm.deal.add/", w.FormDataContentType(), multi.String()},
		{"JSON", http.MethodPost, "crm.deal.add.json", "application/json; charset=utf-8", json},
		{
			"any letter case", http.MethodPost, "CRM.Deal.Add", "application/json",
			strings.Replace(json, `"fields"`, `"FIELDS"`, 1),
		},
		{"query and body merged", http.MethodPost, "crm.deal.add?fields[TITLE]=lost", "application/json", json},
	} {
		status, body := r.send(x.verb, r.hook+x.path, x.kind, x.body)
		if status != http.StatusOK {
			t.Errorf("%s: %d %v", x.name, status, body)
			continue
		}
		deal, _ := r.Deal(int64(body["result"].(float64)))
		same(t, x.name+": title", deal["TITLE"], "Заказ & 1")
		same(t, x.name+": contact", deal["CONTACT_ID"], "5")
		same(t, x.name+": amount", deal["OPPORTUNITY"], "10.50")
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	base := r.server.URL
	for _, x := range []struct {
		name, address, body string
		status              int
		code                any
	}{
		{"unknown method", r.hook + "no.such.method", "{}", 404, "ERROR_METHOD_NOT_FOUND"},
		{
			"unknown method is known before a wrong code", base + "/rest/1/wrong/no.such.method", "{}", 404,
			"ERROR_METHOD_NOT_FOUND",
		},
		{"wrong code", base + "/rest/1/wrong/profile", "{}", 401, "INVALID_CREDENTIALS"},
		{"wrong employee", base + "/rest/2/secret/profile", "{}", 401, "INVALID_CREDENTIALS"},
		{"no webhook", base + "/rest/profile", "{}", 401, "NO_AUTH_FOUND"},
		{"scope", r.hook + "user.current", "{}", 403, "insufficient_scope"},
		{"application only", r.hook + "event.bind", "{}", 403, "WRONG_AUTH_TYPE"},
		{"broken JSON", r.hook + "profile", "{", 400, "INVALID_REQUEST"},
	} {
		status, body := r.send(http.MethodPost, x.address, "application/json", x.body)
		if status != x.status || body["error"] != x.code || body["time"] != nil {
			t.Errorf("%s: %d %v", x.name, status, body)
		}
	}
	r.SetBehaviour(func(b *Behaviour) {
		b.WrongCodeStatus, b.WrongCodeError, b.MethodBeforeCredentials = 403, "NO_AUTH_FOUND", false
	})
	status, body := r.send(http.MethodPost, base+"/rest/1/wrong/no.such.method", "application/json", "{}")
	if status != 403 || body["error"] != "NO_AUTH_FOUND" {
		t.Errorf("switched: %d %v", status, body)
	}
	r.do("dismiss_user", Args{"id": 1})
	r.fails("profile", nil, 401, "authorization_error", "")
	r.SetBehaviour(func(b *Behaviour) { b.RequireHTTPS = true })
	r.fails("profile", nil, 400, "INVALID_REQUEST", "Https required")
	want := map[string]int{
		"ERROR_METHOD_NOT_FOUND": 2, "INVALID_CREDENTIALS": 2, "NO_AUTH_FOUND": 2, "insufficient_scope": 1,
		"WRONG_AUTH_TYPE": 1, "INVALID_REQUEST": 2, "authorization_error": 1,
	}
	for code, n := range want {
		same(t, "refused "+code, r.Stats().Refused[code], n)
	}
	same(t, "requests", r.Stats().Requests, 11)
}

func TestSystemErrors_ofTheDocumentsCanAllBeProduced(t *testing.T) {
	t.Parallel()
	faults := map[string]Fault{
		"INTERNAL_SERVER_ERROR": {Fault: "error_500"}, "ERROR_UNEXPECTED_ANSWER": {Fault: "unexpected"},
		"QUERY_LIMIT_EXCEEDED": {Fault: "limit"}, "OVERLOAD_LIMIT": {Fault: "overload"},
		"ACCESS_DENIED": {Fault: "plan"}, "PORTAL_DELETED": {Fault: "portal_deleted"},
		"OPERATION_TIME_LIMIT": {Fault: "operating"}, "insufficient_scope": {Fault: "scope", Scopes: []string{}},
	}
	elsewhere := map[string]string{
		"ERROR_BATCH_METHOD_NOT_ALLOWED": "inside a batch", "ERROR_BATCH_LENGTH_EXCEEDED": "inside a batch",
		"NO_AUTH_FOUND":   "TestRefusals",
		"INVALID_REQUEST": "TestRefusals", "INVALID_CREDENTIALS": "TestRefusals", "ERROR_METHOD_NOT_FOUND": "TestRefusals",
		"ERROR_MANIFEST_IS_NOT_AVAILABLE": "no manifest in a portal without applications", "expired_token": "OAuth only",
		"user_access_error": "applications only",
	}
	r := newRig(t)
	i := slices.IndexFunc(examples(t), func(x example) bool { return x.Name == "errors.system" })
	for _, want := range examples(t)[i].Errors {
		code := want.Code.(string)
		fault, ok := faults[code]
		if !ok {
			if elsewhere[code] == "" {
				t.Errorf("nobody produces %s", code)
			}
			continue
		}
		if err := r.Fail(fault); err != nil {
			t.Fatal(err)
		}
		r.fails("crm.deal.list", nil, want.Status, code, want.Text)
		if err := r.Fail(Fault{Fault: "none"}); err != nil {
			t.Fatal(err)
		}
	}
	r.call("crm.deal.list", nil)
}

func TestCommonMethods(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	same(t, "scope", len(r.call("scope", nil).([]any)), 1)
	got := r.call("method.get", obj{"name": "crm.item.batchImport"}).(obj)
	same(t, "isAvailable", got["isAvailable"], any(true))
	got = r.call("method.get", obj{"name": "user.get"}).(obj)
	same(t, "isExisting", got["isExisting"], any(true))
	same(t, "isAvailable without the scope", got["isAvailable"], any(false))
	same(t, "unknown", r.call("method.get", obj{"name": "x"}).(obj)["isExisting"], any(false))
	names := r.call("methods", nil).([]any)
	if !slices.Contains(names, any("crm.deal.add")) || slices.Contains(names, any("user.get")) ||
		slices.Contains(names, any("event.bind")) {
		t.Errorf("methods = %v", names)
	}
	if s, ok := r.call("server.time", nil).(string); !ok || !datetimeText.MatchString(s) {
		t.Errorf("server.time = %v", s)
	}
}

func TestCRMRights_andAdministrators(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.UserID = 2 })
	same(t, "admin", r.call("profile", nil).(obj)["ADMIN"], any(false))
	r.fails(
		"crm.deal.userfield.add", obj{"fields": obj{"FIELD_NAME": "X", "USER_TYPE_ID": "string"}}, 400, "", "Access denied",
	)
	r.SetBehaviour(func(b *Behaviour) { b.CRMRights = false })
	r.fails("crm.deal.add", obj{"fields": obj{}}, 400, "", "Access denied.")
	r.fails("crm.item.add", obj{"entityTypeId": 2, "fields": obj{}}, 400, "ACCESS_DENIED", "")
}
