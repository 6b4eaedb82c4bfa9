package exchange

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
)

// invalidEmail is how the portal refuses an address: the whole record is rejected with it (ERROR_CORE, «contacts»).
var invalidEmail = regexp.MustCompile(`(?i)e-?mail.*(invalid|некоррект|неверн|недопустим)|(invalid|некоррект|неверн|недопустим).*e-?mail`)

// leaveOutClientEmails takes the e-mails that the portal has refused from the clients in hand. What the portal has
// instead stays as it is.
func (r *run) leaveOutClientEmails(ctx context.Context, ids []int64) error {
	refused, err := r.Book.RefusedEmails(ctx, records.Client, ids)
	if err != nil {
		return err
	}
	for id, email := range refused {
		w := r.clients[id]
		if w.client == nil || w.client.EmailText() != email {
			continue
		}
		without := *w.client
		without.Email = nil
		if accepted := acceptedEmail(w.link, w.lead.link); accepted != "" {
			without.Email = &accepted
		}
		w.client, w.emailLeftOut = &without, true
	}
	return nil
}

// leaveOutOrganizationEmails does the same for organizations.
func (r *run) leaveOutOrganizationEmails(ctx context.Context, ids []int64) error {
	refused, err := r.Book.RefusedEmails(ctx, records.Organization, ids)
	if err != nil {
		return err
	}
	for id, email := range refused {
		w := r.organizations[id]
		if w.organization == nil || w.organization.Email != email {
			continue
		}
		without := *w.organization
		without.Email = acceptedEmail(w.link, w.lead.link)
		w.organization, w.emailLeftOut = &without, true
	}
	return nil
}

// acceptedEmail is the e-mail that the portal has taken before.
func acceptedEmail(links ...*records.Link) string {
	for _, l := range links {
		if l != nil {
			return l.Agreed.Email()
		}
	}
	return ""
}

// noteRefusedEmails looks at what failed: a record refused for its e-mail is sent again at once without it, and with it
// everything that waited for the record.
func (r *run) noteRefusedEmails(ctx context.Context) error {
	for _, id := range slices.Sorted(maps.Keys(r.clients)) {
		w := r.clients[id]
		if w.client == nil || w.emailLeftOut {
			continue
		}
		if err := r.noteRefusedEmail(ctx, records.About(records.Client, id, records.Contact, 0), w.client.EmailText(), r.emailed(w)); err != nil {
			return err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(r.organizations)) {
		w := r.organizations[id]
		if w.organization == nil || w.emailLeftOut {
			continue
		}
		if err := r.noteRefusedEmail(ctx, records.About(records.Organization, id, records.Company, 0), w.organization.Email, w.allTasks()); err != nil {
			return err
		}
	}
	return nil
}

// noteRefusedEmail keeps an e-mail that one of the commands was refused for.
func (r *run) noteRefusedEmail(ctx context.Context, where records.Note, email string, commands []*task) error {
	i := slices.IndexFunc(commands, func(t *task) bool { return email != "" && t.refusedForEmail() })
	if i < 0 {
		return nil
	}
	what, cause := map[records.Entity]string{records.Contact: "контакт передан", records.Company: "компания передана"}[where.Entity], commands[i].err
	if commands[i].note.Entity == records.Lead {
		what, where.Entity = "лид передан", records.Lead
	}
	err := r.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		row := records.RefusedEmail{PortalID: r.Portal.ID, Local: where.Local, LocalID: where.LocalID, Email: email, RefusedAt: db.Now()}
		if err := tx.Save(&row).Error; err != nil {
			return fmt.Errorf("note a refused e-mail: %w", err)
		}
		return r.journalFailure(tx, where, records.Outward, "Портал не принял почту "+email+": "+what+" без неё")
	})
	if err != nil {
		return err
	}
	for _, t := range r.tasks {
		if t.err == cause {
			t.err = &waitError{why: "портал не принял почту, передаём без неё"}
		}
	}
	return nil
}

// refusedForEmail reports whether the portal refused a record for its e-mail. Other commands of the same work may have
// waited for another record's.
func (t *task) refusedForEmail() bool {
	refused, ok := portal.AsRefusal(t.err)
	return ok && strings.HasPrefix(t.method, "crm.item.") && invalidEmail.MatchString(refused.Description)
}

// emailed are the commands that may carry a client's e-mail: those of his contact, of his lead, and of his orders' leads.
func (r *run) emailed(w *clientWork) []*task {
	tasks := w.tasks()
	for _, o := range r.orders {
		if o.target == records.Lead && o.client == w {
			tasks = append(tasks, o.tasks...)
		}
	}
	return tasks
}
