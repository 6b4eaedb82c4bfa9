package emulator

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// A cardPage is a record's page.
type cardPage struct {
	ID                                  int64
	Kind, URL, Heading, About, Sum, Tab string
	MoveURL                             string
	Funnel                              string
	Funnels                             []option
	Actions                             []deed
	Stages                              []cardStage
	Tabs                                []tab
	Fields                              []cardField
	Multi                               []cardMulti
	Linked                              []cardLinks
	Service                             []cardField
	Convert                             *convertDialog
	Rows                                []cardRow
	RowsTotal                           string
	Manual                              bool
	Comments                            []cardComment
}

// A cardStage is a step of the bar above the card.
type cardStage struct {
	Status           int64
	Code, Name       string
	Reached, Current bool
}

// A cardField is an input with its label, or a line of text when it has no name.
type cardField struct {
	Label, Name, Value, Kind string
	Long                     bool
	Options                  []option
}

// A cardMulti is the input of one phone or address.
type cardMulti struct {
	Label, Kind, Value, Type string
	Key                      int
	ID                       int64
	Types                    []option
}

// cardLinks are the linked records of one kind.
type cardLinks struct {
	Name string
	Rows []cell
}

// A cardRow is a line of the table of products.
type cardRow struct {
	Key                        int
	ID                         int64
	Name, Price, Quantity, Sum string
}

// A cardComment is an entry of the timeline.
type cardComment struct{ Author, Date, Text string }

// A convertDialog is the dialog of «Качественный лид».
type convertDialog struct {
	ID                           int64
	Back, Company                string
	Funnels, Contacts, Companies []option
}

// cardAbout is the heading of the fields, by the kind of record.
var cardAbout = map[string]string{
	"deal": "О сделке", "lead": "О лиде", "contact": "О контакте", "company": "О компании",
}

// pageCard shows a record for reading and editing; number 0 is a new one.
func (p *Portal) pageCard(w http.ResponseWriter, r *http.Request, kind string) {
	id, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	p.mu.Lock()
	e := p.entityNamed(kind)
	x := e.rows[id]
	if id != 0 && x == nil {
		p.mu.Unlock()
		p.notFound(w)
		return
	}
	card := p.card(e, x, r.FormValue("tab"))
	if x == nil && e.typeID == typeDeal {
		card.Fields = append(card.Fields, cardField{
			Label: "Воронка", Name: "fields[CATEGORY_ID]", Value: r.FormValue("category"), Options: p.funnelOptions(),
		})
	}
	if e.typeID == typeLead && x != nil && r.FormValue("convert") != "" && e.text(x, "STATUS_SEMANTIC_ID") != "S" {
		card.Convert = p.convertDialog(x)
	}
	p.mu.Unlock()
	p.show(w, http.StatusOK, "card", card.Heading, "/crm/"+e.method+"/", card)
}

