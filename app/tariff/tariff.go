// Package tariff holds the account's plan. There is no payment system here: an administrator switches.
package tariff

import (
	"context"
	"fmt"
	"time"

	"github.com/pixlpark/panel/app/db"
	"github.com/pixlpark/panel/app/refusal"
	"github.com/pixlpark/panel/app/settings"
)

// Plan is what the account pays for.
type Plan string

// The plans, from the smallest.
const (
	Basic        Plan = "basic"
	Professional Plan = "professional"
)

// Plans lists the plans with their captions, from the smallest.
var Plans = []struct {
	Plan  Plan
	Label string
}{{Basic, "Базовый"}, {Professional, "Профессиональный"}}

// Label is the plan's caption.
func (p Plan) Label() string {
	for _, known := range Plans {
		if known.Plan == p {
			return known.Label
		}
	}
	return ""
}

// TrialDays is how long the one trial of «Профессиональный» lasts.
const TrialDays = 15

// State is the account's tariff at one moment.
type State struct {
	Plan       Plan       // what is paid for
	TrialEnds  *time.Time // when the trial ends or ended; nil while there was none
	TrialFirst *time.Time // when it began
}

// Effective is the plan whose services work at the moment: a running trial counts as «Профессиональный».
func (s State) Effective(now time.Time) Plan {
	if s.Trial(now) {
		return Professional
	}
	return s.Plan
}

// Trial reports whether the trial is running.
func (s State) Trial(now time.Time) bool {
	return s.Plan == Basic && s.TrialEnds != nil && now.Before(*s.TrialEnds)
}

// TrialDaysLeft is the number of days the running trial still has, begun ones included.
func (s State) TrialDaysLeft(now time.Time) int {
	if !s.Trial(now) {
		return 0
	}
	return int((s.TrialEnds.Sub(now) + 24*time.Hour - 1) / (24 * time.Hour))
}

// MayTry reports whether the account's one trial is still to be had.
func (s State) MayTry() bool { return s.Plan == Basic && s.TrialEnds == nil }

// Allows reports whether services of the plan work at the moment.
func (s State) Allows(p Plan, now time.Time) bool {
	return p == Basic || p == "" || s.Effective(now) == p
}

const document = "tariff"

// Service reads and changes the account's tariff.
type Service struct {
	db       *db.DB
	settings *settings.Store
	changed  []func(ctx context.Context, tx *db.Tx) error
}

// New returns the service. An account without a word about its tariff is on «Базовый».
func New(d *db.DB, s *settings.Store) *Service { return &Service{db: d, settings: s} }

// OnChanged registers fn to run inside the transaction that changes the tariff: exchange that had stopped may go on.
func (s *Service) OnChanged(fn func(ctx context.Context, tx *db.Tx) error) {
	s.changed = append(s.changed, fn)
}

// State returns the account's tariff.
func (s *Service) State(ctx context.Context) (State, error) {
	state, err := settings.Load[State](ctx, s.settings, document)
	if err != nil {
		return State{}, fmt.Errorf("read the tariff: %w", err)
	}
	if state.Plan == "" {
		state.Plan = Basic
	}
	return state, nil
}

// Allows reports whether services of the plan work now.
func (s *Service) Allows(ctx context.Context, p Plan) (bool, error) {
	state, err := s.State(ctx)
	return state.Allows(p, db.Now()), err
}

// Switch puts the account on a plan.
func (s *Service) Switch(ctx context.Context, p Plan) error {
	if p.Label() == "" {
		return refusal.Value("Plan", "Нет такого тарифа.")
	}
	return s.change(ctx, func(state *State) error {
		state.Plan = p
		return nil
	})
}

// StartTrial begins the account's one trial of «Профессиональный».
func (s *Service) StartTrial(ctx context.Context) error {
	return s.change(ctx, func(state *State) error {
		if !state.MayTry() {
			return refusal.Taken("Plan", "Пробный период уже был использован или не нужен.")
		}
		now := db.Now()
		ends := now.AddDate(0, 0, TrialDays)
		state.TrialFirst, state.TrialEnds = &now, &ends
		return nil
	})
}

func (s *Service) change(ctx context.Context, change func(*State) error) error {
	return s.db.Transaction(ctx, func(ctx context.Context, tx *db.Tx) error {
		state, err := s.State(ctx)
		if err != nil {
			return err
		}
		if err := change(&state); err != nil {
			return err
		}
		if err := s.settings.Save(tx, document, state); err != nil {
			return err
		}
		for _, fn := range s.changed {
			if err := fn(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	})
}
