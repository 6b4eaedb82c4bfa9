package backfill

import (
	"context"
	"fmt"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
)

// progress is how far an export has come.
type progress struct {
	export
	Sent, Failed, LeftOut, Left int64
	Retried                     int64 // of Left: failed once, and tried again
	Total                       int64
	Rate                        float64       // records a minute
	TimeLeft                    time.Duration // 0: unknown
	Pace                        string        // which limit of the portal sets the pace, and how long; empty: none has yet
}

// Label is the state in words.
func (p progress) Label() string {
	return map[exportState]string{
		gathering: "Отбираем записи", running: "Выгружается", paused: "На паузе",
		complete: "Завершена", stopped: "Остановлена",
	}[p.State]
}

// Tone is the colour of the state.
func (p progress) Tone() string {
	return map[exportState]string{gathering: "info", running: "info", paused: "warning", complete: "good"}[p.State]
}

// RateText is the rate in words.
func (p progress) RateText() string {
	if p.Rate == 0 {
		return "—"
	}
	return fmt.Sprintf("%.0f в минуту", p.Rate)
}

// LeftText is the time left in words.
func (p progress) LeftText() string {
	switch left := p.TimeLeft; {
	case left == 0:
		return "—"
	case left < time.Minute:
		return "меньше минуты"
	case left < time.Hour:
		return fmt.Sprintf("%d мин", int(left.Minutes()+0.5))
	default:
		return fmt.Sprintf("%d ч %d мин", int(left.Hours()), int(left.Minutes())%60)
	}
}

// rateWindow is how far back the rate looks.
const rateWindow = 5 * time.Minute

// progress counts the records of an export. The rate is that of the last minutes, so it follows the portal.
func (x *Exports) progress(ctx context.Context, e export) (*progress, error) {
	var rows []struct {
		State recordState
		Noted bool
		N     int64
		Pace  string
	}
	const paced = "note LIKE '" + portal.PaceBegins + "%'"
	err := x.DB.From(ctx).Model(&record{}).
		Select("state, note <> '' AND NOT "+paced+" AS noted, count(*) AS n, coalesce(max(CASE WHEN "+paced+" THEN note END), '') AS pace").
		Where("backfill_id = ?", e.ID).Group("state, noted").Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("count the records of an export: %w", err)
	}
	p := &progress{export: e}
	for _, r := range rows {
		p.Total += r.N
		switch r.State {
		case recordSent:
			p.Sent += r.N
		case recordFailed:
			p.Failed += r.N
		case recordLeftOut:
			p.LeftOut += r.N
		default:
			p.Left += r.N
			p.Pace = max(p.Pace, r.Pace)
			if r.Noted {
				p.Retried += r.N
			}
		}
	}
	if e.State != running || p.Left == 0 {
		return p, nil
	}
	since := db.Now().Add(-rateWindow)
	if e.ResumedAt.After(since) {
		since = e.ResumedAt
	}
	var lately int64
	err = x.DB.From(ctx).Model(&record{}).
		Where("backfill_id = ? AND at >= ? AND state IN ?", e.ID, since, []recordState{recordSent, recordFailed}).
		Count(&lately).Error
	if err != nil {
		return nil, fmt.Errorf("measure an export: %w", err)
	}
	if passed := db.Now().Sub(since).Minutes(); passed > 0 && lately > 0 {
		p.Rate = float64(lately) / passed
		p.TimeLeft = time.Duration(float64(p.Left) / p.Rate * float64(time.Minute))
	}
	return p, nil
}

// Done is how many records need nothing more to be done, whatever became of them.
func (p progress) Done() int64 { return p.Total - p.Left }

// Pausing reports whether a person paused the export and may resume it.
func (p progress) Pausing() bool { return p.State == paused }
