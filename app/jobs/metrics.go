package jobs

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

var (
	heldMeter = prometheus.NewDesc("jobs_lane_held",
		"1 while a process, this one or another, works the lane; 0 means that nothing of it is done.", []string{"lane"}, nil)
	takenMeter = prometheus.NewDesc("jobs_lane_taken_total",
		"How often the lane got another holder, by stops and failures alike.", []string{"lane"}, nil)
)

// Meters tell /metrics who works the lanes. They are read from the database when somebody asks.
func (q *Queue) Meters() prometheus.Collector { return laneMeters{q} }

type laneMeters struct{ *Queue }

// Describe names the meters.
func (laneMeters) Describe(out chan<- *prometheus.Desc) {
	out <- heldMeter
	out <- takenMeter
}

// Collect reads them.
func (q laneMeters) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	turns, err := q.Turns(ctx)
	if err != nil {
		q.cfg.Log.WithError(err).Warn("lanes not measured")
		return
	}
	for lane, t := range turns {
		held := 0.0
		if t.Holder != "" {
			held = 1
		}
		out <- prometheus.MustNewConstMetric(heldMeter, prometheus.GaugeValue, held, lane)
		out <- prometheus.MustNewConstMetric(takenMeter, prometheus.CounterValue, float64(t.Epoch), lane)
	}
}
