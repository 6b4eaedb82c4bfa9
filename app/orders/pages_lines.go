package orders

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/refusal"
)

// lines is the table of items that people edit: what was typed, with what is wrong in it. Its inputs are named as the
// service names fields when it refuses them: "Items[2].Options[0].Price", "DiscountPrice".
type lines struct {
	Rows     []line
	Discount string
	Errors   map[string]string
}

type line struct {
	Place                                       string // "Items[2]", before each of its inputs
	ID, MaterialID                              string
	Name, Description, Price, Quantity, Comment string
	Options                                     []lineOption
	Files                                       int // how many are attached, and lost with the line
}

type lineOption struct{ Place, Title, Description, Price, Quantity string }

// linesOf shows an order's items for editing.
func linesOf(o *Order) lines {
	l := lines{Discount: typedMoney(o.Discount), Errors: map[string]string{}}
	for _, item := range o.Items {
		row := line{
			ID: optionalNumber(item.ID), MaterialID: optionalNumber(item.MaterialID),
			Name: item.Name, Description: item.Description,
			Price: typedMoney(item.Price), Quantity: strconv.FormatInt(item.Quantity, 10),
			Comment: item.Comment, Files: len(item.Files),
		}
		for _, option := range item.Options {
			row.Options = append(row.Options, lineOption{
				Title: option.Title, Description: option.Description,
				Price: typedMoney(option.Price), Quantity: strconv.FormatInt(option.Quantity, 10),
			})
		}
		l.Rows = append(l.Rows, row)
	}
	l.number()
	return l
}

// readLines takes what was posted. Rows end at the first number that is missing.
func readLines(values url.Values) lines {
	l := lines{Discount: strings.TrimSpace(values.Get("DiscountPrice")), Errors: map[string]string{}}
	for i := range maxItems + 1 {
		place := fmt.Sprintf("Items[%d]", i)
		if !values.Has(place + ".Name") {
			break
		}
		get := func(name string) string { return typedText(values.Get(place + "." + name)) }
		files, _ := strconv.Atoi(get("Files")) // only for the warning beside the button that removes the row
		row := line{
			ID: get("Id"), MaterialID: get("MaterialId"), Name: get("Name"), Description: get("Description"),
			Price: get("ItemPrice"), Quantity: get("Quantity"), Comment: get("Comment"), Files: files,
		}
		for n := range maxOptions + 1 {
			place := fmt.Sprintf("%s.Options[%d]", place, n)
			if !values.Has(place + ".Title") {
				break
			}
			get := func(name string) string { return typedText(values.Get(place + "." + name)) }
			row.Options = append(row.Options, lineOption{
				Title: get("Title"), Description: get("Description"), Price: get("Price"), Quantity: get("Quantity"),
			})
		}
		l.Rows = append(l.Rows, row)
	}
	l.number()
	return l
}

// number writes each row's place; to be called after rows came or went.
func (l *lines) number() {
	for i := range l.Rows {
		l.Rows[i].Place = fmt.Sprintf("Items[%d]", i)
		for n := range l.Rows[i].Options {
			l.Rows[i].Options[n].Place = fmt.Sprintf("Items[%d].Options[%d]", i, n)
		}
	}
}

// press does what a button of the table asks for: "add", "add 2" (an option to row 2), "remove 2", "remove 2 0" (its
// first option), "count" (the sums anew). It reports whether the button was one of the table's.
func (l *lines) press(button string) bool {
	words := strings.Fields(button)
	if len(words) == 0 || !lo.Contains([]string{"add", "remove", "count"}, words[0]) {
		return false
	}
	at := make([]int, 0, 2)
	for _, word := range words[1:] {
		n, err := strconv.Atoi(word)
		if err != nil || n < 0 {
			return true
		}
		at = append(at, n)
	}
	if len(at) > 0 && at[0] >= len(l.Rows) {
		return true
	}
	switch {
	case words[0] == "add" && len(at) == 0:
		l.Rows = append(l.Rows, line{Quantity: "1"})
	case words[0] == "add":
		l.Rows[at[0]].Options = append(l.Rows[at[0]].Options, lineOption{Quantity: "1"})
	case words[0] == "remove" && len(at) == 1:
		l.Rows = append(l.Rows[:at[0]], l.Rows[at[0]+1:]...)
	case words[0] == "remove" && len(at) == 2 && at[1] < len(l.Rows[at[0]].Options):
		options := l.Rows[at[0]].Options
		l.Rows[at[0]].Options = append(options[:at[1]], options[at[1]+1:]...)
	}
	l.number()
	return true
}