// card gathers the page of a record; r is nil for a new one, at names the tab.
func (p *Portal) card(e *entity, r *record, at string) *cardPage {
	c := &cardPage{
		Kind: e.method, URL: cardURL(e.method, 0), Heading: "Создание", About: cardAbout[e.method], Tab: "general",
	}
	c.Fields = p.cardFields(e, r)
	if e.multi {
		c.Multi = cardMultis(r)
	}
	if r == nil {
		return c
	}
	c.ID, c.URL, c.Heading = r.id, cardURL(e.method, r.id), p.nameOf(e, r)
	if e.typeID == typeDeal || e.typeID == typeLead {
		c.Sum = money(e.number(r, "OPPORTUNITY"), e.text(r, "CURRENCY_ID"))
		p.cardStages(c, e, r)
		p.cardRows(c, e, r)
	}
	c.Tabs = []tab{{"Общие", c.URL, false}}
	if c.Sum != "" {
		c.Tabs = append(c.Tabs, tab{"Товары", c.URL + "?tab=products", at == "products"})
	}
	c.Tabs = append(c.Tabs, tab{"Лента", c.URL + "?tab=timeline", at == "timeline"})
	if at == "products" && c.Sum != "" || at == "timeline" {
		c.Tab = at
	}
	c.Tabs[0].Current = c.Tab == "general"
	c.Linked = p.cardLinked(e, r)
	c.Actions = append(c.Actions, deed{
		Deed: "delete_" + e.method, Label: "Удалить", Danger: true,
		Fields: []pair{{"id", php.String(r.id)}, {"back", "/crm/" + e.method + "/list/"}},
	})
	for _, x := range [][2]string{
		{"ID", php.String(r.id)},
		{"Создан", p.when(e.time(r, "DATE_CREATE"))},
		{"Изменён", p.when(e.time(r, "DATE_MODIFY"))},
		{"Кем изменён", p.userName(e.integer(r, "MODIFY_BY_ID"))},
		{"Внешний источник", e.text(r, "ORIGINATOR_ID")},
		{"Внешний ключ", e.text(r, "ORIGIN_ID")},
	} {
		c.Service = append(c.Service, cardField{Label: x[0], Value: x[1]})
	}
	for _, x := range p.comments.where("ENTITY_ID", r.id) {
		if p.comments.text(x, "ENTITY_TYPE") == e.method {
			c.Comments = append(c.Comments, cardComment{
				p.userName(p.comments.integer(x, "AUTHOR_ID")), p.when(p.comments.time(x, "CREATED")),
				p.comments.text(x, "COMMENT"),
			})
		}
	}
	slices.Reverse(c.Comments)
	return c
}

// cardStages fills in the bar of stages and, for a deal, the funnels it can move to.
func (p *Portal) cardStages(c *cardPage, e *entity, r *record) {
	directory, present := leadStages, ""
	if e.typeID == typeDeal {
		category := e.integer(r, "CATEGORY_ID")
		directory, present, c.MoveURL = dealStages(category), e.text(r, "STAGE_ID"), "/do/move_deal"
		c.Funnel, c.Funnels = php.String(category), p.funnelOptions()
	} else {
		present, c.MoveURL = e.text(r, "STATUS_ID"), "/crm/lead/move"
	}
	reached := true
	for _, s := range p.stages(directory) {
		code := p.statuses.text(s, "STATUS_ID")
		c.Stages = append(c.Stages, cardStage{
			Status: s.id, Code: code, Name: p.statuses.text(s, "NAME"), Reached: reached, Current: code == present,
		})
		reached = reached && code != present
	}
}

// cardRows fills in the table of products, with two empty lines for more.
func (p *Portal) cardRows(c *cardPage, e *entity, r *record) {
	total, currency := 0.0, e.text(r, "CURRENCY_ID")
	for i, x := range p.rows.of(e.short, r.id) {
		sum := php.Round(x.Price*x.Quantity, 2)
		total += sum
		c.Rows = append(c.Rows, cardRow{
			i, x.ID, x.Name, php.FormatFloat(x.Price), php.FormatFloat(x.Quantity), money(sum, currency),
		})
	}
	for range 2 {
		c.Rows = append(c.Rows, cardRow{Key: len(c.Rows)})
	}
	c.RowsTotal, c.Manual = money(total, currency), e.text(r, "IS_MANUAL_OPPORTUNITY") == "Y"
}

// cardLinked are the records around one: client, lead, deals.
func (p *Portal) cardLinked(e *entity, r *record) []cardLinks {
	show := func(name string, of *entity, ids []int64) cardLinks {
		out := cardLinks{Name: name}
		for _, id := range ids {
			if x := of.rows[id]; x != nil && len(out.Rows) < pageSize {
				out.Rows = append(out.Rows, cell{p.nameOf(of, x), cardURL(of.method, id)})
			}
		}
		return out
	}
	ids := func(list []link) (out []int64) {
		for _, x := range list {
			out = append(out, x.id)
		}
		return out
	}
	found := func(list []*record) (out []int64) {
		for _, x := range list {
			out = append(out, x.id)
		}
		return out
	}
	switch e.typeID {
	case typeDeal:
		return []cardLinks{
			show("Контакты", p.contacts, ids(e.links.of(r.id))),
			show("Компания", p.companies, []int64{e.integer(r, "COMPANY_ID")}),
			show("Лид", p.leads, []int64{e.integer(r, "LEAD_ID")}),
		}
	case typeLead:
		return []cardLinks{
			show("Контакты", p.contacts, ids(e.links.of(r.id))),
			show("Компания", p.companies, []int64{e.integer(r, "COMPANY_ID")}),
			show("Сделки", p.deals, found(p.deals.where("LEAD_ID", r.id))),
		}
	case typeContact:
		return []cardLinks{
			show("Компании", p.companies, ids(e.links.of(r.id))), show("Сделки", p.deals, p.deals.links.back[r.id]),
		}
	}
	out := []cardLinks{
		show("Контакты", p.contacts, ids(p.companyContacts(r.id))),
		show("Сделки", p.deals, found(p.deals.where("COMPANY_ID", r.id))),
	}
	return append(out, p.cardRequisites(r))
}

