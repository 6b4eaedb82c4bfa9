// Package bitrix24 keeps the panel's orders and a Bitrix24 portal's deals in step, both ways, through an inbound and
// an outbound webhook.
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
// # The rooms
//
// This package is the door: it declares what the module adds to the panel (bitrix24.go), enqueues what the panel saved
// (hooks.go) and what the portal tells (events.go), and says who does the jobs (lanes.go). Behind it are the rooms. An
// import points from a room to those below it, never up and never sideways:
//
//	pages      journal, state and check of the exchange; the box on the order's page and its buttons
//	setup      the settings form: what is filled in, checked against the portal and saved
//	compare    «Сверка»: the orders of a period beside their deals
//	backfill   «Выгрузка базы»: the export of what was there before the portal was connected
//
//	exchange   a group of records read on both sides, and its plans carried out: a file for each record of the portal
//	portal     one portal: the settings as values, its lists, the client with its limits, errors in words
//	records    what is remembered of a portal's records: links, intents, rows, choices, the journal
//	plan       what to do about a record, decided from facts and done by others: pure functions, and a simulation
//	mapping    which value becomes which: pure functions, no database, no network
//	rest       the client: every request is a batch
//
// Apart from these, emulator is a portal to test against, and bitrix24test what the tests of several rooms share, and
// faults the tests of everything that a portal may do wrong.
//
// # An order becomes a deal
//
//  1. An order is saved. In the same transaction Module.orderSaved asks Settings.Wants and enqueues a PushOrder.
//  2. After the commit exchange.Handle takes it, perhaps with others. The order, its client and its organization are
//     read here (exchange/order.go), and what is linked or might be the same is looked for there (exchange/search.go).
//  3. What was read are facts, and plan.ForOrder makes a plan of them: which commands are to leave, and what holds once
//     they are answered. Package mapping says which fields the deal is to have.
//  4. plan.Perform carries the commands out, in as few requests as it takes. Before a record is made, its intent is
//     stored under its external key (exchange/perform.go). If the answer is lost, the record is looked for by that key,
//     so that nothing is made twice.
//  5. The link keeps the deal's number and what is now agreed (records/link.go), the journal a line (exchange/store.go), and the
//     order's page shows both (pages/order.go).
//
// # An event becomes a status
//
//  1. The portal calls /api/bitrix/events. Module.receiveEvent checks the token, enqueues a Pull, and answers. If the
//     event may be the echo of a write of ours, the Pull waits up to four seconds for something to leave with.
//  2. exchange.Handle reads the deal. What no event told is found by exchange.Reconcile, which enqueues the same job.
//  3. The stage is compared with what was agreed on. If the portal changed it, the table of stages in the settings
//     says which status the order gets (plan/stage.go). The order is saved as a change of the module's.
//  4. The change comes back through Module.orderSaved. Its push finds both sides equal and sends nothing.
//
// # Settings are saved
//
//  1. setup.Open draws the form from the settings in force and the portal's lists as they were last read.
//  2. The host binds what was typed. setup's check asks the portal: a webhook that it refuses is not stored.
//  3. The settings, the lists and a line of the audit are saved together. After the commit the exchange resumes, and
//     what failed is tried again.
//  4. Every job reads the settings anew (portal.Current): nothing has to be restarted.
//
// # Jobs
//
// All exchange with the portal queues in the lane bitrix24:
//
//	push_order           an order saved, «Отправить в Битрикс24»   makes the deal match
//	mend_order           «Сверка», «Передать в Битрикс24»          makes the deal match, whatever was agreed on
//	push_client          a linked client saved                     makes the contact match
//	push_organization    a linked organization saved               makes company, requisites and employees match
//	backfill             «Выгрузка базы»                           makes one record of what existed before
//	pull                 an event, reconciliation                  looks at a record of the portal
//	reconcile            every ten minutes                         finds what no event told
//	refresh_lists        once a day                                reads funnels, stages, company types
//
// Long work that mostly reads has the lane bitrix24_bulk, where it holds up nobody:
//
//	gather               «Выгрузка базы»                           notes the records of an export
//	compare              «Сверка»                                  compares a page of orders with their deals
//	mend                 «Передать в Битрикс24 все»                has sent what a comparison found
//	check_deleted        once a day                                finds what was deleted on the portal
//	find_strays          the lane was taken over                   finds what a restored database does not know
//	prune_journal        once a day                                removes lines older than ninety days
//
// Begin with Module.Register, which names every contribution to the panel, then read exchange.Handle.
package bitrix24
