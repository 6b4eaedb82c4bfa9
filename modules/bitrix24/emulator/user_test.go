package emulator

import "testing"

func TestUsers(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *Options) { o.Scopes = []string{"crm", "user"} })
	r.do("dismiss_user", Args{"id": 4})
	for _, x := range []struct {
		params obj
		want   int
	}{
		{obj{}, 4},
		{obj{"FILTER": obj{"ACTIVE": true}}, 3},
		{obj{"FILTER": obj{"ACTIVE": false}}, 1},
		{obj{"ID": 2}, 1},
		{obj{"FILTER": obj{"@ID": list{1, 3}}}, 2},
	} {
		same(t, words(x.params), len(r.call("user.get", x.params).([]any)), x.want)
	}
	u := r.call("user.get", obj{"sort": "ID", "order": "desc"}).([]any)[0].(obj)
	same(t, "the last, dismissed", words(u["ID"], u["ACTIVE"]), "4 false")
	if _, ok := u["ADMIN"]; ok {
		t.Error("ADMIN is nobody's business here")
	}
}
