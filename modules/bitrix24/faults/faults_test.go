package faults_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/pixlpark/panel/app/apptest"
	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/orders"
	"github.com/pixlpark/panel/app/staff"
	"github.com/pixlpark/panel/modules/bitrix24/bitrix24test"
	"github.com/pixlpark/panel/modules/bitrix24/emulator"
)

// wholeDay checks that a busy day has left exactly one of everything, with all sums right, and that both sides agree.
func wholeDay(x *bitrix24test.Pair, company, person int64) {
	x.T.Helper()
	if got := len(x.Portal.IDs("deal")); got != 2 {
		x.T.Errorf("%d deals, want 2", got)
	}
	id, deal := x.Deal(company)
	x.WholeCompany(deal)
	// 126,00 + 333,33 + 0,03 − 50,50 + 300,25
	bitrix24test.Equal(x.T, "amount of the company's deal", bitrix24test.Kopecks(x.T, deal["OPPORTUNITY"]), orders.Money(709_11))
	bitrix24test.Equal(x.T, "rows of the company's deal", x.RowsSum(id), orders.Money(709_11))
	bitrix24test.Equal(x.T, "number of its rows", len(x.Portal.Rows(id)), 4)
	id, deal = x.Deal(person)
	bitrix24test.Equal(x.T, "amount of the person's deal", bitrix24test.Kopecks(x.T, deal["OPPORTUNITY"]), orders.Money(1149_75))
	bitrix24test.Equal(x.T, "rows of the person's deal", x.RowsSum(id), orders.Money(1149_75))
	bitrix24test.Equal(x.T, "its stage", deal["STAGE_ID"], "PREPAYMENT_INVOICE")
	s := x.State()
	bitrix24test.Equal(x.T, "the contact's name", s.Contacts[0]["NAME"], "Марья")
	for _, kind := range []string{"PHONE", "EMAIL"} {
		if list, _ := s.Contacts[0][kind].([]any); len(list) != 1 {
			x.T.Errorf("the contact has %d values of %s, want 1", len(list), kind)
		}
		if list, _ := s.Companies[0][kind].([]any); len(list) != 1 {
			x.T.Errorf("the company has %d values of %s, want 1", len(list), kind)
		}
	}
	if failed := x.FailedJobs(); len(failed) > 0 {
		x.T.Errorf("jobs wait for a person: %v", failed)
	}
}

// The writes that make a record, and one that changes and one that reads.
var writes = []string{
	"crm.item.add", "crm.item.productrow.set", "crm.item.productrow.add", "crm.requisite.add",
	"crm.requisite.bankdetail.add", "crm.address.add",
	"crm.company.contact.add", "crm.item.productrow.delete", "crm.item.update", "crm.item.list",
}

func TestAnyFault_onAnyWrite_leavesExactlyOneOfEverything(t *testing.T) {
	for name, f := range map[string]emulator.Fault{
		"lost once":      {Fault: "lost_response", Count: 1},
		"lost twice":     {Fault: "lost_response", Count: 2},
		"late":           {Fault: "late", Count: 1, DelayMS: 60},
		"half a body":    {Fault: "half_body", Count: 1},
		"error 500":      {Fault: "error_500", Count: 2},
		"502 with HTML":  {Fault: "html_502", Count: 2},
		"too many calls": {Fault: "limit", Count: 2},
		"no time left":   {Fault: "operating", Count: 2},
		"down":           {Fault: "down", Count: 2},
		"slow":           {Fault: "slow", Count: 1, DelayMS: 700},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for i, method := range writes {
				// Every write meets a lost answer, and every fault a few of the writes. FAULTS=all is the whole table.
				if os.Getenv("FAULTS") != "all" && name != "lost once" && i != len(name)%len(writes) && method != "crm.item.add" {
					continue
				}
				t.Run(method, func(t *testing.T) {
					bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
						reference(x)
						f.Method = method
						x.Fail(f)
						company, person := x.BusyDay()
						x.Recover()
						wholeDay(x, company, person)
					}, func(s *bitrix24test.Setup) {
						s.Options.Settle, s.Options.Timeout = 150*time.Millisecond, 400*time.Millisecond
						s.Only = bitrix24test.Alternately(name, method)
					})
				})
			}
		})
	}
}

