package emulator

import (
	"slices"
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// commonMethods are those outside the CRM: about the webhook itself, about employees, and those that need an
// application and are only refused here.
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
		"event.bind", "event.unbind", "event.get", "event.offline.get", "event.offline.list", "event.offline.clear",
		"event.offline.error", "event.test",
		"placement.bind", "placement.unbind", "placement.get", "placement.list", "app.option.get", "app.option.set",
		"user.option.get", "user.option.set",
		"telephony.externalCall.register", "telephony.externalCall.finish", "telephony.externalLine.add",
		"telephony.externalLine.update",
		"telephony.externalLine.delete", "telephony.externalLine.get", "telephony.call.attachTranscription",
	} {
		m[strings.ToLower(name)] = &method{name: name, app: true}
	}
}

// profile is the method profile (REST.md 14.5). It needs no scope.
func profile(c *call) (any, error) {
	u := c.users.rows[c.hook.UserID]
	return php.Map(
		"ID", php.String(u.id), "ADMIN", c.users.text(u, "ADMIN") == "Y", "NAME", c.users.text(u, "NAME"),
		"LAST_NAME", c.users.text(u, "LAST_NAME"),
		"PERSONAL_GENDER", c.users.text(u, "PERSONAL_GENDER"), "TIME_ZONE", c.users.text(u, "TIME_ZONE"),
	), nil
}

// allScopes is what a webhook of this portal could be given.
var allScopes = []string{"crm", "telephony", "call", "user", "user_basic", "user_brief", "department"}

// scopeList is the method scope. With full it lists what a webhook of this portal could be given.
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

// methodList is the method methods.
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

// methodGet is the method method.get.
func methodGet(c *call) (any, error) {
	m := c.methods.find(php.String(c.params.Get("name")))
	return php.Map("isExisting", m != nil, "isAvailable", m != nil && !m.app && allows(c.scopes, m.scope)), nil
}