// items are the typed rows as the service takes them, and the discount. What cannot be read is marked, all of it at
// once.
func (l *lines) items() (items []Item, discount Money, ok bool) {
	l.Rows = lo.Reject(l.Rows, func(row line, _ int) bool { return row.empty() })
	l.number()
	discount = l.money("DiscountPrice", l.Discount)
	items = lo.Map(l.Rows, func(row line, _ int) Item { return l.item(row) })
	return items, discount, len(l.Errors) == 0
}

// item reads one row and marks what cannot be read.
func (l *lines) item(row line) Item {
	id, _ := strconv.ParseInt(row.ID, 10, 64) // hidden; an unknown one is a new row
	item := Item{
		ID: id, MaterialID: l.whole(row.Place+".MaterialId", row.MaterialID, 0),
		Name: row.Name, Description: row.Description,
		Price:    l.money(row.Place+".ItemPrice", row.Price),
		Quantity: l.whole(row.Place+".Quantity", row.Quantity, 1),
		Comment:  row.Comment,
	}
	for _, option := range row.Options {
		item.Options = append(item.Options, Option{
			Title: option.Title, Description: option.Description,
			Price:    l.money(option.Place+".Price", option.Price),
			Quantity: l.whole(option.Place+".Quantity", option.Quantity, 1),
		})
	}
	return item
}

// empty rows are left over from «Добавить позицию».
func (r line) empty() bool {
	return r.ID == "" && r.Name == "" && r.Price == "" && r.Comment == "" && r.Description == "" && len(r.Options) == 0
}

// sum is what the row comes to, if it can be read.
func (r line) sum() (Money, bool) {
	read := lines{Errors: map[string]string{}}
	item := read.item(r)
	return item.Sum(), len(read.Errors) == 0 && item.check() == nil
}

// Sum is what the row comes to, or a dash.
func (r line) Sum() string {
	sum, ok := r.sum()
	if !ok {
		return "—"
	}
	return sum.Format()
}

// Total is what all rows come to less the discount, or a dash.
func (l lines) Total() string {
	read := lines{Errors: map[string]string{}}
	total := -read.money("DiscountPrice", l.Discount)
	for _, row := range l.Rows {
		sum, ok := row.sum()
		if !ok && !row.empty() {
			return "—"
		}
		total += sum
	}
	if len(read.Errors) > 0 {
		return "—"
	}
	return total.Format()
}

// Error is what is wrong with an input.
func (l lines) Error(name string) string { return l.Errors[name] }

// Within reports whether anything is wrong inside a row.
func (l lines) Within(place string) bool {
	for field := range l.Errors {
		if strings.HasPrefix(field, place+".") {
			return true
		}
	}
	return false
}

// lineInput is an input of the table as its template draws it.
type lineInput struct {
	Name, Value, Label, Error string
	Long                      bool // several lines of text
}

// Input is an input of one line of text, of the row at place or, without one, of the whole table.
func (l lines) Input(place, name, value, label string) lineInput {
	if place != "" {
		name = place + "." + name
	}
	return lineInput{Name: name, Value: value, Label: label, Error: l.Errors[name]}
}

// Long is an input of several lines of text.
func (l lines) Long(place, name, value, label string) lineInput {
	input := l.Input(place, name, value, label)
	input.Long = true
	return input
}

// reject marks what a refusal is about and reports whether it is one that the form can show.
func (l *lines) reject(err error) bool {
	no, ok := refusal.From(err)
	if !ok || no.Kind == refusal.NotFound || no.Kind == refusal.Forbidden {
		return false
	}
	l.Errors[no.Field] = no.Message
	return true
}

// Unplaced are the complaints that stand beside no input of the table: they are shown above it.
func (l lines) Unplaced() []string {
	var texts []string
	for field, text := range l.Errors {
		if !lo.Contains([]string{"DiscountPrice", "Items", "UserId"}, field) && !strings.HasPrefix(field, "Items[") {
			texts = append(texts, text)
		}
	}
	slices.Sort(texts)
	return texts
}

func (l *lines) money(field, typed string) Money {
	if typed == "" {
		return 0
	}
	amount, err := ParseMoney(typed)
	if err != nil {
		l.Errors[field] = "Введите сумму, не больше двух знаков после запятой."
	}
	return amount
}

func (l *lines) whole(field, typed string, empty int64) int64 {
	if typed == "" {
		return empty
	}
	n, err := strconv.ParseInt(typed, 10, 64)
	if err != nil {
		l.Errors[field] = "Введите целое число."
	}
	return n
}

// typedText has the line ends of this program instead of a browser's, and no space around it.
func typedText(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }

func typedMoney(m Money) string {
	if m == 0 {
		return ""
	}
	return strings.Replace(m.String(), ".", ",", 1)
}

func optionalNumber(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
