package emulator

import (
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// commentFields are the fields of crm.timeline.comment.*.
const commentFields = `
ID integer ro | ID
ENTITY_ID integer add | Владелец
ENTITY_TYPE string add | Тип владельца
CREATED datetime ro | Создан
COMMENT string | Текст
AUTHOR_ID user ro | Автор
FILES any | Файлы
`

// commentMethods are crm.timeline.comment.* (REST.md 17).
func (m methods) commentMethods() {
	m.add("crm", map[string]func(*call) (any, error){
		"crm.timeline.comment.add":    commentAdd,
		"crm.timeline.comment.update": commentUpdate,
		"crm.timeline.comment.get":    commentGet,
		"crm.timeline.comment.delete": commentDelete,
		"crm.timeline.comment.list":   commentList,
		"crm.timeline.comment.fields": func(c *call) (any, error) { return describeAll(c.comments.schema), nil },
	})
}

// commentInput reads fields, which these methods take in lower case only.
func (c *call) commentInput() (*php.Array, error) {
	fields, ok := c.params.Get("fields").(*php.Array)
	if !ok {
		return nil, missing("fields")
	}
	return fields, nil
}

// commentAdd is crm.timeline.comment.add. ENTITY_TYPE is the lower-case name of the owner's kind.
func commentAdd(c *call) (any, error) {
	fields, err := c.commentInput()
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"ENTITY_ID", "ENTITY_TYPE"} {
		if !php.Bool(fields.Get(name)) {
			return nil, failed("100", "Required fields: "+name)
		}
	}
	e := c.entityNamed(php.String(fields.Get("ENTITY_TYPE")))
	if e == nil {
		return nil, failed("NOT_FOUND", "Not found.")
	}
	r := e.rows[php.Int(fields.Get("ENTITY_ID"))]
	if r == nil {
		return nil, errOwnerNotFound
	}
	if strings.TrimSpace(php.String(fields.Get("COMMENT"))) == "" {
		return nil, failed("INVALID_ARG_VALUE", "Empty comment message")
	}
	return c.actor().addComment(e, r, php.String(fields.Get("COMMENT")), fields.Get("FILES")).id, nil
}

// addComment stores a comment. It moves the time of the owner's last activity, but is no update of the owner.
func (a actor) addComment(e *entity, owner *record, comment string, files any) *record {
	r := a.comments.insert(a.comments.make(
		"ENTITY_ID", owner.id, "ENTITY_TYPE", e.method, "CREATED", a.moment(), "COMMENT", comment, "AUTHOR_ID", a.user,
		"FILES", a.commentFiles(files),
	))
	e.put(owner, "LAST_ACTIVITY_TIME", a.moment())
	e.put(owner, "LAST_ACTIVITY_BY", a.user)
	a.stats.Changes++
	a.save()
	a.emit("ONCRMTIMELINECOMMENTADD", r.id)
	return r
}

// commentParam reads the number of a comment that must exist.
func (c *call) commentParam() (*record, error) {
	v, ok := c.params.Either("id", "ID")
	if !ok {
		return nil, missing("id")
	}
	r := c.comments.rows[php.Int(v)]
	if r == nil {
		return nil, failed("NOT_FOUND", "Not found.")
	}
	return r, nil
}

// commentUpdate is crm.timeline.comment.update. It answers the number, and sends its event even when nothing changed.
func commentUpdate(c *call) (any, error) {
	r, err := c.commentParam()
	if err != nil {
		return nil, err
	}
	fields, err := c.commentInput()
	if err != nil {
		return nil, err
	}
	comment, given := fields.Lookup("COMMENT")
	if given && strings.TrimSpace(php.String(comment)) == "" {
		return nil, failed("INVALID_ARG_VALUE", "Empty comment message")
	}
	changed := given && c.comments.text(r, "COMMENT") != php.String(comment)
	if changed {
		c.comments.put(r, "COMMENT", php.String(comment))
	}
	if files, ok := fields.Lookup("FILES"); ok {
		c.comments.put(r, "FILES", c.actor().commentFiles(files))
		changed = true
	}
	if changed {
		c.stats.Changes++
		c.save()
	}
	c.emit("ONCRMTIMELINECOMMENTUPDATE", r.id)
	return r.id, nil
}

// commentGet is crm.timeline.comment.get.
func commentGet(c *call) (any, error) {
	r, err := c.commentParam()
	if err != nil {
		return nil, err
	}
	return c.oldRow(c.comments, r, nil), nil
}

// commentDelete is crm.timeline.comment.delete.
func commentDelete(c *call) (any, error) {
	r, err := c.commentParam()
	if err != nil {
		return nil, err
	}
	c.comments.remove(r)
	c.stats.Changes++
	c.save()
	c.emit("ONCRMTIMELINECOMMENTDELETE", r.id)
	return true, nil
}

// commentList is crm.timeline.comment.list. The filter must name the owner.
func commentList(c *call) (any, error) {
	spec, err := c.arrayParam("filter")
	if err != nil {
		return nil, err
	}
	e := c.entityNamed(php.String(spec.Get("ENTITY_TYPE")))
	if e == nil || e.rows[php.Int(spec.Get("ENTITY_ID"))] == nil {
		return nil, errAccess
	}
	return c.oldListOf(c.comments, nil)
}
