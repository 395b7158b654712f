package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/runflow/runflow/progress"
	"github.com/runflow/runflow/progress/clients"
	"github.com/runflow/runflow/progress/watch"
)

// metrics is what /metrics shows. Its names are part of docs/operations.md.
type metrics struct {
	handler  http.Handler
	requests *prometheus.CounterVec
	latency  *prometheus.HistogramVec
	watchers *prometheus.GaugeVec
	sent     *prometheus.CounterVec
}

func newMetrics(registry *prometheus.Registry, view *watch.View, clients *clients.Registry) *metrics {
	m := &metrics{
		handler: promhttp.HandlerFor(registry, promhttp.HandlerOpts{}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "runflow_http_requests_total", Help: "Requests answered; 499 is a client that left before.",
		}, []string{"method", "route", "status"}),
		latency: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "runflow_http_request_seconds", Help: "How long requests took, streams left out.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, 1, 5},
		}, []string{"method", "route"}),
		watchers: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "runflow_http_watchers", Help: "Open streams: sse, ndjson, logs, poll.",
		}, []string{"transport"}),
		sent: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "runflow_http_events_sent_total", Help: "Events written to watchers.",
		}, []string{"transport"}),
	}
	registry.MustRegister(m.requests, m.latency, m.watchers, m.sent, taskStates{view}, clientCounts{clients},
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "runflow_event_seq", Help: "Seq of the newest event that this node has handed out.",
		}, func() float64 { return float64(view.Feed.Seq()) }))
	for _, c := range []prometheus.Collector{
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		_ = registry.Register(c) // who brings a registry may have them in it
	}
	return m
}

func (m *metrics) request(method, route string, status int, took time.Duration, stream bool) {
	if !known[method] {
		method = "other" // the client's to choose
	}
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	if !stream {
		m.latency.WithLabelValues(method, route).Observe(took.Seconds())
	}
}

var known = map[string]bool{
	http.MethodGet: true, http.MethodPost: true, http.MethodDelete: true, http.MethodPut: true, http.MethodPatch: true,
	http.MethodOptions: true,
}

// taskStates counts the tasks in each state when it is asked.
type taskStates struct{ view *watch.View }

var taskStatesDesc = prometheus.NewDesc("runflow_tasks", "Tasks that are kept, by state.", []string{"state"}, nil)

func (t taskStates) Describe(ch chan<- *prometheus.Desc) { ch <- taskStatesDesc }

func (t taskStates) Collect(ch chan<- prometheus.Metric) {
	count := t.view.Index.Count()
	for _, state := range []progress.State{
		progress.Queued, progress.Running, progress.Canceling, progress.Succeeded, progress.Failed, progress.Canceled,
	} {
		ch <- prometheus.MustNewConstMetric(taskStatesDesc, prometheus.GaugeValue, float64(count[state]), string(state))
	}
}

// clientCounts counts the clients, and what was left out for them, when it is asked.
type clientCounts struct{ clients *clients.Registry }

var (
	clientsDesc   = prometheus.NewDesc("runflow_clients", "Connected clients, by transport.", []string{"transport"}, nil)
	conflatedDesc = prometheus.NewDesc("runflow_events_conflated_total",
		"Events left out for newer ones because a client was behind.", nil, nil)
)

func (c clientCounts) Describe(ch chan<- *prometheus.Desc) {
	ch <- clientsDesc
	ch <- conflatedDesc
}

func (c clientCounts) Collect(ch chan<- prometheus.Metric) {
	count, conflated := c.clients.Count()
	for transport, n := range count {
		ch <- prometheus.MustNewConstMetric(clientsDesc, prometheus.GaugeValue, float64(n), transport)
	}
	ch <- prometheus.MustNewConstMetric(conflatedDesc, prometheus.CounterValue, float64(conflated))
}
