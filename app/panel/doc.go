// Package panel is the shell every page lives in: sign-in and roles, left menu, tabs, flash and banners, templates,
// static files, two languages, errors as pages, and the slots (actions, fields, widgets) that modules fill. It knows
// no orders or clients; they use it.
//
// A host page is a typed struct that embeds Page, a handler that calls one service method, and a template:
//
//	type listPage struct {
//		panel.Page
//		Orders []*Order
//	}
//
//	func (p *Pages) list(c echo.Context) error {
//		found, err := p.orders.List(c.Request().Context(), queryOf(c))
//		if err != nil {
//			return err // a refusal.Error becomes its page (404, 403 ...), anything else is logged once and is a 500
//		}
//		return p.panel.Render(c, "orders/list", listPage{Page: panel.Page{Title: "Заказы"}, Orders: found})
//	}
//
//	admin.GET("/orders", p.list)                                          // everybody who is signed in
//	admin.POST("/orders/:id/pay", p.pay, panel.Require(staff.Accountant)) // accountants, and who includes them
//	pnl.AddSection(panel.Section{Title: "Заказы", Icon: "shopping-cart", URL: "/admin/orders", Rank: 10})
//	pnl.AddMenu(panel.MenuItem{Section: "Заказы", Label: "Все", URL: "/admin/orders"})
//
// templates/orders/list.html (a file that defines "content" is a page; any other file of the folder is a fragment that
// all pages of the folder may include as {{template "orders/card" .}}):
//
//	{{define "actions"}}<a class="button" href="/admin/orders/new">{{t "Создать"}}</a>{{end}}   beside the title, optional
//	{{define "content"}}{{range .Orders}}<p>{{.Title}} {{t "на"}} {{money .Total}}, {{date .PlacedAt}}</p>{{end}}{{end}}
//
// A form is opened fresh, drawn by {{template "form/fields" .Form}} inside a <form method="post"> of the page, and
// saved:
//
//	f := editForm(client)                            // *form.Form, bound to client's fields, Save calls the service
//	forms := append(form.Forms{f}, p.clients.Forms(c, p.panel, client)...) // and what modules add
//	ok, err := p.panel.Submit(c, forms)              // binds, then saves all in one transaction
//	if err != nil { return err }
//	if !ok { return p.panel.Render(c, "clients/edit", editPage{Page: panel.Page{Status: 422, ...}, Forms: forms}) }
//	p.panel.Flash(c, panel.Good, "Сохранено")
//	return panel.SeeOther(c, back)
//
// Template functions: t, plural, money, amount, date, day, moment, asset, icon (see funcs.go). CSS components are
// listed at the top of static/panel.css.
package panel
