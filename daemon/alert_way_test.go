package daemon

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/mail"
	"postrider/store"
)

// reasons lists why a member's alerts came to nothing, in their order.
func (w *world) reasons(member forum.MemberID) []string {
	w.Helper()
	var list []string
	for _, o := range w.outcomes(member) {
		if o.Kind == store.KindAlert && o.Result != store.StateAccepted {
			list = append(list, o.Reason)
		}
	}
	return list
}

// wish notes how a member wants to hear of a section.
func (w *world) wish(member forum.MemberID, section forum.SectionID, c digest.Cadence) {
	w.Helper()
	if err := w.store.Preferences.SetOverride(w.Context(), w.clock(), member, section, 0, c); err != nil {
		w.Fatal(err)
	}
}

// choose saves what a member has chosen.
func (w *world) choose(member forum.MemberID, c digest.Preferences) {
	w.Helper()
	if err := w.store.Preferences.Save(w.Context(), w.clock(), member, c); err != nil {
		w.Fatal(err)
	}
}

func TestWhatChangesWhileAnAlertSettlesChangesIt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(w *world, thread int64, p forum.PostID)
		reason string // "": it goes out
		digest bool   // the next edition brings it
	}{
		{"the post is edited", func(w *world, _ int64, p forum.PostID) {
			w.sql(`UPDATE post SET body = 'Mended.', edited_at = 1 WHERE id = ?`, p)
		}, "", false},
		{"the post is deleted", func(w *world, _ int64, p forum.PostID) { w.sql(`UPDATE post SET state = 'deleted' WHERE id = ?`, p) }, "post deleted", false},
		{"the post is gone", func(w *world, _ int64, p forum.PostID) { w.sql(`DELETE FROM post WHERE id = ?`, p) }, "permanently deleted", false},
		{"the thread is deleted", func(w *world, thread int64, _ forum.PostID) {
			w.sql(`UPDATE thread SET state = 'deleted' WHERE id = ?`, thread)
		}, "thread deleted", false},
		{"the thread is moved out of his sight", func(w *world, thread int64, _ forum.PostID) {
			w.sql(`UPDATE thread SET section_id = ? WHERE id = ?`, guardsvan, thread)
		}, "not readable", false},
		{"his right is taken", func(w *world, _ int64, _ forum.PostID) { w.sql(`DELETE FROM permission WHERE section_id = ?`, tonight) }, "not readable", false},
		{"he is banned", func(w *world, _ int64, _ forum.PostID) { w.sql(`UPDATE member SET state = 'banned' WHERE id = 101`) }, "banned", false},
		{"he has no account any more", func(w *world, _ int64, _ forum.PostID) { w.sql(`DELETE FROM member WHERE id = 101`) }, reasonMemberDeleted, false},
		{"he opts out of all mail", func(w *world, _ int64, _ forum.PostID) { w.sql(`UPDATE member SET wants_mail = 0 WHERE id = 101`) }, "opted out", false},
		{"he ignores the author", func(w *world, _ int64, _ forum.PostID) { w.sql(`INSERT INTO ignored VALUES (101, ?)`, writer) }, "author ignored", false},
		{"he reads it on the site", func(w *world, thread int64, _ forum.PostID) { w.visit(101, thread) }, "already read on the site", false},
		{"he ends his watch", func(w *world, _ int64, _ forum.PostID) { w.sql(`DELETE FROM section_watch`) }, "not watched", false},
		{"he wants no mail of his watch", func(w *world, _ int64, _ forum.PostID) { w.sql(`UPDATE section_watch SET mail = 0`) }, string(digest.ReasonLeftToDigest), true},
		{"he mutes the section", func(w *world, _ int64, _ forum.PostID) { w.wish(101, tonight, digest.Off) }, "muted", false},
		{"he wants the section with his digest", func(w *world, _ int64, _ forum.PostID) { w.wish(101, tonight, digest.WithDigest) }, string(digest.ReasonLeftToDigest), true},
		{"he ends his alerts", func(w *world, _ int64, _ forum.PostID) {
			if err := w.store.Preferences.UnsubscribeKind(t.Context(), w.clock(), 101, store.KindAlert); err != nil {
				t.Fatal(err)
			}
		}, reasonAlertsOff, true},
		{"he pauses his mail", func(w *world, _ int64, _ forum.PostID) {
			w.choose(101, digest.Preferences{PausedUntil: w.clock().Add(time.Hour)})
		}, reasonPaused, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newAlertWorld(t)
			thread := w.thread(tonight)
			w.turn(w.clock().Add(time.Second))
			p := w.post(thread)
			w.round()
			tt.change(w, thread, p)
			w.later(time.Minute)
			if tt.reason == "" {
				mails := w.relay.withdraw(address("anna"))
				if len(mails) != 1 {
					t.Fatalf("%d mails, want one", len(mails))
				}
				if _, text, _ := parts(t, mails[0].raw); !strings.Contains(text, "Mended.") {
					t.Errorf("the mail tells what was there before:\n%s", text)
				}
				return
			}
			w.told("anna")
			if got := w.reasons(101); !slices.Equal(got, []string{tt.reason}) {
				t.Errorf("reasons are %q, want %q", got, tt.reason)
			}
			w.at(5, "08:00")
			w.round()
			if tt.digest {
				w.told("anna", posts(p))
			} else {
				w.told("anna")
			}
			w.at(6, "08:00")
			w.round()
			w.told("anna")
		})
	}
}

