package daemon

import (
	"fmt"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"postrider/daemon/members"
	"postrider/digest"
	"postrider/forum"
	"postrider/internal/link"
)

const annaID = forum.MemberID(101)

// updatePreferences changes Anna's effective preferences as the settings page does.
func (w *world) updatePreferences(change func(*digest.Preferences), overrides ...members.WatchSetting) {
	w.Helper()
	service := members.New(w.source, w.store, w.set)
	a, err := service.Account(w.Context(), w.clock(), annaID)
	if err != nil {
		w.Fatal(err)
	}
	want := a.Effective
	schedule := *want.Schedule
	want.Schedule = &schedule
	change(&want)
	if err := service.UpdatePreferences(w.Context(), w.clock(), a, want, overrides); err != nil {
		w.Fatal(err)
	}
}

func unchanged(*digest.Preferences) {}

// lastMessage returns the last message to Anna.
func (w *world) lastMessage() (head netmail.Header, text, html string) {
	w.Helper()
	return w.lastMessageTo("anna")
}

func (w *world) lastMessageTo(name string) (head netmail.Header, text, html string) {
	w.Helper()
	for _, sent := range w.relay.messages() {
		if sent.to == address(name) {
			head, text, html = parseMessage(w, sent.raw)
		}
	}
	return head, text, html
}

func TestUpdatePreferences_ScheduleAppliesImmediately(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	w.setClock(4, "10:00")
	p := w.writePost(thread)
	w.updatePreferences(func(c *digest.Preferences) { c.Schedule.Hour = 19 })
	w.setClock(4, "18:59")
	w.round()
	w.wantMessages("anna")
	w.setClock(4, "19:00")
	w.round()
	w.wantMessages("anna", posts(p))
}

func TestUpdatePreferences_ZoneAppliesUntilForumChange(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	w.updatePreferences(func(c *digest.Preferences) { c.Zone = "America/New_York" })
	p := w.writePost(thread)
	w.setClock(4, "11:59")
	w.round()
	w.wantMessages("anna")
	w.setClock(4, "12:00") // eight in the morning in New York
	w.round()
	if _, text, _ := w.lastMessage(); !strings.Contains(text, "America/New_York") {
		t.Error("the message does not name the chosen zone")
	}
	w.wantMessages("anna", posts(p))

	w.execSQL(`UPDATE member SET zone = 'Asia/Tokyo' WHERE id = 101`) // a new choice, on the forum
	w.setClock(5, "13:00")
	q := w.writePost(thread)
	w.round()
	w.setClock(5, "23:00") // eight in Tokyo
	w.round()
	w.wantMessages("anna", posts(q))
	w.execSQL(`UPDATE member SET zone = 'UTC' WHERE id = 101`) // as at the time of the choice here
	w.setClock(5, "23:30")
	r := w.writePost(thread)
	w.round()
	w.setClock(7, "08:00") // by the clock of Tokyo, 6 May already had its edition
	w.round()
	w.wantMessages("anna", posts(r))
}

func TestUpdatePreferences_LanguageFormatAndExcerpt(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	long := strings.Repeat("A word and another one. ", 100)
	next := func(change func(*digest.Preferences)) (head netmail.Header, text, html string) {
		w.relay.forget()
		if change != nil {
			w.updatePreferences(change)
		}
		id := w.writePost(thread)
		w.execSQL(`UPDATE post SET body = ? WHERE id = ?`, long, id)
		w.setTime(w.clock().Add(24 * time.Hour))
		w.round()
		return w.lastMessage()
	}
	head, text, html := next(nil)
	short := strings.Count(text, "another")
	if html == "" || !strings.HasPrefix(head["Content-Type"][0], "multipart/alternative") || !strings.Contains(text, "Unsubscribe") {
		t.Errorf("without a choice: %s, %q", head["Content-Type"], text)
	}
	head, text, html = next(func(c *digest.Preferences) { c.Locale, c.Format, c.Excerpt = "de", digest.Text, 1000 })
	if html != "" || !strings.HasPrefix(head["Content-Type"][0], "text/plain") {
		t.Errorf("plain text only is %s with HTML %q", head["Content-Type"], html)
	}
	if !strings.Contains(text, "abbestellen") {
		t.Errorf("the message is not in German: %q", text)
	}
	if long := strings.Count(text, "another"); long < 3*short {
		t.Errorf("%d characters have %d words, 300 characters %d", 1000, long, short)
	}
}

