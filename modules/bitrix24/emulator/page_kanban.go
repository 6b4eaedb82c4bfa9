package emulator

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// cardsPerColumn keeps a large funnel's page small.
const cardsPerColumn = 60

// A kanban is the page of a funnel.
type kanban struct {
	Kind, Heading, CreateURL, MoveURL, ListURL, Back string
	Funnels, Views                                   []tab
	Stages                                           []option
	Columns                                          []column
}

// A column is a stage with its records.
type column struct {
	Status          int64
	Code, Name, Sum string
	Count, More     int
	Cards           []kanbanCard
}

// A kanbanCard is a deal or lead in its column.
type kanbanCard struct {
	ID                                                          int64
	URL, Title, Sum, Client, Contacts, Stage, Responsible, Date string
}

// pageDeals shows a funnel of deals.
func (p *Portal) pageDeals(w http.ResponseWriter, r *http.Request) {
	category, _ := strconv.ParseInt(r.PathValue("category"), 10, 64)
	p.mu.Lock()
	board := p.dealBoard(category)
	p.mu.Unlock()
	if board == nil {
		p.notFound(w)
		return
	}
	p.show(w, http.StatusOK, "kanban", board.Heading, "/crm/deal/", board)
}

// pageLeads shows the leads by their stages.
func (p *Portal) pageLeads(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	board := p.leadBoard()
	p.mu.Unlock()
	p.show(w, http.StatusOK, "kanban", board.Heading, "/crm/lead/", board)
}

// kanbanURL is the address of a funnel's page.
func kanbanURL(category int64) string {
	if category == 0 {
		return "/crm/deal/kanban/"
	}
	return "/crm/deal/kanban/category/" + strconv.FormatInt(category, 10) + "/"
}

// dealBoard gathers the page of a funnel of deals; nil when there is no such funnel.
func (p *Portal) dealBoard(category int64) *kanban {
	if p.category(category) == nil {
		return nil
	}
	board := &kanban{
		Kind: "deal", Heading: "Сделки", CreateURL: cardURL("deal", 0) + "?category=" + strconv.FormatInt(category, 10),
		MoveURL: "/do/move_deal",
		ListURL: "/crm/deal/list/", Back: kanbanURL(category), Views: views("deal", "kanban"),
	}
	for _, f := range p.funnels() {
		id := p.categories.integer(f, "CATEGORY_ID")
		board.Funnels = append(board.Funnels, tab{p.categories.text(f, "NAME"), kanbanURL(id), id == category})
	}
	p.fillBoard(board, p.deals, "STAGE_ID", dealStages(category))
	return board
}

// leadBoard gathers the page of leads.
func (p *Portal) leadBoard() *kanban {
	board := &kanban{
		Kind: "lead", Heading: "Лиды", CreateURL: cardURL("lead", 0), MoveURL: "/crm/lead/move", ListURL: "/crm/lead/list/",
		Back:  "/crm/lead/kanban/",
		Views: views("lead", "kanban"),
	}
	p.fillBoard(board, p.leads, "STATUS_ID", leadStages)
	return board
}

// views are the ways to look at records of a kind.
func views(kind, current string) []tab {
	out := []tab{
		{"Воронка", "/crm/" + kind + "/kanban/", current == "kanban"},
		{"Список", "/crm/" + kind + "/list/", current == "list"},
	}
	if kind == "deal" {
		out = append(out, tab{"Корзина", "/crm/deal/recyclebin/", current == "bin"})
	}
	return out
}

// fillBoard makes a column of each stage, the newest records on top.
func (p *Portal) fillBoard(board *kanban, e *entity, stageField, directory string) {
	for _, s := range p.stages(directory) {
		c := column{Status: s.id, Code: p.statuses.text(s, "STATUS_ID"), Name: p.statuses.text(s, "NAME")}
		board.Stages = append(board.Stages, option{Code: c.Code, Name: c.Name})
		records := e.where(stageField, c.Code)
		slices.Reverse(records)
		total, currency := 0.0, ""
		for i, r := range records {
			total += e.number(r, "OPPORTUNITY")
			currency = e.text(r, "CURRENCY_ID")
			if i < cardsPerColumn {
				c.Cards = append(c.Cards, p.kanbanCard(e, r, c.Code))
			}
		}
		c.Count, c.More, c.Sum = len(records), max(0, len(records)-cardsPerColumn), money(total, currency)
		board.Columns = append(board.Columns, c)
	}
}

// kanbanCard shows a deal or lead with its client and how to reach them.
func (p *Portal) kanbanCard(e *entity, r *record, stage string) kanbanCard {
	c := kanbanCard{
		ID: r.id, URL: cardURL(e.method, r.id), Title: p.nameOf(e, r), Stage: stage,
		Responsible: p.userName(e.integer(r, "ASSIGNED_BY_ID")),
		Sum:         money(e.number(r, "OPPORTUNITY"), e.text(r, "CURRENCY_ID")), Date: p.when(e.time(r, "DATE_CREATE")),
	}
	var client, contacts []string
	if x := p.companies.rows[e.integer(r, "COMPANY_ID")]; x != nil {
		client = append(client, p.nameOf(p.companies, x))
	}
	source := r
	if x := p.contacts.rows[e.integer(r, "CONTACT_ID")]; x != nil {
		client = append(client, p.nameOf(p.contacts, x))
		source = x
	} else if e.typeID == typeLead {
		if name := strings.TrimSpace(e.text(r, "NAME") + " " + e.text(r, "LAST_NAME")); name != "" && name != c.Title {
			client = append(client, name)
		}
	}
	for _, kind := range []string{"PHONE", "EMAIL"} {
		if v := source.firstMulti(kind, ""); v != "" {
			contacts = append(contacts, v)
		}
	}
	c.Client, c.Contacts = strings.Join(client, ", "), strings.Join(contacts, " · ")
	return c
}
