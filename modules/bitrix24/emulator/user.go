package emulator

import (
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// userFields are the fields of an employee.
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

// user shows an employee: text, but a real boolean for ACTIVE.
func (c *call) user(u *record) *php.Array {
	out := c.oldRow(c.users, u, nil)
	out.Set("ACTIVE", c.users.text(u, "ACTIVE") == "Y")
	out.Set("TIMESTAMP_X", php.EmptyObject{})
	out.Set("LAST_ACTIVITY_DATE", php.EmptyObject{})
	return out
}

// userCurrent is user.current. It writes as text the two times that user.get leaves empty.
func userCurrent(c *call) (any, error) {
	out := c.user(c.users.rows[c.hook.UserID])
	out.Set("TIMESTAMP_X", c.now().In(c.zone).Format("02.01.2006 15:04:05"))
	out.Set("LAST_ACTIVITY_DATE", c.now().In(c.zone).Format("2006-01-02 15:04:05"))
	return out, nil
}

// userGet is user.get and user.search. The filter is in FILTER or among the parameters themselves, and sort and order
// are two words.
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

// userFieldTitles is user.fields. Unlike *.fields of the CRM it answers titles only.
func userFieldTitles(c *call) (any, error) {
	out := &php.Array{}
	for _, f := range c.users.fields {
		if !f.noField {
			out.Set(f.name, f.title)
		}
	}
	return out, nil
}

// departmentGet is department.get. The portal has one department.
func departmentGet(c *call) (any, error) {
	c.counted, c.total = true, 1
	return php.List(php.Map("ID", "1", "NAME", "Типография", "SORT", int64(500))), nil
}

// userName is the full name of an employee.
func (d *data) userName(id int64) string {
	u := d.users.rows[id]
	if u == nil {
		return "Сотрудник " + php.String(id)
	}
	return strings.TrimSpace(d.users.text(u, "NAME") + " " + d.users.text(u, "LAST_NAME"))
}
