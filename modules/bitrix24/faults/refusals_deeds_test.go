package faults_test

import (
	"fmt"
	"net/http"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// scene is a panel that is connected to a portal behind a denier, with an order that is there already.
type scene struct {
	*bitrix24test.Pair
	denier *denier
	order  int64
	client int64
	n      int    // of the situation: everything in it is new
	after  func() // puts back what a situation changed, once it is over
}

func begin(x *bitrix24test.Pair) *scene {
	s := &scene{Pair: x, denier: denied(x)}
	x.Connect()
	x.SaveSettings("telephony", "on", "line", "sip7", "catalog", "on")
	s.order = x.Place()
	x.Settle()
	s.client = int64(x.Order(s.order).Number("UserId"))
	return s
}

// deeds are the situations in which the module calls a method. Each arms the denier at the right moment and returns what
// the person concerned sees afterwards.
var deeds = map[string]func(s *scene, row *refusal) string{
	"batch":                      placeByStranger,
	"crm.item.add":               placeByStranger,
	"crm.duplicate.findbycomm":   placeByStranger,
	"crm.item.productrow.set":    placeByStranger,
	"crm.item.list":              changeStatus,
	"crm.item.get":               changeStatusOfAVanishedDeal,
	"crm.item.update":            changeDelivery,
	"crm.item.productrow.update": changeDelivery,
	"crm.item.productrow.add":    changeItems,
	"crm.item.productrow.delete": changeItems,
	"crm.item.productrow.list":   changeItemsAfterALostAnswer,
	"crm.timeline.comment.add":   deleteOrder,
	"crm.timeline.comment.list":  deleteOrderAfterALostAnswer,
	"crm.item.batchImport":       exportOrders,
	"crm.item.import":            exportOrdersOtherwise,
	"crm.deal.productrows.set":   exportOrdersOtherwise,
	"crm.product.list":           placeWithANewMaterial,
	"crm.product.add":            placeWithANewMaterial,
	"crm.product.get":            hearOfADeletedProduct,

	"crm.requisite.list":              sendOrganization,
	"crm.requisite.add":               sendOrganization,
	"crm.company.contact.add":         sendOrganization,
	"crm.requisite.bankdetail.add":    completeOrganization,
	"crm.requisite.bankdetail.list":   completeOrganization,
	"crm.address.add":                 completeOrganization,
	"crm.address.list":                completeOrganization,
	"crm.requisite.update":            changeOrganization,
	"crm.requisite.bankdetail.update": changeOrganization,
	"crm.address.update":              changeOrganization,

	"profile":                      saveAgain,
	"scope":                        saveAgain,
	"crm.settings.mode.get":        saveAgain,
	"crm.category.list":            saveAgain,
	"crm.status.list":              saveAgain,
	"crm.requisite.preset.list":    saveAgain,
	"crm.deal.userfield.list":      saveAgain,
	"crm.lead.userfield.list":      saveAgain,
	"user.get":                     saveAgain,
	"voximplant.line.get":          saveAgain,
	"voximplant.line.outgoing.get": saveAgain,
	"crm.deal.userfield.add":       saveWithoutFields,
	"crm.lead.userfield.add":       saveWithoutFields,
	"crm.item.delete":              check,
	"voximplant.callback.start":    call,
}

// orderPage is the page of an order as an operator sees it.
func (s *scene) orderPage(order int64) string {
	return s.As(staff.Operator).Get(bitrix24test.Page(order)).Want(s.T, http.StatusOK).Text
}

// stranger orders for the first time.
func (s *scene) stranger(d apptest.JSON) {
	s.n++
	d["Client"] = apptest.JSON{
		"FirstName": "Новый", "LastName": fmt.Sprintf("Клиент %d", s.n),
		"Email": fmt.Sprintf("stranger%d@example.ru", s.n),
	}
}

func placeByStranger(s *scene, row *refusal) string {
	s.denier.refuse(row)
	order := s.Place(s.stranger)
	return s.orderPage(order)
}

func changeStatus(s *scene, row *refusal) string {
	s.n++
	s.denier.refuse(row)
	s.SetStatus(s.order, []orders.Status{orders.WaitingForPayment, orders.PrintingInProgress}[s.n%2])
	return s.orderPage(s.order)
}

func changeStatusOfAVanishedDeal(s *scene, row *refusal) string {
	order := s.Place(bitrix24test.By(s.client))
	s.Settle()
	id, _ := s.Deal(order)
	s.Fail(emulator.Fault{Fault: "drop_events"})
	s.Do("delete_deal", emulator.Args{"id": id})
	s.Settle()
	s.Fail(emulator.Fault{Fault: "none"})
	s.denier.refuse(row)
	s.SetStatus(order, orders.PrintingInProgress)
	return s.orderPage(order)
}

func changeDelivery(s *scene, row *refusal) string {
	s.n++
	s.denier.refuse(row)
	s.ChangeOrder(s.order, func(o *orders.Order) { o.DeliveryPrice = orders.Money(10_000 + s.n) })
	s.Drain()
	return s.orderPage(s.order)
}

func (s *scene) newItems() {
	s.n++
	s.Call("PUT", fmt.Sprintf("/api/orders/%d/items", s.order), apptest.JSON{"Items": []apptest.JSON{
		{"Name": fmt.Sprintf("Открытка %d", s.n), "Quantity": 1, "ItemPrice": 100},
	}}).Want(s.T, http.StatusOK)
}

func changeItems(s *scene, row *refusal) string {
	s.denier.refuse(row)
	s.newItems()
	return s.orderPage(s.order)
}

// An answer about rows is lost: before anything else is done the deal's rows are read.
func changeItemsAfterALostAnswer(s *scene, row *refusal) string {
	s.Fail(emulator.Fault{Fault: "lost_response", Method: "crm.item.productrow.add", Count: 1})
	s.newItems()
	s.denier.refuse(row)
	s.Hurry()
	s.Drain()
	return s.orderPage(s.order)
}

func (s *scene) deleteNew(row *refusal) (order int64) {
	order = s.Place(bitrix24test.By(s.client))
	s.Settle()
	s.denier.refuse(row)
	s.Call("DELETE", fmt.Sprintf("/api/orders/%d", order), nil).Want(s.T, http.StatusOK)
	return order
}

func deleteOrder(s *scene, row *refusal) string { return s.orderPage(s.deleteNew(row)) }

func deleteOrderAfterALostAnswer(s *scene, row *refusal) string {
	s.Fail(emulator.Fault{Fault: "lost_response", Method: "crm.timeline.comment.add", Count: 1})
	order := s.deleteNew(nil)
	s.denier.refuse(row)
	s.Hurry()
	s.Drain()
	return s.orderPage(order)
}

func exportOrders(s *scene, row *refusal) string {
	s.SaveSettings("auto", "-")
	s.Place(bitrix24test.By(s.client))
	s.SaveSettings("auto", "on")
	s.denier.refuse(row)
	admin := s.As(staff.Administrator)
	admin.Post(bitrix24test.BackfillPage, "what", "order", "action", "start").Want(s.T, http.StatusSeeOther)
	s.Drain()
	return admin.Get(bitrix24test.BackfillPage).Want(s.T, http.StatusOK).Text
}

// exportOrdersOtherwise exports when the methods that are used first have worked much already.
func exportOrdersOtherwise(s *scene, row *refusal) string {
	limit := func(on bool, costs map[string]float64) {
		s.Portal.SetBehaviour(func(b *emulator.Behaviour) { b.OperatingLimit, b.RequestSeconds, b.Cost = on, 0, costs })
	}
	limit(true, map[string]float64{"crm.item.batchImport": 100, "crm.item.productrow.set": 100})
	s.after = func() { limit(false, nil) }
	exportOrders(s, nil)
	return exportOrders(s, row)
}

func placeWithANewMaterial(s *scene, row *refusal) string {
	s.n++
	s.denier.refuse(row)
	order := s.Place(bitrix24test.By(s.client), bitrix24test.Set(
		"Items", []apptest.JSON{{"MaterialId": 1000 + s.n, "Name": "Кружка", "Quantity": 2, "ItemPrice": 300}},
	))
	s.Deal(order)
	return s.journalPage()
}

func hearOfADeletedProduct(s *scene, row *refusal) string {
	links := s.Count("bitrix24_products")
	s.denier.refuse(row)
	s.Event(bitrix24test.AsForm, bitrix24test.FormEvent(
		"ONCRMPRODUCTDELETE", s.Number("SELECT max(product_id) FROM bitrix24_products"), bitrix24test.PortalToken,
	))
	s.Settle()
	bitrix24test.Equal(s.T, "product links", s.Count("bitrix24_products"), links)
	return s.journalPage()
}

func (s *scene) journalPage() string {
	return s.As(staff.Administrator).Get("/admin/bitrix24/journal").Want(s.T, http.StatusOK).Text
}

// newOrganization has an employee and a legal entity, of which nothing but the name is known.
func (s *scene) newOrganization() (id int64) {
	s.n++
	return s.Call("POST", "/api/organizations", apptest.JSON{
		"Name": fmt.Sprintf("ООО «Ветер %d»", s.n), "Type": "Client", "LegalEntities": []apptest.JSON{s.legalEntity("ООО «Ветер»")},
		"Employees": []apptest.JSON{{"ClientId": s.client, "Role": "Administrator"}},
	}).Want(s.T, http.StatusCreated).ID()
}

func (s *scene) legalEntity(name string) apptest.JSON {
	return apptest.JSON{"Name": name, "Inn": fmt.Sprintf("66712%05d", s.n)}
}

// send presses «Отправить в Битрикс24» of an organization.
func (s *scene) send(id int64) {
	s.As(staff.Operator).Post(fmt.Sprintf("/admin/organizations/%d/actions/bitrix24.send", id)).Want(s.T, http.StatusSeeOther)
}

// statusOf is what both the organization's page and «Состояние обмена» say.
func (s *scene) statusOf(id int64) string {
	return s.As(staff.Operator).Get(fmt.Sprintf("/admin/organizations/%d", id)).Want(s.T, http.StatusOK).Text +
		s.As(staff.Administrator).Get("/admin/bitrix24/status").Want(s.T, http.StatusOK).Text +
		s.As(staff.Administrator).Get("/admin/bitrix24/journal").Want(s.T, http.StatusOK).Text
}

func sendOrganization(s *scene, row *refusal) string {
	id := s.newOrganization()
	s.denier.refuse(row)
	s.send(id)
	s.Drain()
	return s.statusOf(id)
}

// patch types an organization's legal entity anew.
func (s *scene) patch(id int64, name, address, bank string) {
	entity := s.legalEntity(name)
	entity["Address"], entity["Bank"], entity["Account"] = address, bank, fmt.Sprintf("407028105000000%05d", s.n)
	s.Call("PATCH", fmt.Sprintf("/api/organizations/%d", id), apptest.JSON{"LegalEntities": []apptest.JSON{entity}}).Want(s.T, http.StatusOK)
	s.Drain()
}

func completeOrganization(s *scene, row *refusal) string {
	id := s.newOrganization()
	s.send(id)
	s.Settle()
	s.denier.refuse(row)
	s.patch(id, "ООО «Ветер»", "Белинского, 86", "ПАО Банк")
	return s.statusOf(id)
}

func changeOrganization(s *scene, row *refusal) string {
	id := s.newOrganization()
	s.send(id)
	s.patch(id, "ООО «Ветер»", "Белинского, 86", "ПАО Банк")
	s.Settle()
	s.denier.refuse(row)
	s.patch(id, "АО «Ветер»", "Белинского, 87", "АО Банк")
	return s.statusOf(id)
}

// settingsText is what comes of saving the settings: the form with its errors, or the next page with its remarks.
func (s *scene) settingsText() string {
	answer := s.PostSettings()
	if answer.Status == http.StatusUnprocessableEntity {
		return answer.Text
	}
	return s.As(staff.Administrator).Get(bitrix24test.SettingsPage).Want(s.T, http.StatusOK).Text
}

func saveAgain(s *scene, row *refusal) string {
	s.denier.refuse(row)
	s.after = func() { s.SaveSettings() }
	return s.settingsText()
}

// The custom fields are gone from the portal, and saving the settings makes them again.
func saveWithoutFields(s *scene, row *refusal) string {
	for _, field := range s.State().Userfields {
		kind := map[any]string{"CRM_DEAL": "deal", "CRM_LEAD": "lead"}[field["ENTITY_ID"]]
		s.CallPortal("crm."+kind+".userfield.delete", "id=%v", field["ID"])
	}
	s.denier.refuse(row)
	s.after = func() { s.SaveSettings() }
	return s.settingsText()
}

func check(s *scene, row *refusal) string {
	s.denier.refuse(row)
	return s.CheckConnection().Text
}

func call(s *scene, row *refusal) string {
	s.denier.refuse(row)
	operator := s.As(staff.Operator)
	operator.Post(bitrix24test.CallPath(s.order), "phone", bitrix24test.CustomersPhone).Want(s.T, http.StatusSeeOther)
	s.after = func() {
		s.As(staff.Administrator).Post(bitrix24test.SettingsPage+"/bitrix24/actions/lists").Want(s.T, http.StatusSeeOther)
	}
	return s.orderPage(s.order)
}
