package emulator

import (
	"slices"
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
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
	return php.Map(
		"ID", php.String(u.id), "ADMIN", c.users.text(u, "ADMIN") == "Y", "NAME", c.users.text(u, "NAME"), "LAST_NAME", c.users.text(u, "LAST_NAME"),
		"PERSONAL_GENDER", c.users.text(u, "PERSONAL_GENDER"), "TIME_ZONE", c.users.text(u, "TIME_ZONE"),
	), nil
}

// allScopes is what a webhook of this portal could be given.
var allScopes = []string{"crm", "telephony", "call", "user", "user_basic", "user_brief", "department"}

func scopeList(c *call) (any, error) {
	scopes := c.scopes
	if php.Bool(c.params.Get("full")) {
		scopes = allScopes
	}
	out := &php.Array{}
	for _, s := range scopes {
		out.Append(s)
	}
	return out, nil
}

func methodList(c *call) (any, error) {
	scope, one := c.params.Lookup("scope")
	var names []string
	for _, m := range c.methods {
		visible := allows(c.scopes, m.scope) && !m.app || php.Bool(c.params.Get("full"))
		if one {
			visible = m.scope == php.String(scope) || slices.Contains(strings.Split(m.scope, "|"), php.String(scope))
		}
		if visible {
			names = append(names, m.name)
		}
	}
	slices.Sort(names)
	out := &php.Array{}
	for _, name := range names {
		out.Append(name)
	}
	return out, nil
}

func methodGet(c *call) (any, error) {
	m := c.methods.find(php.String(c.params.Get("name")))
	return php.Map("isExisting", m != nil, "isAvailable", m != nil && !m.app && allows(c.scopes, m.scope)), nil
}

// user shows an employee: text, but a real boolean for ACTIVE.
func (c *call) user(u *record) *php.Array {
	out := c.oldRow(c.users, u, nil)
	out.Set("ACTIVE", c.users.text(u, "ACTIVE") == "Y")
	out.Set("TIMESTAMP_X", php.EmptyObject{})
	out.Set("LAST_ACTIVITY_DATE", php.EmptyObject{})
	return out
}

// userCurrent shows the webhook's owner; here the portal writes as text the times that user.get leaves empty.
func userCurrent(c *call) (any, error) {
	out := c.user(c.users.rows[c.hook.UserID])
	out.Set("TIMESTAMP_X", c.now().In(c.zone).Format("02.01.2006 15:04:05"))
	out.Set("LAST_ACTIVITY_DATE", c.now().In(c.zone).Format("2006-01-02 15:04:05"))
	return out, nil
}

// userGet takes its filter in FILTER or among the parameters themselves, sort and order as two words.
func userGet(c *call) (any, error) {
	spec := &php.Array{}
	if v, ok := c.params.Either("FILTER", "filter"); ok {
		spec, _ = v.(*php.Array)
	} else {
		for name, v := range c.params.All() {
			if _, known := c.users.byName[name]; known {
				spec.Set(name, v)
			}
		}
	}
	q := query{filter: c.oldFilter(c.users, spec), start: php.Int(c.params.Get("start"))}
	sort, _ := c.params.Either("sort", "SORT")
	order, _ := c.params.Either("order", "ORDER")
	q.order = sortKeys(php.Map(php.String(sort), php.String(order)), func(name string) (int, bool) {
		at, ok := c.users.byName[strings.ToUpper(name)]
		return at, ok
	})
	out := &php.Array{}
	for _, u := range c.page(c.users, q, nil) {
		out.Append(c.user(u))
	}
	return out, nil
}

func userFieldTitles(c *call) (any, error) {
	out := &php.Array{}
	for _, f := range c.users.fields {
		if !f.noField {
			out.Set(f.name, f.title)
		}
	}
	return out, nil
}

func departmentGet(c *call) (any, error) {
	c.counted, c.total = true, 1
	return php.List(php.Map("ID", "1", "NAME", "Типография", "SORT", int64(500))), nil
}