func TestDigest_IncludesOwnPostsIfPreferred(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	own := func() forum.PostID {
		p := w.writePost(thread)
		w.execSQL(`UPDATE post SET author_id = 101, author_name = 'anna' WHERE id = ?`, p)
		return p
	}
	own()
	p := w.writePost(thread)
	w.setClock(5, "08:00")
	w.round()
	w.wantMessages("anna", posts(p))
	yes := true
	w.updatePreferences(func(c *digest.Preferences) { c.IncludeOwnPosts = &yes })
	q, r := own(), w.writePost(thread)
	w.setClock(6, "08:00")
	w.round()
	w.wantMessages("anna", posts(q, r))
}

func TestDigest_UnreadOnlyIfPreferred(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	read := func(p forum.PostID) {
		w.execSQL(`INSERT OR REPLACE INTO thread_read SELECT m.id, p.thread_id, p.posted_at + 1 FROM post p, member m WHERE p.id = ? AND m.id IN (101, 103)`, p)
	}
	yes := true
	w.updatePreferences(func(c *digest.Preferences) { c.UnreadOnly = &yes })
	p := w.writePost(thread)
	read(p)
	w.setClock(4, "12:00")
	q := w.writePost(thread)
	w.setClock(5, "08:00")
	w.round()
	w.wantMessages("anna", posts(q))
	w.wantMessages("carl", posts(p, q)) // Carl has the defaults
}

func TestPause_EndsWithOneCompleteDigest(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	w.setClock(4, "10:00")
	all := []forum.PostID{w.writePost(thread)}
	w.updatePreferences(func(c *digest.Preferences) { c.PausedUntil = time.Date(2026, 5, 8, 0, 0, 0, 0, time.UTC) })
	for day := 5; day < 8; day++ {
		w.setClock(day, "08:00")
		all = append(all, w.writePost(thread))
		w.round()
		w.wantMessages("anna")
	}
	w.setClock(8, "07:59")
	w.round()
	w.wantMessages("anna")
	w.setClock(8, "08:00")
	w.round()
	w.wantMessages("anna", all)
}

func TestPause_DelaysPlannedEdition(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	all := []forum.PostID{w.writePost(thread)}
	w.setClock(5, "08:00")
	w.prepare()
	w.updatePreferences(func(c *digest.Preferences) { c.PausedUntil = time.Date(2026, 5, 7, 0, 0, 0, 0, time.UTC) })
	w.deliver()
	w.wantMessages("anna")
	all = append(all, w.writePost(thread))
	w.setClock(7, "00:30")
	w.round()
	w.wantMessages("anna")
	w.setClock(7, "08:00")
	w.round()
	w.wantMessages("anna", all)
	w.setClock(8, "08:00")
	w.round()
	w.wantMessages("anna")
}

func TestPause_EndedEarlyAppliesImmediately(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	p := w.writePost(thread)
	w.setClock(5, "08:00")
	w.prepare()
	w.updatePreferences(func(c *digest.Preferences) { c.PausedUntil = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC) })
	w.deliver()
	w.setClock(5, "12:00")
	q := w.writePost(thread)
	w.updatePreferences(func(c *digest.Preferences) { c.PausedUntil = time.Time{} })
	w.setClock(6, "08:00")
	w.round()
	w.wantMessages("anna", posts(p, q))
}

func TestUpdatePreferences_DigestsOnAgainSkipBacklog(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	w.updatePreferences(func(c *digest.Preferences) { c.Schedule.Cadence = digest.Off })
	w.writePost(thread)
	w.setClock(6, "10:00")
	w.round()
	w.wantMessages("anna")
	w.updatePreferences(func(c *digest.Preferences) { c.Schedule.Cadence = digest.Daily })
	p := w.writePost(thread)
	w.setClock(7, "08:00")
	w.round()
	w.wantMessages("anna", posts(p))
}

