// Package bitrix24 keeps the panel's orders and a Bitrix24 portal's deals in step, both ways, through an inbound and an
// outbound webhook.
//
// What goes where:
//
//	here                        there                       linked by
//	order                       deal (or lead)              order:<number>
//	client                      contact                     client:<id>
//	organization                company                     organization:<id>
//	legal entity                requisite, bank details     legal-entity:<id>
//	item, delivery of an order  product row                 the row's id
//
// Outward: a hook (hooks.go) enqueues a job in the transaction that changed the record; the lane's handler
// (exchange.go) takes a group of them, reads both sides (push_order.go, push_client.go, push_organization.go), and
// performs what has to be done in as few requests as it takes (task.go). Inward: an event (events.go) or reconciliation
// (reconcile.go) enqueues a look at a record of the portal; the same handler compares both sides. There is one way of
// comparing, whoever changed something: package mapping decides field by field against what was last agreed (link.go).
//
// Nothing is made twice: before a record is made, its intent is stored under its external key, and after a lost answer
// the record is looked for by that key.
//
//	job                  made by                                   does
//	push_order           an order saved, «Отправить в Битрикс24»   makes the deal match
//	push_client          a linked client saved                     makes the contact match
//	push_organization    a linked organization saved               makes company, requisites and employees match
//	pull                 an event, reconciliation                  looks at a record of the portal
//	reconcile            every ten minutes                         finds what no event told
//	refresh_lists        once a day                                reads funnels, stages, company types
//	prune_journal        once a day                                removes lines older than ninety days
//	backfill             «Выгрузка базы»                           makes one record of what existed before
//
// Beside the exchange, in a lane of its own, goes long work that mostly reads: gathering an export (backfill.go),
// comparing a period (compare*.go), looking daily for what was deleted there (check_deleted.go).
//
// Begin with bitrix24.go, which names every contribution to the panel. Package rest is the client, mapping the pure
// translation, emulator a portal to test against.
package bitrix24
