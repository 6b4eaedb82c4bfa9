package emulator

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// What a person does with rows, comments, products and the portal's settings.

func (x person) addRow() (*Array, error) {
	r := x.deals.rows[integer(x.args.Get("deal"))]
	el, ok := x.args.Get("row").(*Array)
	if r == nil || !ok {
		return nil, errors.New("a row needs its deal and the row itself")
	}
	added, err := x.actor.addRow(x.deals, r, oldRowInput(el).fields)
	if err != nil {
		return nil, err
	}
	return object("id", added.ID, "row", added.ID), nil
}

// setRows saves the page «Товары» of a deal or lead; a line without name and price is no row.
func (x person) setRows() (*Array, error) {
	e, id := x.deals, integer(x.args.Get("deal"))
	if id == 0 {
		e, id = x.leads, integer(x.args.Get("lead"))
	}
	r := e.rows[id]
	if r == nil {
		return nil, errors.New("rows need a deal or a lead")
	}
	var inputs []rowInput
	for _, v := range array(x.args.Get("rows")).All() {
		el := array(v)
		if text(el.Get("PRODUCT_NAME")) == "" && text(el.Get("PRICE")) == "" {
			continue
		}
		for _, name := range []string{"PRICE", "QUANTITY"} {
			if s, ok := el.Get(name).(string); ok {
				el.Set(name, strings.ReplaceAll(strings.ReplaceAll(s, ",", "."), " ", ""))
			}
		}
		inputs = append(inputs, oldRowInput(el))
	}
	if err := x.actor.setRows(e, r, inputs); err != nil {
		return nil, err
	}
	return made(r.id), nil
}

func (x person) comment() (*Array, error) {
	for _, e := range x.entities() {
		if id := integer(x.args.Get(e.method)); id > 0 {
			r := e.rows[id]
			if r == nil {
				return nil, fmt.Errorf("no %s %d", e.method, id)
			}
			return made(x.addComment(e, r, text(x.args.Get("text")), nil).id), nil
		}
	}
	return nil, errors.New("a comment needs a deal, lead, contact or company")
}

func (x person) addProduct() (*Array, error) {
	fields, _ := x.args.Get("fields").(*Array)
	name := text(fields.Get("NAME"))
	if name == "" {
		return nil, errors.New("a product needs a NAME")
	}
	c := &call{Portal: x.Portal, hook: &Inbound{UserID: x.user}, params: object("fields", fields)}
	id, err := productAdd(c)
	if err != nil {
		return nil, err
	}
	return made(id.(int64)), nil
}

func (x person) deleteProduct() (*Array, error) {
	r := x.products.rows[x.id()]
	if r == nil {
		return nil, fmt.Errorf("no product %d", x.id())
	}
	x.dropProduct(r)
	return made(r.id), nil
}

func (x person) addFunnel() (*Array, error) {
	name := strings.TrimSpace(text(x.args.Get("name")))
	if name == "" {
		return nil, errors.New("a funnel needs a name")
	}
	id := x.addCategory(name, sortOr(x.args.Get("sort"), 500))
	return object("id", id, "category", id), nil
}

func (x person) deleteFunnel() (*Array, error) {
	r := x.category(x.id())
	if r == nil {
		return nil, fmt.Errorf("no funnel %d", x.id())
	}
	return made(x.id()), x.dropCategory(r)
}

// directory is where a stage belongs: entity names it outright, else category says which funnel.
func (x person) directory() string {
	if entity := text(x.args.Get("entity")); entity != "" {
		return entity
	}
	return dealStages(integer(x.args.Get("category")))
}

func (x person) addStage() (*Array, error) {
	name := strings.TrimSpace(text(x.args.Get("name")))
	directory := x.directory()
	if name == "" || len(x.stages(directory)) == 0 {
		return nil, errors.New("a stage needs a name and an existing funnel")
	}
	id := text(x.args.Get("id"))
	if id == "" {
		id = "UC_" + strings.ToUpper(randomCode(6))
	}
	fields := object("SEMANTICS", text(x.args.Get("semantics")), "SORT", x.args.Get("sort"), "COLOR", "#ACE9FB")
	r, err := x.newStatus(directory, id, name, fields)
	if err != nil {
		return nil, err
	}
	return object("id", r.id, "stage", x.statuses.text(r, "STATUS_ID")), nil
}

// stage finds a stage by its code, or by the number of its row; a funnel's own stages come before those of leads.
func (x person) stage() (*record, error) {
	id := x.args.Get("id")
	if r := x.statuses.rows[integer(id)]; r != nil && text(id) == text(r.id) {
		return r, nil
	}
	if x.args.Get("entity") != nil || x.args.Get("category") != nil {
		if r := x.stageIn(x.stages(x.directory()), text(id)); r != nil {
			return r, nil
		}
	}
	for _, funnel := range x.funnels() {
		if r := x.stageIn(x.stages(dealStages(x.categories.integer(funnel, "CATEGORY_ID"))), text(id)); r != nil {
			return r, nil
		}
	}
	if r := x.stageIn(x.stages(leadStages), text(id)); r != nil {
		return r, nil
	}
	return nil, fmt.Errorf("no stage %q", text(id))
}

func (x person) renameStage() (*Array, error) {
	r, err := x.stage()
	if err != nil {
		return nil, err
	}
	name := strings.TrimSpace(text(x.args.Get("name")))
	if name == "" {
		return nil, errors.New("a stage needs a name")
	}
	if x.statuses.text(r, "NAME") != name {
		x.statuses.put(r, "NAME", name)
		x.stats.Changes++
		x.save()
	}
	return made(r.id), nil
}

// deleteStage removes a stage; the deals in it go to the first stage of their funnel.
func (x person) deleteStage() (*Array, error) {
	r, err := x.stage()
	if err != nil {
		return nil, err
	}
	if x.statuses.text(r, "SEMANTICS") == "S" {
		return nil, errors.New("the success stage cannot be deleted")
	}
	directory, id := x.statuses.text(r, "ENTITY_ID"), x.statuses.text(r, "STATUS_ID")
	if x.stages(directory)[0] == r {
		return nil, errors.New("the first stage cannot be deleted")
	}
	x.statuses.remove(r)
	x.stats.Changes++
	x.save()
	e, name := x.deals, "STAGE_ID"
	if directory == leadStages {
		e, name = x.leads, "STATUS_ID"
	}
	for _, owner := range e.where(name, id) {
		ch := &change{vals: map[int]any{}}
		ch.set(e, name, x.statuses.text(x.stages(directory)[0], "STATUS_ID"))
		if _, err := x.update(e, owner, ch); err != nil {
			return nil, err
		}
	}
	return made(r.id), nil
}

func (x person) setMode() (*Array, error) {
	mode := integer(x.args.Get("mode"))
	if mode != classicMode && mode != simpleMode {
		return nil, errors.New("mode is 1 (with leads) or 2 (without)")
	}
	x.mode = mode
	x.save()
	return made(mode), nil
}

func (x person) dismissUser() (*Array, error) {
	u := x.users.rows[x.id()]
	if u == nil {
		return nil, fmt.Errorf("no employee %d", x.id())
	}
	x.users.put(u, "ACTIVE", "N")
	x.stats.Changes++
	x.save()
	return made(u.id), nil
}

// renamePortal gives the portal a new name; moved requests are the business of the fault "moved".
func (x person) renamePortal() (*Array, error) {
	to := text(x.args.Get("to"))
	if to == "" || slices.Contains(strings.Split(to, ""), "/") {
		return nil, errors.New("a portal's name is a host, without a scheme")
	}
	x.domain = to
	return made(1), nil
}
