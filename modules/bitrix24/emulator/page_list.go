package emulator

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pixlpark/panel/modules/bitrix24/emulator/php"
)

// A listPage is a table of records.
type listPage struct {
	Heading, CreateURL, Query, Previous, Next string
	Searchable                                bool
	Views                                     []tab
	Columns                                   []string
	Rows                                      []listRow
	Total                                     int
}

// A listRow is one record with the buttons behind it.
type listRow struct {
	Cells   []cell
	Actions []deed
}

// A cell is a text, with a link when URL is not empty.
type cell struct{ Text, URL string }

// listHeadings are the headings of lists by the kind of record.
var listHeadings = map[string]string{"deal": "Сделки", "lead": "Лиды", "contact": "Контакты", "company": "Компании"}

// pageList lists the records of a kind, newest first.
func (p *Portal) pageList(w http.ResponseWriter, r *http.Request, kind string) {
	p.mu.Lock()
	e := p.entityNamed(kind)
	query := strings.TrimSpace(r.FormValue("q"))
	start, _ := strconv.Atoi(r.FormValue("start"))
	body := listPage{
		Heading: listHeadings[e.method], CreateURL: cardURL(e.method, 0), Query: query, Searchable: true,
		Columns: listColumns(e),
	}
	if e.typeID == typeDeal || e.typeID == typeLead {
		body.Views = views(e.method, "list")
	}
	var found []*record
	for _, id := range slices.Backward(e.ids) {
		if x := e.rows[id]; p.mentions(e, x, query) {
			found = append(found, x)
		}
	}
	body.Total = len(found)
	start = min(max(start, 0), len(found))
	end := min(start+pageSize, len(found))
	for _, x := range found[start:end] {
		body.Rows = append(body.Rows, listRow{Cells: p.listCells(e, x)})
	}
	p.mu.Unlock()
	link := func(start int) string {
		return "?" + url.Values{"q": {query}, "start": {strconv.Itoa(start)}}.Encode()
	}
	if start > 0 {
		body.Previous = link(max(0, start-pageSize))
	}
	if end < body.Total {
		body.Next = link(end)
	}
	p.show(w, http.StatusOK, "list", body.Heading, "/crm/"+e.method+"/", body)
}

// mentions says whether a record has the searched text in its number, name, external key, phones or addresses.
func (p *Portal) mentions(e *entity, r *record, query string) bool {
	if query == "" {
		return true
	}
	query = strings.ToLower(query)
	texts := []string{php.String(r.id), p.nameOf(e, r), e.text(r, "ORIGIN_ID")}
	for _, m := range r.multi {
		texts = append(texts, m.text)
	}
	return slices.ContainsFunc(texts, func(s string) bool { return strings.Contains(strings.ToLower(s), query) })
}

// listColumns are the columns of a kind's list.
func listColumns(e *entity) []string {
	switch e.typeID {
	case typeDeal:
		return []string{
			"ID", "Сделка", "Стадия сделки", "Клиент", "Сумма/Валюта", "Ответственный", "Дата создания", "Внешний ключ",
		}
	case typeLead:
		return []string{"ID", "Лид", "Стадия", "Имя", "Сумма/Валюта", "Ответственный", "Дата создания", "Внешний ключ"}
	}
	return []string{
		"ID", listHeadings[e.method], "Телефон", "E-mail", "Тип", "Ответственный", "Дата создания", "Внешний ключ",
	}
}

// listCells are the cells of one record, in the order of listColumns.
func (p *Portal) listCells(e *entity, r *record) []cell {
	name := cell{p.nameOf(e, r), cardURL(e.method, r.id)}
	tail := []cell{
		{p.userName(e.integer(r, "ASSIGNED_BY_ID")), ""},
		{p.when(e.time(r, "DATE_CREATE")), ""},
		{e.text(r, "ORIGIN_ID"), ""},
	}
	cells := []cell{{php.String(r.id), ""}, name}
	switch e.typeID {
	case typeDeal, typeLead:
		stage, directory := "STATUS_ID", leadStages
		if e.typeID == typeDeal {
			stage, directory = "STAGE_ID", dealStages(e.integer(r, "CATEGORY_ID"))
		}
		card := p.kanbanCard(e, r, "")
		client := cell{card.Client, ""}
		if id := e.integer(r, "CONTACT_ID"); p.contacts.rows[id] != nil {
			client.URL = cardURL("contact", id)
		}
		cells = append(cells, cell{p.stageName(directory, e.text(r, stage)), ""}, client, cell{card.Sum, ""})
	default:
		directory, field := "CONTACT_TYPE", "TYPE_ID"
		if e.typeID == typeCompany {
			directory, field = "COMPANY_TYPE", "COMPANY_TYPE"
		}
		cells = append(
			cells, cell{r.firstMulti("PHONE", ""), ""}, cell{r.firstMulti("EMAIL", ""), ""},
			cell{p.stageName(directory, e.text(r, field)), ""},
		)
	}
	return append(cells, tail...)
}

// pageBin lists the deleted deals, which can be restored.
func (p *Portal) pageBin(w http.ResponseWriter, _ *http.Request) {
	p.mu.Lock()
	body := listPage{
		Heading: "Корзина", Views: views("deal", "bin"), Columns: []string{"ID", "Сделка", "Сумма", ""}, Total: len(p.deals.bin),
	}
	var ids []int64
	for id := range p.deals.bin {
		ids = insertID(ids, id)
	}
	for _, id := range slices.Backward(ids) {
		r := p.deals.bin[id].record
		body.Rows = append(body.Rows, listRow{
			Cells: []cell{
				{php.String(id), ""},
				{p.nameOf(p.deals, r), ""},
				{money(p.deals.number(r, "OPPORTUNITY"), p.deals.text(r, "CURRENCY_ID")), ""},
			},
			Actions: []deed{
				{
					Deed: "restore_deal", Label: "Восстановить",
					Fields: []pair{{"id", php.String(id)}, {"back", "/crm/deal/recyclebin/"}},
				},
			},
		})
	}
	p.mu.Unlock()
	p.show(w, http.StatusOK, "list", body.Heading, "/crm/deal/", body)
}
