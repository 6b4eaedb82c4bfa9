package orders

import (
	"context"
	"fmt"
	"strings"
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
	var parts []string
	var args []any
	for date := first; !date.After(last); date = date.AddDate(0, 0, 1) {
		if len(days) == maxDays {
			return nil, refusal.Value("to", "Период не может быть длиннее года.")
		}
		// A part for each day instead of the database's own dates: those differ by dialect and know no zones of ours.
		parts = append(parts, fmt.Sprintf(`SELECT %d AS day, status, count(*) AS orders, CAST(sum(total) AS bigint) AS sum FROM orders
			WHERE created_at >= ? AND created_at < ? AND status <> ? GROUP BY status`, len(days)))
		args = append(args, date.UTC(), date.AddDate(0, 0, 1).UTC(), Deleted)
		days = append(days, Day{Date: date, ByStatus: map[Status]Tally{}})
	}
	if len(days) == 0 {
		return nil, refusal.Value("to", "Конец периода раньше его начала.")
	}
	var rows []struct {
		Day    int
		Status Status
		Tally  `gorm:"embedded"`
	}
	if err := s.db.From(ctx).Raw(strings.Join(parts, " UNION ALL "), args...).Scan(&rows).Error; err != nil {
		return nil, fmt.Errorf("count orders by day: %w", err)
	}
	for _, r := range rows {
		days[r.Day].ByStatus[r.Status] = r.Tally
	}
	return days, nil
}
