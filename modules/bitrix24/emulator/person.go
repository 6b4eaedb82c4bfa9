package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// Args are the arguments of a deed, by the names of POST /control/do.
type Args map[string]any

// Made are the ids that a deed answers: "id", and for a conversion also "deal", "contact" and "company".
type Made map[string]int64

// Do does what a person would do in the portal, with the same deeds and arguments as POST /control/do. It returns the
// ids of what came of it, or why the portal refused: p.Do("move_deal", Args{"id": 1, "stage": "PREPARATION"}).
func (p *Portal) Do(deed string, args Args) (Made, error) {
	all := Args{"do": deed}
	for k, v := range args {
		all[k] = v
	}
	body, err := json.Marshal(all)
	if err != nil {
		return nil, fmt.Errorf("do %s: %w", deed, err)
	}
	answer, err := p.doJSON(body)
	if err != nil {
		return nil, fmt.Errorf("do %s: %w", deed, err)
	}
	made := Made{}
	for name, v := range answer.All() {
		if id, ok := v.(int64); ok {
			made[name] = id
		}
	}
	return made, nil
}

// MoveDeal drags a deal to a stage of its funnel, as a person does on the kanban.
func (p *Portal) MoveDeal(id int64, stage string) error {
	_, err := p.Do("move_deal", Args{"id": id, "stage": stage})
	return err
}

// doJSON does the deed that a JSON object describes.
func (p *Portal) doJSON(body []byte) (*php.Array, error) {
	v, err := php.DecodeJSON(body)
	if err != nil {
		return nil, fmt.Errorf("read deed: %w", err)
	}
	args, ok := v.(*php.Array)
	if !ok {
		return nil, errors.New("a deed is a JSON object")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.person(args).do(php.String(args.Get("do")))
}

// A person is an employee in front of the portal's pages, with the arguments of the deed at hand.
type person struct {
	actor
	args *php.Array
}

// person acts as the employee named in user, else as the administrator.
func (p *Portal) person(args *php.Array) person {
	user := php.Int(args.Get("user"))
	if user == 0 {
		user = 1
	}
	return person{actor{p, user}, args}
}

// do does the deed of that name: create_deal, edit_contact, delete_lead and so on, or one of the list.
func (x person) do(deed string) (*php.Array, error) {
	verb, noun, _ := strings.Cut(deed, "_")
	if e := x.entityNamed(noun); e != nil {
		switch verb {
		case "create":
			return x.createRecord(e)
		case "edit":
			return x.edit(e)
		case "delete":
			return x.remove(e)
		case "restore":
			if e.bin != nil {
				return x.restore(e)
			}
		}
	}
	deeds := map[string]func() (*php.Array, error){
		"move_deal": x.moveDeal, "copy_deal": x.copyDeal, "convert_lead": x.convertLead, "reject_lead": x.rejectLead,
		"merge_contacts": x.mergeContacts, "merge_deals": x.mergeTwoDeals,
		"add_row": x.addRowToDeal, "set_rows": x.saveProducts, "delete_product": x.deleteProduct,
		"add_product": x.addProduct,
		"add_comment": x.comment, "add_category": x.addFunnel, "delete_category": x.deleteFunnel, "add_stage": x.addStage,
		"rename_stage": x.renameStage, "delete_stage": x.deleteStage, "set_mode": x.setMode, "dismiss_user": x.dismissUser,
		"rename_portal": x.renamePortal,
	}
	if do, ok := deeds[deed]; ok {
		return do()
	}
	return nil, fmt.Errorf("nobody knows how to do %q", deed)
}

// id is the argument id.
func (x person) id() int64 { return php.Int(x.args.Get("id")) }

// recordByID finds the record that the argument id means.
func (x person) recordByID(e *entity) (*record, error) {
	r := e.rows[x.id()]
	if r == nil {
		return nil, fmt.Errorf("no %s %d", e.method, x.id())
	}
	return r, nil
}

// made is the answer of a deed that made or changed one record.
func made(id int64) *php.Array { return php.Map("id", id) }
