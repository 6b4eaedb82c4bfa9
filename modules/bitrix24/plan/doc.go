// Package plan decides what is to be done about records of the panel and of the portal, and does none of it.
//
// A function of this package is given facts: what the panel has, what the portal has, what both sides last agreed on, and
// the time. It answers with a plan, which is a value: what to send, what to keep, and how long to wait. The same facts
// always give the same plan. There is no database, no network and no clock in here, so a decision can be tried a million
// times, shown to a person before anything is written, and told apart from carrying it out, which is package exchange.
//
// Begin with plan.go, which says what a plan is, then order.go and deal.go: what becomes of an order. Each kind of record
// has its function: ForOrder, ForClient, ForOrganization, ForLead, ForRestored, ForProduct. Perform carries the commands
// of plans out (perform.go), on a World that is the real one, or a model.
//
// simulation_test.go lets people, robots and a bad connection do their worst to plans, on models of both sides.
package plan