func TestAnAlertGoesWithoutThoseOfItsPostsThatAreGone(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	thread := w.thread(tonight)
	a, b, c := w.post(thread), w.post(thread), w.post(thread)
	w.round()
	w.sql(`UPDATE post SET state = 'deleted' WHERE id = ?`, b)
	w.later(time.Minute)
	w.told("anna", posts(a, c))
	w.sql(`UPDATE post SET state = 'visible' WHERE id = ?`, b) // restored
	w.at(5, "08:00")
	w.round()
	w.told("anna", posts(b))
	w.at(6, "08:00")
	w.round()
	w.told("anna")
}

func TestWhatAnAlertDidNotBringTheNextDigestBrings(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		fail func(w *world)
	}{
		{"refused", func(w *world) {
			w.relay.answer = func(string, int) mail.Outcome {
				return mail.Outcome{Result: mail.Refused, Stage: mail.Body, Code: 554}
			}
			w.later(time.Minute)
		}},
		{"put off for a day", func(w *world) {
			w.relay.says(mail.TempFail, 451)
			for range 30 {
				w.later(time.Hour)
			}
		}},
		{"not reached for a day", func(w *world) {
			w.relay.says(mail.NotSent, 0)
			for range 30 {
				w.later(time.Hour)
			}
		}},
		{"dropped by the administrator", func(w *world) {
			keys := []string{"alert/101/T1/1"}
			verdicts, err := w.store.Queue.Drop(w.Context(), w.clock(), keys, "by hand")
			if err != nil || len(verdicts) != 1 || verdicts[0].Obstacle != "" {
				w.Fatalf("Drop = %v, %v", verdicts, err)
			}
		}},
		{"in doubt twice", func(w *world) {
			w.relay.says(mail.Uncertain, 0)
			w.later(time.Minute)
			w.later(20 * time.Minute)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newAlertWorld(t)
			w.choose(101, digest.Preferences{Schedule: &digest.Schedule{Cadence: digest.Weekly, Hour: 8, Weekday: time.Friday}})
			w.round()
			p := w.post(w.thread(tonight))
			w.round()
			tt.fail(w)
			w.relay.works()
			w.restart() // a relay that was out of reach is left alone for a while, by the real clock
			w.told("anna")
			w.at(8, "08:00") // Friday
			w.round()
			w.told("anna", posts(p))
			w.at(15, "08:00")
			w.round()
			w.told("anna")
		})
	}
}

func TestAQuoteThatNoAlertBroughtComesWithTheDigestThoughNothingIsWatched(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	p := w.say(w.thread(routes), writer, `[USER=101]@anna[/USER]`) // she watches tonight only
	w.round()
	w.relay.answer = func(string, int) mail.Outcome { return mail.Outcome{Result: mail.Refused, Stage: mail.Body, Code: 554} }
	w.later(time.Minute)
	w.relay.works()
	w.at(5, "08:00")
	w.round()
	w.told("anna", posts(p))
}

