package portal

import (
	"context"
	"time"

	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/settings"
	"github.com/pixlpark/panel/app/tariff"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// Settings are what administrators filled in on «Выгрузка заказов / ERP и CRM системы / Битрикс24».
type Settings struct {
	Enabled   bool
	PortalID  int64  // the row of bitrix24_portals that PortalURL belongs to
	PortalURL string // scheme and host
	UserID    int64  // «ID сотрудника, создавшего вебхуки»
	Token     settings.Sealed
	Code      settings.Sealed

	OldToken      settings.Sealed // accepted beside Token until OldTokenUntil, since events are still on their way
	OldTokenUntil time.Time

	OrderTypes OrderTypes
	Auto       bool // «Автоматически отправлять заказы в Bitrix»
	Leads      bool // «Передавать новых клиентов в битрикс в качестве лидов»
	Telephony  bool
	Line       string // the telephone line calls go out from
	FunnelName string // of «Направление сделки», to name it when it is gone

	ConnectedAt time.Time // when this portal was first connected: older orders are not sent by themselves

	mapping.Rules
}

// OrderTypes says whose orders are sent, «Типы отправляемых заказов».
type OrderTypes string

// The types of orders that are sent.
const (
	AllOrders     OrderTypes = "all"
	Persons       OrderTypes = "persons"
	Organizations OrderTypes = "organizations"
)

// Document is the name of the settings' document. Secrets are sealed for the places below it.
const (
	Document   = "bitrix24"
	TokenPlace = "bitrix24/token"
	CodePlace  = "bitrix24/code"
)

// Current returns the settings as they were saved last. Before that, they are the defaults of an empty form.
func (p *Portals) Current(ctx context.Context) (Settings, error) {
	s, err := settings.Load[Settings](ctx, p.Settings, Document)
	if err != nil {
		return Settings{}, err
	}
	if s.OrderTypes == "" {
		s.OrderTypes = AllOrders
		s.Auto = true
	}
	return s, nil
}

// Connected reports whether the exchange is switched on and there is a portal to talk to.
func (s Settings) Connected() bool {
	return s.Enabled && s.PortalID != 0 && !s.Code.IsZero()
}

// Webhook returns the inbound webhook with its secret code, which must be handed to nothing but a client. It fails if
// the code cannot be opened with the keys of this installation.
func (p *Portals) Webhook(s Settings) (rest.Webhook, error) {
	code, err := p.Settings.Keys.Open(CodePlace, s.Code)
	if err != nil {
		return rest.Webhook{}, err
	}
	portal, err := rest.ParsePortal(s.PortalURL)
	if err != nil {
		return rest.Webhook{}, err
	}
	return rest.Webhook{Portal: portal, UserID: s.UserID, Code: code}, nil
}

// Active returns the settings, and why there is no exchange at all: it is switched off, not connected, not part of the
// tariff, or waits for an administrator to say whether the panel has moved. The reason is empty when the exchange works.
func (p *Portals) Active(ctx context.Context) (Settings, Reason, error) {
	s, err := p.Current(ctx)
	if err != nil {
		return s, "", err
	}
	if !s.Connected() {
		return s, ModuleOff, nil
	}
	move, err := p.Move(ctx, s)
	if err != nil {
		return s, "", err
	}
	if move != nil {
		return s, PanelMoved, nil
	}
	allowed, err := p.Tariff.Allows(ctx, tariff.Professional)
	if err != nil {
		return s, "", err
	}
	if !allowed {
		return s, TariffLacking, nil
	}
	return s, "", nil
}

// RequireActive returns the settings for an action that an employee asks for now. While the exchange does not work it returns a
// refusal that says why.
func (p *Portals) RequireActive(ctx context.Context) (Settings, error) {
	s, why, err := p.Active(ctx)
	if err == nil && why != "" {
		err = refusal.Value("", "Сейчас это невозможно: %s.", why)
	}
	return s, err
}
