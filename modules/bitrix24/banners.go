package bitrix24

import (
	"context"
	"fmt"
	"time"

	"github.com/pixlpark/panel/app/cache"
	"github.com/pixlpark/panel/app/export"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/tariff"
)

// longPause is how long a pause may last until a person ought to know, whatever its reason.
const longPause = 10 * time.Minute

// banners tell administrators, on every page, what needs a person.
func (m *Module) banners(ctx context.Context) ([]panel.Banner, error) {
	s, why, err := m.active(ctx)
	if err != nil || why == moduleOff {
		return nil, err
	}
	if why == tariffLacking {
		return []panel.Banner{{
			Tone: panel.Warning, Text: "Обмен с Битрикс24 остановлен: тариф не включает интеграцию. Ничего не удалено, обмен продолжится после оплаты.",
			Action: "Тариф", URL: tariff.URL,
		}}, nil
	}
	var p portal
	if err := m.DB.From(ctx).First(&p, s.PortalID).Error; err != nil {
		return nil, fmt.Errorf("read portal %d: %w", s.PortalID, err)
	}
	lists, err := m.dictionary(ctx, s.PortalID)
	if err != nil {
		return nil, err
	}
	state, err := m.laneLately(ctx)
	if err != nil {
		return nil, err
	}
	var all []panel.Banner
	switch {
	case p.Trouble != "":
		all = append(all, panel.Banner{Tone: panel.Bad, Text: "Обмен с Битрикс24 остановлен. " + p.Trouble, Action: "Настройки", URL: export.URL})
	case state.Paused && state.PausedSince != nil && time.Since(*state.PausedSince) > longPause:
		all = append(all, panel.Banner{Tone: panel.Warning, Text: "Битрикс24 давно не отвечает. " + state.Reason, Action: "Состояние обмена", URL: statusURL})
	}
	if p.MovedTo != "" {
		all = append(all, panel.Banner{Tone: panel.Warning, Text: "Портал Битрикс24 переехал на " + p.MovedTo + ". Сохраните новый адрес.", Action: "Настройки", URL: export.URL})
	}
	if lost := s.lost(lists); len(lost) > 0 {
		all = append(all, panel.Banner{
			Tone: panel.Warning, Text: "Битрикс24. " + lostText(lost) + " Новые заказы попадают в первую стадию.", Action: "Выбрать замену", URL: export.URL,
		})
	}
	if state.Failed > 0 {
		all = append(all, panel.Banner{
			Tone: panel.Warning, Text: fmt.Sprintf("Не удалось передать в Битрикс24: %d. Посмотрите причины и повторите.", state.Failed),
			Action: "Состояние обмена", URL: statusURL,
		})
	}
	return all, nil
}

// laneLately is the state of the queue, at most a second old: every page of an administrator asks for it.
func (m *Module) laneLately(ctx context.Context) (jobs.LaneState, error) {
	return cache.Get(ctx, m.Cache, "bitrix24/lane", time.Second, func(ctx context.Context) (jobs.LaneState, error) { return m.Jobs.Lane(ctx, lane) })
}
