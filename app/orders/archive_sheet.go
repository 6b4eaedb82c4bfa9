package orders

import (
	"context"
	_ "embed"
	"encoding/csv"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/phone"
)

// sheetHTML is a document of its own, to be opened from an unpacked archive: no layout of the panel, no other file.
//
//go:embed sheet.html
var sheetHTML string

var sheetTemplate = template.Must(template.New("sheet").Parse(sheetHTML))

// sheet is an order as its archive shows it, in words. It is for whoever has the link, so it holds nothing internal:
// no discussion and no history.
type sheet struct {
	Number int64
	Title  string
	Facts  []fact // what the order is, who ordered and where it goes
	Lines  []sheetLine
	Sums   []fact
}

type fact struct{ Label, Value string }

// sheetLine is an item of the order, or one of its options under it.
type sheetLine struct {
	Place       string // "1"; empty for an option
	Name, Notes string
	Quantity    int64
	Price, Sum  Money
	Files       []archivedFile
}

type archivedFile struct {
	archived
	Name string
}

// Path is where the file lies, seen from the sheet.
func (f archivedFile) Path() string { return f.path }

// sheet gathers what is to be told of an order.
func (s *Service) sheet(ctx context.Context, o *Order, zone *time.Location) (*sheet, error) {
	site, err := s.sites.Find(ctx, o.SiteID)
	if err != nil {
		return nil, err
	}
	people, err := s.customers(ctx, []*Order{o})
	if err != nil {
		return nil, err
	}
	client := people.client(o)
	organization, payer := people.organization(o)
	payerText := payer.Name
	if payer.INN != "" {
		payerText += ", ИНН " + payer.INN
	}
	told := func(facts ...fact) []fact { return lo.Filter(facts, func(f fact, _ int) bool { return f.Value != "" }) }
	sheet := &sheet{
		Number: o.ID, Title: o.Title,
		Facts: told(
			fact{"Дата", o.CreatedAt.In(zone).Format("02.01.2006, 15:04")},
			fact{"Статус", o.Status.Label()},
			fact{"Тип заказа", o.Type.Label()},
			fact{"Сайт", site.Name},
			fact{"Заказчик", client.Name()},
			fact{"Эл. почта", client.EmailText()},
			fact{"Телефон", phone.Words(client.PhoneText())},
			fact{"Организация", organization.Name},
			fact{"Плательщик", payerText},
			fact{"Доставка", o.Shipping.Label()},
			fact{"Адрес", o.Address.Line()},
			fact{"Примечание к адресу", o.Address.Description},
			fact{"Получатель", o.Address.FullName},
			fact{"Телефон получателя", phone.Words(o.Address.Phone)},
			fact{"Номер отправления", o.Tracking},
			fact{"Способ оплаты", o.PaymentMethod.Label()},
			fact{"Статус оплаты", o.PaymentStatus().Label()},
			fact{"Комментарий к заказу", o.Comment},
		),
		Sums: []fact{
			{"Сумма", o.ItemsSum().In(o.Currency)},
			{"Скидка", o.Discount.In(o.Currency)},
			{"За доставку", o.DeliveryPrice.In(o.Currency)},
			{"Итого к оплате", o.Total.In(o.Currency)},
			{"Оплачено", o.Paid.In(o.Currency)},
		},
	}
	paths := archivePaths(o)
	for i, item := range o.Items {
		sheet.Lines = append(sheet.Lines, sheetLine{
			Place: strconv.Itoa(i + 1), Name: item.Name, Quantity: item.Quantity,
			Price: item.Price, Sum: item.Price * Money(item.Quantity),
			Notes: joined("\n", item.Description, item.Comment),
			Files: lo.Map(item.Files, func(f File, _ int) archivedFile {
				return archivedFile{archived{f.ID, paths[f.ID]}, f.Name}
			}),
		})
		for _, option := range item.Options {
			sheet.Lines = append(sheet.Lines, sheetLine{
				Name: joined(": ", option.Title, option.Description), Quantity: option.Quantity, Price: option.Price,
				Sum: option.Price * Money(option.Quantity),
			})
		}
	}
	return sheet, nil
}

// joined puts texts together, leaving out the empty ones.
func joined(between string, texts ...string) string {
	var all string
	for _, text := range lo.Compact(texts) {
		if all != "" {
			all += between
		}
		all += text
	}
	return all
}

func (s *sheet) files() []archived {
	var all []archived
	for _, line := range s.Lines {
		for _, f := range line.Files {
			all = append(all, f.archived)
		}
	}
	return all
}

func (s *sheet) writeHTML(w io.Writer) error { return sheetTemplate.Execute(w, s) }

// writeCSV writes the same as a table that Excel opens by itself.
func (s *sheet) writeCSV(w io.Writer) error {
	if _, err := io.WriteString(w, "\uFEFF"); err != nil {
		return err
	}
	table := csv.NewWriter(w)
	table.Comma, table.UseCRLF = ';', true
	row := func(cells ...string) {
		_ = table.Write(lo.Map(cells, func(cell string, _ int) string { return csvSafe(cell) })) // Error below tells
	}
	row("Заказ", strconv.FormatInt(s.Number, 10))
	for _, f := range s.Facts {
		row(f.Label, f.Value)
	}
	row()
	row("№", "Наименование", "Количество", "Цена", "Сумма", "Примечание", "Файлы")
	for _, line := range s.Lines {
		files := joined("\n", lo.Map(line.Files, func(f archivedFile, _ int) string { return f.path })...)
		row(line.Place, line.Name, strconv.FormatInt(line.Quantity, 10), csvAmount(line.Price), csvAmount(line.Sum),
			line.Notes, files)
	}
	row()
	for _, f := range s.Sums {
		row(f.Label, f.Value)
	}
	table.Flush()
	if err := table.Error(); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	return nil
}