// reference lets a reference to a command that failed become what it does on newer kernels on one database, and what it
// does on older ones on the other.
func reference(x *bitrix24test.Pair) {
	x.Portal.SetBehaviour(func(b *emulator.Behaviour) {
		if x.Database.URL != "" {
			b.FailedReference = "container"
		}
	})
}

func TestPortalDown_pausesTheExchangeAndNobodyWaitsForIt(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		first := x.Place()
		x.Settle()
		client := int64(x.Order(first).Number("UserId"))
		x.Fail(emulator.Fault{Fault: "down"})
		second := x.Place(bitrix24test.By(client))
		if got := x.Requests(func() { x.Place(bitrix24test.By(client)) }); got != 0 {
			t.Errorf("an order placed during the pause asked the portal %d times", got)
		}
		x.As(staff.Operator).Get(bitrix24test.Page(second)).Want(t, http.StatusOK, "ждёт", "Обмен приостановлен")
		var attempts int64
		x.Must(x.Host().DB.From(t.Context()).Table("jobs").Where("attempts > 0").Count(&attempts).Error)
		if attempts != 0 {
			t.Errorf("%d jobs burned an attempt", attempts)
		}
		x.Fail(emulator.Fault{Fault: "none"})
		x.Recover()
		x.Complete(3)
	})
}

func TestPortalSlowerThanACustomerWaits_theOrderIsAnsweredAndArrives(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		operator := x.As(staff.Operator) // signs in now: that may take longer than the portal
		x.Fail(emulator.Fault{Fault: "slow", DelayMS: 400})
		began := time.Now()
		order := x.Place()
		if took := time.Since(began); took > 390*time.Millisecond {
			t.Errorf("the site waited %v", took)
		}
		operator.Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "ждёт")
		x.Recover()
		x.Complete(1)
	}, func(s *bitrix24test.Setup) { s.Options.AwaitSite = 50 * time.Millisecond })
}

func TestWebhookRevoked_isToldInWordsAndAReplacementDeliversEverything(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		first := x.Place()
		x.Settle()
		client := int64(x.Order(first).Number("UserId"))
		x.Fail(emulator.Fault{Fault: "revoked"})
		second := x.Place(bitrix24test.By(client))
		third := x.Place(bitrix24test.By(client))
		x.As(staff.Operator).Get(bitrix24test.Page(second)).Want(t, http.StatusOK, "ждёт", "Обмен приостановлен", "неверный код вебхука")
		x.As(staff.Operator).Get(bitrix24test.Page(third)).Want(t, http.StatusOK, "ждёт")
		x.Fail(emulator.Fault{Fault: "none"})
		x.SaveSettings("code", bitrix24test.WebhookCode)
		x.Recover()
		x.Complete(3)
	})
}

func TestPlanLapsedInThePortal_isToldInWordsAndRenewalDeliversEverything(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		first := x.Place()
		x.Settle()
		client := int64(x.Order(first).Number("UserId"))
		x.Fail(emulator.Fault{Fault: "plan"})
		second := x.Place(bitrix24test.By(client))
		x.As(staff.Operator).Get(bitrix24test.Page(second)).Want(t, http.StatusOK, "ждёт", "платном тарифе")
		x.Fail(emulator.Fault{Fault: "none"})
		x.Recover()
		x.Complete(2)
	})
}

func TestPortalMoved_theRequestIsRepeatedThereAndNothingIsDoubled(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		moved := httptest.NewServer(x.Portal)
		t.Cleanup(moved.Close)
		x.Fail(emulator.Fault{Fault: "moved", To: moved.URL, Count: 2})
		x.Place()
		x.Recover()
		x.Complete(1)
	})
}

func TestMissingScope_waitsForAPersonAndGoesOnWhenTheSettingsAreSaved(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Fail(emulator.Fault{Fault: "scope", Scopes: []string{"telephony"}})
		order := x.Place()
		bitrix24test.Contains(t, "order page", x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK).Text, "не хватает прав")
		x.Fail(emulator.Fault{Fault: "none"})
		x.SaveSettings()
		x.Recover()
		x.Complete(1)
	})
}

func TestRefusalThatRepeatingCannotMend_waitsForAPersonAtOnceAndGoesWhenTheRecordChanges(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		x.Portal.SetBehaviour(func(b *emulator.Behaviour) { b.UnknownValues = "error" })
		x.SaveSettings("responsible_id", "9999")
		order := x.Place()
		bitrix24test.Contains(t, "order page", x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK).Text, "ошибка")
		x.SaveSettings("responsible_id", "2")
		x.Recover()
		x.Complete(1)
		_, deal := x.Deal(order)
		bitrix24test.Equal(t, "responsible", deal["ASSIGNED_BY_ID"], "2")
	})
}

