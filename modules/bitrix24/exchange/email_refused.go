package exchange

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// loadRefusedEmails notes which e-mails of parties of one kind the portal has refused. They are left out.
func (r *run) loadRefusedEmails(ctx context.Context, list []*party) error {
	ids := lo.Map(list, func(p *party, _ int) int64 { return p.ID })
	refused, err := r.Book.RefusedEmails(ctx, list[0].Kind, ids)
	if err != nil {
		return err
	}
	for _, p := range list {
		p.refusedEmail = refused[p.ID]
	}
	return nil
}

// noteRefusedEmails looks through what failed. A record that was refused for its e-mail is sent again at once without
// the e-mail, and everything that waited for the record with it.
func (r *run) noteRefusedEmails(ctx context.Context) error {
	for _, id := range slices.Sorted(maps.Keys(r.clients)) {
		w := r.clients[id]
		if w.client == nil || w.client.EmailText() == w.refusedEmail {
			continue
		}
		about := plan.About(plan.Client, id, plan.Contact, 0)
		if err := r.noteRefusedEmail(ctx, about, w.client.EmailText(), r.emailed(w)); err != nil {
			return err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(r.organizations)) {
		w := r.organizations[id]
		if w.organization == nil || w.organization.Email == w.refusedEmail {
			continue
		}
		about := plan.About(plan.Organization, id, plan.Company, 0)
		if err := r.noteRefusedEmail(ctx, about, w.organization.Email, w.commands); err != nil {
			return err
		}
	}
	return nil
}

// noteRefusedEmail keeps an e-mail that one of the commands was refused for.
func (r *run) noteRefusedEmail(ctx context.Context, about plan.Note, email string, commands []*plan.Command) error {
	i := slices.IndexFunc(commands, func(c *plan.Command) bool { return email != "" && refusedForEmail(c) })
	if i < 0 {
		return nil
	}
	cause := commands[i].Outcome.Err
	what := "контакт передан"
	if about.Entity == plan.Company {
		what = "компания передана"
	}
	if commands[i].About.Entity == plan.Lead {
		what, about.Entity = "лид передан", plan.Lead
	}
	err := r.DB.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		row := records.RefusedEmail{
			PortalID: r.Portal.ID, Local: about.Local, LocalID: about.LocalID, Email: email, RefusedAt: db.Now(),
		}
		if err := tx.Save(&row).Error; err != nil {
			return fmt.Errorf("note a refused e-mail: %w", err)
		}
		return r.journalFailure(tx, about, plan.Outward, "Портал не принял почту "+email+": "+what+" без неё")
	})
	if err != nil {
		return err
	}
	for _, c := range r.commands {
		if errors.Is(c.Outcome.Err, cause) {
			c.Outcome.Err = &plan.Wait{Why: "портал не принял почту, передаём без неё"}
		}
	}
	return nil
}

// refusedForEmail reports whether the portal refused this command for an e-mail, and did not just leave it undone
// because another had failed.
func refusedForEmail(c *plan.Command) bool {
	refused, ok := rest.AsRefusal(c.Outcome.Err)
	return ok && refused.InvalidEmail()
}

// emailed are the commands that may carry a client's e-mail: those of his contact, of his lead and of his orders'
// leads.
func (r *run) emailed(w *clientWork) []*plan.Command {
	commands := slices.Clone(w.commands)
	for _, o := range r.orders {
		if o.Target == plan.Lead && o.client == w {
			commands = append(commands, o.commands...)
		}
	}
	return commands
}
