package orders

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/form"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/app/panel"
	"github.com/pixlpark/panel/app/pasted"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/sites"
	"github.com/pixlpark/panel/app/staff"
)

// onPage is how many orders the list shows at once.
const onPage = 25

// filter is what narrows the list and the export, as it stands in the address.
type filter struct {
	Group        Group
	Text         string
	Site         int64
	Client       int64
	Organization int64
	Status       Status
	Payment      PaymentStatus
	From, To     string // days, both included
	Before       int64
}

func readFilter(c echo.Context) filter {
	id := func(name string) int64 {
		n, _ := strconv.ParseInt(c.FormValue(name), 10, 64) // not a number: no such filter
		return max(n, 0)
	}
	return filter{
		Group: Group(c.FormValue("group")), Text: strings.TrimSpace(c.FormValue("q")),
		Site: id("site"), Client: id("client"), Organization: id("organization"),
		Status: Status(c.FormValue("status")), Payment: PaymentStatus(c.FormValue("payment")),
		From: c.FormValue("from"), To: c.FormValue("to"), Before: id("before"),
	}
}

// narrow turns the filter into what the service understands. Days are days of the account's zone.
func (f filter) narrow(zone *time.Location) (Query, error) {
	q := Query{
		Statuses: InGroup(f.Group), Text: f.Text, SiteID: f.Site, ClientID: f.Client,
		OrganizationID: f.Organization, Payment: f.Payment, Before: f.Before, Take: onPage,
	}
	if f.Group != "" && len(q.Statuses) == 0 {
		return q, refusal.Unknown("Такого раздела заказов нет.")
	}
	if f.Status != "" {
		if !f.Status.Known() || f.Status == Deleted {
			return q, refusal.Value("status", "Нет такого статуса: «%s».", pasted.Short(string(f.Status)))
		}
		q.Statuses = []Status{f.Status}
	}
	if f.Payment != "" && f.Payment.Label() == "" {
		return q, refusal.Value("payment", "Нет такого статуса оплаты: «%s».", pasted.Short(string(f.Payment)))
	}
	var err error
	if q.From, err = form.Day("from", f.From, zone); err != nil {
		return q, err
	}
	if q.To, err = form.Day("to", f.To, zone); err != nil {
		return q, err
	}
	if !q.To.IsZero() {
		q.To = q.To.AddDate(0, 0, 1)
	}
	return q, nil
}

// Narrowed reports whether anything but the tab narrows the list.
func (f filter) Narrowed() bool {
	f.Group, f.Before = "", 0
	return f != filter{}
}

// Address is the list with this filter.
func (f filter) Address() string { return root + f.query() }

// query is the filter as the end of an address, with its question mark; empty when nothing narrows anything.
func (f filter) query() string {
	values := url.Values{}
	set := func(name, value string) {
		if value != "" && value != "0" {
			values.Set(name, value)
		}
	}
	set("group", string(f.Group))
	set("q", f.Text)
	set("site", strconv.FormatInt(f.Site, 10))
	set("client", strconv.FormatInt(f.Client, 10))
	set("organization", strconv.FormatInt(f.Organization, 10))
	set("status", string(f.Status))
	set("payment", string(f.Payment))
	set("from", f.From)
	set("to", f.To)
	set("before", strconv.FormatInt(f.Before, 10))
	if len(values) == 0 {
		return ""
	}
	return "?" + values.Encode()
}

// card is an order as the list shows it.
type card struct {
	*Order
	Site         *sites.Site
	Client       *clients.Client
	Organization *organizations.Organization
	Manager      string
	May          bool   // change it
	Here         string // the list, to come back to
}

type listPage struct {
	panel.Page
	filterFields
	Cards []card
	Found int    // how many fit, when they all stand on this page and something narrows the list; else -1
	Next  string // address of what follows; empty at the end
	Error string // what is wrong with the filter
	May   bool   // change orders
}