func TestAQuoteInABreakComesWithTheDigestAfterwardsThoughNothingIsWatched(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.choose(101, digest.Preferences{PausedUntil: w.clock().Add(30 * time.Hour)})
	p := w.say(w.thread(routes), writer, `[USER=101]@anna[/USER]`) // she watches tonight only
	for range 40 {
		w.later(time.Hour)
		if w.clock().Day() < 6 {
			w.told("anna")
		}
	}
	w.at(6, "08:00")
	w.round()
	w.told("anna", posts(p))
}

func TestAnAlertThatFailsWhileADigestIsOnItsWay(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	thread := w.thread(tonight)
	w.sql(`UPDATE section_watch SET mail = 0`)
	quiet := w.post(w.thread(tonight)) // for the digest
	w.round()
	w.sql(`UPDATE section_watch SET mail = 1`)
	w.at(5, "07:59")
	p := w.post(thread)
	w.at(5, "08:00")
	w.relay.says(mail.TempFail, 451)
	w.round() // alert and digest are told to come later
	w.relay.answer = func(_ string, n int) mail.Outcome {
		return mail.Outcome{Result: mail.Refused, Stage: mail.Body, Code: 554}
	}
	fail := func(row store.Row) bool { return row.Kind == store.KindAlert }
	w.only(fail) // the alert is refused for good while the digest still waits
	w.relay.works()
	w.later(10 * time.Minute)
	w.told("anna", posts(quiet)) // built anew, it does not hold what was on its way elsewhere when it was built first
	w.at(6, "08:00")
	w.round()
	w.told("anna", posts(p))
	w.at(7, "08:00")
	w.round()
	w.told("anna")
}

// only delivers some of the rows that wait, a quarter of an hour from now.
func (w *world) only(some func(store.Row) bool) {
	w.Helper()
	w.turn(w.clock().Add(15 * time.Minute))
	rows, err := w.store.Outbox.Claim(w.Context(), w.clock(), w.set.Owner, w.set.Lease, store.AllPriorities, 100)
	if err != nil {
		w.Fatal(err)
	}
	var ours, others []store.Row
	for _, r := range rows {
		if some(r) {
			ours = append(ours, r)
		} else {
			others = append(others, r)
		}
	}
	if err := w.store.Outbox.Release(w.Context(), w.set.Owner, keysOf(others)); err != nil {
		w.Fatal(err)
	}
	if len(ours) == 0 {
		w.Fatal("no such mail waits")
	}
	if err := w.daemon.deliverBatch(w.Context(), ours); err != nil {
		w.Fatal(err)
	}
}

func TestTheFirstRoundTellsNothingAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set.Alerts = DefaultAlerts()
	w.restart()
	w.member(101, "anna", passenger, tonight)
	p := w.post(w.thread(tonight)) // an hour before postrider first runs
	w.at(4, "10:00")
	w.round()
	w.later(time.Hour)
	w.told("anna", posts(p))
	for _, o := range w.outcomes(101) {
		if o.Kind == store.KindAlert {
			t.Errorf("%s: what was there before is no news, the first digest brings it", o.Key)
		}
	}
}

func TestWhatIsADayOldIsLeftToTheDigest(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	p := w.postAs(w.thread(tonight), "moderated")
	w.at(5, "08:00")
	w.round()
	w.at(5, "10:01")
	w.sql(`UPDATE post SET state = 'visible' WHERE id = ?`, p)
	w.round()
	w.later(time.Hour)
	w.told("anna")
	w.at(6, "08:00")
	w.round()
	w.told("anna", posts(p))
}

func TestAMovedThreadIsNoNews(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	thread := w.thread(routes)
	p := w.post(thread)
	w.round()
	w.sql(`UPDATE thread SET section_id = ? WHERE id = ?`, tonight, thread)
	w.later(time.Minute)
	w.later(time.Minute)
	w.told("anna")
	w.at(5, "08:00")
	w.round()
	w.told("anna", posts(p))
}

