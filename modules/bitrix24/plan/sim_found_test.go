package plan_test

import (
	"slices"
	"testing"
	"time"
)

// Histories that the simulation has found, as short as it could make them. Each one failed once.
func TestSimulation_whatItHasFound(t *testing.T) {
	t.Parallel()
	for _, found := range slices.Concat(foundWithDeals, foundWithLeads) {
		t.Run(found.name, func(t *testing.T) {
			t.Parallel()
			h := history{setup: found.setup, steps: found.steps}
			if told, wrong := h.tell(); wrong != "" {
				t.Error(told)
			} else {
				t.Log(told)
			}
		})
	}
}

// found is a history with what it shows.
type found struct {
	name string
	setup
	steps []step
}

const soon = 10 * time.Second

var foundWithDeals = []found{
	{
		name:  "the order follows when a robot moves its new deal within the command that creates it",
		setup: setup{Robot: "NEW"},
		steps: []step{{Do: place, After: soon}, {Do: handle, After: soon}},
	},
	{
		name: "an amount whose answer was lost is taken back when the order is as it was before",
		steps: []step{
			{Do: place, A: 1, After: soon},
			{Do: handle, After: soon},
			{Do: editItem, B: 1, After: soon},
			{Do: handle, A: 1, After: soon, fate: lostAfter, cut: 2},
			{Do: editItem, B: 1, After: soon},
		},
	},
	{
		name: "the note of a deleted order is left once, though its deal was gone when it was tried again",
		steps: []step{
			{Do: place, After: soon},
			{Do: handle, After: soon},
			{Do: handle, After: soon},
			{Do: deleteOrder, After: soon},
			{Do: handle, After: soon, fate: killedAfterSending},
			{Do: deleteDeal, After: soon, news: lost},
			{Do: restoreDeal, After: soon},
		},
	},
	{
		name: "a row whose command broke is not added again when the next request of its group was answered",
		steps: []step{
			{Do: place, After: soon, A: 1},
			{Do: handle, After: soon},
			{Do: editItem, After: soon, A: 3},
			{Do: setDelivery, After: soon, A: 1},
			{Do: handle, A: 1, After: soon, fate: brokenOne, cut: 1},
		},
	},
}
