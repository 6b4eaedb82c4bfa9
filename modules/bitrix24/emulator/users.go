package emulator

import (
	"slices"
	"strings"
)

const userFields = `
ID integer ro | ID
ACTIVE char | Активность
NAME string | Имя
LAST_NAME string | Фамилия
SECOND_NAME string | Отчество
EMAIL string | E-mail
LAST_LOGIN datetime ro | Последняя авторизация
DATE_REGISTER datetime ro | Дата регистрации
TIME_ZONE string | Часовой пояс
IS_ONLINE char ro | На сайте
PERSONAL_GENDER string | Пол
PERSONAL_BIRTHDAY string | Дата рождения
WORK_POSITION string | Должность
UF_EMPLOYMENT_DATE string | Дата принятия на работу
UF_DEPARTMENT any | Подразделения
USER_TYPE string ro | Тип
ADMIN char int | Администратор
`

// userScopes let a webhook read employees; crm is not among them.
const userScopes = "user|user_basic|user_brief"

func (m methods) commonMethods() {
	m.add("", map[string]func(*call) (any, error){
		"batch":       func(*call) (any, error) { return nil, errBatchMethod },
		"profile":     profile,
		"scope":       scopeList,
		"methods":     methodList,
		"method.get":  methodGet,
		"server.time": func(c *call) (any, error) { return c.showTime(c.now()), nil },
		"user.admin":  func(c *call) (any, error) { return c.admin() == nil, nil },
		"events":      func(*call) (any, error) { return eventCodes(), nil },
	})
	m.add(userScopes, map[string]func(*call) (any, error){
		"user.current": userCurrent,
		"user.get":     userGet,
		"user.search":  userGet,
		"user.fields":  userFieldTitles,
	})
	m.add("department", map[string]func(*call) (any, error){"department.get": departmentGet})
	for _, name := range []string{
		"event.bind", "event.unbind", "event.get", "event.offline.get", "event.offline.list", "event.offline.clear", "event.offline.error", "event.test",
		"placement.bind", "placement.unbind", "placement.get", "placement.list", "app.option.get", "app.option.set", "user.option.get", "user.option.set",
		"telephony.externalCall.register", "telephony.externalCall.finish", "telephony.externalLine.add", "telephony.externalLine.update",
		"telephony.externalLine.delete", "telephony.externalLine.get", "telephony.call.attachTranscription",
	} {
		m[strings.ToLower(name)] = &method{name: name, app: true}
	}
}

func profile(c *call) (any, error) {
	u := c.users.rows[c.hook.UserID]
	return object(
		"ID", text(u.id), "ADMIN", c.users.text(u, "ADMIN") == "Y", "NAME", c.users.text(u, "NAME"), "LAST_NAME", c.users.text(u, "LAST_NAME"),
		"PERSONAL_GENDER", c.users.text(u, "PERSONAL_GENDER"), "TIME_ZONE", c.users.text(u, "TIME_ZONE"),
	), nil
}

// allScopes is what a webhook of this portal could be given.
var allScopes = []string{"crm", "telephony", "call", "user", "user_basic", "user_brief", "department"}

func scopeList(c *call) (any, error) {
	scopes := c.scopes
	if truth(c.params.Get("full")) {
		scopes = allScopes
	}
	out := &Array{}
	for _, s := range scopes {
		out.Append(s)
	}
	return out, nil
}

func methodList(c *call) (any, error) {
	scope, one := c.params.Lookup("scope")
	var names []string
	for _, m := range c.methods {
		visible := allows(c.scopes, m.scope) && !m.app || truth(c.params.Get("full"))
		if one {
			visible = m.scope == text(scope) || slices.Contains(strings.Split(m.scope, "|"), text(scope))
		}
		if visible {
			names = append(names, m.name)
		}
	}
	slices.Sort(names)
	out := &Array{}
	for _, name := range names {
		out.Append(name)
	}
	return out, nil
}

func methodGet(c *call) (any, error) {
	m := c.methods.find(text(c.params.Get("name")))
	return object("isExisting", m != nil, "isAvailable", m != nil && !m.app && allows(c.scopes, m.scope)), nil
}

// user shows an employee: text, but a real boolean for ACTIVE.
func (c *call) user(u *record) *Array {
	out := c.oldRow(c.users, u, nil)
	out.Set("ACTIVE", c.users.text(u, "ACTIVE") == "Y")
	out.Set("TIMESTAMP_X", emptyObject{})
	out.Set("LAST_ACTIVITY_DATE", emptyObject{})
	return out
}

// userCurrent shows the webhook's owner; here the portal writes as text the times that user.get leaves empty.
func userCurrent(c *call) (any, error) {
	out := c.user(c.users.rows[c.hook.UserID])
	out.Set("TIMESTAMP_X", c.now().In(c.zone).Format("02.01.2006 15:04:05"))
	out.Set("LAST_ACTIVITY_DATE", c.now().In(c.zone).Format("2006-01-02 15:04:05"))
	return out, nil
}

func without(a *Array, key string) *Array {
	out := &Array{}
	for k, v := range a.All() {
		if k != key {
			out.Set(k, v)
		}
	}
	return out
}

// userGet takes its filter in FILTER or among the parameters themselves, sort and order as two words.
func userGet(c *call) (any, error) {
	spec := &Array{}
	if v, ok := c.params.either("FILTER", "filter"); ok {
		spec, _ = v.(*Array)
	} else {
		for name, v := range c.params.All() {
			if _, known := c.users.byName[name]; known {
				spec.Set(name, v)
			}
		}
	}
	q := query{filter: c.oldFilter(c.users, spec), start: integer(c.params.Get("start"))}
	sort, _ := c.params.either("sort", "SORT")
	order, _ := c.params.either("order", "ORDER")
	q.order = sortKeys(object(text(sort), text(order)), func(name string) (int, bool) {
		at, ok := c.users.byName[strings.ToUpper(name)]
		return at, ok
	})
	out := &Array{}
	for _, u := range c.page(c.users, q, nil) {
		out.Append(c.user(u))
	}
	return out, nil
}

func userFieldTitles(c *call) (any, error) {
	out := &Array{}
	for _, f := range c.users.fields {
		if !f.noField {
			out.Set(f.name, f.title)
		}
	}
	return out, nil
}

func departmentGet(c *call) (any, error) {
	c.counted, c.total = true, 1
	return listOf(object("ID", "1", "NAME", "Типография", "SORT", int64(500))), nil
}
