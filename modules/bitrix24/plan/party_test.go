package plan_test

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/clients"
	"github.com/pixlpark/panel/modules/bitrix24/mapping"
	"github.com/pixlpark/panel/modules/bitrix24/plan"
	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// anna is a client who is to have a contact.
func anna() plan.ClientFacts {
	return plan.ClientFacts{
		Party: plan.Party{
			Frame: plan.Frame{Now: noon, Settle: time.Minute, Origin: "panel"},
			Kind:  plan.Client, Entity: plan.Contact, ID: 7, Needed: true,
		},
		Client: &clients.Client{ID: 7, FirstName: "Анна", LastName: "Иванова", Revision: 3},
	}
}

// linked is anna with her contact 51, both of whom have agreed on the names.
func linked() plan.ClientFacts {
	f := anna()
	f.Link = &plan.Link{
		ID: 1, Local: plan.Client, LocalID: 7, Entity: plan.Contact, RemoteID: 51, Checked: true,
		Agreed: mapping.SentContact(f.Client),
	}
	f.Contact = &rest.Contact{ID: 51, Name: "Анна", LastName: "Иванова"}
	f.Contact.OriginID = "client:7"
	return f
}

func texts(c plan.Changes) (list []string) {
	for _, line := range c.Lines {
		list = append(list, line.Text)
	}
	return list
}

func TestForClient_picksOneOfTheContactsThatWereFound(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		found plan.Candidates
		want  int64 // 0: a new one is created
		warns string
	}{
		{name: "none is found", want: 0},
		{
			name:  "our key is above everything, and of its copies the oldest is ours",
			found: plan.Candidates{ByKey: []int64{9, 8}, ByINN: []int64{2}, ByPhone: []int64{3}},
			want:  8, warns: "Подходили несколько записей (3, 8, 9), выбрана 8",
		},
		{
			name:  "an ИНН is above phone and e-mail",
			found: plan.Candidates{ByINN: []int64{6}, ByPhone: []int64{2}, ByEmail: []int64{2}},
			want:  6, warns: "Подходили несколько записей (2, 6), выбрана 6",
		},
		{
			name:  "phone and e-mail together are above either",
			found: plan.Candidates{ByPhone: []int64{2, 5}, ByEmail: []int64{5, 3}},
			want:  5, warns: "Подходили несколько записей (2, 3, 5), выбрана 5",
		},
		{
			name:  "a phone is above an e-mail",
			found: plan.Candidates{ByPhone: []int64{5}, ByEmail: []int64{3}},
			want:  5, warns: "Подходили несколько записей (3, 5), выбрана 5",
		},
		{
			name:  "another client's is passed over without a word",
			found: plan.Candidates{ByPhone: []int64{2, 5}, ByEmail: []int64{2}, Taken: []int64{2}},
			want:  5,
		},
		{name: "only another client's is found", found: plan.Candidates{ByEmail: []int64{2}, Taken: []int64{2}}, want: 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := anna()
			f.Found = test.found
			p := plan.ForClient(f)
			if test.want == 0 {
				if len(p.Now.Links) != 0 || len(p.Commands) != 1 || p.Creates != p.Commands[0].Name {
					t.Fatalf("plan = %+v, want a new contact", p)
				}
				return
			}
			if len(p.Commands) != 0 || len(p.Now.Links) != 1 || p.Now.Links[0].RemoteID != test.want {
				t.Fatalf("plan = %+v, want a link to %d", p, test.want)
			}
			want := []string{"Найден контакт клиента, связан. " + test.warns}
			if got := texts(p.Now); !reflect.DeepEqual(got, want) {
				t.Errorf("journal = %q, want %q", got, want)
			}
		})
	}
}

func TestForClient_whatWasSentIsAgreedOnWithTheContactThatALostAnswerCreated(t *testing.T) {
	t.Parallel()
	f := anna()
	f.Open = &plan.Intent{SentAt: noon.Add(-time.Second), Agreed: mapping.SentContact(f.Client)}
	if wait := (*plan.Wait)(nil); !asWait(plan.ForClient(f).Failure, &wait) || wait.For != 59*time.Second {
		t.Errorf("failure = %v, want a wait of 59 seconds while nothing is found", wait)
	}
	f.Found.ByKey = []int64{51}
	if got := plan.ForClient(f).Now.Links[0].Agreed; !reflect.DeepEqual(got, f.Open.Agreed) {
		t.Errorf("agreed = %v, want what was sent: %v", got, f.Open.Agreed)
	}
	f.Found = plan.Candidates{ByPhone: []int64{52}}
	if wait := (*plan.Wait)(nil); !asWait(plan.ForClient(f).Failure, &wait) {
		t.Error("somebody's contact is linked while ours may still be created")
	}
	f.Open.SentAt = noon.Add(-time.Hour)
	if got := plan.ForClient(f).Now.Links[0].Agreed; len(got) != 0 {
		t.Errorf("agreed with somebody's contact = %v, want nothing", got)
	}
}

// asWait reports whether a plan's failure is a wait.
func asWait(failure error, wait **plan.Wait) bool { return errors.As(failure, wait) }

