package plan_test

import "time"

var foundWithLeads = []found{
	{
		name:  "a manager's contact stays in a deal when a conversion gives the client another one in the same run",
		setup: setup{Leads: true, CopiesKeys: true},
		steps: []step{
			{Do: place, Who: 1, A: 621, B: 744, After: 6 * time.Second, cut: 93},
			{Do: handle, Who: 2, A: 69, B: 495, After: 6 * time.Second, nth: 1, cut: 82},
			{Do: handle, Who: 1, A: 264, B: 372, After: 31 * time.Second, cut: 108},
			{Do: convertLead, A: 295, B: 249, After: 3 * time.Second, cut: 30},
			{Do: handle, Who: 5, A: 994, B: 299, After: 32 * time.Second, cut: 89},
			{Do: deleteContact, Who: 4, A: 31, B: 8, After: 27 * time.Second, cut: 50},
			{Do: place, A: 116, B: 138, After: 0 * time.Second, cut: 47},
			{Do: addGuest, Who: 2, A: 324, B: 432, After: 22 * time.Second, cut: 75},
			{Do: handle, Who: 3, A: 980, B: 581, After: 31 * time.Second, cut: 30},
			{Do: handle, Who: 5, A: 441, B: 510, After: 28 * time.Second, cut: 13},
			{Do: moveDeal, Who: 3, A: 179, B: 778, After: 30 * time.Second, cut: 80},
			{Do: handle, Who: 1, A: 746, B: 616, After: 8 * time.Second, nth: 1, cut: 118},
			{Do: convertLead, A: 176, B: 631, After: 8 * time.Second, cut: 22},
		},
	},
	{
		name:  "rows that were sent with a lead whose answer was lost are not sent again",
		setup: setup{Leads: true},
		steps: []step{
			{Do: place, A: 2, After: soon},
			{Do: handle, A: 2, After: soon, fate: killedAfterSending},
			{Do: handle, A: 2, After: soon, fate: refusedWhole},
		},
	},
	{
		name:  "what a manager has written into a lead whose answer was lost stays",
		setup: setup{Leads: true},
		steps: []step{
			{Do: place, A: 2, After: soon},
			{Do: handle, A: 2, After: soon, fate: killedAfterSending},
			{Do: addRow, After: soon},
			{Do: editLead, B: 1, After: soon},
		},
	},
	{
		name:  "a lead whose answer was lost is linked with what was sent, though reconciliation sees it first",
		setup: setup{Leads: true},
		steps: []step{
			{Do: place, A: 507, B: 966, After: soon},
			{Do: handle, A: 1, After: soon, fate: killedAfterSending},
			{Do: editClient, A: 2, B: 36, After: soon},
		},
	},
	{
		name:  "the amount of a lead is the order's, though people let its rows count",
		setup: setup{Leads: true},
		steps: []step{
			{Do: place, After: soon},
			{Do: handle, A: 1, After: soon},
			{Do: countRows, After: soon},
			{Do: editItem, After: soon},
			{Do: addRow, After: soon},
		},
	},
	{
		name:  "an order is not put into a lead that another one is on its way into",
		setup: setup{Leads: true},
		steps: []step{
			{Do: place, A: 1, After: soon},
			{Do: place, After: time.Second},
			{Do: handle, A: 1, After: soon, fate: lostLate, cut: 28},
		},
	},
	{
		name:  "an order that is deleted while its lead is created leaves a note there",
		setup: setup{Leads: true},
		steps: []step{
			{Do: place, After: soon},
			{Do: handle, A: 1, After: soon, moment: beforePlan, other: deleteOrder},
		},
	},
	{
		name:  "a client who is changed while his lead is created is sent again",
		setup: setup{Leads: true},
		steps: []step{
			{Do: place, B: 1, After: soon},
			{Do: handle, A: 1, B: 1, After: soon, moment: beforeSending, other: editClient},
		},
	},
	{
		name:  "two orders are not put into a lead that comes out of the recycle bin in the same run",
		setup: setup{Leads: true},
		steps: []step{
			{Do: place, After: soon},
			{Do: handle, After: soon},
			{Do: place, A: 1, After: soon},
			{Do: deleteLead, After: soon},
			{Do: restoreLead, After: soon},
		},
	},
	{
		name:  "an amount of a lead whose answer was lost is taken back when the order is as it was before",
		setup: setup{Leads: true},
		steps: []step{
			{Do: place, A: 1, After: soon},
			{Do: handle, A: 1, After: soon},
			{Do: editItem, B: 1, After: soon},
			{Do: handle, A: 2, After: soon, fate: lostAfter, cut: 2},
			{Do: editItem, B: 1, After: soon},
		},
	},
	{
		name:  "a phone in a lead whose answer was lost is taken back when the client is as he was before",
		setup: setup{Leads: true},
		steps: []step{
			{Do: place, B: 1, After: soon},
			{Do: handle, A: 1, After: soon},
			{Do: editClient, A: 1, B: 1, After: soon},
			{Do: handle, A: 2, After: soon, fate: lostAfter, cut: 1},
			{Do: editClient, A: 1, After: soon},
		},
	},
}
