package pages

import (
	"context"
	"fmt"
	"time"

	"github.com/pixlpark/panel/app/cache"
	"github.com/pixlpark/panel/app/export"
	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/tariff"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
)

// longPause is how long a pause may last until a person ought to know, whatever its reason.
const longPause = 10 * time.Minute

// Banners tell administrators, on every page, what needs a person.
func (x *Pages) Banners(ctx context.Context) ([]panel.Banner, error) {
	s, why, err := x.portals.Active(ctx)
	if err != nil || why == portal.ModuleOff {
		return nil, err
	}
	if why == portal.PanelMoved {
		return []panel.Banner{{
			Tone: panel.Bad,
			Text: "Обмен с Битрикс24 остановлен: адрес панели изменился. Заказы принимаются и ждут. " +
				"Ответьте, переехала панель или это копия базы.",
			Action: "Ответить", URL: MoveURL,
		}}, nil
	}
	if why == portal.TariffLacking {
		return []panel.Banner{{
			Tone: panel.Warning,
			Text: "Обмен с Битрикс24 остановлен: тариф не включает интеграцию. " +
				"Ничего не удалено, обмен продолжится после оплаты.",
			Action: "Тариф", URL: tariff.URL,
		}}, nil
	}
	var p portal.Portal
	if err := x.DB.From(ctx).First(&p, s.PortalID).Error; err != nil {
		return nil, fmt.Errorf("read portal %d: %w", s.PortalID, err)
	}
	lists, err := x.portals.Lists(ctx, s.PortalID)
	if err != nil {
		return nil, err
	}
	state, err := x.laneLately(ctx)
	if err != nil {
		return nil, err
	}
	var all []panel.Banner
	add := func(tone panel.Tone, text, action, address string) {
		all = append(all, panel.Banner{Tone: tone, Text: text, Action: action, URL: address})
	}
	switch {
	case x.portals.CheckSecrets(s) != nil:
		text := "Обмен с Битрикс24 остановлен: код и токены вебхуков не читаются, их ключа нет в SECRET_KEY."
		add(panel.Bad, text, "Настройки", export.URL)
	case p.Trouble != "":
		add(panel.Bad, "Обмен с Битрикс24 остановлен. "+p.Trouble, "Настройки", export.URL)
	case state.Paused && state.PausedSince != nil && time.Since(*state.PausedSince) > longPause:
		add(panel.Warning, "Битрикс24 давно не отвечает. "+state.Reason, "Состояние обмена", StatusURL)
	}
	if p.MovedTo != "" {
		add(panel.Warning, "Портал Битрикс24 переехал на "+p.MovedTo+". Сохраните новый адрес.", "Настройки", export.URL)
	}
	if lost := s.Lost(lists); len(lost) > 0 {
		awaiting, err := x.awaitingLately(ctx, s, lists)
		if err != nil {
			return nil, err
		}
		text := "Битрикс24. " + portal.LostText(lost) + " " + portal.LostFate(lost) + awaiting.Text()
		add(panel.Warning, text, "Выбрать замену", export.URL)
	}
	if state.Failed > 0 {
		text := fmt.Sprintf("Не удалось передать в Битрикс24: %d. Посмотрите причины и повторите.", state.Failed)
		add(panel.Warning, text, "Состояние обмена", StatusURL)
	}
	return all, nil
}

// laneLately is the state of the queue, at most a second old: every page of an administrator asks for it.
func (x *Pages) laneLately(ctx context.Context) (jobs.LaneState, error) {
	return cache.Get(ctx, x.Cache, "bitrix24/lane", time.Second, func(ctx context.Context) (jobs.LaneState, error) {
		return x.Jobs.Lane(ctx, portal.Lane)
	})
}

// awaitedShown is how many orders a banner names that wait for a decision.
const awaitedShown = 5

// awaitingLately are the orders that wait for a decision, at most ten seconds old.
func (x *Pages) awaitingLately(ctx context.Context, s portal.Settings, d portal.Lists) (portal.Awaiting, error) {
	return cache.Get(ctx, x.Cache, "bitrix24/awaiting", 10*time.Second, func(ctx context.Context) (portal.Awaiting, error) {
		return x.portals.Awaiting(ctx, s, d, awaitedShown)
	})
}
