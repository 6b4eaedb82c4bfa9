package orders

import (
	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
)

// settingsRoot is «Заказы / Настройка».
const settingsRoot = root + "/settings"

// AddSettingsTab adds a page to «Заказы / Настройка», in the order of the calls. Whoever adds one serves it, with the
// tabs that SettingsTabs returns. To be called before the first request.
func (s *Service) AddSettingsTab(label, url string) {
	s.settingsTabs = append(s.settingsTabs, panel.Link{Label: label, URL: url})
}

// SettingsTabs are the tabs of «Заказы / Настройка» with the one of that address marked.
func (s *Service) SettingsTabs(present string) []panel.Tab {
	var tabs []panel.Tab
	for _, t := range s.settingsTabs {
		tabs = append(tabs, panel.Tab{Label: t.Label, URL: t.URL, Active: t.URL == present})
	}
	return tabs
}

// settings leads to the first tab.
func (h *pages) settings(c echo.Context) error {
	if len(h.settingsTabs) == 0 {
		return refusal.Unknown("Здесь пока нечего настраивать.")
	}
	return panel.SeeOther(c, h.settingsTabs[0].URL)
}
