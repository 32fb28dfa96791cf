package daemon

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/daemon/settings"
	"postrider/digest"
	"postrider/forum"
	"postrider/mail"
	"postrider/store"
)

// skipReasons lists why a member's alerts were skipped, in their order.
func (w *world) skipReasons(member forum.MemberID) []string {
	w.Helper()
	var list []string
	for _, o := range w.outcomes(member) {
		if o.Kind == store.KindAlert && o.Result != store.StateAccepted {
			list = append(list, o.Reason)
		}
	}
	return list
}

// setOverride sets a member's override for a section.
func (w *world) setOverride(member forum.MemberID, section forum.SectionID, c digest.Cadence) {
	w.Helper()
	if err := w.store.Preferences.SetOverride(w.Context(), w.clock(), member, section, 0, c); err != nil {
		w.Fatal(err)
	}
}

// setPreferences saves the preferences of a member.
func (w *world) setPreferences(member forum.MemberID, c digest.Preferences) {
	w.Helper()
	if err := w.store.Preferences.Save(w.Context(), w.clock(), member, c); err != nil {
		w.Fatal(err)
	}
}

func TestAlert_ReflectsChangesDuringDebounce(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(w *world, thread int64, p forum.PostID)
		reason string // "": it is sent
		digest bool   // the next edition includes it
	}{
		{"the post is edited", func(w *world, _ int64, p forum.PostID) {
			w.execSQL(`UPDATE post SET body = 'Mended.', edited_at = 1 WHERE id = ?`, p)
		}, "", false},
		{"the post is deleted", func(w *world, _ int64, p forum.PostID) {
			w.execSQL(`UPDATE post SET state = 'deleted' WHERE id = ?`, p)
		}, "post deleted", false},
		{"the post is permanently deleted", func(w *world, _ int64, p forum.PostID) { w.execSQL(`DELETE FROM post WHERE id = ?`, p) }, "permanently deleted", false},
		{"the thread is deleted", func(w *world, thread int64, _ forum.PostID) {
			w.execSQL(`UPDATE thread SET state = 'deleted' WHERE id = ?`, thread)
		}, "thread deleted", false},
		{"the thread is moved to a private section", func(w *world, thread int64, _ forum.PostID) {
			w.execSQL(`UPDATE thread SET section_id = ? WHERE id = ?`, guardsvan, thread)
		}, "no access", false},
		{"the member loses access", func(w *world, _ int64, _ forum.PostID) {
			w.execSQL(`DELETE FROM permission WHERE section_id = ?`, tonight)
		}, "no access", false},
		{"the member is banned", func(w *world, _ int64, _ forum.PostID) {
			w.execSQL(`UPDATE member SET state = 'banned' WHERE id = 101`)
		}, "banned", false},
		{"the account is deleted", func(w *world, _ int64, _ forum.PostID) { w.execSQL(`DELETE FROM member WHERE id = 101`) }, digest.ReasonMemberDeleted, false},
		{"the member opts out of all email", func(w *world, _ int64, _ forum.PostID) { w.execSQL(`UPDATE member SET wants_mail = 0 WHERE id = 101`) }, "opted out", false},
		{"the member ignores the author", func(w *world, _ int64, _ forum.PostID) { w.execSQL(`INSERT INTO ignored VALUES (101, ?)`, writer) }, "author ignored", false},
		{"the member reads it on the site", func(w *world, thread int64, _ forum.PostID) { w.visitThread(101, thread) }, "already read on the site", false},
		{"the watch is removed", func(w *world, _ int64, _ forum.PostID) { w.execSQL(`DELETE FROM section_watch`) }, "not watched", false},
		{"emails for the watch are turned off", func(w *world, _ int64, _ forum.PostID) { w.execSQL(`UPDATE section_watch SET mail = 0`) }, string(digest.ReasonLeftToDigest), true},
		{"the section is muted", func(w *world, _ int64, _ forum.PostID) { w.setOverride(101, tonight, digest.Off) }, "muted", false},
		{"override: with the digest", func(w *world, _ int64, _ forum.PostID) { w.setOverride(101, tonight, digest.WithDigest) }, string(digest.ReasonLeftToDigest), true},
		{"alerts are turned off", func(w *world, _ int64, _ forum.PostID) {
			if err := w.store.Preferences.UnsubscribeKind(t.Context(), w.clock(), 101, store.KindAlert); err != nil {
				t.Fatal(err)
			}
		}, digest.ReasonAlertsOff, true},
		{"emails are paused", func(w *world, _ int64, _ forum.PostID) {
			w.setPreferences(101, digest.Preferences{PausedUntil: w.clock().Add(time.Hour)})
		}, digest.ReasonPaused, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newAlertWorld(t)
			thread := w.thread(tonight)
			w.setTime(w.clock().Add(time.Second))
			p := w.writePost(thread)
			w.round()
			tt.change(w, thread, p)
			w.advanceClock(time.Minute)
			if tt.reason == "" {
				messages := w.relay.withdraw(address("anna"))
				if len(messages) != 1 {
					t.Fatalf("%d messages, want one", len(messages))
				}
				if _, text, _ := parseMessage(t, messages[0].raw); !strings.Contains(text, "Mended.") {
					t.Errorf("the message has the old text:\n%s", text)
				}
				return
			}
			w.wantAlerts("anna")
			if got := w.skipReasons(101); !slices.Equal(got, []string{tt.reason}) {
				t.Errorf("skip reasons = %q, want %q", got, tt.reason)
			}
			w.setClock(5, "08:00")
			w.round()
			if tt.digest {
				w.wantAlerts("anna", posts(p))
			} else {
				w.wantAlerts("anna")
			}
			w.setClock(6, "08:00")
			w.round()
			w.wantAlerts("anna")
		})
	}
}

