package daemon

import (
	"context"
	"fmt"
	"iter"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

// MemberForecast is what one subscriber would get.
type MemberForecast struct {
	Member forum.MemberID
	Name   string    // set if the member would get a message
	Due    time.Time // zero: never
	Posts  int
	Skip   string // why the member would get no message; empty: they would
}

// WouldSend reports whether the member would get a message.
func (p MemberForecast) WouldSend() bool { return p.Skip == "" }

// Forecast is what would be sent within a period without any new posts. It includes only the first edition per member.
type Forecast struct {
	From, Until time.Time
	Members     int // subscribers
	Messages    int
	Posts       int
	Bytes       int64 // estimated from a sample
	Sampled     int   // messages rendered for the estimate
	Hours       []Hour
	Skipped     map[string]int // members without a message, by reason
	Waiting     map[string]int // messages already in the outbox, by kind
	Today       int            // editions planned today, including those to come until midnight in the configured zone
	Baseline    Baseline       // expected on such a day
}

// Hour is what would be sent within one hour.
type Hour struct {
	At              time.Time
	Messages, Posts int
}

// Anomalous reports whether the number of editions today is far from the usual one.
func (r Forecast) Anomalous() bool { return r.Baseline.IsAnomalous(r.Today) }

const (
	samplesPerPage = 4  // of each page of members
	maxSamples     = 64 // in all
)

// forecaster holds the state of a forecast.
type forecaster struct {
	Forecast
	loop     *loop
	hours    map[time.Time]*Hour
	sampled  int64 // bytes
	midnight time.Time
}

// Forecast computes what would be sent until a time. The sequence yields each member in order of ID; the Forecast is
// complete after it. Nothing is sent or saved, so the store may be read-only. The daemon cannot be used for anything else
// afterwards.
func (d *Daemon) Forecast(ctx context.Context, until time.Time) (*Forecast, iter.Seq2[MemberForecast, error]) {
	r := &forecaster{loop: d.main, hours: make(map[time.Time]*Hour)}
	r.From, r.Until, r.Skipped, r.Waiting = d.Now(), until, make(map[string]int), make(map[string]int)
	return &r.Forecast, func(yield func(MemberForecast, error) bool) {
		if err := r.run(ctx, func(p MemberForecast) bool { return yield(p, nil) }); err != nil {
			yield(MemberForecast{}, fmt.Errorf("forecasting: %w", err))
		}
	}
}

func (r *forecaster) run(ctx context.Context, tell func(MemberForecast) bool) error {
	if _, err := rehearse(ctx, r.loop.alerts, 0); err != nil {
		return err
	}
	if err := r.loadBaseline(ctx); err != nil {
		return err
	}
	first, err := r.loop.subscribers.isFirstSync(ctx)
	if err != nil {
		return err
	}
	for members, err := range r.loop.subscribers.subscriberPages(ctx, r.From) {
		if err != nil {
			return err
		}
		list, err := r.page(ctx, members, first)
		if err != nil {
			return err
		}
		for _, p := range list {
			r.count(p)
			if !tell(p) {
				return nil
			}
		}
	}
	r.finish()
	return nil
}

// loadBaseline reads the waiting messages and the usual numbers.
func (r *forecaster) loadBaseline(ctx context.Context) error {
	counts, err := r.loop.Store.Queue.Counts(ctx)
	if err != nil {
		return err
	}
	for _, c := range counts {
		if c.State == store.StateQueued || c.State == store.StateLeased {
			r.Waiting[c.Kind] += c.Messages
		}
	}
	v, err := r.loop.volume(ctx, store.KindDigest, r.From)
	if err != nil {
		return err
	}
	_, r.midnight = v.day(r.From)
	r.Today, r.Baseline = v.countOn(r.From), v.expectedOn(r.From)
	return nil
}

// page computes the forecast for a page of members.
func (r *forecaster) page(ctx context.Context, members []forum.Member, first bool) ([]MemberForecast, error) {
	known, err := r.loop.subscribers.knownSubscribers(ctx, members)
	if err != nil {
		return nil, err
	}
	waiting, err := r.loop.Store.Outbox.WaitingEditions(ctx, memberIDs(members))
	if err != nil {
		return nil, err
	}
	list := make([]MemberForecast, len(members))
	var rows []store.Row
	var at []int
	head := r.loop.scanner.dryRun.Until()
	for i, m := range members {
		was, ok := known[m.ID]
		sub := r.loop.subscribers.updateSubscriber(was, ok, m, r.From, head, first)
		list[i] = MemberForecast{Member: m.ID, Due: sub.Due}
		switch {
		case sub.Due.IsZero():
			list[i].Skip = digestsOffReason(sub)
		case !sub.Due.Before(r.Until):
			list[i].Skip = digest.ReasonNotDue
		default:
			at = append(at, i)
			planned := sub.Due
			if planned.Before(r.From) {
				planned = r.From
			}
			rows = append(rows, store.Row{Kind: store.KindDigest, Member: m.ID, From: waiting[m.ID].CoveredBefore(r.From, planned, sub.CoveredSeq), Until: head, Created: planned})
		}
	}
	return list, r.draft(ctx, list, rows, at)
}

func memberIDs(members []forum.Member) []forum.MemberID {
	ids := make([]forum.MemberID, len(members))
	for i, m := range members {
		ids[i] = m.ID
	}
	return ids
}

// digestsOffReason returns why a subscriber's digests are never due.
func digestsOffReason(sub store.Subscriber) string {
	switch {
	case sub.Schedule != nil:
		return digest.ReasonDigestsOff
	case sub.ForumDigests != "":
		return forum.OptedOut
	}
	return digest.ReasonDigestsDisabled
}

// draft drafts the messages of the members who are due, like a delivery.
func (r *forecaster) draft(ctx context.Context, list []MemberForecast, rows []store.Row, at []int) error {
	if len(rows) == 0 {
		return nil
	}
	drafts, err := r.loop.delivery.Draft(ctx, rows)
	if err != nil {
		return err
	}
	sample := samplesPerPage
	for i, m := range drafts {
		p := &list[at[i]]
		if p.Skip = m.Skip; p.Skip == "" && m.Render == nil {
			p.Skip = digest.ReasonPaused
		}
		if p.Skip != "" {
			continue
		}
		p.Name, p.Posts = m.To.Name, m.Posts
		if sample > 0 && r.Sampled < maxSamples {
			sample--
			rows[i].Key = "forecast"
			raw, err := r.loop.delivery.Compose(rows[i], m)
			if err != nil {
				return err
			}
			r.Sampled++
			r.sampled += int64(len(raw))
		}
	}
	return nil
}

func (r *forecaster) count(p MemberForecast) {
	r.Members++
	if due := !p.Due.IsZero() && p.Skip != digest.ReasonNotDue; due && p.Due.Before(r.midnight) {
		r.Today++ // empty editions are planned, too
	}
	if !p.WouldSend() {
		r.Skipped[p.Skip]++
		return
	}
	r.Messages++
	r.Posts += p.Posts
	at := p.Due
	if at.Before(r.From) {
		at = r.From
	}
	at = at.UTC().Truncate(time.Hour)
	if r.hours[at] == nil {
		r.hours[at] = &Hour{At: at}
	}
	r.hours[at].Messages++
	r.hours[at].Posts += p.Posts
}

func (r *forecaster) finish() {
	for at := r.From.UTC().Truncate(time.Hour); at.Before(r.Until); at = at.Add(time.Hour) {
		if h := r.hours[at]; h != nil {
			r.Hours = append(r.Hours, *h)
		}
	}
	if r.Sampled > 0 {
		r.Bytes = r.sampled / int64(r.Sampled) * int64(r.Messages)
	}
}
