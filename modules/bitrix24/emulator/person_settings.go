package emulator

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// addFunnel makes a funnel with the stock stages.
func (x person) addFunnel() (*php.Array, error) {
	name := strings.TrimSpace(php.String(x.args.Get("name")))
	if name == "" {
		return nil, errors.New("a funnel needs a name")
	}
	id := x.addCategory(name, sortOr(x.args.Get("sort"), 500))
	return php.Map("id", id, "category", id), nil
}

// deleteFunnel deletes a funnel without deals.
func (x person) deleteFunnel() (*php.Array, error) {
	r := x.category(x.id())
	if r == nil {
		return nil, fmt.Errorf("no funnel %d", x.id())
	}
	return made(x.id()), x.dropCategory(r)
}

// directory is where a stage belongs: entity names it outright, else category says which funnel.
func (x person) directory() string {
	if entity := php.String(x.args.Get("entity")); entity != "" {
		return entity
	}
	return dealStages(php.Int(x.args.Get("category")))
}

// addStage adds a stage; without a code it gets one of the portal's own.
func (x person) addStage() (*php.Array, error) {
	name := strings.TrimSpace(php.String(x.args.Get("name")))
	directory := x.directory()
	if name == "" || len(x.stages(directory)) == 0 {
		return nil, errors.New("a stage needs a name and an existing funnel")
	}
	id := php.String(x.args.Get("id"))
	if id == "" {
		id = "UC_" + strings.ToUpper(randomCode(6))
	}
	fields := php.Map("SEMANTICS", php.String(x.args.Get("semantics")), "SORT", x.args.Get("sort"), "COLOR", "#ACE9FB")
	r, err := x.newStatus(directory, id, name, fields)
	if err != nil {
		return nil, err
	}
	return php.Map("id", r.id, "stage", x.statuses.text(r, "STATUS_ID")), nil
}

// stage finds a stage by its code, or by the number of its row; a funnel's own stages come before those of leads.
func (x person) stage() (*record, error) {
	id := x.args.Get("id")
	if r := x.statuses.rows[php.Int(id)]; r != nil && php.String(id) == php.String(r.id) {
		return r, nil
	}
	if x.args.Get("entity") != nil || x.args.Get("category") != nil {
		if r := x.stageIn(x.stages(x.directory()), php.String(id)); r != nil {
			return r, nil
		}
	}
	for _, funnel := range x.funnels() {
		if r := x.stageIn(x.stages(dealStages(x.categories.integer(funnel, "CATEGORY_ID"))), php.String(id)); r != nil {
			return r, nil
		}
	}
	if r := x.stageIn(x.stages(leadStages), php.String(id)); r != nil {
		return r, nil
	}
	return nil, fmt.Errorf("no stage %q", php.String(id))
}

// renameStage gives a stage another name.
func (x person) renameStage() (*php.Array, error) {
	r, err := x.stage()
	if err != nil {
		return nil, err
	}
	name := strings.TrimSpace(php.String(x.args.Get("name")))
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
func (x person) deleteStage() (*php.Array, error) {
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
		if err := x.update(e, owner, ch); err != nil {
			return nil, err
		}
	}
	return made(r.id), nil
}

// setMode switches the CRM between the mode with leads and the one without (REST.md 10.2).
func (x person) setMode() (*php.Array, error) {
	mode := php.Int(x.args.Get("mode"))
	if mode != classicMode && mode != simpleMode {
		return nil, errors.New("mode is 1 (with leads) or 2 (without)")
	}
	x.mode = mode
	x.save()
	return made(mode), nil
}

// dismissUser dismisses an employee, whose webhooks are refused from now on.
func (x person) dismissUser() (*php.Array, error) {
	u := x.users.rows[x.id()]
	if u == nil {
		return nil, fmt.Errorf("no employee %d", x.id())
	}
	x.users.put(u, "ACTIVE", "N")
	x.stats.Changes++
	x.save()
	return made(u.id), nil
}

// renamePortal gives the portal a new name in events and links. That requests to the old name are redirected is the
// fault "moved".
func (x person) renamePortal() (*php.Array, error) {
	to := php.String(x.args.Get("to"))
	if to == "" || slices.Contains(strings.Split(to, ""), "/") {
		return nil, errors.New("a portal's name is a host, without a scheme")
	}
	x.domain = to
	return made(1), nil
}
