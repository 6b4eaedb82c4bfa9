package exchange

import (
	"fmt"

	"github.com/pixlpark/panel/app/jobs"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
)

// SendRecord sends one record of an export. Its key is that of the record's other jobs, so that they never meet.
type SendRecord struct {
	Backfill int64
	Local    records.Local
	ID       int64
}

// Kind and Key name the job.
func (SendRecord) Kind() string { return portal.Lane + ".backfill" }

func (a SendRecord) Key() string { return fmt.Sprintf("%s/%d", a.Local, a.ID) }

// Pull looks at a record of the portal: an event, or reconciliation, said that it may have changed. Whatever the event
// was called, what is done follows from what the record is when it is read.
type Pull struct {
	Entity records.Entity
	ID     int64
	Caught bool `json:",omitempty"` // reconciliation asked for it: no event had told
}

// Kind and Key name the job.
func (Pull) Kind() string { return portal.Lane + ".pull" }

func (p Pull) Key() string { return fmt.Sprintf("%s/%d", p.Entity, p.ID) }

// PushOrder makes the order's deal or lead match the order.
type PushOrder struct{ ID int64 }

// Kind and Key name the job.
func (PushOrder) Kind() string { return portal.Lane + ".push_order" }

func (a PushOrder) Key() string { return fmt.Sprintf("order/%d", a.ID) }

// PushClient makes the client's contact match the client; one that has none gets it only by choice ("send").
type PushClient struct{ ID int64 }

// Kind and Key name the job.
func (PushClient) Kind() string { return portal.Lane + ".push_client" }

func (a PushClient) Key() string { return fmt.Sprintf("client/%d", a.ID) }

// PushOrganization makes the organization's company match the organization, with requisites and employees.
type PushOrganization struct{ ID int64 }

// Kind and Key name the job.
func (PushOrganization) Kind() string { return portal.Lane + ".push_organization" }

func (a PushOrganization) Key() string { return fmt.Sprintf("organization/%d", a.ID) }

// PushOf is the job that brings a record of the panel up to date on the portal; nil: there is none for its kind.
func PushOf(kind records.Local, id int64) jobs.Args {
	switch kind {
	case records.Order:
		return PushOrder{ID: id}
	case records.Client:
		return PushClient{ID: id}
	case records.Organization:
		return PushOrganization{ID: id}
	}
	return nil
}
