package portal

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/samber/lo"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/settings"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// Lists is what the portal's lists held when they were last read. It is kept in the database, so that it is there
// while the portal cannot be reached.
type Lists struct {
	PortalID     int64 // 0: never read
	ReadAt       time.Time
	Owner        string // the webhook's owner by name
	OwnerAdmin   bool
	Scopes       []string
	Mode         int // rest.ModeClassic or rest.ModeSimple
	Funnels      []Funnel
	CompanyTypes []Entry
	Sources      []Entry
	Users        []Entry // empty where the webhook may not read them
	Responsible  Responsible
	DealFields   []customField
	LeadFields   []customField
	Presets      mapping.Presets
	Phones       phoneLines // empty unless the webhook has the scope

	FormerSources    []Entry // those that were deleted, by the names they had
	FormerDealFields []customField
	FormerLeadFields []customField
}

// Funnel is a «Направление сделки» with its stages in the portal's order.
type Funnel struct {
	ID     int64
	Name   string
	Stages []Stage
}

// Stage is one stage of a funnel.
type Stage struct {
	ID, Name  string
	Semantics rest.Semantics
}

// Responsible is what became of the employee of the settings, «ID ответственного за сделку».
type Responsible struct {
	ID   int64 // 0: nobody is chosen, or employees may not be read
	Name string
	Gone bool // dismissed, or no such employee
}

// Entry is a line of one of the portal's directories.
type Entry struct{ ID, Name string }

// ListsDocument names the document of the settings that holds the lists.
const ListsDocument = "bitrix24/dictionary"

// Lists returns the lists of a portal as they were last read. They are empty if the portal was never read.
func (p *Portals) Lists(ctx context.Context, portalID int64) (Lists, error) {
	d, err := settings.Load[Lists](ctx, p.Settings, ListsDocument)
	if err != nil || d.PortalID != portalID {
		return Lists{}, err
	}
	return d, nil
}

// funnel returns the funnel of a number.
func (d Lists) funnel(id int64) (f Funnel, found bool) {
	return lo.Find(d.Funnels, func(f Funnel) bool { return f.ID == id })
}

// hasFunnel reports whether the portal has a funnel of that number.
func (d Lists) hasFunnel(id int64) bool {
	_, found := d.funnel(id)
	return found
}

// Stages returns the stages of a funnel in the portal's order; none if there is no such funnel.
func (d Lists) Stages(category int64) []Stage {
	f, _ := d.funnel(category)
	return f.Stages
}

// HasStage reports whether a funnel has a stage. It is true of all stages of a funnel that the lists do not know.
func (d Lists) HasStage(category int64, id string) bool {
	f, found := d.funnel(category)
	return !found || slices.ContainsFunc(f.Stages, func(s Stage) bool { return s.ID == id })
}

// FirstStage is where the portal puts a deal that is created without a stage; empty if the lists do not know the
// funnel.
func (d Lists) FirstStage(category int64) string {
	stages := d.Stages(category)
	if len(stages) == 0 {
		return ""
	}
	return stages[0].ID
}

// FunnelName is a funnel as the portal calls it, or its number if the lists do not have it.
func (d Lists) FunnelName(id int64) string {
	if f, found := d.funnel(id); found {
		return f.Name
	}
	return fmt.Sprint(id)
}

// StageName is a stage of a funnel as the portal calls it, or its code if the lists do not have it.
func (d Lists) StageName(category int64, id string) string {
	for _, known := range d.Stages(category) {
		if known.ID == id {
			return known.Name
		}
	}
	return id
}

