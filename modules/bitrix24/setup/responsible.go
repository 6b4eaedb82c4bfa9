package setup

import (
	"context"
	"fmt"
	"strings"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// responsibleField is «ID ответственного за сделку», with the name of whoever has the number now.
func (e *edit) responsibleField() *form.Field {
	id := e.edited.ResponsibleID
	field := form.Number("responsible_id", "ID ответственного за сделку", &e.edited.ResponsibleID).
		Help("Пусто — ответственным будет сотрудник, создавший вебхуки")
	if gone := e.lists.Responsible; gone.Gone && gone.ID == id {
		return field.Help(strings.TrimSpace("Больше не работает: "+gone.Name) +
			". За новые сделки отвечает сотрудник, создавший вебхуки, пока вы не выберете другого")
	}
	if user, ok := lo.Find(e.lists.Users, func(u portal.Entry) bool { return u.ID == fmt.Sprint(id) }); ok {
		return field.Help("Сейчас: " + user.Name)
	}
	if id != 0 && id != e.edited.UserID && len(e.lists.Users) == 0 {
		return field.Help("Номер не проверен: вебхуку нельзя читать сотрудников")
	}
	return field
}

// checkResponsible asks who has the number that was typed, unless it is among the employees already read (the first
// fifty). Only a webhook with the right to read employees is told; otherwise a person is, once, that nobody has
// looked.
func (e *edit) checkResponsible(ctx context.Context, client *rest.Client, read []portal.Entry) error {
	id := e.edited.ResponsibleID
	told := len(read) == 0 && id == e.saved.ResponsibleID && e.edited.PortalURL == e.saved.PortalURL
	known := lo.ContainsBy(read, func(u portal.Entry) bool { return u.ID == fmt.Sprint(id) })
	if id == 0 || id == e.edited.UserID || told || known {
		return nil
	}
	batch := rest.Batch{Class: rest.People}
	batch.Add("user", "user.get", rest.Params{"FILTER": rest.Params{"ID": id}})
	result, err := client.Do(ctx, &batch)
	var found rest.List[rest.User]
	if err == nil {
		err = result.Decode("user", &found)
	}
	switch refused, isRefusal := rest.AsRefusal(err); {
	case isRefusal && refused.Scope():
		e.remark("Сотрудник %d не проверен: вебхуку нельзя читать сотрудников. Убедитесь сами, что по адресу "+
			"%s/company/personal/user/%d/ открывается нужный профиль, или отметьте в правах входящего вебхука "+
			"«Пользователи (минимальный)» и сохраните номер ещё раз.", id, e.edited.PortalURL, id)
	case err != nil:
		e.remark("Сотрудник %d не проверен: %s", id, portal.Explain(err))
	case len(found) == 0:
		message := fmt.Sprintf("На портале нет сотрудника %d. Номер виден в адресе его профиля", id)
		return form.FieldError{Name: "responsible_id", Message: message}
	case !bool(found[0].Active):
		name := strings.TrimSpace(string(found[0].Name) + " " + string(found[0].LastName))
		e.remark("Сотрудник %d (%s) уволен: портал может не принять его ответственным.", id, name)
	}
	return nil
}
