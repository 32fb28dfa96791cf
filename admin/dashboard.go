package admin

import (
	"context"
	"net/http"
	"strings"
	"time"

	"postrider/alarm"
	"postrider/store"
	"postrider/web"
)

// todayView is what the template "admin/dashboard" is given.
type todayView struct {
	pageFrame
	Alarms  []alarmRow
	Now     store.RunDay // what rounds of the last hour did
	Today   store.RunDay // since midnight, UTC
	Due     int          // members whose digests are due
	Coming  chart        // whose digests come due in the next hours
	Open    []store.PendingCount
	Pending int // mails that may go
	Days    []store.RunDay
	Charts  []chart // of Days
	Parts   []component
	Runs    []store.RoundRecord
	Pause   store.Pause
}

// alarmRow is an alarm that stands.
type alarmRow struct {
	Kind, Object, Detail string
	Since                time.Time
}

const (
	// historyDays is how many days are drawn: rounds are remembered for as long.
	historyDays = 30
	// lookAhead is for how many hours who comes due is drawn.
	lookAhead = 24
	// newestRuns is how many rounds are listed.
	newestRuns = 12
)

func (s *Server) todayPage() page {
	now := time.Now()
	full := todayView{
		pageFrame: s.sampleTop(homePage), Today: store.RunDay{Sent: 1}, Due: 1, Coming: newChart("due", hoursFrom(now), make([]int, lookAhead)), Pending: 2,
		Open: []store.PendingCount{{Count: store.Count{Kind: "digest", State: "queued", Mails: 1}, Next: now}}, Days: []store.RunDay{{Day: now, Sent: 1}},
		Charts: charts([]store.RunDay{{Day: now, Sent: 1, Skipped: 2, Refused: 3}}), Runs: []store.RoundRecord{{Began: now, Tick: "editions", Error: "a fault"}},
		Pause: store.Pause{Since: now, Reason: "a reason"},
	}
	for _, kind := range alarm.Kinds {
		full.Alarms = append(full.Alarms, alarmRow{Kind: string(kind), Object: "a.example", Since: now, Detail: "a detail"})
	}
	for _, name := range partNames() {
		full.Parts = append(full.Parts, component{Name: name, Fault: "a fault", At: now}, component{Name: name, Healthy: true, Room: 1}, component{Name: name})
	}
	empty := todayView{Coming: newChart("due", hoursFrom(now), make([]int, lookAhead)), Charts: charts(make([]store.RunDay, historyDays))}
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

// dashboard shows what the daemon does.
func (s *Server) dashboard(v *request) {
	view := todayView{pageFrame: v.newPageFrame(homePage)}
	for _, read := range []func(*request, *todayView) error{s.readAlarms, s.readComing, s.readRuns, s.readPause} {
		if err := read(v, &view); err != nil {
			v.serverError(err)
			return
		}
	}
	view.Parts = s.parts(v)
	v.render(http.StatusOK, homePage, view)
}

func (s *Server) readAlarms(v *request, view *todayView) error {
	list, err := s.Store.Alarms.All(v.r.Context())
	for _, a := range list {
		if a.Active() {
			kind, object, _ := strings.Cut(a.Key, " ")
			view.Alarms = append(view.Alarms, alarmRow{kind, object, a.Detail, v.local(a.Since)})
		}
	}
	return err
}

// readComing reads what waits and what comes.
func (s *Server) readComing(v *request, view *todayView) error {
	ctx, now := v.r.Context(), s.Now()
	due, coming, err := s.Store.Subscribers.DueHours(ctx, now, lookAhead)
	if err != nil {
		return err
	}
	view.Due, view.Coming = due, newChart("due", hoursFrom(v.local(now)), coming)
	if view.Pending, err = s.Store.Queue.Waiting(ctx, now); err != nil {
		return err
	}
	view.Open, err = s.Store.Queue.PendingMessages(ctx)
	for i, c := range view.Open {
		view.Open[i].Next = v.local(c.Next)
	}
	return err
}

// hoursFrom are the hours that begin now.
func hoursFrom(now time.Time) []time.Time {
	var list []time.Time
	for i := range lookAhead {
		list = append(list, now.Add(time.Duration(i)*time.Hour))
	}
	return list
}

// readRuns reads what rounds did.
func (s *Server) readRuns(v *request, view *todayView) error {
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
	for _, d := range hour { // two, if it spans midnight
		view.Now.Sent, view.Now.Skipped, view.Now.Refused = view.Now.Sent+d.Sent, view.Now.Skipped+d.Skipped, view.Now.Refused+d.Refused
	}
	view.Runs, err = s.Store.Rounds.List(ctx, today.AddDate(0, 0, 1-historyDays), newestRuns)
	for i, r := range view.Runs {
		view.Runs[i].Began = v.local(r.Began)
	}
	return err
}

// charts draws what was done on days.
func charts(days []store.RunDay) []chart {
	var at []time.Time
	var sent, skipped, refused []int
	for _, d := range days {
		at, sent, skipped, refused = append(at, d.Day), append(sent, d.Sent), append(skipped, d.Skipped), append(refused, d.Refused)
	}
	return []chart{newChart("sent", at, sent), newChart("skipped", at, skipped), newChart("rejected", at, refused)}
}

func (s *Server) readPause(v *request, view *todayView) error {
	pause, _, err := s.Store.Queue.Paused(v.r.Context())
	view.Pause = store.Pause{Since: v.local(pause.Since), Reason: pause.Reason}
	return err
}

// pause stops delivery everywhere.
func (s *Server) pause(v *request) {
	reason := strings.TrimSpace(v.r.PostForm.Get("reason"))
	if _, err := s.Store.Queue.Pause(v.r.Context(), s.Now(), reason); err != nil {
		v.serverError(err)
		return
	}
	v.redirectDone("/", "delivery_paused", 0, auditAction{"pause", "delivery", reason})
}

// resume lets delivery go on.
func (s *Server) resume(v *request) {
	if _, err := s.Store.Queue.Resume(v.r.Context()); err != nil {
		v.serverError(err)
		return
	}
	s.Wake()
	v.redirectDone("/", "delivery_resumed", 0, auditAction{"resume", "delivery", ""})
}

// withShortTimeout gives a question to another machine little time: a page that waits tells nothing.
func withShortTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, 3*time.Second)
}
