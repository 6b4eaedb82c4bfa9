package bitrix24

import (
	"context"
	"maps"
	"regexp"
	"slices"

	"github.com/pixlpark/panel/app/db"
)

// refusedEmail is the kind of record under which bitrix24_choices keeps an e-mail that the portal refuses: the contact
// goes without it, rather than not at all.
const refusedEmail local = "client_email"

// invalidEmail is how the portal refuses an address: the whole contact is rejected with it (ERROR_CORE, «contacts»).
var invalidEmail = regexp.MustCompile(`(?i)e-?mail.*(invalid|некоррект|неверн|недопустим)|(invalid|некоррект|неверн|недопустим).*e-?mail`)

// leaveOutEmails removes from the clients in hand the e-mails that the portal has refused.
func (r *run) leaveOutEmails(ctx context.Context, ids []int64) error {
	refused, err := r.choices(ctx, r.portal.ID, refusedEmail, ids)
	if err != nil {
		return err
	}
	for id, email := range refused {
		if w := r.clients[id]; w.client != nil && w.client.EmailText() == string(email) {
			without := *w.client
			without.Email = nil
			w.client = &without
		}
	}
	return nil
}

// noteRefusedEmails looks at what failed: a contact or lead refused for its e-mail is sent again at once without it, and
// with it everything that waited for the contact or lead.
func (r *run) noteRefusedEmails(ctx context.Context) error {
	for _, id := range slices.Sorted(maps.Keys(r.clients)) {
		w := r.clients[id]
		for _, t := range r.emailed(w) {
			if w.client.Email == nil {
				continue
			}
			refused, ok := asRefusal(t.err)
			if !ok || !invalidEmail.MatchString(refused.Description) {
				continue
			}
			err := r.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
				if err := r.choose(tx, r.portal.ID, refusedEmail, id, choice(w.client.EmailText()), actor.Name); err != nil {
					return err
				}
				what, e := "контакт", aContact
				if t.entity == aLead {
					what, e = "лид", aLead
				}
				text := "Портал не принял почту " + w.client.EmailText() + ": " + what + " передан без неё"
				return r.journalFailure(tx, note{aClient, id, e, 0}, outward, text)
			})
			if err != nil {
				return err
			}
			again, before := &waitError{why: "портал не принял почту, передаём без неё"}, t.err
			for _, other := range r.tasks {
				if other.err == before {
					other.err = again
				}
			}
		}
	}
	return nil
}

// emailed are the commands that may carry a client's e-mail: those of his contact, of his lead, and of his orders' leads.
func (r *run) emailed(w *clientWork) []*task {
	tasks := w.tasks()
	for _, o := range r.orders {
		if o.target == aLead && o.client == w {
			tasks = append(tasks, o.tasks...)
		}
	}
	return tasks
}
