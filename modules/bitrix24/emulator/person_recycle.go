package emulator

import (
	"fmt"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// A binned record is a deal or lead that lies in the recycle bin, with all that comes back with it (REST.md 13.4).
type binned struct {
	record   *record
	rows     []*row
	links    []link
	comments []*record
}

// throwAway puts a record that is about to be deleted into the recycle bin, if its kind has one.
func (a actor) throwAway(e *entity, r *record) {
	if e.bin == nil {
		return
	}
	b := binned{record: r, rows: a.rows.of(e.short, r.id), links: e.links.of(r.id)}
	for _, c := range a.comments.where("ENTITY_ID", r.id) {
		if a.comments.text(c, "ENTITY_TYPE") == e.method {
			b.comments = append(b.comments, c)
		}
	}
	e.bin[r.id] = b
}

// restore takes a record out of the recycle bin. It keeps its key and its time of creation and gets a new number; its
// rows keep theirs.
func (x person) restore(e *entity) (*php.Array, error) {
	b, ok := e.bin[x.id()]
	if !ok {
		return nil, fmt.Errorf("no %s %d in the recycle bin", e.method, x.id())
	}
	delete(e.bin, x.id())
	r := b.record
	if !x.behaviour.RestoreKeepsID {
		r.id = 0
	}
	e.insert(r)
	x.indexMulti(e, r)
	x.setLinks(e, r, b.links)
	for _, y := range b.rows {
		z := *y
		z.Owner = r.id
		if x.behaviour.RestoreNewRows {
			z.ID = 0
		}
		x.rows.put(&z)
	}
	for _, c := range b.comments {
		x.comments.put(c, "ENTITY_ID", r.id)
		x.comments.insert(c)
	}
	x.touch(e, r)
	x.stats.Changes++
	x.emit("ON"+e.events+"ADD", r.id)
	return php.Map("id", r.id, e.method, r.id), nil
}

// copyDeal is the robot «Копировать сделку». The copy has the contacts, the custom fields and the rows of the deal, as
// new rows; title, funnel and stage are those that the robot is set to, by the arguments of these names.
func (x person) copyDeal() (*php.Array, error) {
	from, err := x.recordByID(x.deals)
	if err != nil {
		return nil, err
	}
	ch := &change{vals: map[int]any{}, links: x.deals.links.of(from.id)}
	for at, f := range x.deals.fields {
		if f.name != "" && (!f.readOnly || f.name == "LEAD_ID") && !notCopied[f.name] && from.get(at) != nil {
			ch.vals[at] = from.get(at)
		}
	}
	if x.behaviour.CopyKeepsOrigin {
		ch.set(x.deals, "ORIGINATOR_ID", x.deals.value(from, "ORIGINATOR_ID"))
		ch.set(x.deals, "ORIGIN_ID", x.deals.value(from, "ORIGIN_ID"))
	}
	if title := php.String(x.args.Get("title")); title != "" {
		ch.set(x.deals, "TITLE", title)
	}
	category := x.deals.integer(from, "CATEGORY_ID")
	if v, ok := x.args.Lookup("category"); ok && v != nil {
		category = php.Int(v)
		delete(ch.vals, x.deals.at("STAGE_ID"))
	}
	ch.set(x.deals, "CATEGORY_ID", category)
	if stage := php.String(x.args.Get("stage")); stage != "" {
		if x.stageIn(x.stages(dealStages(category)), stage) == nil {
			stage = stagePrefix(category) + stage
		}
		ch.set(x.deals, "STAGE_ID", stage)
	}
	r, err := x.create(x.deals, ch)
	if err != nil {
		return nil, err
	}
	for _, y := range x.rows.of("D", from.id) {
		z := *y
		z.ID, z.Owner = 0, r.id
		x.rows.put(&z)
	}
	return php.Map("id", r.id, "deal", r.id), nil
}

// notCopied are the fields of a deal that its copy does not take as they are.
var notCopied = map[string]bool{
	"ID": true, "ORIGINATOR_ID": true, "ORIGIN_ID": true, "CONTACT_ID": true, "CONTACT_IDS": true, "CLOSED": true,
}