// ReadLists reads everything that the form of settings offers, in two requests or more: profile, scope,
// crm.settings.mode.get, crm.category.list, crm.status.list, crm.requisite.preset.list, the fields of deals and leads,
// user.get, and the telephone lines. If that succeeds the webhook is a good one. The lists are not stored.
func (p *Portals) ReadLists(ctx context.Context, client *rest.Client) (Lists, error) {
	readAt := db.Now() // what changes meanwhile may be missing
	s, err := p.Current(ctx)
	if err != nil {
		return Lists{}, err
	}
	batch := rest.Batch{Class: rest.People}
	batch.Add("profile", "profile", nil)
	batch.Add("scope", "scope", nil)
	batch.Add("mode", "crm.settings.mode.get", nil)
	batch.Add("funnels", "crm.category.list", rest.Params{"entityTypeId": rest.TypeDeal})
	batch.Add(
		"types", "crm.status.list",
		rest.Params{"filter": rest.Params{"ENTITY_ID": "COMPANY_TYPE"}, "order": rest.Params{"SORT": "ASC"}},
	)
	batch.Add(
		"sources", "crm.status.list",
		rest.Params{"filter": rest.Params{"ENTITY_ID": "SOURCE"}, "order": rest.Params{"SORT": "ASC"}},
	)
	batch.Add("presets", "crm.requisite.preset.list", rest.Params{"filter": rest.Params{"COUNTRY_ID": 1}})
	batch.Add("fields", "crm.deal.userfield.list", rest.Params{"filter": rest.Params{"LANG": "ru"}})
	batch.Add("leadfields", "crm.lead.userfield.list", rest.Params{"filter": rest.Params{"LANG": "ru"}})
	batch.Add("users", "user.get", rest.Params{"FILTER": rest.Params{"ACTIVE": "1"}})
	if s.ResponsibleID != 0 {
		batch.Add("responsible", "user.get", rest.Params{"FILTER": rest.Params{"ID": s.ResponsibleID}})
	}
	result, err := client.Do(ctx, &batch)
	if err != nil {
		return Lists{}, err
	}
	var (
		profile            rest.Profile
		mode               rest.ID
		funnels            rest.Categories
		types, sources     rest.List[rest.Status]
		presets            rest.List[rest.Preset]
		fields, leadFields rest.List[rest.UserField]
		scopes             rest.List[rest.Text]
	)
	for _, answer := range []struct {
		name string
		into any
	}{
		{"profile", &profile},
		{"scope", &scopes},
		{"mode", &mode},
		{"funnels", &funnels},
		{"types", &types},
		{"sources", &sources},
		{"presets", &presets},
		{"fields", &fields},
		{"leadfields", &leadFields},
	} {
		if err := result.Decode(answer.name, answer.into); err != nil {
			return Lists{}, err
		}
	}
	d := Lists{
		ReadAt: readAt, OwnerAdmin: bool(profile.Admin),
		Owner: strings.TrimSpace(string(profile.Name) + " " + string(profile.LastName)),
		Mode:  int(mode), Presets: mapping.FindPresets(presets),
		Scopes:       lo.Map(scopes, func(s rest.Text, _ int) string { return string(s) }),
		CompanyTypes: lo.Map(types, statusEntry), Sources: lo.Map(sources, statusEntry),
		DealFields: lo.Map(fields, fieldOf), LeadFields: lo.Map(leadFields, fieldOf),
	}
	var users rest.List[rest.User]
	if result.Decode("users", &users) == nil { // a webhook with CRM alone may not read them
		d.Users = lo.Map(users, func(u rest.User, _ int) Entry {
			return Entry{ID: fmt.Sprint(u.ID), Name: fullName(u)}
		})
	}
	if s.ResponsibleID != 0 && result.Decode("responsible", &users) == nil {
		d.Responsible = responsible(s.ResponsibleID, users)
	}
	slices.SortStableFunc(funnels.Categories, func(a, b rest.Category) int { return int(a.Sort - b.Sort) })
	if err := p.readStages(ctx, client, &d, funnels.Categories); err != nil {
		return d, err
	}
	return d, p.readLines(ctx, client, &d)
}

func fullName(u rest.User) string {
	return strings.TrimSpace(string(u.Name) + " " + string(u.LastName))
}

// responsible is what became of an employee, by what the portal answered to the number.
func responsible(id int64, found []rest.User) Responsible {
	if len(found) == 0 {
		return Responsible{ID: id, Gone: true}
	}
	return Responsible{ID: id, Name: fullName(found[0]), Gone: !bool(found[0].Active)}
}

// readStages reads the stages of every funnel, forty funnels to a request (crm.status.list).
func (p *Portals) readStages(ctx context.Context, client *rest.Client, d *Lists, categories []rest.Category) error {
	for _, part := range lo.Chunk(categories, 40) {
		batch := rest.Batch{Class: rest.People}
		for _, category := range part {
			batch.Add(fmt.Sprintf("stages%d", category.ID), "crm.status.list", rest.Params{
				"filter": rest.Params{"ENTITY_ID": stageDirectory(category.ID.Int64())},
				"order":  rest.Params{"SORT": "ASC"},
			})
		}
		result, err := client.Do(ctx, &batch)
		if err != nil {
			return err
		}
		for _, category := range part {
			var stages rest.List[rest.Stage]
			if err := result.Decode(fmt.Sprintf("stages%d", category.ID), &stages); err != nil {
				return err
			}
			d.Funnels = append(
				d.Funnels,
				Funnel{ID: category.ID.Int64(), Name: string(category.Name), Stages: lo.Map(stages,
					func(s rest.Stage, _ int) Stage {
						return Stage{ID: string(s.StatusID), Name: string(s.Name), Semantics: s.Semantics}
					})},
			)
		}
	}
	return nil
}

// stageDirectory is the ENTITY_ID of a funnel's stages in crm.status.list.
func stageDirectory(category int64) string {
	if category == 0 {
		return "DEAL_STAGE"
	}
	return fmt.Sprintf("DEAL_STAGE_%d", category)
}

func statusEntry(s rest.Status, _ int) Entry {
	return Entry{ID: string(s.StatusID), Name: string(s.Name)}
}

// LeadsHint says in Russian that a portal has no leads; empty if it has.
func (d Lists) LeadsHint() string {
	if d.Mode != rest.ModeSimple {
		return ""
	}
	return "На портале простой режим CRM, без лидов: контакт и сделка создаются сразу"
}
