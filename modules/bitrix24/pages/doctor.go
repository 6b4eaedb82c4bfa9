package pages

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// check is a row of bitrix24_checks: one run of «Проверить подключение». The events of its contact are noted in it by
// whichever process receives them.
type check struct {
	ID             int64 `gorm:"primaryKey"`
	PortalID       int64
	Actor          string
	StartedAt      time.Time
	Lines          []checkLine `gorm:"serializer:json"`
	ContactID      int64
	AwaitsUntil    *time.Time // nil: no events are awaited
	ChangeSeenAt   *time.Time
	DeletionSeenAt *time.Time
}

// TableName is where GORM keeps checks.
func (check) TableName() string { return "bitrix24_checks" }

// checkLine is one thing that was checked.
type checkLine struct {
	What  string
	State checkState
	Text  string // what was found
	Todo  string // what to do about it
}

// checkState is how a line of the check came out.
type checkState string

const (
	passed   checkState = "passed"
	broken   checkState = "failed"
	doubtful checkState = "warning"
	awaited  checkState = "awaited"
)

const (
	checkTimeout = 45 * time.Second // of the whole check
	eventTimeout = 20 * time.Second // for the events of the round trip
	checkContact = "Проверка связи" // the name of the contact that is made and deleted
)

// doctor makes one check: it asks the portal one thing after another, and adds a line for each.
type doctor struct {
	*Pages
	settings portal.Settings
	client   *rest.Client
	lists    portal.Lists
	check    check
}

// add adds a line: what was checked, how it came out, what was found, and what to do about it.
func (d *doctor) add(what string, state checkState, text, todo string) {
	d.check.Lines = append(d.check.Lines, checkLine{What: what, State: state, Text: text, Todo: todo})
}

// CheckConnection is «Проверить подключение»: everything that can be known is checked, and stored for the page. It
// takes at most 45 seconds; events are awaited afterwards, by the page.
func (x *Pages) CheckConnection(ctx context.Context) (string, error) {
	s, err := x.portals.Current(ctx)
	if err != nil {
		return "", err
	}
	if !s.Connected() {
		return "", refusal.Value("", "Сначала заполните и сохраните настройки подключения.")
	}
	if err := x.portals.RequireNoMove(ctx, s); err != nil {
		return "", err
	}
	d := &doctor{Pages: x, settings: s}
	d.check = check{PortalID: s.PortalID, Actor: staff.ActorFrom(ctx).Name, StartedAt: db.Now()}
	if err := d.save(ctx); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTimeout)
	defer cancel()
	if d.reach(ctx) && d.examine(ctx) {
		if err := d.roundTrip(ctx); err != nil {
			return "", err
		}
	}
	return "", d.save(context.WithoutCancel(ctx))
}

// save keeps what was found so far; what the receiver of events notes meanwhile is left alone.
func (d *doctor) save(ctx context.Context) error {
	return d.DB.Transaction(ctx, func(_ context.Context, tx *db.Tx) error {
		if d.check.Lines == nil {
			d.check.Lines = []checkLine{}
		}
		err := tx.Omit("change_seen_at", "deletion_seen_at").Save(&d.check).Error
		if err != nil {
			return fmt.Errorf("store a check: %w", err)
		}
		return nil
	})
}

// reach checks the address, the webhook and the portal's tariff; without them nothing else can be known.
func (d *doctor) reach(ctx context.Context) bool {
	hook, err := d.portals.Webhook(d.settings)
	if err == nil {
		err = rest.CheckAddress(hook.Portal, d.portals.Options.AllowPrivate)
	}
	if err != nil {
		d.add("Адрес портала", broken, portal.Explain(err), "Проверьте «URL портала» и сохраните настройки.")
		return false
	}
	d.client = d.Pages.portals.Client(hook, d.settings.PortalID)
	batch := rest.Batch{Class: rest.People}
	batch.Add("profile", "profile", nil)
	result, err := d.client.Do(ctx, &batch)
	if err == nil {
		err = result.Error("profile")
	}
	refused, isRefusal := rest.AsRefusal(err)
	switch {
	case err == nil && result.Moved != nil:
		d.add("Адрес портала", doubtful, "Портал переехал на "+result.Moved.Host+".",
			"Сохраните новый адрес кнопкой в настройках.")
	case err == nil || isRefusal:
		d.add("Адрес портала", passed, d.settings.PortalURL, "")
	default:
		d.add("Адрес портала", broken, portal.Explain(err),
			"Проверьте «URL портала»; если адрес верный, повторите позже: заказы не потеряются.")
		return false
	}
	switch {
	case isRefusal && refused.Plan():
		d.add("Вебхук принят", passed, "", "")
		d.add("Платный тариф портала", broken, "REST API доступен только на платном тарифе.",
			"Продлите тариф Битрикс24 или подписку на Маркет.")
	case isRefusal && refused.Credentials():
		d.add("Вебхук принят", broken, "Портал не узнаёт вебхук.",
			"Скопируйте адрес входящего вебхука заново: код, номер сотрудника. "+
				"Проверьте, что вебхук не удалён и владелец не уволен.")
	case isRefusal:
		d.add("Вебхук принят", broken, portal.Explain(err), "Повторите проверку позже.")
	default:
		d.add("Вебхук принят", passed, "", "")
		d.add("Платный тариф портала", passed, "REST API доступен.", "")
	}
	return err == nil
}