func TestOverride_AppliesUntilWatchChanges(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change []string
		holds  bool
	}{
		"nothing changes":                      {nil, true},
		"the watch is removed":                 {[]string{`DELETE FROM thread_watch WHERE member_id = 101`}, true},
		"emails are turned on on the forum":    {[]string{`UPDATE thread_watch SET mail = 1 WHERE member_id = 101`}, false},
		"the watch is removed and added again": {[]string{`DELETE FROM thread_watch WHERE member_id = 101`, `INSERT INTO thread_watch SELECT 101, id, 0 FROM thread`}, false},
	} {
		w := newDailyWorld(t)
		thread := w.thread(routes)
		w.execSQL(`DELETE FROM section_watch WHERE member_id = 101`)
		w.execSQL(`INSERT INTO thread_watch VALUES (101, ?, 0)`, thread)
		w.round()
		w.updatePreferences(unchanged, members.WatchSetting{Thread: forum.ThreadID(thread), Override: digest.Off})
		for i, change := range tt.change {
			w.execSQL(change)
			w.setClock(4, fmt.Sprintf("1%d:00", i+1))
			w.round()
		}
		overrides, err := w.store.Preferences.Overrides(t.Context(), []forum.MemberID{annaID})
		if err != nil {
			t.Fatal(err)
		}
		if got := overrides[annaID].Threads[forum.ThreadID(thread)] == digest.Off; got != tt.holds {
			t.Errorf("%s: the override applies: %v, want %v", name, got, tt.holds)
		}
	}
}

func TestUpdatePreferences_RequestAfterForumOptOut(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	opt := func(in int) { w.execSQL(`UPDATE member SET wants_mail = ? WHERE id = 101`, in) }
	day := 4
	next := func(want bool) {
		t.Helper()
		p := w.writePost(thread)
		day++
		w.setClock(day, "08:00")
		w.round()
		if want {
			w.wantMessages("anna", posts(p))
		} else {
			w.wantMessages("anna")
		}
	}
	opt(0)
	next(false)
	w.updatePreferences(unchanged) // saving without changes is not a choice
	next(false)
	w.updatePreferences(func(c *digest.Preferences) {
		if c.Schedule.Cadence != digest.Off || c.Alerts != digest.NoAlerts || *c.Announcements {
			t.Errorf("preferences after an opt-out are %+v", c)
		}
		c.Schedule.Cadence = digest.Daily
	})
	next(true)
	opt(1)
	next(true)
	opt(0) // newer than the choice here
	next(false)
	w.updatePreferences(unchanged)
	next(false)
}

// chooseOnForum sets what Anna chose on the forum about its digests.
func (w *world) chooseOnForum(choice string) {
	w.Helper()
	w.execSQL(`INSERT OR REPLACE INTO digest_setting VALUES (101, ?)`, choice)
}

func TestDigest_FollowsTheChoiceOnTheForum(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t) // Monday, 4 May, 9:00
	thread := w.thread(tonight)
	w.chooseOnForum("weekly 7")
	w.round()
	p := w.writePost(thread)
	w.setClock(5, "08:00")
	w.round()
	w.wantMessages("anna")
	w.setClock(11, "07:00")
	w.round()
	w.wantMessages("anna", posts(p))

	w.chooseOnForum("off")
	w.writePost(thread)
	w.setClock(12, "08:00")
	w.round()
	w.setClock(18, "08:00")
	w.round()
	w.wantMessages("anna")

	w.chooseOnForum("daily") // starts from here
	w.round()
	q := w.writePost(thread)
	w.setClock(19, "08:00")
	w.round()
	w.wantMessages("anna", posts(q))
}

func TestDigest_OffOnTheForumAppliesToPlannedEdition(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	w.writePost(thread)
	w.setClock(5, "08:00")
	w.prepare()
	w.chooseOnForum("off")
	w.deliver()
	w.wantMessages("anna")
}

func TestUpdatePreferences_ScheduleAppliesUntilNewerChoiceOnTheForum(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	w.chooseOnForum("weekly")
	w.round()
	w.updatePreferences(func(c *digest.Preferences) {
		if c.Schedule.Cadence != digest.Weekly {
			t.Errorf("before a choice here, digests are %s", c.Schedule.Cadence)
		}
		c.Schedule.Cadence = digest.Daily
	})
	p := w.writePost(thread)
	w.setClock(5, "08:00")
	w.round()
	w.wantMessages("anna", posts(p))
	w.chooseOnForum("monthly")
	w.round()
	q := w.writePost(thread)
	w.setClock(6, "08:00")
	w.round()
	w.wantMessages("anna")
	w.chooseOnForum("weekly") // the choice here does not come back
	w.round()
	w.setClock(7, "08:00")
	w.round()
	w.wantMessages("anna")
	w.setClock(11, "08:00")
	w.round()
	w.wantMessages("anna", posts(q))
}

