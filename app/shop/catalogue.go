package shop

import (
	"net/url"
	"slices"
	"strconv"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/refusal"
)

// Product is something the shop prints. What it costs is decided here and nowhere else: a visitor only chooses.
type Product struct {
	Slug       string
	MaterialID int64 // in the site's catalogue
	Name       string
	Promise    string // one sentence for the list
	About      string
	Formats    []Format
	Runs       []int64 // how many may be ordered
	Extras     []Extra
}

// Format is a size, with the price of one piece in each run; runs and prices stand in the same order.
type Format struct {
	Name   string
	Prices []orders.Money
}

// Extra is a question about the product. The first answer costs nothing.
type Extra struct {
	Name, Title string
	Answers     []Answer
}

// Answer costs its price for each piece, or once for the whole run.
type Answer struct {
	Name, Title string
	Price       orders.Money
	Once        bool
}

// Catalogue is what the shop prints.
var Catalogue = []Product{
	{
		Slug: "cards", MaterialID: 101, Name: "Визитки",
		Promise: "Плотная бумага, печать с двух сторон, готовы завтра",
		About:   "Печатаем на бумаге 300 г/м² с двух сторон. Пришлите макет в PDF с вылетами 2 мм или выберите разработку дизайна.",
		Formats: []Format{
			{"90×50 мм", []orders.Money{9_00, 6_50, 4_20, 2_90}},
			{"85×55 мм", []orders.Money{9_50, 6_90, 4_50, 3_10}},
		},
		Runs: []int64{100, 200, 500, 1000},
		Extras: []Extra{
			{"coat", "Ламинация", []Answer{
				{"none", "без ламинации", 0, false},
				{"matt", "матовая", 1_50, false},
				{"soft", "софт-тач", 3_20, false},
			}},
			{"corners", "Скругление углов", []Answer{{"no", "не нужно", 0, false}, {"yes", "радиус 6 мм", 80, false}}},
			{"design", "Дизайн", []Answer{{"own", "есть свой макет", 0, false}, {"ours", "разработать макет", 1200_00, true}}},
		},
	},
	{
		Slug: "posters", MaterialID: 102, Name: "Фотопостер",
		Promise: "Ваша фотография на стену — от 30×40 до 60×90 см",
		About:   "Печатаем на фотобумаге пигментными чернилами: цвета не выгорают. Подойдёт снимок от 10 мегапикселей в JPEG или TIFF.",
		Formats: []Format{
			{"30×40 см", []orders.Money{490_00, 450_00, 420_00, 390_00}},
			{"50×70 см", []orders.Money{890_00, 840_00, 790_00, 740_00}},
			{"60×90 см", []orders.Money{1290_00, 1220_00, 1150_00, 1080_00}},
		},
		Runs: []int64{1, 2, 3, 5},
		Extras: []Extra{
			{"frame", "Рама", []Answer{{"none", "без рамы", 0, false}, {"black", "чёрная", 900_00, false}, {"oak", "дуб", 1450_00, false}}},
			{"film", "Защитная плёнка", []Answer{{"none", "не нужна", 0, false}, {"matt", "матовая", 150_00, false}}},
			{"retouch", "Ретушь", []Answer{{"none", "не нужна", 0, false}, {"yes", "подготовить снимок", 350_00, true}}},
		},
	},
	{
		Slug: "booklets", MaterialID: 103, Name: "Буклеты",
		Promise: "А4 с одним или двумя сгибами — для выставки и рассылки",
		About:   "Полноцветная печать с двух сторон на мелованной бумаге. Фальцуем сами, укладываем пачками по сто.",
		Formats: []Format{
			{"А4, один сгиб", []orders.Money{32_00, 24_00, 17_50, 12_80}},
			{"А4, два сгиба", []orders.Money{34_00, 25_50, 18_90, 13_90}},
		},
		Runs: []int64{50, 100, 300, 1000},
		Extras: []Extra{
			{"paper", "Бумага", []Answer{{"130", "130 г/м²", 0, false}, {"170", "170 г/м²", 2_40, false}}},
			{"urgent", "Срок", []Answer{{"usual", "три рабочих дня", 0, false}, {"urgent", "завтра", 1500_00, true}}},
		},
	},
}

// productBy finds a product by the last part of its address.
func productBy(slug string) (Product, error) {
	for _, p := range Catalogue {
		if p.Slug == slug {
			return p, nil
		}
	}
	return Product{}, refusal.Unknown("Такого товара у нас нет.")
}

// From is the lowest price of one piece.
func (p Product) From() orders.Money {
	lowest := p.Formats[0].Prices[0]
	for _, f := range p.Formats {
		lowest = min(lowest, slices.Min(f.Prices))
	}
	return lowest
}

// Cost is what a whole run of a format costs; i is the run's place in the product's list.
func (f Format) Cost(i int, run int64) orders.Money { return f.Prices[i] * orders.Money(run) }

// choice is what a visitor picked: indexes into the product's lists, so that it stays small in a session.
type choice struct {
	Slug   string
	Format int
	Run    int
	Extras []int
}

// choose reads a choice from the product's form. Whatever the form could not have offered is refused.
func (p Product) choose(values url.Values) (choice, error) {
	c := choice{Slug: p.Slug, Format: -1, Run: -1}
	for i, f := range p.Formats {
		if values.Get("format") == f.Name {
			c.Format = i
		}
	}
	for i, run := range p.Runs {
		if values.Get("run") == strconv.FormatInt(run, 10) {
			c.Run = i
		}
	}
	if c.Format < 0 {
		return c, refusal.Value("format", "Выберите размер.")
	}
	if c.Run < 0 {
		return c, refusal.Value("run", "Выберите количество.")
	}
	for _, extra := range p.Extras {
		picked := slices.IndexFunc(extra.Answers, func(a Answer) bool { return a.Name == values.Get(extra.Name) })
		if picked < 0 {
			return c, refusal.Value(extra.Name, "Выберите: %s.", extra.Title)
		}
		c.Extras = append(c.Extras, picked)
	}
	return c, nil
}

// item makes the line of an order out of a choice. It is false when the product has changed since the choice was made.
func (c choice) item() (orders.Item, bool) {
	p, err := productBy(c.Slug)
	if err != nil || !within(c.Format, len(p.Formats)) || !within(c.Run, len(p.Runs)) || len(c.Extras) != len(p.Extras) {
		return orders.Item{}, false
	}
	format := p.Formats[c.Format]
	item := orders.Item{
		MaterialID: p.MaterialID, Name: p.Name + ", " + format.Name, Quantity: p.Runs[c.Run], Price: format.Prices[c.Run],
	}
	for i, picked := range c.Extras {
		extra := p.Extras[i]
		if !within(picked, len(extra.Answers)) {
			return orders.Item{}, false
		}
		answer := extra.Answers[picked]
		if answer.Price == 0 {
			continue
		}
		option := orders.Option{Title: extra.Title, Description: answer.Title, Price: answer.Price, Quantity: item.Quantity}
		if answer.Once {
			option.Quantity = 1
		}
		item.Options = append(item.Options, option)
	}
	return item, true
}

func within(i, length int) bool { return i >= 0 && i < length }
