// Package emulator is a Bitrix24 portal in memory: an http.Handler that real REST clients of the vendor take for a
// portal. It serves both method families (crm.deal.* and crm.item.*), batch, limits, errors and outgoing webhooks as the
// vendor's documents describe them, has pages of its own for a person to click on, and under /control the calls by which
// tests and scripts play that person.
//
// It is written from the vendor's documents and never from what some client happens to send; it imports nothing but the
// standard library. What the documents leave open is a switch in Behaviour with a stated default. Comments name sections
// of REST.md, the project's digest of those documents, and questions of OPEN.md, what they do not answer.
//
// Begin reading with portal.go (the handler), rest.go (one call, from URL to answer) and entity.go (what a record is).
package emulator
