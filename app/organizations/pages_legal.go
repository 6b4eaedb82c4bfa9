package organizations

import (
	"context"
	"slices"

	"github.com/labstack/echo/v4"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/refusal"
)

func (h *pages) addLegalEntity(c echo.Context) error {
	o, err := h.asked(c)
	if err != nil {
		return err
	}
	entity := LegalEntity{}
	f := &form.Form{
		Fields: entity.fields(),
		Save: func(ctx context.Context, _ *db.Tx) error {
			return h.change(ctx, o.ID, func(o *Organization) error {
				o.LegalEntities = append(o.LegalEntities, entity)
				return nil
			})
		},
	}
	return h.editLegal(c, o, "Новые реквизиты", f)
}

func (h *pages) editLegalEntity(c echo.Context) error {
	o, entity, err := h.askedEntity(c)
	if err != nil {
		return err
	}
	f := &form.Form{
		Fields: entity.fields(),
		Save: func(ctx context.Context, _ *db.Tx) error {
			return h.change(ctx, o.ID, func(o *Organization) error {
				i := slices.IndexFunc(o.LegalEntities, func(l LegalEntity) bool { return l.ID == entity.ID })
				if i < 0 {
					return errNoEntity
				}
				o.LegalEntities[i] = entity
				return nil
			})
		},
	}
	return h.editLegal(c, o, entity.Name, f)
}

func (h *pages) editLegal(c echo.Context, o *Organization, title string, f *form.Form) error {
	page := below(o, title, tabInfo)
	page.Forms = form.Forms{f}
	return h.submit(c, page, func() string { return page.Back })
}

func (h *pages) deleteLegalEntity(c echo.Context) error {
	o, entity, err := h.askedEntity(c)
	if err != nil {
		return err
	}
	err = h.change(c.Request().Context(), o.ID, func(o *Organization) error {
		o.LegalEntities = slices.DeleteFunc(o.LegalEntities, func(l LegalEntity) bool { return l.ID == entity.ID })
		return nil
	})
	if err != nil {
		return h.refused(c, err, Address(o.ID))
	}
	h.panel.Flash(c, panel.Good, "Реквизиты удалены")
	return panel.SeeOther(c, Address(o.ID))
}

var errNoEntity = refusal.Unknown("Таких реквизитов у организации нет.")

// askedEntity finds the organization and the legal entity of the address.
func (h *pages) askedEntity(c echo.Context) (*Organization, LegalEntity, error) {
	o, err := h.asked(c)
	if err != nil {
		return nil, LegalEntity{}, err
	}
	id, err := number(c, "entity")
	if err != nil {
		return nil, LegalEntity{}, err
	}
	entity, ok := o.LegalEntity(id)
	if !ok {
		return nil, LegalEntity{}, errNoEntity
	}
	return o, entity, nil
}

// fields are named as the service names them when it refuses a value.
func (l *LegalEntity) fields() []*form.Field {
	return []*form.Field{
		form.Text("Name", "Название", &l.Name).Required().Max(250).FullWidth(),
		form.Text("Inn", "ИНН", &l.INN).Keyboard("numeric").Help("10 цифр; у индивидуального предпринимателя 12"),
		form.Text("Kpp", "КПП", &l.KPP).Keyboard("numeric"),
		form.Text("Ogrn", "ОГРН", &l.OGRN).Keyboard("numeric").Help("13 цифр; ОГРНИП 15"),
		form.Text("Address", "Юридический адрес", &l.Address).Max(500).FullWidth(),
		form.Text("Bank", "Наименование банка", &l.Bank).Max(250).FullWidth(),
		form.Text("Bik", "БИК", &l.BIK).Keyboard("numeric"),
		form.Text("Account", "Счет", &l.Account).Keyboard("numeric"),
		form.Text("CorrAccount", "Корр. счет", &l.CorrAccount).Keyboard("numeric"),
	}
}
