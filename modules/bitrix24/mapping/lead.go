package mapping

import (
	"slices"
	"strings"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// ClientLead are the fields of the lead of a client who registered (crm.item.add, entityTypeId 1). An employee's lead
// carries the organization's name.
func ClientLead(c *clients.Client, companyTitle string) rest.Params {
	fields := rest.Params{"title": Cut(c.Name(), titleLimit)}
	for name, value := range personName(c) {
		fields[name] = value
	}
	if companyTitle != "" {
		fields["companyTitle"] = Cut(companyTitle, titleLimit)
	}
	return fields
}

// OrganizationLead are the fields of an organization's own lead.
func OrganizationLead(o *organizations.Organization) rest.Params {
	return rest.Params{"title": Cut(o.Name, titleLimit), "companyTitle": Cut(o.Name, titleLimit)}
}

// lacksKey reports whether a contact or company is to get our key: it has none, or the lead's, which a conversion has
// copied.
func lacksKey(carried rest.Origin, origin Origin) bool {
	if string(carried.OriginatorID) == string(origin) {
		return strings.HasPrefix(string(carried.OriginID), "lead-")
	}
	return carried.OriginatorID == "" && carried.OriginID == ""
}

// NewLead completes the fields of a lead that is to be made: who we are, responsible, source, phone and e-mail.
func NewLead(fields rest.Params, key, phone, email string, rules Rules, origin Origin) rest.Params {
	made := rest.Params{"opened": "N", "originatorId": string(origin), "originId": key}
	if !slices.Contains(rules.GoneSources, "WEB") {
		made["sourceId"] = "WEB"
	}
	for name, value := range fields {
		if value != "" {
			made[name] = value
		}
	}
	if rules.ResponsibleID != 0 {
		made["assignedById"] = rules.ResponsibleID
	}
	if fm := newMultifields(phone, email); fm != nil {
		made["fm"] = fm
	}
	return made
}

// LeadOrder are the fields that an order puts into its lead, for as long as the lead is open.
func LeadOrder(in OrderInput) rest.Params {
	fields := DealFields(in)
	fields["comments"] = Comment(in)
	if source := in.Rules.SourceToSend(in.Order.Source); source != "" {
		fields["sourceId"] = source
	}
	fields["sourceDescription"] = Cut(strings.TrimSpace(in.SiteName+" "+in.SiteURL), 1000)
	for name, value := range utm(in.Order.UTM) {
		fields[name] = value
	}
	return fields
}

// ConvertedDeal are the fields of a deal that a person made out of an order's lead: all of a new deal but what that
// person chose.
func ConvertedDeal(in OrderInput, title, leadTitle string) rest.Params {
	fields := NewDeal(in, nil, nil)
	for _, chosen := range []string{"categoryId", "stageId", "assignedById", "typeId", "opened", "comments"} {
		delete(fields, chosen)
	}
	for name := range DealFields(in) {
		delete(fields, name)
	}
	if title != leadTitle {
		delete(fields, "title")
	}
	return fields
}
