package exchange

import (
	"fmt"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/portal"
	"github.com/pixlpark/panel/modules/bitrix24/records"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// chooseOrganizationLeads decides which of the organizations are to be leads. While its lead is open an organization
// gets no company: that is created when an employee's lead is converted.
func (r *run) chooseOrganizationLeads(works []*organizationWork) {
	for _, w := range works {
		lead := &w.lead
		switch {
		case w.organization == nil:
		case lead.link != nil:
			lead.wanted = true
		case w.link != nil || lead.former != nil:
		case lead.intent != nil: // what was begun is brought to an end
			lead.wanted = true
			r.askByKey(rest.TypeLead, w.leadKey(), &lead.found.byKey, &w.err)
		case w.chosen == plan.ChoiceLead:
			lead.wanted = r.leadsOn() && r.Current.OrderTypes != portal.Persons
		}
	}
}

// leadContent returns what the organization's lead says.
func (w *organizationWork) leadContent() leadContent {
	o := w.organization
	return leadContent{
		fields: mapping.OrganizationLead(o),
		phone:  o.Phone, email: o.Email, agreed: mapping.SentValues(o.Phone, o.Email),
	}
}

// leadChanged reports whether something has changed since the open lead was last sent. A lead whose organization has a
// company is only closed.
func (w *organizationWork) leadChanged() bool {
	content := w.leadContent()
	return w.link == nil && w.lead.link.Agreed.LeadChanged(content.fields, content.phone, content.email)
}

// closeLead adds the command that closes an organization's own lead once its company is known (crm.item.update): «лид
// компании обрабатывается автоматически».
func (r *run) closeLead(w *organizationWork) {
	lead := w.lead.link
	t := task{
		name: fmt.Sprintf("close_lead%d", w.id),
		note: plan.About(plan.Organization, w.id, plan.Lead, lead.RemoteID),
	}
	fields := always(rest.Params{"companyId": w.link.RemoteID, "stageId": rest.LeadConverted})
	w.addTask(updateItem(t, rest.TypeLead, lead.Target, leadNumber, fields, func(tx *db.Tx, _ *rest.Lead) error {
		lead.State, lead.Stage = plan.Converted, rest.LeadConverted
		return records.SaveLink(tx, lead)
	}))
}