func TestUnsubscribe_OutlastsChoicesOnTheForum(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	w.round()
	service := members.New(w.source, w.store, w.set)
	undo, err := service.Unsubscribe(t.Context(), w.clock(), link.Claims{Scope: link.Digests, Member: int64(annaID)})
	if err != nil || undo == nil {
		t.Fatalf("Unsubscribe = %v, %v", undo, err)
	}
	for day, choice := range []string{"", "weekly", "daily", "off", "daily"} {
		w.chooseOnForum(choice)
		w.setClock(5+day, "07:00")
		w.writePost(thread)
		w.round()
		w.setClock(5+day, "08:00")
		w.round()
		w.wantMessages("anna")
	}
	if back, err := service.Undo(t.Context(), w.clock(), *undo); err != nil || !back {
		t.Fatalf("Undo = %t, %v", back, err)
	}
	w.round()
	p := w.writePost(thread)
	w.setClock(10, "08:00")
	w.round()
	w.wantMessages("anna", posts(p))
}

func TestUndo_OfAnEarlierMuteLeavesALaterOne(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	service := members.New(w.source, w.store, w.set)
	for scope, object := range map[link.Scope]int64{link.Thread: w.thread(tonight), link.Section: tonight} {
		grant := link.Claims{Scope: scope, Member: int64(annaID), Object: object}
		mute := func() members.UndoState {
			undo, err := service.Unsubscribe(t.Context(), w.clock(), grant)
			if err != nil || undo == nil {
				t.Fatalf("Unsubscribe = %v, %v", undo, err)
			}
			return *undo
		}
		first := mute()
		if back, err := service.Undo(t.Context(), w.clock(), first); err != nil || !back {
			t.Fatalf("Undo = %t, %v", back, err)
		}
		w.setTime(w.clock().Add(16 * 24 * time.Hour))
		second := mute()
		if back, err := service.Undo(t.Context(), w.clock(), first); err != nil || back {
			t.Errorf("undoing the first mute again = %t, %v", back, err)
		}
		if on, err := service.Subscribed(t.Context(), grant); err != nil || on {
			t.Errorf("subscribed after that: %t, %v", on, err)
		}
		if back, err := service.Undo(t.Context(), w.clock(), second); err != nil || !back {
			t.Errorf("undoing the second mute = %t, %v", back, err)
		}
	}
}

func TestSendNow_CoversOnlyWhatWasCheckedForAlerts(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	w.setClock(4, "10:00")
	w.round()
	p := w.writePost(thread)
	if err := w.daemon.main.scanner.scanAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	service := members.New(w.source, w.store, w.set)
	ask := func() members.SendNowResult {
		t.Helper()
		a, err := service.Account(t.Context(), w.clock(), annaID)
		if err != nil {
			t.Fatal(err)
		}
		demand, err := service.SendNow(t.Context(), w.clock(), a)
		if err != nil {
			t.Fatal(err)
		}
		return demand
	}
	if got := ask(); got != members.SendNowEmpty {
		t.Errorf("SendNow before the post was checked for alerts = %q, want %q", got, members.SendNowEmpty)
	}
	w.round()
	if got := ask(); got != members.SendNowQueued {
		t.Errorf("SendNow afterwards = %q, want %q", got, members.SendNowQueued)
	}
	w.round()
	w.wantMessages("anna", posts(p))
	if got := ask(); got == members.SendNowQueued {
		t.Error("SendNow again within the hour sent another digest")
	}
}

