package main

import "fmt"

// A picture is one page of the demo, or a part of it.
type picture struct {
	name          string
	url           string
	scripts       []string // run on the page before the picture is taken
	wait          string   // what must be visible
	part          string   // what to show; empty: the window
	width, height int64
}

// A scene is what prepare found and made in the demo.
type scene struct {
	Order        int64 // of a person, sent and moved on
	Client       int64
	Organization int64
	Deal         int64 // of Order
}

// prepare places an order as a site would, and moves its deal, so that the pictures show a working day.
func (c *camera) prepare() (scene, error) {
	var s scene
	place := fmt.Sprintf(`(async () => {
		const call = async (method, path, body) => (await fetch(path, {method, body: body && JSON.stringify(body),
			headers: {"Authorization": "Bearer demo-site-token", "Content-Type": "application/json"}})).json()
		const order = await call("POST", "/api/orders", %s)
		await call("POST", "/api/orders/" + order.Id + "/comments", {Text: "Здравствуйте! Успеете к пятнице?", VisibleToClient: true})
		return JSON.stringify({Order: order.Id, Client: order.UserId})
	})()`, demoOrder)
	if err := c.evaluate(c.panel+"/admin/orders", place, &s); err != nil {
		return s, err
	}
	organization := `JSON.stringify({Organization: [...document.querySelectorAll("main a")]
		.map(a => a.pathname.match(/^\/admin\/organizations\/(\d+)/)).filter(Boolean).map(found => Number(found[1]))[0]})`
	if err := c.evaluate(c.panel+"/admin/organizations", organization, &s); err != nil {
		return s, err
	}
	move := fmt.Sprintf(`(async () => {
		for (let i = 0; i < 100; i++) {
			const state = await (await fetch("/control/state")).json()
			const deal = state.deals.find(d => d.ORIGIN_ID === "order:%d")
			if (deal) {
				await fetch("/control/do", {method: "POST", body: JSON.stringify({do: "move_deal", id: Number(deal.ID), stage: "PREPARATION"})})
				return JSON.stringify({Deal: Number(deal.ID)})
			}
			await new Promise(wait => setTimeout(wait, 100))
		}
		throw new Error("no deal")
	})()`, s.Order)
	err := c.evaluate(c.portal+"/control/stats", move, &s)
	return s, err
}

const demoOrder = `{
	Client: {FirstName: "Ирина", LastName: "Белова", SecondName: "Олеговна", Email: "belova@example.ru", Phone: "+7 912 345-67-04"},
	Items: [
		{Name: "Визитки (90x50 мм)", Quantity: 200, ItemPrice: "3.90", Options: [{Title: "ламинация", Description: "матовая", Price: "250.00"}]},
		{Name: "Календарь настенный (А3)", Quantity: 3, ItemPrice: "420.00"}],
	Shipping: {Id: 12, Title: "По городу", Type: "Courier"}, DeliveryPrice: "350.00", DiscountPrice: "100.00",
	DeliveryAddress: {City: "Екатеринбург", AddressLine1: "ул. Ленина, 24", FullName: "Ирина Белова", Phone: "+7 912 345-67-04"},
	PaymentMethod: "Online", Comment: "Позвоните за час до доставки"}`

// pictures are those of the manual, in its order.
func pictures(c *camera, s scene) []picture {
	order := fmt.Sprintf("%s/admin/orders/%d", c.panel, s.Order)
	settings := c.panel + "/admin/orders/settings/export"
	return []picture{
		{name: "settings", url: settings, height: 900},
		{name: "stages", url: settings, scripts: []string{`document.querySelector("table").scrollIntoView()`}},
		{name: "orders", url: c.panel + "/admin/orders"},
		{name: "order", url: order, height: 900},
		{name: "client", url: fmt.Sprintf("%s/admin/clients/%d/edit", c.panel, s.Client)},
		{name: "organization", url: fmt.Sprintf("%s/admin/organizations/%d", c.panel, s.Organization), height: 800},
		{name: "journal", url: c.panel + "/admin/bitrix24/journal"},
		{name: "kanban", url: c.portal + "/crm/deal/kanban/"},
	}
}
