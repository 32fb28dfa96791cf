package daemon

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/source"
	"postrider/store"
)

// openThread opens a thread now, and returns it and its first post.
func (w *world) openThread(section int) (thread int64, p forum.PostID) {
	w.Helper()
	thread, id := w.queryInt(`SELECT COALESCE(MAX(id), 0) + 1 FROM thread`), w.next()
	w.execSQL(`INSERT INTO thread VALUES (?, ?, ?, ?, 'Kate', ?, ?, 'visible', NULL)`, thread, section, fmt.Sprintf("Thread %d", thread), writer, w.clock().Unix(), id)
	return thread, w.writePost(thread)
}

// wantOneMessage checks that a member got a single message since the last call, and that it has these posts, in any order.
func (w *world) wantOneMessage(name string, want []forum.PostID) {
	w.Helper()
	messages := w.relay.withdraw(address(name))
	if len(messages) != 1 {
		w.Fatalf("%s: %s got %d messages, want one", w.clock().Format("2 Jan 15:04"), name, len(messages))
	}
	_, text, _ := parseMessage(w, messages[0].raw)
	got := postNumbers(text)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		w.Errorf("%s: %s got a message with posts %v, want %v", w.clock().Format("2 Jan 15:04"), name, got, want)
	}
}

// postDuringOutage writes a post in each of several threads at intervals, without a daemon.
func (w *world) postDuringOutage(posts int, every time.Duration) (list []forum.PostID) {
	w.Helper()
	for range posts {
		list = append(list, w.writePost(w.thread(tonight)))
		w.setTime(w.clock().Add(every))
	}
	return list
}

func (w *world) wantNothingMoreFor(names ...string) {
	w.Helper()
	w.advanceClock(5 * time.Minute)
	for day := 6; day < 21; day++ {
		w.setClock(day, "08:00")
		w.round()
	}
	for _, name := range names {
		w.wantAlerts(name)
	}
}

func TestLateAlerts_OutageEndsWithOneDigest(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	p := w.postDuringOutage(17, 80*time.Minute)
	w.setClock(5, "09:00")
	quoted := w.writeText(w.thread(routes), writer, "[USER=101]@anna[/USER], look.") // not watched
	w.setClock(5, "10:30")
	w.round()
	w.wantOneMessage("anna", append(p, quoted))
	w.wantNothingMoreFor("anna")
}

func TestLateAlerts_OutageEndsWithOneAlert(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.setPreferences(101, digest.Preferences{Schedule: &digest.Schedule{Cadence: digest.Off}})
	w.round()
	p := w.postDuringOutage(17, 75*time.Minute)
	w.setClock(5, "09:00")
	w.round()
	w.wantOneMessage("anna", p)
	w.wantNothingMoreFor("anna")
}

func TestLateAlerts_DigestDueSoonReplacesAlert(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.setClock(5, "05:00")
	p := w.postDuringOutage(2, time.Minute)
	w.setClock(5, "07:05")
	w.round()
	w.wantAlerts("anna")
	w.setClock(5, "08:00")
	w.round()
	w.wantOneMessage("anna", p)
	w.wantNothingMoreFor("anna")
}

func TestLateAlerts_RecentAndApprovedPostsKeepTheirAlerts(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	approved := w.writePostAs(w.thread(tonight), "moderated")
	w.round()
	late := w.postDuringOutage(3, time.Hour)
	w.execSQL(`UPDATE post SET state = 'visible' WHERE id = ?`, approved)
	w.setClock(4, "14:00")
	fresh := w.writePost(w.thread(tonight))
	w.advanceClock(time.Minute)
	w.advanceClock(time.Minute)
	got := w.relay.withdraw(address("anna"))
	if len(got) != 3 {
		t.Fatalf("Anna got %d messages, want one with the late posts and two others", len(got))
	}
	var counts [][]forum.PostID
	for _, m := range got {
		_, text, _ := parseMessage(t, m.raw)
		counts = append(counts, postNumbers(text))
	}
	slices.SortFunc(counts, slices.Compare)
	if want := [][]forum.PostID{posts(approved), late, posts(fresh)}; fmt.Sprint(counts) != fmt.Sprint(want) {
		t.Errorf("Anna got alerts with posts %v, want %v", counts, want)
	}
	w.wantNothingMoreFor("anna")
}

