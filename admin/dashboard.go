package admin

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"postrider/alarm"
	"postrider/digest"
	"postrider/store"
	"postrider/web"
)

// dashboardView is the data of the template "admin/dashboard".
type dashboardView struct {
	pageFrame
	Alarms     []activeAlarm
	LastHour   store.RunDay // results of the rounds of the last hour
	Today      store.RunDay // since midnight, UTC
	Due        int          // number of members whose digest is due
	Forecast   chart        // digests due in the coming hours
	Unsettled  []store.PendingCount
	Pending    int // messages ready to send
	Later      int // messages that wait for their time, in the queue or not in it yet
	Unqueued   []unqueued
	Days       []store.RunDay
	Charts     []chart // of Days
	Components []component
	Runs       []store.RoundRecord
	Pause      store.Pause
	Untrusted  string // a proxy that should be trusted; empty: none
}

// activeAlarm is an active alarm.
type activeAlarm struct {
	Kind, Object, Detail string
	Since                time.Time
}

// Table returns the configuration table of the relay that an alarm about a relay is about.
func (a activeAlarm) Table() string { return store.RelayTable(a.Object) }

// NamesRelay reports whether the alarm is about another relay than that of [smtp].
func (a activeAlarm) NamesRelay() bool {
	return a.Object != "" && slices.Contains([]alarm.Kind{alarm.Relay, alarm.Auth, alarm.Quota}, alarm.Kind(a.Kind))
}

const (
	// historyDays is how many days the charts show: records of rounds are kept as long.
	historyDays = 30
	// forecastHours is how many hours the forecast shows.
	forecastHours = 24
	// maxRounds is how many rounds are listed.
	maxRounds = 12
)

func (s *Server) dashboardPage() page {
	now := time.Now()
	full := dashboardView{
		pageFrame: s.samplePageFrame(homePage), Today: store.RunDay{Sent: 1}, Due: 1, Forecast: newChart("due", hoursFrom(now), make([]int, forecastHours)), Pending: 2, Later: 3, Unqueued: []unqueued{{ID: 1, Title: "A title", Reason: digest.RestScheduled, Members: 2, Next: now}},
		Unsettled: []store.PendingCount{{Count: store.Count{Kind: "digest", State: "queued", Messages: 1}, Next: now}}, Days: []store.RunDay{{Day: now, Sent: 1}},
		Charts: charts([]store.RunDay{{Day: now, Sent: 1, Skipped: 2, Refused: 3}}), Runs: []store.RoundRecord{{Began: now, Tick: "editions", Error: "a fault"}},
		Pause: store.Pause{Since: now, Reason: "a reason"}, Untrusted: "127.0.0.1",
	}
	for _, kind := range alarm.Kinds {
		full.Alarms = append(full.Alarms, activeAlarm{Kind: string(kind), Object: "a.example", Since: now, Detail: "a detail"})
	}
	for _, name := range componentNames() {
		full.Components = append(full.Components, component{Name: name, Error: "a fault", At: now}, component{Name: name, Healthy: true, FreeMB: 1}, component{Name: name})
	}
	empty := dashboardView{Forecast: newChart("due", hoursFrom(now), make([]int, forecastHours)), Charts: charts(make([]store.RunDay, historyDays))}
	return page{
		name: homePage,
		routes: map[string]web.Methods{
			"/{$}":    {http.MethodGet: s.requireLogin(s.dashboard)},
			"/pause":  {http.MethodPost: s.requireLoginAndToken(s.pause)},
			"/resume": {http.MethodPost: s.requireLoginAndToken(s.resume)},
		},
		doneWords: []string{"delivery_paused", "delivery_resumed"},
		samples:   []sample{{homePage, full}, {homePage, empty}},
	}
}

// dashboard shows what the daemon is doing.
func (s *Server) dashboard(v *request) {
	view := dashboardView{pageFrame: v.newPageFrame(homePage)}
	for _, read := range []func(*request, *dashboardView) error{s.readAlarms, s.readForecast, s.readUnqueued, s.readRuns, s.readPause, s.readProxy} {
		if err := read(v, &view); err != nil {
			v.serverError(err)
			return
		}
	}
	view.Components = s.components(v)
	v.render(http.StatusOK, homePage, view)
}

func (s *Server) readAlarms(v *request, view *dashboardView) error {
	list, err := s.Store.Alarms.All(v.r.Context())
	for _, a := range list {
		if a.Active() {
			kind, object, _ := strings.Cut(a.Key, " ")
			view.Alarms = append(view.Alarms, activeAlarm{kind, object, a.Detail, v.local(a.Since)})
		}
	}
	return err
}

