package pages

import (
	"fmt"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/export"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
)

// DoctorURL is «Проверка подключения».
const DoctorURL = "/admin/bitrix24/check"

// doctorView is templates/doctor.html.
type doctorView struct {
	panel.Page
	Check   *Check
	Lines   []checkLine
	Waiting bool // for events
	Verdict checkState
}

// DoctorPage shows the last check of the portal; while its events are awaited the browser asks again by itself.
func (x *Pages) DoctorPage(c echo.Context) error {
	ctx := c.Request().Context()
	s, err := x.portals.Current(ctx)
	if err != nil {
		return err
	}
	var checks []Check
	if err := x.DB.From(ctx).Where("portal_id = ?", s.PortalID).Order("id DESC").Limit(1).Find(&checks).Error; err != nil {
		return fmt.Errorf("read the last check: %w", err)
	}
	view := doctorView{Page: panel.Page{Title: "Проверка подключения", Parent: &panel.Link{Label: "Битрикс24", URL: export.URL}, Menu: export.URL}}
	if len(checks) > 0 {
		view.Check = &checks[0]
		view.Lines = append(view.Check.Lines, view.Check.events(db.Now())...)
	}
	view.Verdict = passed
	for _, line := range view.Lines {
		switch {
		case line.State == awaited:
			view.Waiting = true
		case line.State == broken, line.State == doubtful && view.Verdict == passed:
			view.Verdict = line.State
		}
	}
	if view.Waiting {
		c.Response().Header().Set("Refresh", strconv.Itoa(2)) // works without a script, too
	}
	return x.Panel.Render(c, "bitrix24/doctor", view)
}

// events are the lines of the two awaited events as they stand now.
func (c *Check) events(now time.Time) []checkLine {
	if c.AwaitsUntil == nil {
		return nil
	}
	var lines []checkLine
	for _, event := range []struct {
		what, name string
		seen       *time.Time
	}{{"Событие изменения контакта", "Обновление контакта", c.ChangeSeenAt}, {"Событие удаления контакта", "Удаление контакта", c.DeletionSeenAt}} {
		line := checkLine{What: event.what}
		switch {
		case event.seen != nil:
			line.State, line.Text = passed, fmt.Sprintf("Получено через %s.", seconds(event.seen.Sub(c.StartedAt)))
		case now.Before(*c.AwaitsUntil):
			line.State, line.Text = awaited, "Ждём…"
		default:
			line.State, line.Text = broken, fmt.Sprintf("Не пришло за %s.", seconds(checkPatience))
			line.Todo = "Откройте исходящий вебхук в Битрикс24: отмечено ли событие «" + event.name + "», верны ли адрес обработчика и «Токен приложения». " +
				"Панель должна быть доступна порталу из интернета."
		}
		lines = append(lines, line)
	}
	return lines
}

func seconds(d time.Duration) string {
	return fmt.Sprintf("%d\u00a0с", max(int(d.Round(time.Second).Seconds()), 1))
}

// Tone colours the line.
func (s checkState) Tone() string {
	return map[checkState]string{passed: "good", broken: "bad", doubtful: "warning", awaited: "info"}[s]
}

// Label says how it came out.
func (s checkState) Label() string {
	return map[checkState]string{passed: "в порядке", broken: "ошибка", doubtful: "внимание", awaited: "ждём"}[s]
}

// CheckAgain is the button of the page.
func (x *Pages) CheckAgain(c echo.Context) error {
	_, err := x.CheckConnection(c.Request().Context())
	if no, ok := refusal.From(err); ok {
		x.Panel.Flash(c, panel.Bad, no.Message)
	} else if err != nil {
		return err
	}
	return panel.SeeOther(c, DoctorURL)
}