func TestForClient_aChangeWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	sent := mapping.Agreed{"lastName": {Ours: "Петрова", Theirs: "Петрова"}}
	for _, test := range []struct {
		name    string
		present rest.Text
		age     time.Duration
		waits   bool
		agreed  string
	}{
		{name: "that has arrived is agreed on at once", present: "Петрова", agreed: "Петрова"},
		{name: "that has not arrived yet is waited for", present: "Иванова", waits: true},
		{name: "that never came is forgotten", present: "Иванова", age: time.Minute, agreed: "Иванова"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := linked()
			f.Client.LastName = "Сидорова" // changed again since
			f.Contact.LastName = test.present
			f.ChangeOpen = &plan.Intent{
				Entity: plan.Contact, Key: plan.ChangeKey("client:7"), SentAt: noon.Add(-test.age), Agreed: sent,
			}
			p := plan.ForClient(f)
			if wait := (*plan.Wait)(nil); asWait(p.Failure, &wait) != test.waits {
				t.Fatalf("failure = %v, want a wait: %v", p.Failure, test.waits)
			}
			if test.waits {
				if !p.Now.Empty() || len(p.Commands) != 0 {
					t.Errorf("plan = %+v, want nothing but to wait", p)
				}
				return
			}
			if len(p.Now.Settled) != 1 || !p.Again || len(p.Commands) != 0 {
				t.Fatalf("plan = %+v, want the intent settled and the client planned again", p)
			}
			if got := p.Now.Links[0].Agreed["lastName"].Ours; got != test.agreed {
				t.Errorf("agreed on %q, want %q", got, test.agreed)
			}
			f.Link, f.ChangeOpen = p.Now.Links[0], nil
			if c := plan.ForClient(f).Commands; len(c) != 1 || c[0].Fields()["lastName"] != "Сидорова" {
				t.Errorf("then %+v, want the newest name to be sent", c)
			}
		})
	}
}

func TestForClient_takesOverBeforeAnythingIsSent(t *testing.T) {
	t.Parallel()
	f := linked()
	f.Client.FirstName = "Аня"
	f.Contact.LastName = "Петрова"
	p := plan.ForClient(f)
	take := p.Now.Party
	if take == nil || !p.Again || !p.Now.Caught || len(p.Commands) != 0 {
		t.Fatalf("plan = %+v, want something taken over and nothing sent", p)
	}
	if want := map[string]string{"lastName": "Петрова"}; !reflect.DeepEqual(take.Fields, want) {
		t.Errorf("takes %v, want %v", take.Fields, want)
	}
	became := take.Became([]plan.Taken{{Field: "lastName", Now: "Петрова"}})
	if got, want := texts(became), []string{"Контакт изменён в Битрикс24, клиент обновлён"}; !reflect.DeepEqual(got, want) {
		t.Errorf("journal = %q, want %q", got, want)
	}
	f.Client.LastName, f.Link = "Петрова", became.Links[0]
	p = plan.ForClient(f)
	if p.Again || len(p.Commands) != 1 {
		t.Fatalf("then plan = %+v, want one command", p)
	}
	if got, want := p.Commands[0].Fields(), (rest.Params{"name": "Аня"}); !reflect.DeepEqual(got, want) {
		t.Errorf("sends %v, want %v", got, want)
	}
}

func TestForClient_aRefusedValueIsJournalledOnceAndBothSidesKeepTheirOwn(t *testing.T) {
	t.Parallel()
	f := linked()
	f.Contact.LastName = "Петрова"
	refused := []plan.Taken{{Field: "lastName", Refused: "Фамилия занята"}}
	became := plan.ForClient(f).Now.Party.Became(refused)
	if got, want := texts(became), []string{"Значение с портала не принято: Фамилия занята"}; !reflect.DeepEqual(got, want) {
		t.Errorf("journal = %q, want %q", got, want)
	}
	f.Link = became.Links[0]
	if p := plan.ForClient(f); p.Again || len(p.Commands) != 0 {
		t.Errorf("then plan = %+v, want both sides to stay as they are", p)
	}
	f.Link.Agreed["lastName"] = mapping.Pair{Ours: "Иванова", Theirs: "Иванова"} // it changed to and fro
	if again := plan.ForClient(f).Now.Party.Became(refused); len(again.Lines) != 0 {
		t.Errorf("journal = %q, want the same value to be told of once", texts(again))
	}
}

func TestForClient_aContactThatIsGoneIsForgottenAndNotCreatedAgainUnasked(t *testing.T) {
	t.Parallel()
	f := linked()
	f.Contact, f.Gone, f.Chosen, f.Needed = nil, true, plan.ChoiceSend, false
	p := plan.ForClient(f)
	want := []plan.Chosen{{Record: plan.Record{Kind: plan.Client, ID: 7}, Choice: plan.ChoiceNone}}
	if len(p.Now.Unlink) != 1 || !p.Now.Caught || !reflect.DeepEqual(p.Now.Choices, want) || p.Failure != nil {
		t.Errorf("plan = %+v, want the link dropped and the wish fulfilled", p)
	}
	f.Needed = true
	if wait := (*plan.Wait)(nil); !asWait(plan.ForClient(f).Failure, &wait) {
		t.Error("a contact that is needed is not looked for anew")
	}
}
