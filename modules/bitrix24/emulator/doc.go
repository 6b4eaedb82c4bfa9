// Package emulator is a Bitrix24 portal in memory: an http.Handler that real REST clients of the vendor take for a
// portal. It serves both families of methods, batch, limits, errors and outgoing webhooks as the vendor's documents
// describe them. It has pages of its own for a person to click on, and under /control the calls by which tests and
// scripts play that person.
//
// It is written from the vendor's documents and never from what some client happens to send. It imports the standard
// library and its own imitation of PHP, the package php below it. What the documents leave open is a switch in
// Behaviour with a stated default. Comments name sections of REST.md, the project's digest of those documents, and
// questions of OPEN.md, what they do not answer.
//
// The old family of methods is crm.deal.*, crm.contact.* and the like: upper-case names, and every scalar a text. The
// newer one is crm.item.*: camelCase names, and numbers as numbers. Both work on the same records.
//
// A file is named for its matter, and the first word says which part of the portal it belongs to:
//
//	portal_*       the portal itself, what a new one holds, and what Go tests read of it
//	behaviour      the switches
//	datadir_*      keeping the records over a restart
//	person_*       what a person does in the portal: Do, POST /control/do, and the buttons of the pages
//	control_*      /control
//
//	rest           one call, from its address to the answer
//	rest_*         reading a request, parameters, errors, the list of methods, the methods outside the CRM
//	batch_*        the method batch, and references from one command to another
//	limit          the request bucket and the operating time
//	fault_*        what goes wrong on demand
//	event_*        outgoing events and their queue
//	webhook        inbound and outbound webhooks
//	stats, journal what was counted, and what was called
//
//	field_*        the fields of records: their description, reading a value, showing one
//	table_*        records with their indexes, and the methods that are alike for every table
//	list_*         pages, filters and the selection of columns
//
//	crm_record_*   what the four kinds of records share: their methods in the old family, and the rules of saving
//	crm_change     reading the fields of an add or update, in either family
//	crm_item_*     crm.item.*
//	crm_deal_*, crm_lead, crm_contact, crm_company    one kind of record each: fields, stages, merging
//	crm_<matter>   the methods of that name: crm_status, crm_requisite, crm_timeline_comment and so on
//	user, telephony    user.*, department.*, voximplant.* and telephony.*
//
//	page_*         the pages; their templates are in the folder pages
//
// Begin reading with portal.go (the handler), rest.go (one call) and crm_record.go (what a record is).
package emulator
