package jobs

import (
	"context"
	"fmt"
	"time"
)

// LaneState is what people want to know of a lane.
type LaneState struct {
	Name string
	Turn

	Paused      bool // also while the probe is under way: until the other side has answered
	PausedSince *time.Time
	PausedUntil *time.Time // the next probe
	ProbedAt    *time.Time // the last
	Reason      string     // of the pause

	Waiting int64 // put off ones included
	Running int64
	Failed  int64
	Oldest  *time.Time // when the longest waiting job was enqueued
}

// Lane tells the state of a lane.
func (q *Queue) Lane(ctx context.Context, name string) (LaneState, error) {
	row, err := (&lane{q: q, name: name}).row(ctx)
	if err != nil {
		return LaneState{}, err
	}
	turns, err := q.turns(ctx, name)
	if err != nil {
		return LaneState{}, err
	}
	state := LaneState{
		Name: name, Turn: turns[name], Paused: row.paused(),
		PausedSince: row.PausedSince, PausedUntil: row.PausedUntil, ProbedAt: row.ProbedAt, Reason: row.Reason,
	}
	var counts []struct {
		State State
		Count int64
	}
	err = q.db.From(ctx).Raw(`SELECT 'waiting' AS state, count(*) AS count FROM jobs WHERE lane = ? AND state = 'waiting'
		UNION ALL SELECT 'running', count(*) FROM jobs WHERE lane = ? AND state = 'running'
		UNION ALL SELECT 'failed', count(*) FROM jobs WHERE lane = ? AND state = 'failed'`, name, name, name).
		Scan(&counts).Error
	if err != nil {
		return state, fmt.Errorf("count the jobs of lane %s: %w", name, err)
	}
	for _, c := range counts {
		switch c.State {
		case Waiting:
			state.Waiting = c.Count
		case Running:
			state.Running = c.Count
		case Failed:
			state.Failed = c.Count
		}
	}
	var oldest []Status
	err = q.db.From(ctx).Where("lane = ? AND state = 'waiting'", name).Order("enqueued_at").Limit(1).Find(&oldest).Error
	if err != nil {
		return state, fmt.Errorf("find the oldest job of lane %s: %w", name, err)
	}
	if len(oldest) > 0 {
		state.Oldest = &oldest[0].EnqueuedAt
	}
	return state, nil
}

// Lanes tells the state of every lane that has a handler here, by name.
func (q *Queue) Lanes(ctx context.Context) ([]LaneState, error) {
	names := q.handledNames()
	states := make([]LaneState, 0, len(names))
	for _, name := range names {
		state, err := q.Lane(ctx, name)
		if err != nil {
			return nil, err
		}
		states = append(states, state)
	}
	return states, nil
}
