package bitrix24

import (
	"context"
	"fmt"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/orders"
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

// OrderTypes is «Типы отправляемых заказов».
type OrderTypes string

// The types of orders that are sent.
const (
	AllOrders     OrderTypes = "all"
	Persons       OrderTypes = "persons"
	Organizations OrderTypes = "organizations"
)

// document is the name of the settings; secrets are sealed for places below it.
const (
	document   = "bitrix24"
	tokenPlace = "bitrix24/token"
	codePlace  = "bitrix24/code"
)

// settings returns what was saved last; before the first save, the defaults of an empty form.
func (m *Module) settings(ctx context.Context) (Settings, error) {
	s, err := settings.Load[Settings](ctx, m.Settings, document)
	if err != nil {
		return Settings{}, err
	}
	if s.OrderTypes == "" {
		s.OrderTypes = AllOrders
		s.Auto = true
	}
	return s, nil
}

// connected reports whether there is a portal to talk to.
func (s Settings) connected() bool {
	return s.Enabled && s.PortalID != 0 && !s.Code.IsZero()
}

// webhook opens the inbound webhook. Its code must go nowhere but into a client.
func (m *Module) webhook(s Settings) (rest.Webhook, error) {
	code, err := m.Settings.Keys.Open(codePlace, s.Code)
	if err != nil {
		return rest.Webhook{}, err
	}
	portal, err := rest.ParsePortal(s.PortalURL)
	if err != nil {
		return rest.Webhook{}, err
	}
	return rest.Webhook{Portal: portal, UserID: s.UserID, Code: code}, nil
}

// reason says why an order is not sent by itself; empty: it is.
type reason string

// The reasons, as the order page and «Состояние обмена» show them.
const (
	moduleOff       reason = "интеграция с Битрикс24 выключена"
	tariffLacking   reason = "тариф не включает интеграцию"
	notAutomatic    reason = "автоматическая отправка выключена"
	otherType       reason = "тип заказа не отправляется по настройкам"
	beforeConnected reason = "создан до подключения"
	topUp           reason = "пополнения счета не отправляются"
	leftAlone       reason = "выбрано «не синхронизировать»"
	deletedThere    reason = "сделка удалена в Битрикс24"
	deletedHere     reason = "заказ удален"
	placedMeanwhile reason = "оформлен, пока обмен или тариф были выключены"
)

// wants answers whether an order without a deal is to be sent, and if not, why. A choice made by an employee wins over
// the automatic switch and the filter.
func (s Settings) wants(o *orders.Order, chosen choice) reason {
	switch {
	case !s.connected():
		return moduleOff
	case o.Type.TopUp():
		return topUp
	case chosen == choiceIgnore:
		return leftAlone
	case o.Status == orders.Deleted:
		return deletedHere
	case chosen == choiceSend:
		return ""
	case o.CreatedAt.Before(s.ConnectedAt):
		return beforeConnected
	case !s.Auto:
		return notAutomatic
	case s.OrderTypes == Persons && o.OrganizationID != nil, s.OrderTypes == Organizations && o.OrganizationID == nil:
		return otherType
	}
	return ""
}

// active reports whether the exchange works at all: switched on, connected, and paid for.
func (m *Module) active(ctx context.Context) (Settings, reason, error) {
	s, err := m.settings(ctx)
	if err != nil {
		return s, "", err
	}
	if !s.connected() {
		return s, moduleOff, nil
	}
	allowed, err := m.Tariff.Allows(ctx, tariff.Professional)
	if err != nil {
		return s, "", err
	}
	if !allowed {
		return s, tariffLacking, nil
	}
	return s, "", nil
}

// choice is what an employee decided about one record against the settings.
type choice string

const (
	choiceNone   choice = ""
	choiceSend   choice = "send"   // «Отправить в Битрикс24»
	choiceIgnore choice = "ignore" // «не синхронизировать»
	choiceLead   choice = "lead"   // registered while new clients were passed on as leads
)

// choiceRow is a row of bitrix24_choices.
type choiceRow struct {
	PortalID  int64 `gorm:"primaryKey"`
	Local     local `gorm:"primaryKey"`
	LocalID   int64 `gorm:"primaryKey"`
	Choice    choice
	Actor     string
	CreatedAt time.Time
}

func (choiceRow) TableName() string { return "bitrix24_choices" }

// choices returns what employees decided about records of a kind, by number.
func (m *Module) choices(ctx context.Context, portalID int64, kind local, ids []int64) (map[int64]choice, error) {
	var rows []choiceRow
	err := m.DB.From(ctx).Where("portal_id = ? AND local = ? AND local_id IN ?", portalID, kind, ids).Find(&rows).Error
	if err != nil {
		return nil, fmt.Errorf("read choices: %w", err)
	}
	chosen := make(map[int64]choice, len(rows))
	for _, r := range rows {
		chosen[r.LocalID] = r.Choice
	}
	return chosen, nil
}

// choose records a decision about a record.
func (m *Module) choose(tx *db.Tx, portalID int64, kind local, id int64, c choice, actor string) error {
	row := choiceRow{PortalID: portalID, Local: kind, LocalID: id, Choice: c, Actor: actor, CreatedAt: db.Now()}
	if err := tx.Save(&row).Error; err != nil {
		return fmt.Errorf("record a choice: %w", err)
	}
	return nil
}
