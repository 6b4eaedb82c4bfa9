package rest

import (
	"encoding/json"
	"math"
	"time"
)

// Timing is how long the portal worked on an answer («data-types.md», time). Members may be zero: not every portal
// sends all.
type Timing struct {
	Start, Finish time.Time // by the portal's clock
	Duration      time.Duration
	Operating     time.Duration // what the method has used of its time in the last ten minutes
	ResetAt       time.Time     // by the portal's clock: when some of it is given back
}

// UnmarshalJSON reads seconds, whole or not.
func (t *Timing) UnmarshalJSON(data []byte) error {
	var seconds struct {
		Start     Number `json:"start"`
		Finish    Number `json:"finish"`
		Duration  Number `json:"duration"`
		Operating Number `json:"operating"`
		ResetAt   Number `json:"operating_reset_at"`
	}
	if !isNone(data) {
		if err := json.Unmarshal(data, &seconds); err != nil {
			return err
		}
	}
	*t = Timing{
		Start:     instant(seconds.Start),
		Finish:    instant(seconds.Finish),
		Duration:  span(seconds.Duration),
		Operating: span(seconds.Operating),
		ResetAt:   instant(seconds.ResetAt),
	}
	return nil
}

// latest bounds what is taken for a time, so that a wild number does not overflow: the year 2200.
const latest = 7258118400

func instant(seconds Number) time.Time {
	if seconds <= 0 || seconds > latest {
		return time.Time{}
	}
	return time.UnixMicro(int64(math.Round(float64(seconds) * 1e6))).UTC() // a float64 holds no more
}

func span(seconds Number) time.Duration {
	if seconds <= 0 || seconds > latest {
		return 0
	}
	return time.Duration(float64(seconds) * float64(time.Second))
}

// offset is how far the portal's clock is ahead of ours, from when a request left and its answer came. Portals of 2026
// give whole seconds for the start; then only the finish is exact.
func (t Timing) offset(sent, received time.Time) (time.Duration, bool) {
	switch {
	case t.Finish.IsZero():
		return 0, false
	case t.Start.IsZero() || t.Start.Nanosecond() == 0:
		return t.Finish.Sub(received), true
	}
	return (t.Start.Sub(sent) + t.Finish.Sub(received)) / 2, true
}