func TestWithoutAlertsTheDigestBringsAll(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.set.Alerts.Enabled = false
	w.restart()
	p := w.say(w.thread(tonight), writer, `[USER=101]@anna[/USER]`)
	w.later(time.Hour)
	w.told("anna")
	w.at(5, "08:00")
	w.round()
	w.told("anna", posts(p))
}

func TestWhoWantsASectionWeeklyGetsItOnThatDay(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t) // Monday, 4 May
	w.sql(`INSERT INTO section_watch VALUES (101, ?, 'posts', 1)`, routes)
	w.wish(101, routes, digest.Weekly)
	w.set.Digest.Weekday = "thursday"
	w.restart()
	w.round()
	thread := w.thread(routes)
	a := w.post(thread)
	w.later(time.Hour)
	w.told("anna")
	w.at(5, "08:00")
	w.round()
	w.told("anna")
	b := w.post(thread)
	other := w.post(w.thread(tonight)) // which she wants at once
	w.round()
	w.at(6, "08:00")
	w.round()
	w.told("anna", posts(other))
	c := w.post(thread)
	w.at(7, "08:00")
	w.round()
	w.told("anna", posts(a, b, c))
	w.at(8, "08:00")
	w.round()
	w.told("anna")
}

func TestQuietHoursHoldAlertsAndSendThemAsOne(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.sql(`UPDATE member SET zone = 'Asia/Tokyo' WHERE id = 101`) // 10:00 UTC is 19:00 there
	w.set.Alerts.QuietHours = "19-7"
	w.restart()
	first, second := w.thread(tonight), w.thread(tonight)
	a := w.post(first)
	w.later(time.Minute)
	b := w.post(second)
	w.later(time.Minute)
	w.told("anna")
	c := w.post(first)
	w.later(5 * time.Hour)
	w.at(4, "21:59") // 06:59 in Tokyo
	w.round()
	w.told("anna")
	w.at(4, "22:00")
	report := w.round()
	mails := w.relay.withdraw(address("anna"))
	if len(mails) != 1 {
		t.Fatalf("%d mails in the morning, want one: %+v", len(mails), report)
	}
	head, text, _ := parts(t, mails[0].raw)
	if got := numbered(text); !slices.Equal(got, posts(a, c, b)) {
		t.Errorf("it tells of %v, want %v", got, posts(a, c, b))
	}
	if got, want := head.Get("Subject"), "[The Upper Berth] New posts in 2 threads"; got != want {
		t.Errorf("Subject = %q, want %q", got, want)
	}
	if head.Get("In-Reply-To") != "" {
		t.Error("it answers something, though it is about several threads")
	}
	d := w.post(first)
	w.later(time.Minute)
	w.told("anna") // she was told of this thread, and has not been back
	w.visit(101, first)
	e := w.post(second)
	w.later(time.Minute)
	w.told("anna")
	w.at(5, "08:00") // 17:00 in Tokyo: her digest is at 23:00 UTC
	w.round()
	w.at(5, "23:00")
	w.round()
	w.told("anna", posts(d, e)) // of which no alert told her
}

func TestAMembersOwnQuietHoursCount(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.choose(101, digest.Preferences{Quiet: &digest.QuietHours{From: 9, Until: 12}})
	thread := w.thread(tonight)
	p := w.post(thread)
	w.later(time.Hour)
	w.told("anna")
	w.at(4, "12:00")
	w.round()
	mails := w.relay.withdraw(address("anna"))
	if len(mails) != 1 {
		t.Fatalf("%d mails at noon, want one", len(mails))
	}
	head, text, _ := parts(t, mails[0].raw)
	if got := numbered(text); !slices.Equal(got, posts(p)) {
		t.Errorf("it tells of %v, want %v", got, posts(p))
	}
	if subject := head.Get("Subject"); subject != fmt.Sprintf("[The Upper Berth] Thread %d", thread) {
		t.Errorf("Subject = %q: of one thread it is an alert like any other", subject)
	}
}