func TestAlert_OmitsDeletedPosts(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	thread := w.thread(tonight)
	a, b, c := w.writePost(thread), w.writePost(thread), w.writePost(thread)
	w.round()
	w.execSQL(`UPDATE post SET state = 'deleted' WHERE id = ?`, b)
	w.advanceClock(time.Minute)
	w.wantAlerts("anna", posts(a, c))
	w.execSQL(`UPDATE post SET state = 'visible' WHERE id = ?`, b) // restored
	w.setClock(5, "08:00")
	w.round()
	w.wantAlerts("anna", posts(b))
	w.setClock(6, "08:00")
	w.round()
	w.wantAlerts("anna")
}

func TestDigest_IncludesPostsOfFailedAlert(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		fail func(w *world)
	}{
		{"rejected", func(w *world) {
			w.relay.answer = func(string, int) mail.Outcome {
				return mail.Outcome{Result: mail.Refused, Stage: mail.Body, Code: 554}
			}
			w.advanceClock(time.Minute)
		}},
		{"deferred for a day", func(w *world) {
			w.relay.answerWith(mail.TempFail, 451)
			for range 30 {
				w.advanceClock(time.Hour)
			}
		}},
		{"relay unreachable for a day", func(w *world) {
			w.relay.answerWith(mail.NotSent, 0)
			for range 30 {
				w.advanceClock(time.Hour)
			}
		}},
		{"dropped by the administrator", func(w *world) {
			keys := []string{"alert/101/T1/1"}
			verdicts, err := w.store.Queue.Drop(w.Context(), w.clock(), keys, "by hand")
			if err != nil || len(verdicts) != 1 || verdicts[0].Obstacle != "" {
				w.Fatalf("Drop = %v, %v", verdicts, err)
			}
		}},
		{"uncertain twice", func(w *world) {
			w.relay.answerWith(mail.Uncertain, 0)
			w.advanceClock(time.Minute)
			w.advanceClock(20 * time.Minute)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newAlertWorld(t)
			w.setPreferences(101, digest.Preferences{Schedule: &digest.Schedule{Cadence: digest.Weekly, Hour: 8, Weekday: time.Friday}})
			w.round()
			p := w.writePost(w.thread(tonight))
			w.round()
			tt.fail(w)
			w.relay.acceptAll()
			w.restart() // an unreachable relay is not tried for a while, by the real clock
			w.wantAlerts("anna")
			w.setClock(8, "08:00") // Friday
			w.round()
			w.wantAlerts("anna", posts(p))
			w.setClock(15, "08:00")
			w.round()
			w.wantAlerts("anna")
		})
	}
}

func TestDigest_IncludesQuoteOfFailedAlertWithoutWatch(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	p := w.writeText(w.thread(routes), writer, `[USER=101]@anna[/USER]`) // Anna watches only tonight
	w.round()
	w.relay.answer = func(string, int) mail.Outcome { return mail.Outcome{Result: mail.Refused, Stage: mail.Body, Code: 554} }
	w.advanceClock(time.Minute)
	w.relay.acceptAll()
	w.setClock(5, "08:00")
	w.round()
	w.wantAlerts("anna", posts(p))
}

