package orders

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/phone"
)

// csvHead is the first line of an exported table.
var csvHead = []string{
	"Номер", "Дата", "Статус", "Тип", "Источник", "Сайт", "Заказчик", "Эл. почта", "Телефон", "Организация", "Плательщик",
	"Состав",
	"Сумма", "Скидка", "Доставка", "Итого к оплате", "Оплачено", "Статус оплаты", "Способ оплаты",
	"Способ доставки", "Получатель", "Телефон получателя", "Адрес", "Номер отправления", "Комментарий",
}

// WriteCSV writes the orders that fit the query, newest first, as a table that Excel opens by itself: UTF-8 with its
// mark, semicolons, amounts with a comma, dates in the given zone. It reads a page at a time, so any number of orders
// will do.
func (s *Service) WriteCSV(ctx context.Context, w io.Writer, q Query, zone *time.Location) error {
	shops, err := s.sites.All(ctx)
	if err != nil {
		return err
	}
	siteNames := make(map[int64]string, len(shops))
	for _, site := range shops {
		siteNames[site.ID] = site.Name
	}
	if _, err := io.WriteString(w, "\uFEFF"); err != nil {
		return fmt.Errorf("write orders: %w", err)
	}
	table := csv.NewWriter(w)
	table.Comma, table.UseCRLF = ';', true
	_ = table.Write(csvHead) // kept by the writer; Error below tells
	q.Take = 100
	for {
		list, err := s.List(ctx, q)
		if err != nil {
			return err
		}
		people, err := s.customers(ctx, list)
		if err != nil {
			return err
		}
		for _, o := range list {
			_ = table.Write(csvLine(o, people, siteNames[o.SiteID], zone))
		}
		table.Flush()
		if err := table.Error(); err != nil {
			return fmt.Errorf("write orders: %w", err)
		}
		if len(list) < q.Take {
			return nil
		}
		q.Before = list[len(list)-1].ID
	}
}

func csvLine(o *Order, people customers, site string, zone *time.Location) []string {
	client := people.client(o)
	organization, payer := people.organization(o)
	line := []string{
		strconv.FormatInt(o.ID, 10), o.CreatedAt.In(zone).Format("02.01.2006 15:04"), o.Status.Label(), o.Type.Label(),
		o.Source.Label(),
		site, client.Name(), client.EmailText(), phone.Words(client.PhoneText()), organization.Name, payer.Name, o.Title,
		csvAmount(o.ItemsSum()), csvAmount(o.Discount), csvAmount(o.DeliveryPrice), csvAmount(o.Total), csvAmount(o.Paid),
		o.PaymentStatus().Label(), o.PaymentMethod.Label(), o.Shipping.Label(), o.Address.FullName, phone.Words(o.Address.Phone),
		o.Address.Line(), o.Tracking, o.Comment,
	}
	return lo.Map(line, func(cell string, _ int) string { return csvSafe(cell) })
}

func csvAmount(m Money) string { return strings.Replace(m.String(), ".", ",", 1) }

// csvSafe disarms what a spreadsheet would run as a formula: the text came from a customer. Amounts and phones stay.
func csvSafe(cell string) string {
	if cell == "" || !strings.ContainsRune("=+-@\t\r", rune(cell[0])) || strings.Trim(cell[1:], "0123456789,") == "" {
		return cell
	}
	return "'" + cell
}