func TestNext_CountLeavesOutDeferredPosts(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread, weekly := w.thread(tonight), w.thread(tonight)
	w.setClock(4, "10:00")
	w.round()
	w.writePost(thread)
	w.writePost(weekly)
	w.round()
	if err := w.store.Preferences.SetOverride(t.Context(), w.clock(), annaID, 0, forum.ThreadID(weekly), digest.Weekly); err != nil {
		t.Fatal(err)
	}
	service := members.New(w.source, w.store, w.set)
	a, err := service.Account(t.Context(), w.clock(), annaID)
	if err != nil {
		t.Fatal(err)
	}
	next, err := service.Next(t.Context(), w.clock(), a)
	if err != nil || next.Posts != 1 {
		t.Errorf("Next counts %d posts (%v), want 1: the other thread is weekly", next.Posts, err)
	}
}

func TestOverride_RemovedReleasesDeferredPosts(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(*digest.Preferences)
		wish   digest.Cadence
		day    int // of May; 4 is a Monday
	}{
		"no change": {unchanged, digest.Weekly, 11},
		"all digests become weekly, on a Saturday": {func(c *digest.Preferences) { c.Schedule.Cadence, c.Schedule.Weekday = digest.Weekly, time.Saturday }, digest.Weekly, 9},
		"the section is in each digest again":      {unchanged, digest.WithDigest, 7},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newDailyWorld(t)
			w.setOverride(annaID, tonight, digest.Weekly)
			w.setClock(4, "10:00")
			p := w.writePost(w.thread(tonight))
			w.setClock(5, "08:00")
			w.round() // defers it
			w.setClock(6, "08:00")
			w.round()
			w.updatePreferences(tt.change, members.WatchSetting{Section: tonight, Override: tt.wish})
			w.wantMessages("anna")
			for day := 7; day < 14; day++ {
				w.setClock(day, "08:00")
				w.round()
				if day == tt.day {
					w.wantMessages("anna", posts(p))
				}
			}
			w.wantMessages("anna")
		})
	}
}

func TestDigest_UnreadOnlyIncludesPostApprovedAfterVisit(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	yes := true
	w.updatePreferences(func(c *digest.Preferences) { c.UnreadOnly = &yes })
	p := w.writePostAs(thread, "moderated")
	w.setClock(4, "12:00")
	w.round()
	w.visitThread(101, thread)
	w.setClock(4, "13:00")
	w.execSQL(`UPDATE post SET state = 'visible' WHERE id = ?`, p)
	w.round()
	w.setClock(5, "08:00")
	w.round()
	w.wantMessages("anna", posts(p))
}

func TestUpdatePreferences_ReleasesAlertsHeldForEarlierChoices(t *testing.T) {
	t.Parallel()
	yes := true
	quiet := func(from, until int) func(*digest.Preferences) {
		return func(c *digest.Preferences) { c.Quiet = &digest.QuietHours{From: from, Until: until} }
	}
	for name, tt := range map[string]struct {
		before func(*digest.Preferences)
		day    int
		change func(*digest.Preferences)
		dueDay int // 0: at once
		due    string
	}{
		"no quiet hours":      {quiet(9, 20), 4, quiet(0, 0), 0, ""},
		"shorter quiet hours": {quiet(9, 20), 4, quiet(9, 12), 4, "12:00"},
		"another zone":        {quiet(9, 20), 4, func(c *digest.Preferences) { c.Zone = "America/New_York" }, 0, ""}, // 6:00 there
		"another hour, for weekends": {func(c *digest.Preferences) { c.WeekendsOff = &yes }, 10, func(c *digest.Preferences) {
			c.Schedule.Hour = 6
		}, 11, "06:00"},
		"a zone where it is Monday": {func(c *digest.Preferences) { c.WeekendsOff = &yes }, 10, func(c *digest.Preferences) {
			c.Zone, c.Schedule.Hour = "Pacific/Kiritimati", 0
		}, 0, ""},
	} {
		w := newAlertWorld(t)
		w.updatePreferences(tt.before)
		w.setClock(tt.day, "10:00")
		w.round()
		w.relay.forget()
		p := w.writePost(w.thread(tonight))
		w.round()
		w.setClock(tt.day, "10:05")
		w.round()
		w.wantAlerts("anna")
		w.updatePreferences(tt.change)
		w.round()
		if tt.dueDay != 0 {
			w.wantAlerts("anna")
			w.setClock(tt.dueDay, tt.due)
			w.round()
		}
		if got := w.postsInMessages(); !got[p] {
			t.Errorf("%s: Anna got %v, want %d", name, got, p)
		}
	}
}
