package portal

import (
	"strings"
	"time"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
)

// Reason says in Russian why an order is not sent by itself. The empty reason means that it is sent.
type Reason string

// The reasons, as the order page and «Состояние обмена» show them.
const (
	ModuleOff       Reason = "интеграция с Битрикс24 выключена"
	TariffLacking   Reason = "тариф не включает интеграцию"
	PanelMoved      Reason = "адрес панели изменился, и администратор ещё не ответил, переехала она или это копия базы"
	NotAutomatic    Reason = "автоматическая отправка выключена"
	OtherType       Reason = "тип заказа не отправляется по настройкам"
	BeforeConnected Reason = "создан до подключения"
	TopUp           Reason = "пополнения счета не отправляются"
	LeftAlone       Reason = "выбрано «не синхронизировать»"
	DeletedThere    Reason = "сделка удалена в Битрикс24"
	DeletedHere     Reason = "заказ удален"
	PlacedMeanwhile Reason = "оформлен, пока обмен или тариф были выключены"
)

// Waits reports whether what is to be sent waits in the queue meanwhile: the exchange is on, and goes on by itself once a
// person has answered.
func (r Reason) Waits() bool { return r == PanelMoved }

// sendRule decides about some of the orders that have no deal yet. It is told twice: to Go, which asks about one
// order, and to SQL, which counts them all. A test holds the two together.
type sendRule struct {
	reason  Reason // empty: the order is sent, whatever the rules below say
	applies func(s Settings, o *orders.Order, chosen plan.Choice) bool
	sql     func(s Settings) (condition string, args []any)
}

// sendRules returns the rules in their order: the first that applies decides. What an employee chose comes before the
// automatic switch and the filter of types.
func sendRules() []sendRule {
	return []sendRule{
		{
			reason: LeftAlone,
			applies: func(_ Settings, _ *orders.Order, chosen plan.Choice) bool {
				return chosen == plan.ChoiceIgnore
			},
			sql: func(Settings) (string, []any) { return "c.choice = ?", []any{plan.ChoiceIgnore} },
		},
		{
			reason:  TopUp,
			applies: func(_ Settings, o *orders.Order, _ plan.Choice) bool { return o.Type.TopUp() },
			sql: func(Settings) (string, []any) {
				return "o.type IN ?", []any{[]orders.Type{orders.TopUpPerson, orders.TopUpOrganization}}
			},
		},
		{
			reason:  DeletedHere,
			applies: func(_ Settings, o *orders.Order, _ plan.Choice) bool { return o.Status == orders.Deleted },
			sql:     func(Settings) (string, []any) { return "o.status = ?", []any{orders.Deleted} },
		},
		{
			applies: func(_ Settings, _ *orders.Order, chosen plan.Choice) bool {
				return chosen == plan.ChoiceSend
			},
			sql: func(Settings) (string, []any) { return "c.choice = ?", []any{plan.ChoiceSend} },
		},
		{
			reason: BeforeConnected,
			applies: func(s Settings, o *orders.Order, _ plan.Choice) bool {
				return o.CreatedAt.Before(s.ConnectedAt)
			},
			sql: func(s Settings) (string, []any) { return "o.created_at < ?", []any{s.ConnectedAt} },
		},
		{
			reason:  NotAutomatic,
			applies: func(s Settings, _ *orders.Order, _ plan.Choice) bool { return !s.Auto },
			sql:     func(s Settings) (string, []any) { return always(!s.Auto), nil },
		},
		{
			reason: OtherType,
			applies: func(s Settings, o *orders.Order, _ plan.Choice) bool {
				return s.OrderTypes == Persons && o.OrganizationID != nil ||
					s.OrderTypes == Organizations && o.OrganizationID == nil
			},
			sql: func(s Settings) (string, []any) {
				switch s.OrderTypes {
				case Persons:
					return "o.organization_id IS NOT NULL", nil
				case Organizations:
					return "o.organization_id IS NULL", nil
				}
				return always(false), nil
			},
		},
	}
}

// always is an SQL condition that holds for every order, or for none.
func always(holds bool) string {
	if holds {
		return "1 = 1"
	}
	return "1 = 0"
}

// Wants answers whether an order without a deal is to be sent. It returns the empty reason if so, else the first
// reason against it.
func (s Settings) Wants(o *orders.Order, chosen plan.Choice) Reason {
	if !s.Connected() {
		return ModuleOff
	}
	for _, rule := range sendRules() {
		if rule.applies(s, o, chosen) {
			return rule.reason
		}
	}
	return ""
}

// WantsSQL returns the same rules as branches of an SQL CASE, "WHEN … THEN …" each, for settings with a portal. The
// order is o and the choice made about it, which may be missing, is c. What a branch yields is up to name, which is
// given the reason; the caller adds ELSE for the orders that no rule is about. Those are sent.
func (s Settings) WantsSQL(name func(Reason) string) (branches string, args []any) {
	var sql strings.Builder
	for _, rule := range sendRules() {
		condition, values := rule.sql(s)
		sql.WriteString("WHEN " + condition + " THEN ?\n")
		args = append(append(args, values...), name(rule.reason))
	}
	return sql.String(), args
}

// ExcludedFromExport says why «Выгрузка базы» leaves an order out. The rules hold, but neither the automatic switch
// nor the day of the connection does.
func (s Settings) ExcludedFromExport(o *orders.Order, chosen plan.Choice) Reason {
	s.Auto, s.ConnectedAt = true, time.Time{}
	return s.Wants(o, chosen)
}
