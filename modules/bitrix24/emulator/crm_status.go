package emulator

import (
	"regexp"
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// statusFields are the fields of crm.status.*. A directory is known by ENTITY_ID, an entry in it by STATUS_ID.
const statusFields = `
ID integer ro | ID
ENTITY_ID string req add | Тип
STATUS_ID string req add | Код
NAME string req 100 | Название
NAME_INIT string ro | Название по умолчанию
SORT integer | Сортировка
SYSTEM char ro | Системный
CATEGORY_ID crm_category ro | Воронка
COLOR string | Цвет
SEMANTICS string | Семантика
`

// statusMethods are crm.status.* (REST.md 15).
func (m methods) statusMethods() {
	m.add("crm", map[string]func(*call) (any, error){
		"crm.status.list":         statusList,
		"crm.status.get":          statusGet,
		"crm.status.add":          statusAdd,
		"crm.status.update":       statusUpdate,
		"crm.status.delete":       statusDelete,
		"crm.status.fields":       func(c *call) (any, error) { return describeAll(c.statuses.schema), nil },
		"crm.status.entity.items": statusItems,
		"crm.status.entity.types": statusTypes,
	})
}

// status shows one entry of a directory with what the portal derives from it.
func (p *Portal) status(r *record) *php.Array {
	out := p.oldRow(p.statuses, r, nil)
	semantics := map[string]string{"S": "success", "F": "failure"}[p.statuses.text(r, "SEMANTICS")]
	directory := p.statuses.text(r, "ENTITY_ID")
	switch {
	case !isStages(directory):
		out.Set("SEMANTICS", nil)
		return out
	case semantics == "":
		semantics = "process"
		out.Set("SEMANTICS", nil)
	case semantics == "failure" && p.firstFailure(directory) != r:
		semantics = "apology"
	}
	out.Set("EXTRA", php.Map("SEMANTICS", semantics, "COLOR", p.statuses.text(r, "COLOR")))
	return out
}

// firstFailure is the first failure stage of a directory; those behind it are called apology.
func (p *Portal) firstFailure(directory string) *record {
	for _, s := range p.stages(directory) {
		if p.statuses.text(s, "SEMANTICS") == "F" {
			return s
		}
	}
	return nil
}

// statusList is crm.status.list. It is not paged.
func statusList(c *call) (any, error) {
	for _, name := range []string{"filter", "order"} {
		if v, ok := c.params.Either(name, strings.ToUpper(name)); ok && v != nil && v != "" {
			if _, isArray := v.(*php.Array); !isArray {
				return nil, failed("Invalid parameters.", "Incorrect parameters passed.")
			}
		}
	}
	out := &php.Array{}
	for _, r := range c.wholeList(c.statuses) {
		out.Append(c.status(r))
	}
	return out, nil
}

// statusGet is crm.status.get.
func statusGet(c *call) (any, error) {
	r, err := c.statusParam()
	if err != nil {
		return nil, err
	}
	return c.status(r), nil
}

// statusParam reads the number of an entry that must exist.
func (c *call) statusParam() (*record, error) {
	id := c.id()
	if id <= 0 {
		return nil, errID
	}
	r := c.statuses.rows[id]
	if r == nil {
		return nil, failed("", "Status is not found.")
	}
	return r, nil
}

// statusCode is what the code of an entry may look like.
var statusCode = regexp.MustCompile(`^[A-Za-z0-9_:-]+$`)

// statusAdd is crm.status.add. It needs an administrator of the CRM.
func statusAdd(c *call) (any, error) {
	if err := c.admin(); err != nil {
		return nil, err
	}
	fields, err := c.fields()
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"ENTITY_ID", "STATUS_ID", "NAME"} {
		if php.String(fields.Get(name)) == "" {
			return nil, failed("", "The field "+name+" is required.")
		}
	}
	directory, id := php.String(fields.Get("ENTITY_ID")), php.String(fields.Get("STATUS_ID"))
	if len(c.statuses.where("ENTITY_ID", directory)) == 0 {
		return nil, failed("", "Specified entity type is not supported.")
	}
	r, err := c.actor().newStatus(directory, id, php.String(fields.Get("NAME")), fields)
	if err != nil {
		return nil, err
	}
	return r.id, nil
}

// newStatus adds an entry to a directory. A stage's code gets the prefix of its funnel, and a stage in progress must
// stand before the success stage.
func (a actor) newStatus(directory, id, name string, fields *php.Array) (*record, error) {
	if category := categoryOf(directory); category != nil {
		if prefix := stagePrefix(category.(int64)); !strings.HasPrefix(id, prefix) {
			id = prefix + id
		}
	}
	limit := 50
	switch {
	case directory == leadStages:
		limit = 21
	case isStages(directory):
		limit = 22
	}
	if !statusCode.MatchString(id) || len(id) > limit {
		return nil, failed("ERROR_CORE", "The field STATUS_ID contains invalid characters or is too long.")
	}
	list := a.stages(directory)
	if a.stageIn(list, id) != nil {
		return nil, failed("ERROR_CORE", "The specified status ID already exists.")
	}
	semantics, sort := php.String(fields.Get("SEMANTICS")), php.Int(fields.Get("SORT"))
	if semantics == "P" || !isStages(directory) {
		semantics = ""
	}
	if semantics == "S" {
		return nil, failed("ERROR_CORE", "A final success stage already exists.")
	}
	if sort == 0 {
		sort = a.nextSort(list, semantics)
	}
	if isStages(directory) && semantics == "" && sort >= a.finalSort(list) {
		return nil, failed("ERROR_CORE", "The sort index of a stage in progress must be less than that of the final stage.")
	}
	a.stats.Changes++
	a.save()
	return a.addStatus(directory, id, name, sort, semantics, php.String(fields.Get("COLOR")), false), nil
}

