package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"postrider/alarm"
	"postrider/daemon"
	"postrider/source"
	"postrider/store"
)

// Sources are read at each scrape.
type Sources struct {
	Daemon *daemon.Daemon
	Store  *store.Store
	Forum  *source.DB
}

// collector reads the sources at each scrape.
type collector struct {
	Sources
	queue, alarms, relays, forumSQL, storeSQL *prometheus.Desc
}

// scrapeTimeout is the longest time that a scrape may spend on the store.
const scrapeTimeout = 5 * time.Second

func newCollector(from Sources) collector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("postrider_"+name, help, labels, nil)
	}
	return collector{
		Sources:  from,
		queue:    desc("queue_messages", "Messages in the outbox that are not settled.", "kind", "state"),
		alarms:   desc("alarms_active", "Active alarms.", "kind"),
		relays:   desc("relay_up", "1 if the relay is in use, 0 while it is not used because it was unreachable.", "relay"),
		forumSQL: desc("forum_statements_total", "SQL statements sent to the forum's database."),
		storeSQL: desc("store_statements_total", "SQL statements sent to postrider's own database."),
	}
}

// Describe implements prometheus.Collector.
func (c collector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.queue, c.alarms, c.relays, c.forumSQL, c.storeSQL} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (c collector) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTimeout)
	defer cancel()
	c.collectQueue(ctx, to)
	c.collectAlarms(ctx, to)
	for name, up := range c.Daemon.Relays() {
		value := 0.0
		if up {
			value = 1
		}
		to <- prometheus.MustNewConstMetric(c.relays, prometheus.GaugeValue, value, name)
	}
	to <- prometheus.MustNewConstMetric(c.forumSQL, prometheus.CounterValue, float64(c.Forum.Statements()))
	to <- prometheus.MustNewConstMetric(c.storeSQL, prometheus.CounterValue, float64(c.Store.Statements()))
}

func (c collector) collectQueue(ctx context.Context, to chan<- prometheus.Metric) {
	open, err := c.Store.Queue.PendingMessages(ctx)
	if err != nil {
		to <- prometheus.NewInvalidMetric(c.queue, err)
		return
	}
	type labels struct{ kind, state string }
	messages := make(map[labels]int)
	for _, kind := range daemon.Kinds {
		for _, state := range store.OpenStates {
			messages[labels{kind, state}] = 0
		}
	}
	for _, o := range open {
		messages[labels{o.Kind, o.State}] = o.Messages
	}
	for l, n := range messages {
		to <- prometheus.MustNewConstMetric(c.queue, prometheus.GaugeValue, float64(n), l.kind, l.state)
	}
}

func (c collector) collectAlarms(ctx context.Context, to chan<- prometheus.Metric) {
	all, err := c.Store.Alarms.All(ctx)
	if err != nil {
		to <- prometheus.NewInvalidMetric(c.alarms, err)
		return
	}
	active := make(map[alarm.Kind]int)
	for _, a := range all {
		if a.Active() {
			kind, _ := alarm.ParseKey(a.Key)
			active[kind]++
		}
	}
	for _, kind := range alarm.Kinds {
		to <- prometheus.MustNewConstMetric(c.alarms, prometheus.GaugeValue, float64(active[kind]), string(kind))
	}
}
