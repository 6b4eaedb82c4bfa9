package main

import (
	"context"
	"fmt"
)

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
	Newcomer     int64 // an order whose client came as a lead
	Lead         int64 // of Newcomer
}

// prepare places orders as a site would, and moves a deal as a manager would, so that the pictures show a working day.
func (c *camera) prepare(tab context.Context) (scene, error) {
	var s scene
	err := c.place(tab, demoOrder, &s)
	if err == nil {
		err = c.evaluate(tab, c.panel+"/admin/organizations", `JSON.stringify({Organization: [...document.querySelectorAll("main a")]
			.map(a => a.pathname.match(/^\/admin\/organizations\/(\d+)/)).filter(Boolean).map(found => Number(found[1]))[0]})`, &s)
	}
	if err == nil {
		err = c.find(tab, "deals", "order", s.Order, "Deal", &s)
	}
	if err == nil {
		err = c.evaluate(tab, c.portal+"/control/stats", fmt.Sprintf(`fetch("/control/do", {method: "POST",
			body: JSON.stringify({do: "move_deal", id: %d, stage: "PREPARATION"})}).then(answer => answer.text())`, s.Deal), nil)
	}
	if err == nil { // new clients become leads from here on
		err = c.evaluate(tab, c.panel+"/admin/orders/settings/export", `(async () => {
			const form = document.querySelector("[name='bitrix24.leads']").form, fields = new URLSearchParams(new FormData(form))
			fields.set("bitrix24.leads", "on")
			return (await fetch(form.action, {method: "POST", body: fields})).text()
		})()`, nil)
	}
	var newcomer scene
	if err == nil {
		err = c.place(tab, newcomersOrder, &newcomer)
		s.Newcomer = newcomer.Order
	}
	if err == nil {
		err = c.find(tab, "leads", "client", newcomer.Client, "Lead", &s)
	}
	return s, err
}

// place places an order and says something about it.
func (c *camera) place(tab context.Context, order string, into *scene) error {
	return c.evaluate(tab, c.panel+"/admin/orders", fmt.Sprintf(`(async () => {
		const call = async (method, path, body) => (await fetch(path, {method, body: body && JSON.stringify(body),
			headers: {"Authorization": "Bearer demo-site-token", "Content-Type": "application/json"}})).json()
		const order = await call("POST", "/api/orders", %s)
		await call("POST", "/api/orders/" + order.Id + "/comments", {Text: "Здравствуйте! Успеете к пятнице?", VisibleToClient: true})
		return JSON.stringify({Order: order.Id, Client: order.UserId})
	})()`, order), into)
}

// find waits for the record of the portal that one of the panel has become.
func (c *camera) find(tab context.Context, table, kind string, id int64, field string, into *scene) error {
	return c.evaluate(tab, c.portal+"/control/stats", fmt.Sprintf(`(async () => {
		for (let i = 0; i < 100; i++) {
			const state = await (await fetch("/control/state")).json()
			const found = state[%q].find(record => [%[2]q, "lead-" + %[2]q].includes(record.ORIGIN_ID.split(":").slice(0, 2).join(":")))
			if (found) return JSON.stringify({%[3]s: Number(found.ID)})
			await new Promise(wait => setTimeout(wait, 100))
		}
		throw new Error("not in the portal")
	})()`, table, fmt.Sprintf("%s:%d", kind, id), field), into)
}

const newcomersOrder = `{
	Client: {FirstName: "Олег", LastName: "Новиков", Email: "novikov@example.ru", Phone: "+7 912 345-67-05"},
	Items: [{Name: "Плакат (А2)", Quantity: 10, ItemPrice: "190.00"}],
	Shipping: {Id: 8106, Title: "Офис компании на Белинского", Type: "Point"}, PaymentMethod: "Cash"}`

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
	deal := fmt.Sprintf("%s/crm/deal/details/%d/", c.portal, s.Deal)
	webhooks := c.portal + "/devops/webhooks/"
	post := func(path, fields string) string { // as the page's own form would, then shows what came of it
		return fmt.Sprintf(`fetch(%q, {method: "POST", body: new URLSearchParams(%s)}).then(answer => answer.text())`,
			path, fields)
	}
	return []picture{
		{name: "inbound-webhook", url: webhooks, height: 560},
		{
			name: "outbound-webhook", url: webhooks, height: 860,
			scripts: []string{`document.querySelector("[name='event[]']").form.scrollIntoView()`},
		},
		{name: "settings", url: settings, height: 880},
		{name: "stages", url: settings, width: 1300, height: 760, scripts: []string{`document.querySelector("table").scrollIntoView()`}},
		{name: "check", url: c.panel + "/admin/bitrix24/check", height: 860, wait: "main table", scripts: []string{
			post("/admin/bitrix24/check", "{}"), wait("2000"), `location.reload()`,
		}},
		{name: "orders", url: c.panel + "/admin/orders"},
		{name: "order", url: order, height: 900},
		{name: "widget", url: order, part: "#shown", scripts: []string{
			`[...document.querySelectorAll("h2")].find(h => h.textContent.trim() === "Битрикс24").nextElementSibling.id = "shown"`,
			`document.querySelector("#shown details").open = true`,
		}},
		{name: "kanban", url: c.portal + "/crm/deal/kanban/"},
		{name: "deal", url: deal, height: 1350},
		{name: "products", url: deal + "?tab=products", height: 520},
		{name: "history", url: order + "/history", height: 520},
		{name: "client", url: fmt.Sprintf("%s/admin/clients/%d/edit", c.panel, s.Client), height: 560},
		{name: "organization", url: fmt.Sprintf("%s/admin/organizations/%d", c.panel, s.Organization), height: 660},
		{name: "lead", url: fmt.Sprintf("%s/crm/lead/details/%d/", c.portal, s.Lead), height: 640},
		{name: "conversion", url: fmt.Sprintf("%s/crm/lead/details/%d/?convert=1", c.portal, s.Lead), height: 640},
		{name: "newcomer", url: fmt.Sprintf("%s/admin/orders/%d", c.panel, s.Newcomer), part: "#shown", scripts: []string{
			`[...document.querySelectorAll("h2")].find(h => h.textContent.trim() === "Битрикс24").nextElementSibling.id = "shown"`,
		}},
		{name: "journal", url: c.panel + "/admin/bitrix24/journal"},
		{name: "status", url: c.panel + "/admin/bitrix24/status"},
		{name: "compare", url: c.panel + "/admin/bitrix24/compare", wait: "#comparison", scripts: []string{
			`fetch("/admin/bitrix24/compare", {
				method: "POST", body: new URLSearchParams(new FormData(document.querySelector("main form"))),
			}).then(answer => answer.text())`,
			wait("2500"), `location.reload()`,
		}},
		{name: "backfill", url: c.panel + "/admin/bitrix24/backfill", height: 560},
	}
}

// wait lets the demo's own work behind the page go on for some milliseconds.
func wait(ms string) string { return "new Promise(done => setTimeout(done, " + ms + "))" }
