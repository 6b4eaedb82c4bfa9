package pages

import (
	"fmt"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/export"
	"github.com/pixlpark/panel/app/panel"
)

// DoctorURL is the address of «Проверка подключения».
const DoctorURL = "/admin/bitrix24/check"

// doctorView is templates/doctor.html.
type doctorView struct {
	panel.Page
	Check   *check
	Lines   []checkLine
	Waiting bool // for events
	Verdict checkState
}

// Doctor is the page of the last check of the portal. While its events are awaited the browser asks again by itself.
func (x *Pages) Doctor(c echo.Context) error {
	ctx := c.Request().Context()
	s, err := x.portals.Current(ctx)
	if err != nil {
		return err
	}
	var checks []check
	err = x.DB.From(ctx).Where("portal_id = ?", s.PortalID).Order("id DESC").Limit(1).Find(&checks).Error
	if err != nil {
		return fmt.Errorf("read the last check: %w", err)
	}
	view := doctorView{Page: panel.Page{
		Title: "Проверка подключения", Parent: &panel.Link{Label: "Битрикс24", URL: export.URL}, Menu: export.URL,
	}}
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
func (c *check) events(now time.Time) []checkLine {
	if c.AwaitsUntil == nil {
		return nil
	}
	var lines []checkLine
	for _, event := range []struct {
		what, name string
		seen       *time.Time
	}{
		{"Событие изменения контакта", "Обновление контакта", c.ChangeSeenAt},
		{"Событие удаления контакта", "Удаление контакта", c.DeletionSeenAt},
	} {
		line := checkLine{What: event.what}
		switch {
		case event.seen != nil:
			line.State, line.Text = passed, fmt.Sprintf("Получено через %s.", seconds(event.seen.Sub(c.StartedAt)))
		case now.Before(*c.AwaitsUntil):
			line.State, line.Text = awaited, "Ждём…"
		default:
			line.State, line.Text = broken, fmt.Sprintf("Не пришло за %s.", seconds(eventTimeout))
			line.Todo = "Откройте исходящий вебхук в Битрикс24: отмечено ли событие «" + event.name + "», " +
				"верны ли адрес обработчика и «Токен приложения». " +
				"Панель должна быть доступна порталу из интернета."
		}
		lines = append(lines, line)
	}
	return lines
}

// seconds is a duration in whole seconds, one at least.
func seconds(d time.Duration) string {
	return fmt.Sprintf("%d\u00a0с", max(int(d.Round(time.Second).Seconds()), 1))
}

// Tone is the colour of the line.
func (s checkState) Tone() string {
	return map[checkState]string{passed: "good", broken: "bad", doubtful: "warning", awaited: "info"}[s]
}

// Label is the outcome in words.
func (s checkState) Label() string {
	return map[checkState]string{passed: "в порядке", broken: "ошибка", doubtful: "внимание", awaited: "ждём"}[s]
}

// CheckAgain is the button of the page, which does what «Проверить подключение» below the settings does.
func (x *Pages) CheckAgain(c echo.Context) error {
	notice, err := x.CheckConnection(c.Request().Context())
	return x.answer(c, DoctorURL, notice, err)
}
