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
	top
	Alarms []alarmRow
	Now    store.RunDay // what rounds of the last hour did
	Today  store.RunDay // since midnight, UTC
	Due    int          // members whose digests are due
	Coming chart        // whose digests come due in the next hours
	Open   []store.OpenCount
	Waits  int // mails that may go
	Days   []store.RunDay
	Charts []chart // of Days
	Parts  []part
	Runs   []store.Run
	Pause  store.Pause
}

// alarmRow is an alarm that stands.
type alarmRow struct {
	Kind, Object, Detail string
	Since                time.Time
}

const (
	// lookBack is how many days are drawn: rounds are remembered for as long.
	lookBack = 30
	// lookAhead is for how many hours who comes due is drawn.
	lookAhead = 24
	// newestRuns is how many rounds are listed.
	newestRuns = 12
)

func (s *Server) todayPage() page {
	now := time.Now()
	full := todayView{
		top: s.sampleTop(home), Today: store.RunDay{Sent: 1}, Due: 1, Coming: newChart("due", hoursFrom(now), make([]int, lookAhead)), Waits: 2,
		Open: []store.OpenCount{{Count: store.Count{Kind: "digest", State: "queued", Mails: 1}, Next: now}}, Days: []store.RunDay{{Day: now, Sent: 1}},
		Charts: charts([]store.RunDay{{Day: now, Sent: 1, Skipped: 2, Refused: 3}}), Runs: []store.Run{{Began: now, Tick: "editions", Fault: "a fault"}},
		Pause: store.Pause{Since: now, Reason: "a reason"},
	}
	for _, kind := range alarm.Kinds {
		full.Alarms = append(full.Alarms, alarmRow{Kind: string(kind), Object: "a.example", Since: now, Detail: "a detail"})
	}
	for _, name := range partNames() {
		full.Parts = append(full.Parts, part{Name: name, Fault: "a fault", At: now}, part{Name: name, Well: true, Room: 1}, part{Name: name})
	}
	empty := todayView{Coming: newChart("due", hoursFrom(now), make([]int, lookAhead)), Charts: charts(make([]store.RunDay, lookBack))}
	return page{
		name: home,
		routes: map[string]web.Methods{
			"/{$}":    {http.MethodGet: s.see(s.today)},
			"/pause":  {http.MethodPost: s.change(s.pause)},
			"/resume": {http.MethodPost: s.change(s.resume)},
		},
		words:   []string{"delivery_paused", "delivery_resumed"},
		samples: []sample{{home, full}, {home, empty}},
	}
}

// today shows what the daemon does.
func (s *Server) today(v *visit) {
	view := todayView{top: v.top(home)}
	for _, read := range []func(*visit, *todayView) error{s.readAlarms, s.readComing, s.readRuns, s.readPause} {
		if err := read(v, &view); err != nil {
			v.fault(err)
			return
		}
	}
	view.Parts = s.parts(v)
	v.show(http.StatusOK, home, view)
}

func (s *Server) readAlarms(v *visit, view *todayView) error {
	list, err := s.Store.Alarms(v.r.Context())
	for _, a := range list {
		if a.Stands() {
			kind, object, _ := strings.Cut(a.Key, " ")
			view.Alarms = append(view.Alarms, alarmRow{kind, object, a.Detail, v.local(a.Since)})
		}
	}
	return err
}

// readComing reads what waits and what comes.
func (s *Server) readComing(v *visit, view *todayView) error {
	ctx, now := v.r.Context(), s.Now()
	due, coming, err := s.Store.DueHours(ctx, now, lookAhead)
	if err != nil {
		return err
	}
	view.Due, view.Coming = due, newChart("due", hoursFrom(v.local(now)), coming)
	if view.Waits, err = s.Store.Waiting(ctx, now); err != nil {
		return err
	}
	view.Open, err = s.Store.OpenMails(ctx)
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
func (s *Server) readRuns(v *visit, view *todayView) error {
	ctx, now := v.r.Context(), s.Now()
	today := now.UTC().Truncate(24 * time.Hour)
	done, err := s.Store.RunDays(ctx, today.AddDate(0, 0, 1-lookBack))
	if err != nil {
		return err
	}
	for i := range lookBack {
		view.Days = append(view.Days, store.RunDay{Day: today.AddDate(0, 0, i+1-lookBack)})
	}
	for _, d := range done {
		if i := int(d.Day.Sub(view.Days[0].Day) / (24 * time.Hour)); i >= 0 && i < lookBack {
			view.Days[i] = d
		}
	}
	view.Today, view.Charts = view.Days[lookBack-1], charts(view.Days)
	hour, err := s.Store.RunDays(ctx, now.Add(-time.Hour))
	if err != nil {
		return err
	}
	for _, d := range hour { // two, if it spans midnight
		view.Now.Sent, view.Now.Skipped, view.Now.Refused = view.Now.Sent+d.Sent, view.Now.Skipped+d.Skipped, view.Now.Refused+d.Refused
	}
	view.Runs, err = s.Store.Runs(ctx, today.AddDate(0, 0, 1-lookBack), newestRuns)
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

func (s *Server) readPause(v *visit, view *todayView) error {
	pause, _, err := s.Store.Paused(v.r.Context())
	view.Pause = store.Pause{Since: v.local(pause.Since), Reason: pause.Reason}
	return err
}

// pause stops delivery everywhere.
func (s *Server) pause(v *visit) {
	reason := strings.TrimSpace(v.r.PostForm.Get("reason"))
	if _, err := s.Store.Pause(v.r.Context(), s.Now(), reason); err != nil {
		v.fault(err)
		return
	}
	v.done("/", "delivery_paused", 0, deed{"pause", "delivery", reason})
}

// resume lets delivery go on.
func (s *Server) resume(v *visit) {
	if _, err := s.Store.Resume(v.r.Context()); err != nil {
		v.fault(err)
		return
	}
	s.Wake()
	v.done("/", "delivery_resumed", 0, deed{"resume", "delivery", ""})
}

// limited gives a question to another machine little time: a page that waits tells nothing.
func limited(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, 3*time.Second)
}
