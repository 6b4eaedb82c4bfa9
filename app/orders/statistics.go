package orders

import (
	"context"
	"fmt"
	"time"

	"github.com/pixlpark/panel/app/refusal"
)

// maxDays is the longest period of «Статистика»: a leap year.
const maxDays = 366

// Tally is a number of orders and what they come to.
type Tally struct {
	Orders int64
	Sum    Money
}

func (t Tally) plus(other Tally) Tally { return Tally{t.Orders + other.Orders, t.Sum + other.Sum} }

// Day is a day of «Статистика»: the orders placed on it, by the status they stand in now.
type Day struct {
	Date     time.Time // its beginning
	ByStatus map[Status]Tally
}

// Total is the day's orders in whatever status.
func (d Day) Total() Tally {
	var sum Tally
	for _, t := range d.ByStatus {
		sum = sum.plus(t)
	}
	return sum
}

// Statistics counts the orders of each day from the first to the last, both included, a year at most. Days begin at
// midnight in the zone of first. Deleted orders are left out.
func (s *Service) Statistics(ctx context.Context, first, last time.Time) ([]Day, error) {
	var days []Day
	end := first
	for ; !end.After(last); end = end.AddDate(0, 0, 1) {
		if len(days) == maxDays {
			return nil, refusal.Value("to", "Период не может быть длиннее года.")
		}
		days = append(days, Day{Date: end, ByStatus: map[Status]Tally{}})
	}
	if len(days) == 0 {
		return nil, refusal.Value("to", "Конец периода раньше его начала.")
	}
	var rows []struct {
		Day    int
		Status Status
		Tally  `gorm:"embedded"`
	}
	day, args := dayOf(s.db.Unix("created_at"), days)
	err := s.db.From(ctx).Raw("SELECT "+day+` AS day, status, count(*) AS orders, CAST(sum(total) AS bigint) AS sum
		FROM orders WHERE created_at >= ? AND created_at < ? AND status <> ? GROUP BY 1, 2`,
		append(args, first.UTC(), end.UTC(), Deleted)...).Scan(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("count orders by day: %w", err)
	}
	for _, r := range rows {
		days[r.Day].ByStatus[r.Status] = r.Tally
	}
	return days, nil
}

// dayOf is an expression for the place among days of an instant in whole seconds since 1970. The database's own dates
// differ by dialect and know no zones of ours, but nearly every day has 24 hours: one division serves all days up to
// the next that has 23 or 25.
func dayOf(seconds string, days []Day) (expression string, args []any) {
	expression = "CASE"
	for i, from := 0, 0; i < len(days); i++ {
		next := days[i].Date.AddDate(0, 0, 1)
		if i < len(days)-1 && next.Sub(days[i].Date) == 24*time.Hour {
			continue
		}
		expression += fmt.Sprintf(" WHEN %[1]s < ? THEN %[2]d + (%[1]s - ?) / 86400 WHEN %[1]s < ? THEN %[3]d", seconds, from, i)
		args = append(args, days[i].Date.Unix(), days[from].Date.Unix(), next.Unix())
		from = i + 1
	}
	return expression + " END", args
}