func TestDigest_IncludesQuoteFromPauseWithoutWatch(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.setPreferences(101, digest.Preferences{PausedUntil: w.clock().Add(30 * time.Hour)})
	p := w.writeText(w.thread(routes), writer, `[USER=101]@anna[/USER]`) // Anna watches only tonight
	for range 40 {
		w.advanceClock(time.Hour)
		if w.clock().Day() < 6 {
			w.wantAlerts("anna")
		}
	}
	w.setClock(6, "08:00")
	w.round()
	w.wantAlerts("anna", posts(p))
}

func TestAlert_FailsWhileDigestIsPending(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	thread := w.thread(tonight)
	w.execSQL(`UPDATE section_watch SET mail = 0`)
	digestPost := w.writePost(w.thread(tonight)) // for the digest
	w.round()
	w.execSQL(`UPDATE section_watch SET mail = 1`)
	w.setClock(5, "07:59")
	p := w.writePost(thread)
	w.setClock(5, "08:00")
	w.relay.answerWith(mail.TempFail, 451)
	w.round() // alert and digest are temporarily rejected
	w.relay.answer = func(_ string, n int) mail.Outcome {
		return mail.Outcome{Result: mail.Refused, Stage: mail.Body, Code: 554}
	}
	fail := func(row store.Row) bool { return row.Kind == store.KindAlert }
	w.deliverOnly(fail) // the alert is permanently rejected while the digest still waits
	w.relay.acceptAll()
	w.advanceClock(10 * time.Minute)
	w.wantAlerts("anna", posts(digestPost)) // rebuilt, it still omits the post that was in a pending alert at first
	w.setClock(6, "08:00")
	w.round()
	w.wantAlerts("anna", posts(p))
	w.setClock(7, "08:00")
	w.round()
	w.wantAlerts("anna")
}

// deliverOnly delivers the matching rows of the outbox, a quarter of an hour from now.
func (w *world) deliverOnly(some func(store.Row) bool) {
	w.Helper()
	w.setTime(w.clock().Add(15 * time.Minute))
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
	if len(ours) == 0 {
		w.Fatal("no such message is waiting")
	}
	release := func(rows []store.Row) {
		w.Helper()
		if err := w.store.Outbox.Release(w.Context(), w.set.Owner, keysOf(rows)); err != nil {
			w.Fatal(err)
		}
	}
	release(ours)
	w.deliver() // the others are leased
	release(others)
}

func TestAlert_NoneInFirstRound(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.set.Alerts = settings.DefaultAlerts()
	w.restart()
	w.member(101, "anna", passenger, tonight)
	p := w.writePost(w.thread(tonight)) // an hour before the first run
	w.setClock(4, "10:00")
	w.round()
	w.advanceClock(time.Hour)
	w.wantAlerts("anna", posts(p))
	for _, o := range w.outcomes(101) {
		if o.Kind == store.KindAlert {
			t.Errorf("%s: an alert for an old post, want it only in the first digest", o.Key)
		}
	}
}

func TestAlert_NoneForPostsOlderThanOneDay(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	p := w.writePostAs(w.thread(tonight), "moderated")
	w.setClock(5, "08:00")
	w.round()
	w.setClock(5, "10:01")
	w.execSQL(`UPDATE post SET state = 'visible' WHERE id = ?`, p)
	w.round()
	w.advanceClock(time.Hour)
	w.wantAlerts("anna")
	w.setClock(6, "08:00")
	w.round()
	w.wantAlerts("anna", posts(p))
}

func TestAlert_NoneForMovedThread(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	thread := w.thread(routes)
	p := w.writePost(thread)
	w.round()
	w.execSQL(`UPDATE thread SET section_id = ? WHERE id = ?`, tonight, thread)
	w.advanceClock(time.Minute)
	w.advanceClock(time.Minute)
	w.wantAlerts("anna")
	w.setClock(5, "08:00")
	w.round()
	w.wantAlerts("anna", posts(p))
}

func TestDigest_IncludesEverythingIfAlertsAreDisabled(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.set.Alerts.Enabled = false
	w.restart()
	p := w.writeText(w.thread(tonight), writer, `[USER=101]@anna[/USER]`)
	w.advanceClock(time.Hour)
	w.wantAlerts("anna")
	w.setClock(5, "08:00")
	w.round()
	w.wantAlerts("anna", posts(p))
}

