package exchange

import (
	"fmt"

	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
)

// PushOrder brings the deal or lead of an order up to date. It creates one if the order is to be sent and has none.
type PushOrder struct{ ID int64 }

// Kind names the kind of job in the queue.
func (PushOrder) Kind() string { return portal.Lane + ".push_order" }

// Key names the order, so that a second push of it joins the one that waits.
func (a PushOrder) Key() string { return fmt.Sprintf("order/%d", a.ID) }

// MendOrder makes the deal or lead of an order what the order is, whatever both sides last agreed on: «Сверка» has found
// that they differ.
type MendOrder struct{ ID int64 }

// Kind names the kind of job in the queue.
func (MendOrder) Kind() string { return portal.Lane + ".mend_order" }

// Key is that of the order's other jobs, so that two of them never run at the same time.
func (a MendOrder) Key() string { return PushOrder(a).Key() }

// PushClient brings the contact of a client up to date. A client without a contact gets one only if a person chose
// «Отправить в Битрикс24», or an order needs it.
type PushClient struct{ ID int64 }

// Kind names the kind of job in the queue.
func (PushClient) Kind() string { return portal.Lane + ".push_client" }

// Key names the client, so that a second push of him joins the one that waits.
func (a PushClient) Key() string { return fmt.Sprintf("client/%d", a.ID) }

// PushOrganization brings the company of an organization up to date, with requisites and employees.
type PushOrganization struct{ ID int64 }

// Kind names the kind of job in the queue.
func (PushOrganization) Kind() string { return portal.Lane + ".push_organization" }

// Key names the organization, so that a second push of it joins the one that waits.
func (a PushOrganization) Key() string { return fmt.Sprintf("organization/%d", a.ID) }

// PushOf returns the job that brings a record of the panel up to date on the portal. It is nil for kinds of records
// that have none, such as legal entities.
func PushOf(kind plan.Local, id int64) jobs.Args {
	switch kind {
	case plan.Order:
		return PushOrder{ID: id}
	case plan.Client:
		return PushClient{ID: id}
	case plan.Organization:
		return PushOrganization{ID: id}
	}
	return nil
}

// SendRecord sends one record of an export, «Выгрузка базы», as if «Отправить в Битрикс24» had been pressed.
type SendRecord struct {
	Backfill int64 // the export's number
	Local    plan.Local
	ID       int64
}

// Kind names the kind of job in the queue.
func (SendRecord) Kind() string { return portal.Lane + ".backfill" }

// Key is that of the record's other jobs, so that two of them never run at the same time.
func (a SendRecord) Key() string { return fmt.Sprintf("%s/%d", a.Local, a.ID) }

// Pull looks at a record of the portal that may have changed. Whatever an event was called, what is done follows from
// what the record is when it is read.
type Pull struct {
	Entity plan.Entity
	ID     int64 // on the portal
	Caught bool  `json:",omitempty"` // reconciliation asked for it, since no event had told
	Echo   bool  `json:",omitempty"` // what told of it may be a write of our own: see echo.go
}

// Kind names the kind of job in the queue.
func (Pull) Kind() string { return portal.Lane + ".pull" }

// Key names the record of the portal, so that many events about it make one look.
func (p Pull) Key() string { return fmt.Sprintf("%s/%d", p.Entity, p.ID) }

// Reconcile looks for what no event told. The portal sends an event once, whether or not it arrives, and sends none
// about a deal that was moved to another funnel.
type Reconcile struct{}

// Kind names the kind of job in the queue.
func (Reconcile) Kind() string { return portal.Lane + ".reconcile" }

// Key is the same for all: there is only one such job.
func (Reconcile) Key() string { return "all" }

// RefreshLists reads the portal's lists anew, once a day: funnels, stages, fields, people.
type RefreshLists struct{}

// Kind names the kind of job in the queue.
func (RefreshLists) Kind() string { return portal.Lane + ".refresh_lists" }

// Key is the same for all: there is only one such job.
func (RefreshLists) Key() string { return "lists" }

// Decode reads a job's arguments. The error is permanent, since what cannot be read now never will be.
func Decode(j jobs.Job, args any) error {
	if err := j.Decode(args); err != nil {
		return jobs.Permanent(err)
	}
	return nil
}