func TestTwoProcesses_oneOrder_oneDeal(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		other := x.Another()
		first := x.Place()
		client := int64(x.Order(first).Number("UserId"))
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range 5 {
				other.Place(bitrix24test.By(client))
			}
		}()
		for range 5 {
			x.Place(bitrix24test.By(client))
		}
		<-done
		x.Recover()
		x.Complete(11)
	}, func(s *bitrix24test.Setup) {
		s.Only = db.Postgres
		s.Options.AwaitSite = 300 * time.Millisecond // an order of the process without the lane waits in vain
	})
}

func TestClientAndOrganizationChangedWhileThePortalIsDown_areSentOnceItIsBack(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		client := x.NewClient()
		organization := x.NewOrganization(client).ID()
		x.As(staff.Operator).Post(fmt.Sprintf("/admin/organizations/%d/actions/bitrix24.send", organization)).Want(t, http.StatusSeeOther)
		x.Settle()
		x.Fail(emulator.Fault{Fault: "down"})
		x.Call("PATCH", fmt.Sprintf("/api/clients/%d", client), apptest.JSON{"FirstName": "Марья"}).Want(t, http.StatusOK)
		x.Call("PATCH", fmt.Sprintf("/api/organizations/%d", organization), apptest.JSON{"Name": "АО «Ветер»"}).Want(t, http.StatusOK)
		x.Fail(emulator.Fault{Fault: "none"})
		x.Recover()
		s := x.State()
		bitrix24test.Equal(t, "name of the contact", s.Contacts[0]["NAME"], "Марья")
		bitrix24test.Equal(t, "name of the company", s.Companies[0]["TITLE"], "АО «Ветер»")
	})
}

func TestFullDisk_whileAnOutcomeIsStored_losesNothing(t *testing.T) {
	bitrix24test.OnSQLite(t, func(t *testing.T, x *bitrix24test.Pair) {
		broken := func(yes bool) {
			x.T.Helper()
			statement := "DROP TRIGGER full_disk"
			if yes {
				statement = "CREATE TRIGGER full_disk BEFORE INSERT ON bitrix24_links BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
			}
			x.Must(x.Host().DB.From(t.Context()).Exec(statement).Error)
		}
		broken(true)
		order := x.Place() // the portal makes contact and deal, and we cannot write down that it did
		x.As(staff.Operator).Get(bitrix24test.Page(order)).Want(t, http.StatusOK, "ждёт")
		x.Hurry()
		x.Drain() // they are found again, and we still cannot
		broken(false)
		x.Recover()
		x.Complete(1)
		x.Deal(order)
	})
}

func TestOneRecordThatBreaksThePortal_isFoundAndHoldsUpNobodyElse(t *testing.T) {
	bitrix24test.Each(t, func(t *testing.T, x *bitrix24test.Pair) {
		first := x.Place()
		x.Settle()
		client := int64(x.Order(first).Number("UserId"))
		x.Poison.Store("DEADLYCOMMENT")
		var placed []int64
		for i := range 9 {
			comment := "обычный"
			if i == 4 {
				comment = "DEADLYCOMMENT"
			}
			placed = append(placed, x.Place(bitrix24test.By(client), bitrix24test.Set("Comment", comment)))
		}
		for range 30 {
			x.Hurry()
			x.Drain()
		}
		for i, order := range placed {
			if got := len(x.DealsOf(order)); (got == 1) != (i != 4) {
				t.Errorf("order %d of 9 has %d deals", i+1, got)
			}
		}
		state, err := x.Host().Jobs.Lane(t.Context(), "bitrix24")
		x.Must(err)
		if state.Paused {
			t.Errorf("the exchange is paused: %s", state.Reason)
		}
		x.As(staff.Operator).Get(bitrix24test.Page(placed[4])).Want(t, http.StatusOK, "ошибка", "соединение не установлено или прервано")
		x.Poison.Store("")
		if _, err := x.Host().Jobs.RetryAll(t.Context(), "bitrix24"); err != nil {
			t.Fatal(err)
		}
		x.Recover()
		x.Complete(10)
	}, func(s *bitrix24test.Setup) { s.Options.AwaitSite = 0 })
}
