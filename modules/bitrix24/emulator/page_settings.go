package emulator

import (
	"net/http"
	"strconv"
)

// A settingsPage is the page «Настройки».
type settingsPage struct {
	Funnels  []settingsFunnel
	Mode     int64
	Products []settingsRow
	Users    []settingsRow
}

// A settingsFunnel is a funnel with its stages, or the stages of leads.
type settingsFunnel struct {
	ID              int64
	Name, Directory string
	Removable       bool
	Stages          []settingsStage
}

// A settingsStage is one stage of a funnel.
type settingsStage struct {
	Status                int64
	Code, Name, Semantics string
	Removable             bool
}

// A settingsRow is a product or an employee.
type settingsRow struct {
	ID                int64
	Name, Price, Note string
	Active            bool
}

// pageSettings administers funnels, stages, products, employees and the CRM's mode.
func (p *Portal) pageSettings(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	body := settingsPage{Mode: p.mode}
	for _, f := range p.funnels() {
		id := p.categories.integer(f, "CATEGORY_ID")
		name := "Воронка «" + p.categories.text(f, "NAME") + "»"
		body.Funnels = append(body.Funnels, p.settingsFunnel(id, name, dealStages(id), id > 0))
	}
	body.Funnels = append(body.Funnels, p.settingsFunnel(0, "Стадии лидов", leadStages, false))
	for _, r := range p.products.all() {
		body.Products = append(body.Products, settingsRow{
			ID: r.id, Name: p.products.text(r, "NAME"),
			Price: money(p.products.number(r, "PRICE"), p.products.text(r, "CURRENCY_ID")),
		})
	}
	for _, u := range p.users.all() {
		active := p.users.text(u, "ACTIVE") == "Y"
		note := p.users.text(u, "WORK_POSITION")
		if !active {
			note = "уволен"
		}
		body.Users = append(body.Users, settingsRow{
			ID: u.id, Name: p.userName(u.id), Note: note, Active: active && u.id != 1,
		})
	}
	p.mu.Unlock()
	p.show(w, http.StatusOK, "settings", "Настройки", "/crm/configs/", body)
}

// settingsFunnel gathers the stages of a directory.
func (p *Portal) settingsFunnel(id int64, name, directory string, removable bool) settingsFunnel {
	out := settingsFunnel{ID: id, Name: name, Directory: directory, Removable: removable}
	for i, s := range p.stages(directory) {
		semantics := semanticsOf(p.statuses, s)
		out.Stages = append(out.Stages, settingsStage{
			Status: s.id, Code: p.statuses.text(s, "STATUS_ID"), Name: p.statuses.text(s, "NAME"),
			Removable: i > 0 && semantics != "S",
			Semantics: map[string]string{"P": "в работе", "S": "успех", "F": "провал"}[semantics],
		})
	}
	return out
}

// pageUser is an employee's profile; its address shows the number that the panel asks for.
func (p *Portal) pageUser(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	p.mu.Lock()
	u := p.users.rows[id]
	name := p.userName(id)
	p.mu.Unlock()
	if u == nil {
		p.notFound(w)
		return
	}
	p.say(w, http.StatusOK, name, "ID сотрудника: "+strconv.FormatInt(id, 10), "/crm/configs/")
}
