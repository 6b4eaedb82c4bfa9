package organizations_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/db/dbtest"
	"github.com/pixlpark/panel/app/organizations"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/staff"
)

// book is the service alone, without pages, with three clients numbered 1 to 3.
type book struct {
	*organizations.Service
	t  *testing.T
	db *db.DB
}

func newBook(t *testing.T, d *db.DB) *book {
	t.Helper()
	people := clients.New(d)
	for _, name := range []string{"Анна", "Борис", "Вера"} {
		if _, err := people.Register(t.Context(), staff.Site(), clients.Client{FirstName: name}); err != nil {
			t.Fatal(err)
		}
	}
	return &book{organizations.New(d, people), t, d}
}

func (b *book) register(o organizations.Organization) *organizations.Organization {
	b.t.Helper()
	made, err := b.Register(b.t.Context(), staff.Site(), o)
	if err != nil {
		b.t.Fatal(err)
	}
	return made
}

func (b *book) change(id int64, change func(o *organizations.Organization)) error {
	_, err := b.Change(b.t.Context(), id, staff.Timer(),
		func(o *organizations.Organization) error { change(o); return nil })
	return err
}

// daisy has two legal entities and two employees.
func daisy() organizations.Organization {
	return organizations.Organization{
		Name: " ООО «Ромашка» ", Email: "Info@Romashka.RU", Phone: "8 3822 12-34-56", Type: organizations.Partner,
		LegalEntities: []organizations.LegalEntity{
			{Name: "ООО «Ромашка»", INN: "7017123456"},
			{Name: "ИП Иванов", INN: "701712345678"},
		},
		Employees: []organizations.Employee{
			{ClientID: 1, Role: organizations.Administrator},
			{ClientID: 2, Role: organizations.Guest},
		},
	}
}

func TestRegister_isFoundWhole(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBook(t, d)
		made := b.register(daisy())
		got, err := b.Find(t.Context(), made.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got.Name != "ООО «Ромашка»" || got.Email != "info@romashka.ru" || got.Phone != "+73822123456" ||
			got.Status != clients.Registered || got.Revision != 1 {
			t.Errorf("registered %+v", got)
		}
		if len(got.LegalEntities) != 2 || got.LegalEntities[0].SoleTrader() || !got.LegalEntities[1].SoleTrader() {
			t.Errorf("legal entities = %+v", got.LegalEntities)
		}
		if !got.MayOrder(1) || got.MayOrder(2) || got.MayOrder(3) {
			t.Errorf("employees = %+v", got.Employees)
		}
		if of, err := b.Of(t.Context(), 2); err != nil || len(of) != 1 || of[0].ID != made.ID ||
			len(of[0].LegalEntities) != 2 {
			t.Errorf("organizations of an employee = %v, %v", of, err)
		}
		if of, err := b.Of(t.Context(), 3); err != nil || len(of) != 0 {
			t.Errorf("organizations of a stranger = %v, %v", of, err)
		}
		if byID, err := b.FindMany(t.Context(), []int64{made.ID, 99}); err != nil || len(byID) != 1 ||
			len(byID[made.ID].Employees) != 2 {
			t.Errorf("FindMany = %v, %v", byID, err)
		}
	})
}

