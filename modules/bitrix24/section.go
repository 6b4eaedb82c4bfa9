package bitrix24

import (
	"context"

	"github.com/pixlpark/panel/app/export"
	"github.com/pixlpark/panel/app/tariff"
	"github.com/pixlpark/panel/modules/bitrix24/pages"
)

// section is «Битрикс24» on «Выгрузка заказов / ERP и CRM системы»: the settings form and the buttons below it.
func (m *Module) section() export.Section {
	return export.Section{
		Name: m.Name(), Title: "Битрикс24", Requires: tariff.Professional, Open: m.setup.Open,
		Actions: []export.Action{
			{
				Name: "check", Label: "Проверить подключение", Icon: "plug",
				Do: m.pages.CheckConnection, Then: pages.DoctorURL,
			},
			{
				Name: "moved", Label: "Сохранить новый адрес портала", Icon: "link",
				Visible: m.setup.Moved, Do: m.setup.SaveMoved,
			},
			{
				Name: "move", Label: "Панель переехала или это копия?", Icon: "alert-triangle",
				Visible: m.setup.PanelMoved, Then: pages.MoveURL,
				Do: func(context.Context) (string, error) { return "", nil },
			},
			{Name: "lists", Label: "Обновить списки портала", Icon: "refresh", Do: m.setup.RefreshLists},
		},
	}
}
