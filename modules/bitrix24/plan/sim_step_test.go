package plan_test

import (
	"math/rand/v2"
	"time"
)

// step is one thing that happens. Its numbers choose among what there is by then.
type step struct {
	Do    action
	Who   int // which order or deal
	A, B  int // what becomes of it
	After time.Duration

	fate fate // of the request that writes, the nth of the step
	nth  int
	cut  int // how many of its commands are done, or which of them it is about
	news news

	moment moment // when somebody interferes with the worker
	other  action
}

// news is what becomes of the portal's events.
type news int

// The ways of events.
const (
	delivered news = iota
	lost
	doubled
	delayed
)

// moment is a moment within the handling of a group of jobs.
type moment int

// The moments.
const (
	never moment = iota
	beforePlan
	beforeSending
	beforeStoring
	moments
)

// action is what a step does. It is given the world, with the step in it.
type action int

// The actions. The worker's are the most frequent.
const (
	handle action = iota
	place
	setStatus
	editItem
	dropItem
	setDelivery
	pay
	say
	newArchive
	deleteOrder
	startOver
	tieDeal
	editClient
	editContact
	walkIn
	deleteContact
	mergeContacts
	holdStatus
	moveDeal
	addRow
	editRow
	removeRow
	write
	addGuest
	rename
	countRows
	deleteDeal
	restoreDeal
	copyDeal
	convertLead
	rejectLead
	reopenLead
	deleteLead
	restoreLead
	editLead
	switchLeads
	reconcile
	checkDeleted
	mend
	wait
	actions
)

// doing says how an action is done, how often it happens among the others, and whether it may happen while the worker
// is at work.
var doing = [actions]struct {
	do         func(w *world, s step)
	share      int
	interferes bool
}{
	handle:        {share: 60}, // see happens
	place:         {do: (*world).place, share: 8},
	setStatus:     {do: (*world).changeStatus, share: 14, interferes: true},
	editItem:      {do: (*world).editItem, share: 10, interferes: true},
	dropItem:      {do: (*world).dropItem, share: 5, interferes: true},
	setDelivery:   {do: (*world).setDelivery, share: 3, interferes: true},
	pay:           {do: (*world).pay, share: 4, interferes: true},
	say:           {do: (*world).say, share: 3, interferes: true},
	newArchive:    {do: (*world).newArchive, share: 3, interferes: true},
	deleteOrder:   {do: (*world).deleteOrder, share: 4, interferes: true},
	startOver:     {do: (*world).startOver, share: 4},
	tieDeal:       {do: (*world).tieDeal, share: 3},
	editClient:    {do: (*world).editClient, share: 8, interferes: true},
	editContact:   {do: (*world).editContact, share: 8, interferes: true},
	walkIn:        {do: (*world).walkIn, share: 3},
	deleteContact: {do: (*world).deleteContact, share: 2},
	mergeContacts: {do: (*world).mergeContacts, share: 2},
	holdStatus:    {do: (*world).holdStatus, share: 1, interferes: true},
	moveDeal:      {do: (*world).moveDeal, share: 16, interferes: true},
	addRow:        {do: (*world).addHandRow, share: 4, interferes: true},
	editRow:       {do: (*world).editRow, share: 2, interferes: true},
	removeRow:     {do: (*world).removeRow, share: 3, interferes: true},
	write:         {do: (*world).write, share: 4},
	addGuest:      {do: (*world).addGuest, share: 4},
	rename:        {do: (*world).rename, share: 3},
	countRows:     {do: (*world).countRows, share: 2, interferes: true},
	deleteDeal:    {do: (*world).deleteDeal, share: 3, interferes: true},
	restoreDeal:   {do: (*world).restoreDeal, share: 4},
	copyDeal:      {do: (*world).copyDeal, share: 2, interferes: true},
	convertLead:   {do: (*world).convertLead, share: 8, interferes: true},
	rejectLead:    {do: (*world).rejectLead, share: 2, interferes: true},
	reopenLead:    {do: (*world).reopenLead, share: 2},
	deleteLead:    {do: (*world).deleteLead, share: 2, interferes: true},
	restoreLead:   {do: (*world).restoreLead, share: 3},
	editLead:      {do: (*world).editLead, share: 2, interferes: true},
	switchLeads:   {do: (*world).switchLeads, share: 1},
	reconcile:     {do: func(w *world, _ step) { w.reconcile() }, share: 8},
	checkDeleted:  {do: func(w *world, _ step) { w.checkDeleted() }, share: 2},
	mend:          {do: func(w *world, s step) { w.mend(int64(s.Who)) }, share: 2},
	wait:          {do: func(w *world, _ step) { w.pass(settle) }, share: 6},
}

// deck holds each action as often as its share says; crowd those that interfere.
var deck, crowd = decks()

func decks() (deck, crowd []action) {
	for a, d := range doing {
		for range d.share {
			deck = append(deck, action(a))
			if d.interferes {
				crowd = append(crowd, action(a))
			}
		}
	}
	return deck, crowd
}

func anySetup(r *rand.Rand) setup {
	return setup{
		Import:     r.IntN(4) == 0,
		Leads:      r.IntN(2) == 0,
		CopiesKeys: r.IntN(2) == 0,
		Robot:      []string{"", "", "", "NEW", "PREPARATION", "EXECUTING"}[r.IntN(6)],
	}
}

func anyStep(r *rand.Rand) step {
	s := step{
		Do: deck[r.IntN(len(deck))], Who: r.IntN(6), A: r.IntN(1000), B: r.IntN(1000), cut: r.IntN(120),
		After: time.Duration(r.IntN(40)) * time.Second,
	}
	if r.IntN(3) == 0 {
		s.news = news(r.IntN(4))
	}
	if s.Do == handle {
		if r.IntN(2) == 0 {
			s.fate, s.nth = fate(r.IntN(int(fates))), r.IntN(3)/2
		}
		if r.IntN(6) == 0 {
			s.moment, s.other = 1+moment(r.IntN(int(moments)-1)), crowd[r.IntN(len(crowd))]
		}
	}
	return s
}

// happens lets a step happen.
func (w *world) happens(s step) {
	w.step, w.asked, w.met = s, 0, false
	w.pass(s.After)
	if s.Do == handle {
		w.handle(1 + s.A%3)
		return
	}
	doing[s.Do].do(w, s)
}

// nextFate is what becomes of the next request of the step.
func (w *world) nextFate() fate {
	w.asked++
	if w.asked-1 != w.step.nth {
		return fine
	}
	return w.step.fate
}

// meanwhile lets somebody interfere at a moment of the worker's.
func (w *world) meanwhile(m moment) {
	if w.step.moment != m || w.met {
		return
	}
	w.met = true
	w.tell("  meanwhile:")
	doing[w.step.other].do(w, w.step)
	for _, words := range w.words {
		words.unsure = true
	}
	for _, said := range w.said {
		said.unsure = true
	}
}