func TestRegister_refusals(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBook(t, d)
		for want, spoil := range map[string]func(o *organizations.Organization){
			"Name":                         func(o *organizations.Organization) { o.Name = "  " },
			"Email":                        func(o *organizations.Organization) { o.Email = "info@" },
			"Phone":                        func(o *organizations.Organization) { o.Phone = "12" },
			"Type":                         func(o *organizations.Organization) { o.Type = "Friend" },
			"Status":                       func(o *organizations.Organization) { o.Status = "Asleep" },
			"Address":                      func(o *organizations.Organization) { o.Address = strings.Repeat("я", 501) },
			"LegalEntities[1].Name":        func(o *organizations.Organization) { o.LegalEntities[1].Name = "" },
			"LegalEntities[0].Inn":         func(o *organizations.Organization) { o.LegalEntities[0].INN = "70171234567" },
			"LegalEntities[0].Kpp":         func(o *organizations.Organization) { o.LegalEntities[0].KPP = "70170100x" },
			"LegalEntities[0].Ogrn":        func(o *organizations.Organization) { o.LegalEntities[0].OGRN = "1" },
			"LegalEntities[0].Bik":         func(o *organizations.Organization) { o.LegalEntities[0].BIK = "12345678" },
			"LegalEntities[0].Account":     func(o *organizations.Organization) { o.LegalEntities[0].Account = "1" },
			"LegalEntities[1].CorrAccount": func(o *organizations.Organization) { o.LegalEntities[1].CorrAccount = strings.Repeat("1", 21) },
			"Employees[0].ClientId":        func(o *organizations.Organization) { o.Employees[0].ClientID = 99 },
			"Employees[1].ClientId":        func(o *organizations.Organization) { o.Employees[1].ClientID = 1 },
			"Employees[1].Role":            func(o *organizations.Organization) { o.Employees[1].Role = "Boss" },
		} {
			o := daisy()
			spoil(&o)
			_, err := b.Register(t.Context(), staff.Site(), o)
			if no, ok := refusal.From(err); !ok || no.Kind != refusal.Invalid || no.Field != want {
				t.Errorf("%s: %v", want, err)
			}
		}
		if n, err := b.Count(t.Context(), organizations.Query{}); n != 0 || err != nil {
			t.Errorf("%d organizations, %v; want none", n, err)
		}
	})
}

func TestChange_partsComeGoAndStay(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBook(t, d)
		made := b.register(daisy())
		kept := made.LegalEntities[1]
		err := b.change(made.ID, func(o *organizations.Organization) {
			o.LegalEntities = []organizations.LegalEntity{{Name: "ООО «Лютик»"}, o.LegalEntities[1]}
			o.LegalEntities[1].Bank = "Сбербанк"
			o.Employees = append(o.Employees[1:], organizations.Employee{ClientID: 3, Role: organizations.Manager})
			o.Employees[0].Role = organizations.Supervisor
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := b.Find(t.Context(), made.ID)
		if err != nil || len(got.LegalEntities) != 2 || got.LegalEntities[0].Name != "ООО «Лютик»" ||
			got.LegalEntities[1].ID != kept.ID || got.LegalEntities[1].Bank != "Сбербанк" ||
			got.LegalEntities[1].INN != kept.INN {
			t.Errorf("legal entities = %+v, %v", got.LegalEntities, err)
		}
		if len(got.Employees) != 2 || got.MayOrder(1) || !got.MayOrder(2) || !got.MayOrder(3) || got.Revision != 2 {
			t.Errorf("employees = %+v, revision %d", got.Employees, got.Revision)
		}
	})
}

func TestChange_hooksSeeBeforeAndMayRefuse(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBook(t, d)
		made := b.register(daisy())
		var events []organizations.Saved
		var answer error
		committed := 0
		b.OnSaved(func(ctx context.Context, tx *db.Tx, e organizations.Saved) error {
			events = append(events, e)
			if inside, err := b.Find(ctx, e.Organization.ID); err != nil || inside.Name != e.Organization.Name {
				return fmt.Errorf("inside: %v, %w", inside, err)
			}
			tx.AfterCommit(func(context.Context) { committed++ })
			return answer
		})
		if err := b.change(made.ID, func(o *organizations.Organization) { o.Phone = "+7 (3822) 123456" }); err != nil ||
			len(events) != 0 {
			t.Errorf("a change of nothing: %v, %d hooks", err, len(events))
		}
		deep := func(o *organizations.Organization) {
			o.Name = "ООО «Лютик»"
			o.LegalEntities[0].INN = "7017654321"
			o.Employees[1].Role = organizations.Manager
		}
		if err := b.change(made.ID, deep); err != nil || len(events) != 1 || committed != 1 {
			t.Fatalf("change: %v, %d hooks, %d commits", err, len(events), committed)
		}
		before, after := events[0].Before, events[0].Organization
		if before.Name != "ООО «Ромашка»" || before.LegalEntities[0].INN != "7017123456" ||
			before.Employees[1].Role != organizations.Guest || before.Revision != 1 {
			t.Errorf("before = %+v", before)
		}
		if after.LegalEntities[0].INN != "7017654321" || after.Revision != 2 || events[0].By != staff.Timer() {
			t.Errorf("after = %+v", after)
		}
		answer = refusal.Value("Name", "Нельзя.")
		err := b.change(made.ID, func(o *organizations.Organization) { o.LegalEntities, o.Employees = nil, nil })
		if !errors.Is(err, answer) || committed != 1 {
			t.Errorf("vetoed: %v, %d commits", err, committed)
		}
		if _, err := b.Register(t.Context(), staff.Site(), daisy()); !errors.Is(err, answer) {
			t.Errorf("vetoed registration: %v", err)
		}
		got, err := b.Find(t.Context(), made.ID)
		if n, _ := b.Count(t.Context(), organizations.Query{}); err != nil || len(got.LegalEntities) != 2 ||
			len(got.Employees) != 2 || n != 1 {
			t.Errorf("%+v, %v, %d organizations", got, err, n)
		}
	})
}

