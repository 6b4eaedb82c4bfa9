package portal

import (
	"context"
	"errors"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/pixlpark/panel/modules/bitrix24/rest"
)

// meters are what /metrics tells of the exchange. Labels are names of methods and outcomes, never of records.
type meters struct {
	requests *prometheus.CounterVec
	commands *prometheus.CounterVec
}

// meter registers the meters. Those of the queue are read when somebody asks.
func (p *Portals) meter(r prometheus.Registerer) error {
	p.meters = meters{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bitrix24_requests_total", Help: "Requests to the portal by outcome.",
		}, []string{"outcome"}),
		commands: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "bitrix24_commands_total", Help: "Commands to the portal by method and outcome.",
		}, []string{"method", "outcome"}),
	}
	return errors.Join(r.Register(p.meters.requests), r.Register(p.meters.commands), r.Register(queueMeters{p}))
}

var (
	waitingMeter = prometheus.NewDesc("bitrix24_jobs_waiting", "Jobs that wait for the portal.", nil, nil)
	failedMeter  = prometheus.NewDesc("bitrix24_jobs_failed", "Jobs that wait for a person.", nil, nil)
	pausedMeter  = prometheus.NewDesc("bitrix24_paused", "1 while the exchange is paused.", nil, nil)
)

// queueMeters collects the state of the lane.
type queueMeters struct{ *Portals }

// Describe names the meters.
func (queueMeters) Describe(out chan<- *prometheus.Desc) {
	out <- waitingMeter
	out <- failedMeter
	out <- pausedMeter
}

// Collect reads them.
func (q queueMeters) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	state, err := q.Jobs.Lane(ctx, Lane)
	if err != nil {
		q.Log.WithError(err).Warn("state of the queue not measured")
		return
	}
	paused := 0.0
	if state.Paused {
		paused = 1
	}
	out <- prometheus.MustNewConstMetric(waitingMeter, prometheus.GaugeValue, float64(state.Waiting))
	out <- prometheus.MustNewConstMetric(failedMeter, prometheus.GaugeValue, float64(state.Failed))
	out <- prometheus.MustNewConstMetric(pausedMeter, prometheus.GaugeValue, paused)
}

// observeLimit bounds the write of a portal's state: the request before it has taken its time already.
const observeLimit = 5 * time.Second

// observe returns what the client of a portal calls after every request. It counts the request, and keeps in the
// portal's row what needs a person and where the portal has moved. A portal that is not stored yet (0) is only
// counted.
func (p *Portals) observe(portalID int64, address *url.URL) func(context.Context, rest.Exchange) {
	return func(ctx context.Context, x rest.Exchange) {
		p.meters.requests.WithLabelValues(outcomeOf(x.Err)).Inc()
		for _, command := range x.Commands {
			err := x.Err
			if x.Result != nil {
				err = x.Result.Error(command.Name)
			}
			p.meters.commands.WithLabelValues(command.Method, outcomeOf(err)).Inc()
		}
		if portalID == 0 {
			return
		}
		trouble, moved, known := health(x, address)
		if !known {
			return
		}
		// Whoever asked may have left; what the portal has answered is worth keeping all the same.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), observeLimit)
		defer cancel()
		err := p.DB.From(ctx).Model(&Portal{}).
			Where("id = ? AND (trouble <> ? OR moved_to <> ?)", portalID, trouble, moved).
			Updates(map[string]any{"trouble": trouble, "moved_to": moved}).Error
		if err != nil {
			p.Log.WithError(err).Error("state of the portal not kept")
		}
	}
}

// health says what a request tells of the portal: what needs a person, and its new address, even if nobody answers
// there. What may pass by itself tells nothing.
func health(x rest.Exchange, address *url.URL) (trouble, moved string, known bool) {
	at := x.Moved
	if at == nil {
		at, _ = url.Parse(x.Address) // our own writing
	}
	if at.Host != address.Host {
		moved = at.Scheme + "://" + at.Host
	}
	var refused *rest.Error
	var request *rest.RequestError
	switch {
	case x.Err == nil, x.Moved != nil:
		return "", moved, true
	case errors.As(x.Err, &refused):
		return Explain(x.Err), moved, !refused.Temporary()
	case errors.As(x.Err, &request):
		return Explain(x.Err), moved, !request.Temporary() || request.Status >= 300 && request.Status < 500
	}
	return "", "", false
}

// outcomeOf is the label of an outcome.
func outcomeOf(err error) string {
	refused, isRefusal := rest.AsRefusal(err)
	switch {
	case err == nil:
		return "ok"
	case isRefusal && (refused.QueryLimit() || refused.OperatingLimit()):
		return "limited"
	case rest.Unknown(err):
		return "unknown"
	case isRefusal:
		return "refused"
	}
	return "not_run"
}