func TestDigest_WeeklyOverrideForSection(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t) // Monday, 4 May
	w.execSQL(`INSERT INTO section_watch VALUES (101, ?, 'posts', 1)`, routes)
	w.setOverride(101, routes, digest.Weekly)
	w.set.Digest.Weekday = "thursday"
	w.restart()
	w.round()
	thread := w.thread(routes)
	a := w.writePost(thread)
	w.advanceClock(time.Hour)
	w.wantAlerts("anna")
	w.setClock(5, "08:00")
	w.round()
	w.wantAlerts("anna")
	b := w.writePost(thread)
	other := w.writePost(w.thread(tonight)) // override: immediately
	w.round()
	w.setClock(6, "08:00")
	w.round()
	w.wantAlerts("anna", posts(other))
	c := w.writePost(thread)
	w.setClock(7, "08:00")
	w.round()
	w.wantAlerts("anna", posts(a, b, c))
	w.setClock(8, "08:00")
	w.round()
	w.wantAlerts("anna")
}

func TestAlert_QuietHoursMergeAlerts(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.execSQL(`UPDATE member SET zone = 'Asia/Tokyo' WHERE id = 101`) // 10:00 UTC is 19:00 in Tokyo
	w.set.Alerts.QuietHours = "19-7"
	w.restart()
	first, second := w.thread(tonight), w.thread(tonight)
	a := w.writePost(first)
	w.advanceClock(time.Minute)
	b := w.writePost(second)
	w.advanceClock(time.Minute)
	w.wantAlerts("anna")
	c := w.writePost(first)
	w.advanceClock(5 * time.Hour)
	w.setClock(4, "21:59") // 06:59 in Tokyo
	w.round()
	w.wantAlerts("anna")
	w.setClock(4, "22:00")
	report := w.round()
	messages := w.relay.withdraw(address("anna"))
	if len(messages) != 1 {
		t.Fatalf("%d messages in the morning, want one: %+v", len(messages), report)
	}
	head, text, _ := parseMessage(t, messages[0].raw)
	if got := postNumbers(text); !slices.Equal(got, posts(a, c, b)) {
		t.Errorf("the alert has posts %v, want %v", got, posts(a, c, b))
	}
	if got, want := head.Get("Subject"), "New posts in 2 threads"; got != want {
		t.Errorf("Subject = %q, want %q", got, want)
	}
	if head.Get("In-Reply-To") != "" {
		t.Error("it has In-Reply-To, although it is about several threads")
	}
	d := w.writePost(first)
	w.advanceClock(time.Minute)
	w.wantAlerts("anna") // Anna got an alert of this thread and has not visited it since
	w.visitThread(101, first)
	e := w.writePost(second)
	w.advanceClock(time.Minute)
	w.wantAlerts("anna")
	w.setClock(5, "08:00") // 17:00 in Tokyo; the digest is due at 23:00 UTC
	w.round()
	w.setClock(5, "23:00")
	w.round()
	w.wantAlerts("anna", posts(e, d)) // not in any alert; a digest has the newest first
}

func TestAlert_MembersQuietHoursApply(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.setPreferences(101, digest.Preferences{Quiet: &digest.QuietHours{From: 9, Until: 12}})
	thread := w.thread(tonight)
	p := w.writePost(thread)
	w.advanceClock(time.Hour)
	w.wantAlerts("anna")
	w.setClock(4, "12:00")
	w.round()
	messages := w.relay.withdraw(address("anna"))
	if len(messages) != 1 {
		t.Fatalf("%d messages at noon, want one", len(messages))
	}
	head, text, _ := parseMessage(t, messages[0].raw)
	if got := postNumbers(text); !slices.Equal(got, posts(p)) {
		t.Errorf("the alert has posts %v, want %v", got, posts(p))
	}
	if subject := head.Get("Subject"); subject != fmt.Sprintf("Thread %d", thread) {
		t.Errorf("Subject = %q, want that of a normal alert, because there is only one thread", subject)
	}
}

func TestDeliver_LogsOmissionsWithReason(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	thread := w.thread(tonight)
	gone, read := w.writePost(thread), w.writePost(w.thread(tonight))
	w.round()
	w.execSQL(`UPDATE post SET state = 'deleted' WHERE id = ?`, gone)
	w.visitThread(101, w.queryInt(`SELECT thread_id FROM post WHERE id = ?`, read))
	w.logLevel.Set(slog.LevelDebug)
	w.advanceClock(time.Minute)
	w.wantAlerts("anna")
	if n := w.countLogged("message skipped"); n != 2 {
		t.Errorf("%d skipped alerts were logged, want 2:\n%s", n, w.log)
	}
	for _, want := range []string{
		fmt.Sprintf(`msg="post deferred to a later edition" key=alert/101/T%d/`, thread), `reason="post deleted"`,
		`msg="post omitted" key=alert/101/`, fmt.Sprintf(`post=%d reason="already read on the site"`, read),
	} {
		if !strings.Contains(w.log.String(), want) {
			t.Errorf("the log has no %q:\n%s", want, w.log)
		}
	}
}