func TestRegisterAndChange_doneAgainAfterAConflict(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBook(t, d)
		failures := 2
		b.OnSaved(func(context.Context, *db.Tx, organizations.Saved) error {
			if failures--; failures >= 0 {
				return &pgconn.PgError{Code: "40001"}
			}
			return nil
		})
		made := b.register(daisy())
		failures = 2
		err := b.change(made.ID, func(o *organizations.Organization) {
			o.LegalEntities = append(o.LegalEntities, organizations.LegalEntity{Name: "третье"})
			o.Employees = append(o.Employees, organizations.Employee{ClientID: 3, Role: organizations.Manager})
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := b.Find(t.Context(), made.ID)
		if err != nil || len(got.LegalEntities) != 3 || len(got.Employees) != 3 || got.Revision != 2 {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestChange_atOnceLosesNothing(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBook(t, d)
		made := b.register(daisy())
		var all sync.WaitGroup
		for i := range 10 {
			all.Go(func() {
				err := b.change(made.ID, func(o *organizations.Organization) {
					o.LegalEntities = append(o.LegalEntities, organizations.LegalEntity{Name: fmt.Sprint(i)})
				})
				if err != nil {
					t.Errorf("change: %v", err)
				}
			})
		}
		all.Wait()
		if got, err := b.Find(t.Context(), made.ID); err != nil || len(got.LegalEntities) != 12 || got.Revision != 11 {
			t.Errorf("%d legal entities, revision %d, %v", len(got.LegalEntities), got.Revision, err)
		}
	})
}

func TestList_searchAndPagingByKey(t *testing.T) {
	t.Parallel()
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBook(t, d)
		first := b.register(daisy())
		second := b.register(organizations.Organization{Name: "Ёлочка_2 100%"})
		for text, want := range map[string][]int64{
			"РОМАШКА": {first.ID}, "ромашка": {first.ID}, "ИП ИВАНОВ": {first.ID}, "7017123456": {first.ID},
			"romashka": {first.ID}, "+7382": {first.ID},
			"ЁЛОЧКА": {second.ID}, "_2": {second.ID}, "%": {second.ID}, `\`: nil, "": {second.ID, first.ID},
		} {
			list, err := b.List(t.Context(), organizations.Query{Text: text})
			var got []int64
			for _, o := range list {
				got = append(got, o.ID)
			}
			if n, _ := b.Count(t.Context(), organizations.Query{Text: text}); err != nil || !slices.Equal(got, want) ||
				n != int64(len(want)) {
				t.Errorf("%q finds %v and counts %d, %v; want %v", text, got, n, err, want)
			}
		}
		page, err := b.List(t.Context(), organizations.Query{Before: second.ID, Take: 5})
		if err != nil || len(page) != 1 || page[0].ID != first.ID {
			t.Errorf("after the second comes %v, %v", page, err)
		}
	})
}