func TestAlert_NewThreadsOfSectionJoin(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]time.Duration{"scanned together": 0, "scanned one by one": 4 * time.Second} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newAlertWorld(t)
			var all []forum.PostID
			for i := range 30 {
				thread, p := w.openThread(tonight)
				if all = append(all, p); i == 15 {
					all = append(all, w.writePost(thread))
				}
				w.setTime(w.clock().Add(4 * time.Second))
				if step != 0 {
					w.round()
				}
			}
			w.wantAlerts("anna")
			w.advanceClock(time.Minute)
			w.wantOneMessage("anna", all)
			other, p := w.openThread(tonight)
			w.advanceClock(time.Minute)
			w.wantAlerts("anna", posts(p))
			w.visitThread(101, other)
			w.wantNothingMoreFor("anna")
		})
	}
}

func TestLateWindow_WaitsForNewPostsOfTheirThreads(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	now := w.clock()
	ap, alerts := w.daemon.main.alerts, w.set.Alerts
	old := digest.AlertItem{Post: 1, PostedAt: now.Add(-2 * time.Hour)}
	recent := digest.AlertItem{Post: 2, PostedAt: now.Add(-10 * time.Second)}
	for _, tt := range []struct {
		items []digest.AlertItem
		want  time.Time
	}{
		{[]digest.AlertItem{old}, now},
		{[]digest.AlertItem{recent, old}, recent.PostedAt.Add(alerts.Debounce)},
	} {
		notBefore, most := ap.bundleWindow(tt.items, now)
		if !notBefore.Equal(tt.want) || !most.Equal(now.Add(alerts.DebounceMax)) {
			t.Errorf("of %d items the window is %s to %s, want %s to %s", len(tt.items), notBefore, most, tt.want, now.Add(alerts.DebounceMax))
		}
	}
}

func TestAlertDeadline_IsAnHourOrTheEndOfQuietHours(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	ap := w.daemon.main.alerts
	sub := store.Subscriber{ID: 101, Zone: "UTC"}
	at := func(day int, clock string) time.Time { w.setClock(day, clock); return w.clock() }
	for _, tt := range []struct {
		now, want time.Time
		quiet     *digest.QuietHours
	}{
		{at(4, "23:00"), at(5, "00:00"), nil},
		{at(4, "23:00"), at(5, "07:00"), &digest.QuietHours{From: 22, Until: 7}},
		{at(5, "06:30"), at(5, "07:30"), &digest.QuietHours{From: 22, Until: 7}}, // they end sooner than an hour
		{at(5, "12:00"), at(5, "13:00"), &digest.QuietHours{From: 22, Until: 7}},
	} {
		if got := ap.alertDeadline(sub, digest.Preferences{Quiet: tt.quiet}, tt.now); !got.Equal(tt.want) {
			t.Errorf("at %s with quiet hours %v the deadline is %s, want %s", tt.now, tt.quiet, got, tt.want)
		}
	}
}

func TestDigestsBeforeAlerts_OnlyOfThoseWhoGetOneSoon(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.set.AwaitSlot = true
	w.restart()
	w.member(106, "fay", passenger, tonight)
	w.member(107, "gus", passenger, tonight)
	w.setPreferences(106, digest.Preferences{PausedUntil: w.clock().AddDate(0, 0, 9)})
	w.setPreferences(107, digest.Preferences{Schedule: &digest.Schedule{Cadence: digest.Off}})
	w.execSQL(`UPDATE member SET wants_mail = 0 WHERE id = 103`)
	w.round()
	w.round()                                 // by now the schedules of all are known
	w.member(105, "emil", passenger, tonight) // new: no sync knows them yet
	for clock, want := range map[string][]forum.MemberID{
		"06:59": nil, "07:00": {101, 105}, "07:59": {101, 105},
		"08:30": {101}, // Anna's digest is due since 8:00, Emil's next one is tomorrow
	} {
		w.setClock(5, clock)
		now := w.clock()
		var got []forum.MemberID
		err := w.daemon.Forum.Read(t.Context(), func(s *source.Snapshot) error {
			before, err := w.daemon.main.alerts.digestsBeforeAlerts(t.Context(), s, []forum.MemberID{101, 103, 104, 105, 106, 107}, now)
			for id, first := range before {
				if first {
					got = append(got, id)
				}
			}
			return err
		})
		slices.Sort(got)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("at %s digests come before the alerts of %v (%v), want %v", clock, got, err, want)
		}
	}
}