// cardRequisites are the requisites of a company, each with its bank accounts on one line.
func (p *Portal) cardRequisites(company *record) cardLinks {
	out := cardLinks{Name: "Реквизиты"}
	for _, q := range p.requisites.where("ENTITY_ID", company.id) {
		if p.requisites.integer(q, "ENTITY_TYPE_ID") != typeCompany {
			continue
		}
		line := p.requisites.text(q, "NAME")
		for _, x := range [][2]string{{"ИНН", "RQ_INN"}, {"КПП", "RQ_KPP"}, {"ОГРН", "RQ_OGRN"}, {"ОГРНИП", "RQ_OGRNIP"}} {
			if v := p.requisites.text(q, x[1]); v != "" {
				line += ", " + x[0] + " " + v
			}
		}
		for _, b := range p.banks.where("ENTITY_ID", q.id) {
			line += "; " + strings.TrimSpace(p.banks.text(b, "RQ_BANK_NAME")+" "+p.banks.text(b, "RQ_ACC_NUM"))
		}
		out.Rows = append(out.Rows, cell{Text: line})
	}
	return out
}

// funnelOptions are all funnels as choices.
func (p *Portal) funnelOptions() []option {
	var out []option
	for _, f := range p.funnels() {
		out = append(out, option{Code: p.categories.text(f, "CATEGORY_ID"), Name: p.categories.text(f, "NAME")})
	}
	return out
}

// convertDialog offers what to make of a lead: new records, those it has already, or those with the same phone or
// address.
func (p *Portal) convertDialog(lead *record) *convertDialog {
	d := &convertDialog{ID: lead.id, Back: cardURL("lead", lead.id), Funnels: p.funnelOptions()}
	d.Contacts = append([]option{{Code: "new", Name: "Создать новый"}}, p.clientsOf(lead, p.contacts, "CONTACT_ID")...)
	d.Contacts = append(d.Contacts, option{Code: "", Name: "Не создавать"})
	d.Companies = append(
		[]option{{Code: "", Name: "Не создавать"}, {Code: "new", Name: "Создать новую"}},
		p.clientsOf(lead, p.companies, "COMPANY_ID")...,
	)
	if len(d.Contacts) > 2 && p.leads.integer(lead, "CONTACT_ID") > 0 {
		d.Contacts[0], d.Contacts[1] = d.Contacts[1], d.Contacts[0]
	}
	if id := p.leads.integer(lead, "COMPANY_ID"); id > 0 {
		d.Company = php.String(id)
	} else if p.leads.text(lead, "COMPANY_TITLE") != "" {
		d.Company = "new"
	}
	return d
}

// clientsOf are the existing clients that a lead may belong to.
func (p *Portal) clientsOf(lead *record, e *entity, field string) []option {
	ids := []int64{p.leads.integer(lead, field)}
	for _, m := range lead.multi {
		ids = append(ids, p.commOf(e.typeID, m.kind, m.text)...)
	}
	var out []option
	for _, id := range ids {
		code := php.String(id)
		if x := e.rows[id]; x != nil && !slices.ContainsFunc(out, func(o option) bool { return o.Code == code }) {
			out = append(out, option{Code: code, Name: p.nameOf(e, x) + " (" + code + ")"})
		}
	}
	return out
}