// finalSort is the SORT of the success stage.
func (d *data) finalSort(list []*record) int64 {
	for _, s := range list {
		if d.statuses.text(s, "SEMANTICS") == "S" {
			return d.statuses.integer(s, "SORT")
		}
	}
	return 1 << 30
}

// nextSort is a SORT for one more stage of that meaning: before the success stage, or after everything.
func (d *data) nextSort(list []*record, semantics string) int64 {
	last := int64(0)
	for _, s := range list {
		if semantics != "" || d.statuses.text(s, "SEMANTICS") == "" {
			last = max(last, d.statuses.integer(s, "SORT"))
		}
	}
	if final := d.finalSort(list); semantics == "" && last+10 >= final {
		return min(last+1, final-1)
	}
	return last + 10
}

// statusUpdate is crm.status.update. It needs an administrator of the CRM.
func statusUpdate(c *call) (any, error) {
	if err := c.admin(); err != nil {
		return nil, err
	}
	r, err := c.statusParam()
	if err != nil {
		return nil, err
	}
	fields, err := c.fields()
	if err != nil {
		return nil, err
	}
	c.update(c.statuses, r, fields)
	return true, nil
}

// statusDelete is crm.status.delete. An entry that came with the portal cannot be deleted.
func statusDelete(c *call) (any, error) {
	if err := c.admin(); err != nil {
		return nil, err
	}
	r, err := c.statusParam()
	if err != nil {
		return nil, err
	}
	if c.statuses.text(r, "SYSTEM") == "Y" {
		return nil, failed("ERROR_CORE", "A system status cannot be deleted.")
	}
	c.statuses.remove(r)
	c.stats.Changes++
	c.save()
	return true, nil
}

// statusItems is crm.status.entity.items. Its names are text and SORT a number, unlike in crm.status.list.
func statusItems(c *call) (any, error) {
	v, _ := c.params.Either("entityId", "ENTITYID", "entityid")
	out := &php.Array{}
	for _, s := range c.stages(php.String(v)) {
		out.Append(php.Map(
			"NAME", c.statuses.text(s, "NAME"), "SORT", c.statuses.integer(s, "SORT"),
			"STATUS_ID", c.statuses.text(s, "STATUS_ID"),
		))
	}
	if out.Len() == 0 {
		return nil, failed("", "The parameter entityId is not defined or invalid.")
	}
	return out, nil
}

// statusTypes is crm.status.entity.types. CATEGORY_ID is a number for the default funnel and a text for the others.
func statusTypes(c *call) (any, error) {
	out := php.List(php.Map(
		"ID", leadStages, "NAME", "Стадии лидов", "ENTITY_TYPE_ID", int64(typeLead),
		"SEMANTIC_INFO", php.Map(
			"START_FIELD", "NEW", "FINAL_SUCCESS_FIELD", "CONVERTED", "FINAL_UNSUCCESS_FIELD", "JUNK", "FINAL_SORT", int64(0),
		),
	))
	for _, d := range [][2]string{
		{"SOURCE", "Источники"},
		{"CONTACT_TYPE", "Тип контакта"},
		{"COMPANY_TYPE", "Тип компании"},
		{"EMPLOYEES", "Кол-во сотрудников"},
		{"INDUSTRY", "Сфера деятельности"},
		{"DEAL_TYPE", "Тип сделки"},
		{"HONORIFIC", "Обращения"},
		{"CALL_LIST", "Статусы обзвона"},
	} {
		out.Append(php.Map("ID", d[0], "NAME", d[1]))
	}
	for _, r := range c.categories.all() {
		id := c.categories.integer(r, "CATEGORY_ID")
		prefix := stagePrefix(id)
		d := php.Map(
			"ID", dealStages(id), "NAME", "Стадии сделок ("+c.categories.text(r, "NAME")+")", "ENTITY_TYPE_ID", int64(typeDeal),
			"SEMANTIC_INFO", php.Map(
				"START_FIELD", prefix+"NEW", "FINAL_SUCCESS_FIELD", prefix+"WON", "FINAL_UNSUCCESS_FIELD", prefix+"LOSE",
				"FINAL_SORT", int64(0),
			),
			"FIELD_ATTRIBUTE_SCOPE", "", "CATEGORY_ID", id,
		)
		if id > 0 {
			d.Set("PARENT_ID", "DEAL_STAGE")
			d.Set("PREFIX", strings.TrimSuffix(prefix, ":"))
			d.Set("FIELD_ATTRIBUTE_SCOPE", "category_"+php.String(id))
			d.Set("CATEGORY_ID", php.String(id))
		}
		out.Append(d)
	}
	return out, nil
}
