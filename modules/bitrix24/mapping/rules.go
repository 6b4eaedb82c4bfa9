// Package mapping turns the panel's orders, clients and organizations into what Bitrix24 stores, and back. Everything
// here is a pure function: no database, no network, no clock. Begin with rules.go, then order.go; the files of
// testdata show which field goes where.
package mapping

import (
	"slices"
	"strings"

	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/organizations"
)

// Rules are the administrator's choices that decide what goes where.
type Rules struct {
	CategoryID    int64             // «Направление сделки»: the funnel of new deals; 0 is the portal's default one
	ResponsibleID int64             // «ID ответственного за сделку»; 0 means the webhook's owner
	Funnels       map[int64]Funnel  // stage tables by funnel; a deal follows the table of its own funnel
	CompanyTypes  []CompanyTypeRule // in the portal's order
	Sources       map[orders.Source]string
	Fields        FieldNames
	Catalog       bool // «Связывать товары с каталогом Битрикс24»

	GoneSources []string `json:"-"` // sources that were deleted on the portal: they are not sent
}

// Funnel is one funnel's table, in the portal's order of stages.
type Funnel struct {
	Name   string // as the portal called it when the table was saved
	Stages []StageRule

	Gone []StageRule `json:"-"` // rules of stages that were deleted on the portal: they wait for an administrator
}

// StageRule ties a stage to an order status. An empty Status is «Не задано».
type StageRule struct {
	StageID string
	Name    string // as the portal called it when the table was saved
	Status  orders.Status
	Paid    bool // «Перевести заказ в оплаченный»
}

// CompanyTypeRule ties a portal's company type (crm.status.list, COMPANY_TYPE) to the panel's.
type CompanyTypeRule struct {
	ID   string
	Type organizations.Type
}

// Status is the order status a stage stands for. ok is false for a funnel without a table, a stage outside it, and
// «Не задано».
func (r Rules) Status(category int64, stage string) (rule StageRule, ok bool) {
	for _, rule := range r.Funnels[category].Stages {
		if rule.StageID == stage {
			return rule, rule.Status != ""
		}
	}
	return StageRule{}, false
}

// Stage is where a deal of the funnel belongs while its order has the status: where it is, if that stage already
// stands for the status, else the first stage that does. ok is false when no stage stands for it: the deal stays.
func (r Rules) Stage(category int64, present string, status orders.Status) (stage string, ok bool) {
	if rule, ok := r.Status(category, present); ok && rule.Status == status {
		return present, true
	}
	for _, rule := range r.Funnels[category].Stages {
		if rule.Status == status {
			return rule.StageID, true
		}
	}
	return "", false
}

// Waits reports whether no stage of the funnel stands for the status any more, since the one that did was deleted. The
// deal stays where it is until an administrator has chosen another stage.
func (r Rules) Waits(category int64, status orders.Status) bool {
	ofStatus := func(rule StageRule) bool { return rule.Status == status }
	table := r.Funnels[category]
	return slices.ContainsFunc(table.Gone, ofStatus) && !slices.ContainsFunc(table.Stages, ofStatus)
}

// stockStages is the vendor's picture of the form: what the stages of a stock funnel usually stand for.
var stockStages = map[string]orders.Status{
	"NEW":                orders.Placed,
	"PREPARATION":        orders.Pending,
	"PREPAYMENT_INVOICE": orders.WaitingForPayment,
	"EXECUTING":          orders.PrintingInProgress,
	"FINAL_INVOICE":      orders.Fulfilled,
	"WON":                orders.Delivered,
	"LOSE":               orders.Cancelled,
	"APOLOGY":            orders.Returned,
}

// Proposal is the status the form proposes for a stage of a stock funnel, of any funnel ("C9:NEW"); empty for stages
// that people made.
func Proposal(stageID string) orders.Status {
	if _, after, prefixed := strings.Cut(stageID, ":"); prefixed {
		stageID = after
	}
	return stockStages[stageID]
}

// CompanyTypeProposal is the panel's type the form proposes for a stock company type of the portal.
func CompanyTypeProposal(id string) organizations.Type {
	return map[string]organizations.Type{
		"CUSTOMER": organizations.Customer, "SUPPLIER": organizations.Supplier, "COMPETITOR": organizations.Competitor,
		"PARTNER": organizations.Partner, "OTHER": organizations.Other,
	}[id]
}

// CompanyType is the portal's type of an organization: the present one while it stands for the panel's type, else the
// first that does. ok is false when none does: the type stays untouched.
func (r Rules) CompanyType(present string, t organizations.Type) (id string, ok bool) {
	if t == organizations.NoType {
		return "", false
	}
	if slices.Contains(r.CompanyTypes, CompanyTypeRule{ID: present, Type: t}) {
		return present, true
	}
	for _, rule := range r.CompanyTypes {
		if rule.Type == t {
			return rule.ID, true
		}
	}
	return "", false
}

// OrganizationType is the panel's type of a company. ok is false for «Не задано»: nothing changes.
func (r Rules) OrganizationType(id string) (organizations.Type, bool) {
	for _, rule := range r.CompanyTypes {
		if rule.ID == id && rule.Type != organizations.NoType {
			return rule.Type, true
		}
	}
	return organizations.NoType, false
}

// SourceToSend is SourceID, or empty if that source was deleted on the portal.
func (r Rules) SourceToSend(s orders.Source) string {
	if id := r.SourceID(s); !slices.Contains(r.GoneSources, id) {
		return id
	}
	return ""
}

// SourceID is the portal's source (crm.status.list, SOURCE) of orders from a source of the panel.
func (r Rules) SourceID(s orders.Source) string {
	if id := r.Sources[s]; id != "" {
		return id
	}
	if s == orders.FromSite || s == orders.FromApp {
		return "WEB"
	}
	return "OTHER"
}