// filterFields are what templates/orders/filter.html draws.
type filterFields struct {
	Filter          filter
	Sites           []*sites.Site
	Statuses        []statusGroup
	PaymentStatuses []Word[PaymentStatus]
}

func (h *pages) filterFields(ctx context.Context, f filter) (filterFields, error) {
	shops, err := h.sites.All(ctx)
	return filterFields{Filter: f, Sites: shops, Statuses: statusGroups(), PaymentStatuses: PaymentStatuses}, err
}

// First is the list from its beginning.
func (f filter) First() string {
	f.Before = 0
	return f.Address()
}

// statusGroup is a group of a selection of statuses.
type statusGroup struct {
	Label    string
	Statuses []Status
}

func statusGroups() []statusGroup {
	var groups []statusGroup
	for _, g := range Groups {
		groups = append(groups, statusGroup{g.Label, InGroup(g.Group)})
	}
	return groups
}

func (h *pages) list(c echo.Context) error {
	ctx := c.Request().Context()
	f := readFilter(c)
	page := listPage{Page: panel.Page{Title: "Заказы"}, Found: -1, May: mayAny(c, staff.Operator)}
	var err error
	if page.Tabs, page.Count, err = h.tabs(c, f); err != nil {
		return err
	}
	if page.filterFields, err = h.filterFields(ctx, f); err != nil {
		return err
	}
	q, err := f.narrow(h.panel.Location)
	if no, ok := refusal.From(err); ok && no.Kind == refusal.Invalid {
		page.Error, page.Status = no.Message, http.StatusUnprocessableEntity
		return h.panel.Render(c, "orders/list", page)
	}
	if err != nil {
		return err
	}
	q.Take++ // one more tells whether anything follows
	list, err := h.List(ctx, q)
	if err != nil {
		return err
	}
	if len(list) > onPage {
		list = list[:onPage]
		next := f
		next.Before = list[onPage-1].ID
		page.Next = next.Address()
	} else if f.Narrowed() && f.Before == 0 {
		page.Found = len(list)
	}
	page.Cards, err = h.cards(c, list, page.Sites, f.Address())
	if err != nil {
		return err
	}
	return h.panel.Render(c, "orders/list", page)
}

// tabs are the groups with their kept counters, and the number behind the title: that of the present tab.
func (h *pages) tabs(c echo.Context, f filter) ([]panel.Tab, *int64, error) {
	counts, err := h.Counts(c.Request().Context())
	if err != nil {
		return nil, nil, err
	}
	all := lo.SumBy(Statuses(), func(s Status) int64 { return counts[s] })
	tabs := []panel.Tab{{Label: "Все", URL: root, Count: &all, Active: f.Group == ""}}
	present := &all
	for _, g := range Groups {
		n := lo.SumBy(InGroup(g.Group), func(s Status) int64 { return counts[s] })
		tabs = append(tabs, panel.Tab{
			Label: g.Label, URL: filter{Group: g.Group}.Address(), Count: &n, Active: f.Group == g.Group,
		})
		if f.Group == g.Group {
			present = &n
		}
	}
	if f.Narrowed() {
		present = nil
	}
	return tabs, present, nil
}

// cards gathers what the list shows beside the orders, whatever their number, with a fixed number of queries.
func (h *pages) cards(c echo.Context, list []*Order, shops []*sites.Site, here string) ([]card, error) {
	ctx := c.Request().Context()
	people, err := h.customers(ctx, list)
	if err != nil {
		return nil, err
	}
	managers, err := h.managers(ctx)
	if err != nil {
		return nil, err
	}
	siteByID := lo.KeyBy(shops, func(site *sites.Site) int64 { return site.ID })
	may := mayAny(c, staff.Operator)
	return lo.Map(list, func(o *Order, _ int) card {
		organization, _ := people.organization(o)
		return card{
			Order: o, Site: siteByID[o.SiteID], Client: people.client(o), Organization: organization,
			Manager: managers.name(o.ManagerID), May: may, Here: here,
		}
	}), nil
}
