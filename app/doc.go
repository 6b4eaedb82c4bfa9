// Package app is the host: the panel of a print shop, put together from its pieces, and the contract of its modules.
//
// # Pieces
//
//	db, cache, settings, jobs    database, cache, sealed settings, durable work: they know no order
//	once                         what came of a request, so that the same one sent again does nothing
//	refusal, money               how the panel says no; amounts as people write them
//	form, panel, staff           forms, the shell of every page, who is signed in
//	clients, organizations,      the nouns: each package has its type, the one service through which records change, and
//	sites, orders                its pages
//	tariff, export               what the account has paid for; where modules put their settings
//	api, shop                    the public API for sites, and a small site that uses it from inside
//	apptest                      all of it for one test
//
// A line imports those above it, never those below. Nothing under app imports a module or knows one by name;
// imports_test.go checks both.
//
// # Phases
//
// [New] goes from top to bottom: open the database and construct the services; register each module, in the order of
// main; migrate the host's line, then each module's; check every registered model against the migrated tables; parse
// all templates; call what waited for that ([Host.OnReady]). Any failure stops the start and names the module.
// [App.Run] then serves and works the jobs until its context ends, stops listening, and lets requests and running jobs
// finish.
//
// # Writing a module
//
// A [Module] has a name and a Register, which is given a [Host] of its own and declares what the module adds. Nothing
// is queried and nobody is called there.
//
//	h.Orders.OnSaved(fn)               an order is placed or changed: in its transaction; likewise Clients, Organizations
//	h.Orders.AddAction, AddWidget      a button, a box on the order's page; likewise Clients, Organizations
//	h.Clients.AddFields                fields on the client's form, saved in his transaction; likewise Organizations
//	h.Export.AddSection                settings under «Заказы / Настройка / Выгрузка заказов»
//	h.Admin.GET, h.API.POST            pages for employees; addresses for other systems
//	h.Panel.AddMenu, AddBanner         a line of the menu; a warning on every page
//	jobs.Handle(h.Jobs, …), Jobs.Every durable work; work by the clock
//	h.Files(files), h.Models(…)        its templates, static files and migrations; its tables
//
// Four rules keep modules from hurting the host and each other:
//
//   - A hook runs inside the transaction. Its error refuses the change, so it only reads and writes tables of its own,
//     through db.From(ctx) or the tx it is given. No request to another system: that is a job's, enqueued in the same
//     transaction.
//   - Records of the host change only through their service ([orders.Service.Change] and its like), so that no hook is
//     missed. What a module knows about a record it keeps in a table of its own; the host's tables get no columns for it.
//   - Names begin with the module's: tables, actions, jobs ("hello.push_order"), addresses (/admin/hello/…). Templates
//     are called hello/<file>, static files are under /static/hello/.
//   - A job names a thing, not an event: it reads the present state when it runs, and may run twice.
//
// The module's own folder is a small copy of the root: templates/, static/, migrations/ (sqlite/ and postgres/),
// embedded by itself. Tests put it on the whole panel with apptest.New(t, db.SQLite, hello.New()). The largest example
// stands in modules/; main names it.
package app