// readForecast loads what is waiting and what comes due.
func (s *Server) readForecast(v *request, view *dashboardView) error {
	ctx, now := v.r.Context(), s.Now()
	due, coming, err := s.Store.Subscribers.DueHours(ctx, now, forecastHours)
	if err != nil {
		return err
	}
	view.Due, view.Forecast = due, newChart("due", hoursFrom(v.local(now)), coming)
	if view.Pending, err = s.Store.Queue.Waiting(ctx, now); err != nil {
		return err
	}
	view.Unsettled, err = s.Store.Queue.PendingMessages(ctx)
	for i, c := range view.Unsettled {
		view.Unsettled[i].Next = v.local(c.Next)
		if c.State != "leased" {
			view.Later += c.Messages
		}
	}
	view.Later = max(0, view.Later-view.Pending) // the queue may change between the two counts
	return err
}

// hoursFrom returns the coming hours.
func hoursFrom(now time.Time) []time.Time {
	var list []time.Time
	for i := range forecastHours {
		list = append(list, now.Add(time.Duration(i)*time.Hour))
	}
	return list
}

// readRuns loads the results of rounds.
func (s *Server) readRuns(v *request, view *dashboardView) error {
	ctx, now := v.r.Context(), s.Now()
	today := now.UTC().Truncate(24 * time.Hour)
	done, err := s.Store.Rounds.ByDay(ctx, today.AddDate(0, 0, 1-historyDays))
	if err != nil {
		return err
	}
	for i := range historyDays {
		view.Days = append(view.Days, store.RunDay{Day: today.AddDate(0, 0, i+1-historyDays)})
	}
	for _, d := range done {
		if i := int(d.Day.Sub(view.Days[0].Day) / (24 * time.Hour)); i >= 0 && i < historyDays {
			view.Days[i] = d
		}
	}
	view.Today, view.Charts = view.Days[historyDays-1], charts(view.Days)
	hour, err := s.Store.Rounds.ByDay(ctx, now.Add(-time.Hour))
	if err != nil {
		return err
	}
	for _, d := range hour { // two days, if it spans midnight
		view.LastHour.Sent, view.LastHour.Skipped, view.LastHour.Refused = view.LastHour.Sent+d.Sent, view.LastHour.Skipped+d.Skipped, view.LastHour.Refused+d.Refused
	}
	view.Runs, err = s.Store.Rounds.List(ctx, today.AddDate(0, 0, 1-historyDays), maxRounds)
	for i, r := range view.Runs {
		view.Runs[i].Began = v.local(r.Began)
	}
	return err
}

// charts draws the results of days.
func charts(days []store.RunDay) []chart {
	var at []time.Time
	var sent, skipped, refused []int
	for _, d := range days {
		at, sent, skipped, refused = append(at, d.Day), append(sent, d.Sent), append(skipped, d.Skipped), append(refused, d.Refused)
	}
	return []chart{newChart("sent", at, sent), newChart("skipped", at, skipped), newChart("rejected", at, refused)}
}

func (s *Server) readPause(v *request, view *dashboardView) error {
	pause, _, err := s.Store.Queue.Paused(v.r.Context())
	view.Pause = store.Pause{Since: v.local(pause.Since), Reason: pause.Reason}
	return err
}

func (s *Server) readProxy(v *request, view *dashboardView) error {
	p, found, err := web.LastUntrustedProxy(v.r.Context(), s.Store.Values, s.Proxies, time.Now())
	if found {
		view.Untrusted = p.Addr.String()
	}
	return err
}

// pause pauses all delivery.
func (s *Server) pause(v *request) {
	reason := strings.TrimSpace(v.r.PostForm.Get("reason"))
	if _, err := s.Store.Queue.Pause(v.r.Context(), s.Now(), reason); err != nil {
		v.serverError(err)
		return
	}
	v.redirectDone("/", "delivery_paused", 0, auditAction{"pause", "delivery", reason})
}

// resume resumes delivery.
func (s *Server) resume(v *request) {
	if _, err := s.Store.Queue.Resume(v.r.Context()); err != nil {
		v.serverError(err)
		return
	}
	s.Wake()
	v.redirectDone("/", "delivery_resumed", 0, auditAction{"resume", "delivery", ""})
}

// withShortTimeout limits a check of another machine: while the page waits it shows nothing.
func withShortTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, 3*time.Second)
}