// examine checks scopes, rights, CRM mode, funnels and custom fields.
func (d *doctor) examine(ctx context.Context) bool {
	lists, err := d.portals.ReadLists(ctx, d.client)
	refused, isRefusal := rest.AsRefusal(err)
	switch {
	case isRefusal && refused.Scope():
		d.add("Права вебхука", broken, "Не отмечено право «CRM».",
			"Откройте входящий вебхук в Битрикс24 и отметьте «CRM» в «Настройке прав».")
		return false
	case isRefusal && refused.AccessDenied():
		d.add("Права владельца", broken, portal.Explain(err),
			"Дайте владельцу вебхука полный доступ к CRM или создайте вебхук от имени администратора.")
		return false
	case err != nil:
		d.add("Чтение CRM", broken, portal.Explain(err), "Повторите проверку позже.")
		return false
	}
	d.lists = lists
	d.examineRights()
	d.examineFunnels()
	d.examineFields()
	return true
}

// examineRights checks the rights of the webhook and of its owner, and the mode of the CRM.
func (d *doctor) examineRights() {
	lists := d.lists
	granted := strings.Join(lists.Scopes, ", ")
	switch {
	case !slices.Contains(lists.Scopes, "crm"):
		d.add("Права вебхука", broken, "Отмечено: "+granted, "Отметьте «CRM» в «Настройке прав» входящего вебхука.")
	case d.settings.Telephony && !lists.Telephony():
		d.add("Права вебхука", doubtful, "Отмечено: "+granted,
			"Телефония включена, но право «Телефония» в вебхуке не отмечено: отметьте его или выключите телефонию.")
	default:
		d.add("Права вебхука", passed, "Отмечено: "+granted, "")
	}
	if lists.OwnerAdmin {
		d.add("Права владельца", passed, lists.Owner+", администратор портала", "")
	} else {
		d.add("Права владельца", doubtful, lists.Owner+", не администратор",
			"Сделки и контакты, которых владелец вебхука не видит, обмениваться не будут: проверьте его права в CRM.")
	}
	switch {
	case lists.Mode == rest.ModeSimple && d.settings.Leads:
		d.add("Режим CRM", doubtful, "Простой, без лидов.",
			"Новые клиенты станут сразу контактами и сделками. Чтобы работать с лидами, включите их в Битрикс24.")
	case lists.Mode == rest.ModeSimple:
		d.add("Режим CRM", passed, "Простой, без лидов.", "")
	default:
		d.add("Режим CRM", passed, "Классический, с лидами.", "")
	}
}

// examineFunnels checks that the chosen funnel and the stages of the table are still there.
func (d *doctor) examineFunnels() {
	chosen, found := lo.Find(d.lists.Funnels, func(f portal.Funnel) bool { return f.ID == d.settings.CategoryID })
	lost := d.settings.Lost(d.lists)
	switch {
	case !found:
		d.add("Направления сделок", broken, "Выбранного направления на портале больше нет.",
			"Выберите другое «Направление сделки» и сохраните настройки.")
	case len(lost) > 0:
		d.add("Направления сделок", doubtful, portal.LostText(lost), "Проверьте таблицу стадий и сохраните настройки.")
	default:
		d.add("Направления сделок", passed, fmt.Sprintf("Всего %d; новые сделки попадают в «%s», стадий в нём: %d.",
			len(d.lists.Funnels), chosen.Name, len(chosen.Stages)), "")
	}
}

// examineFields checks that the custom fields of deals are there.
func (d *doctor) examineFields() {
	used := d.settings.Fields
	if used == (mapping.FieldNames{}) {
		used = mapping.DefaultFields
	}
	there := portal.Present(used, d.lists.DealFields)
	var missing []string
	for _, field := range mapping.CustomFields {
		if *field.Chosen(&there) == "" {
			code := strings.TrimPrefix(field.Name, "UF_CRM_")
			missing = append(missing, fmt.Sprintf("«%s» (код %s)", field.Caption, code))
		}
	}
	captions := lo.Map(mapping.CustomFields, func(f mapping.CustomField, _ int) string {
		return "«" + f.Caption + "»"
	})
	if len(missing) == 0 {
		d.add("Поля сделки", passed, strings.Join(captions, ", ")+" есть.", "")
		return
	}
	d.add("Поля сделки", doubtful, "Нет полей: "+strings.Join(missing, ", ")+". Сделки создаются без них.",
		"Сохраните настройки ещё раз: поля создадутся сами. "+
			"Если владельцу вебхука это не разрешено, создайте их в Битрикс24 с типом «Строка».")
}
