package daemon

import (
	"strings"
	"testing"
	"time"

	"postrider/bounce"
	"postrider/daemon/explain"
	"postrider/digest"
	"postrider/forum"
	"postrider/mail"
	"postrider/store"
)

// suppress suppresses the address of a member, as bounces do.
func (w *world) suppress(name string) {
	w.Helper()
	h := store.Health{Address: address(name), Health: bounce.Health{LastEvent: w.clock(), SuppressedSince: w.clock(), SuppressedUntil: w.clock().Add(bounce.Reset), Reason: "gone"}}
	if err := w.store.Suppressions.Add(w.Context(), w.clock(), []store.Health{h}); err != nil {
		w.Fatal(err)
	}
}

// wantExplained checks the status of a post for a member, the message, and a part of the reason.
func (w *world) wantExplained(member forum.MemberID, p forum.PostID, verdict explain.PostStatus, mail, reason string) {
	w.Helper()
	x := w.explainPost(member, p)
	if got := reasonText(x.Reason); x.Verdict != verdict || x.Mail != mail || !strings.Contains(got, reason) {
		w.Errorf("%s: post %d is %s in %q for %q, want %s in %q for %q", w.clock().Format("2 Jan 15:04"), p, x.Verdict, x.Mail, got, verdict, mail, reason)
	}
}

func (w *world) explainMember(who string) explain.Member {
	w.Helper()
	d := w.readOnlyDaemon(w.set)
	m, err := NewExplainer(d.Deps, w.set).Member(w.Context(), w.clock(), who)
	if err != nil {
		w.Fatal(err)
	}
	return m
}

// failAlert lets an alert to Anna fail and returns its post. When it fails, an edition may have covered the post already.
func (w *world) failAlert(covered bool) forum.PostID {
	w.Helper()
	p := w.writePost(w.thread(tonight))
	w.round()
	if covered {
		w.setPreferences(101, digest.Preferences{Quiet: &digest.QuietHours{From: 7, Until: 9}})
		w.setClock(5, "08:00")
		w.round()
		w.setClock(5, "09:01")
	}
	w.relay.answerWith(mail.Refused, 554)
	w.advanceClock(2 * time.Minute)
	w.relay.acceptAll()
	return p
}

func TestExplainPosts_PostOfFailedAlert(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	p := w.failAlert(false)
	x := w.explainPost(101, p)
	if got := reasonText(x.Reason); x.Verdict != explain.Upcoming || got != "in the next digest" || x.At.Format("2 15:04") != "5 08:00" || !strings.Contains(reasonText(x.Alert), "was not delivered") {
		t.Errorf("the post is %s at %v for %q, alert %q", x.Verdict, x.At, got, reasonText(x.Alert))
	}
	w.setClock(5, "08:00")
	w.round()
	w.wantMessages("anna", posts(p))
	w.wantExplained(101, p, explain.Sent, "digest/101/2026-05-05", "in a digest")
}

func TestExplainPosts_NothingCame(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		block  func(w *world)
		reason string
	}{
		{"opted out", func(w *world) { w.execSQL(`UPDATE member SET wants_mail = 0 WHERE id = 101`) }, "opted out"},
		{"bouncing", func(w *world) { w.suppress("anna") }, "digest/101/2026-05-05 was skipped: address bounces"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newAlertWorld(t)
			p := w.writePost(w.thread(tonight))
			w.round()
			tt.block(w)
			w.advanceClock(2 * time.Minute) // the alert is skipped
			w.setClock(5, "08:00")
			w.round()
			w.wantExplained(101, p, explain.Omitted, "", tt.reason)
			w.setClock(6, "08:00") // the next edition forgets the posts of the one before
			w.writePost(w.thread(tonight))
			w.round()
			w.wantMessages("anna")
			w.wantExplained(101, p, explain.Omitted, "", tt.reason)
			for _, step := range w.explainPost(101, p).RuleResults {
				if text := reasonText(step.Says); strings.Contains(text, "included in another digest") {
					t.Errorf("rule %s: %s", step.Rule, text)
				}
			}
		})
	}
}

func TestExplainPosts_FailedAlertBelowTheCoveredSequence(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	p := w.failAlert(true)
	w.wantExplained(101, p, explain.Upcoming, "", "in the next digest")
	w.suppress("anna")
	w.wantExplained(101, p, explain.Omitted, "", "address bounces")
	w.setClock(6, "08:00")
	w.round()
	w.setClock(7, "08:00")
	w.round()
	w.wantMessages("anna")
	w.wantExplained(101, p, explain.Omitted, "", "digest/101/2026-05-06 was skipped: address bounces")
}

func TestExplainPosts_SentBeforeItsThreadWasSplit(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(dining)
	w.watchThread(101, thread, 1)
	p := w.writePost(thread)
	w.setClock(5, "08:00")
	w.round()
	w.wantMessages("anna", posts(p))
	w.execSQL(`UPDATE post SET thread_id = ? WHERE id = ?`, w.thread(dining), p)
	w.wantExplained(101, p, explain.Sent, "digest/101/2026-05-05", "in a digest")
	w.setClock(5, "09:00")
	w.round()
	w.wantExplained(101, p, explain.Sent, "digest/101/2026-05-05", "in a digest")
}

// Whatever changes after a digest, it brought its posts and no others.
func TestExplainPosts_ChangesAfterDigest(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		change func(w *world, thread int64)
	}{
		{"watch removed", func(w *world, _ int64) { w.execSQL(`DELETE FROM section_watch WHERE member_id = 101`) }},
		{"banned", func(w *world, _ int64) { w.execSQL(`UPDATE member SET state = 'banned' WHERE id = 101`) }},
		{"muted", func(w *world, _ int64) { w.setOverride(101, tonight, digest.Off) }},
		{"read", func(w *world, thread int64) { w.visitThread(101, thread) }},
		{"author ignored", func(w *world, _ int64) { w.execSQL(`INSERT INTO ignored VALUES (101, ?)`, writer) }},
		{"thread deleted", func(w *world, thread int64) { w.execSQL(`UPDATE thread SET state = 'deleted' WHERE id = ?`, thread) }},
		{"no access", func(w *world, _ int64) { w.execSQL(`DELETE FROM permission WHERE section_id = ?`, tonight) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newDailyWorld(t)
			w.execSQL(`INSERT INTO ignored VALUES (101, 102)`)
			thread := w.thread(tonight)
			p, q := w.writePost(thread), w.writeText(thread, 102, "From Bert.")
			w.setClock(5, "08:00")
			w.round()
			w.wantMessages("anna", posts(p))
			tt.change(w, thread)
			w.execSQL(`DELETE FROM ignored WHERE ignored_id = 102`)
			w.advanceClock(time.Hour)
			w.wantExplained(101, p, explain.Sent, "digest/101/2026-05-05", "in a digest")
			w.wantExplained(101, q, explain.Omitted, "", "digest/101/2026-05-05")
		})
	}
}

// Digests that were sent before the store recorded their posts are evaluated with the current state of the forum.
func TestExplainPosts_DigestWithoutRecordedPosts(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	p, q := w.writePost(w.thread(tonight)), w.writePost(w.thread(dining))
	w.setClock(5, "08:00")
	w.round()
	if _, err := w.openStoreFile().Exec(`UPDATE outbox SET post_ids = ''`); err != nil {
		t.Fatal(err)
	}
	w.wantExplained(101, p, explain.Sent, "digest/101/2026-05-05", "in a digest")
	w.wantExplained(101, q, explain.Omitted, "", "not watched")
}

func TestExplain_DigestsDisabledInTheConfiguration(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	w.set.Digest.Cadence = digest.Off
	w.restart()
	w.round()
	p := w.writePost(w.thread(tonight))
	w.round()
	w.wantExplained(101, p, explain.Omitted, "", "digests are disabled in the configuration")
	if m := w.explainMember("101"); len(m.NoDigest) != 1 || m.NoDigest[0] != digest.ReasonDigestsDisabled {
		t.Errorf("blockers are %q", m.NoDigest)
	}
	r, list := w.forecast(w.set, w.clock().Add(24*time.Hour))
	if list[0].Skip != digest.ReasonDigestsDisabled || r.Skipped[digest.ReasonDigestsDisabled] != r.Members {
		t.Errorf("forecast: %+v, in all %v", list[0], r.Skipped)
	}
	daily := w.set.Digest.Schedule()
	daily.Cadence = digest.Off
	w.setPreferences(101, digest.Preferences{Schedule: &daily})
	w.round()
	w.wantExplained(101, p, explain.Omitted, "", "digests turned off by the member")
}

func TestExplain_MemberWhoWatchesNothing(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	p := w.writePost(w.thread(tonight))
	w.round()
	w.execSQL(`DELETE FROM section_watch WHERE member_id = 101`)
	check := func(when string) {
		t.Helper()
		if m := w.explainMember("101"); m.Subscribed || m.Skip == digest.ReasonNothingNew || len(m.NoDigest) != 1 || m.NoDigest[0] != digest.ReasonNotSubscribed {
			t.Errorf("%s: subscribed %v, skip %q, blockers %q", when, m.Subscribed, m.Skip, m.NoDigest)
		}
		w.wantExplained(101, p, explain.Omitted, "", "not watched")
	}
	check("before the sync")
	w.round()
	check("after the sync")
	w.setClock(5, "08:00")
	w.round()
	w.wantMessages("anna")
}

// An edition that was planned before its member ended all watches says so.
func TestDigest_SkippedForMemberWhoWatchesNothing(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	w.writePost(w.thread(tonight))
	w.setClock(5, "08:00")
	w.prepare()
	w.execSQL(`DELETE FROM section_watch WHERE member_id = 101`)
	w.deliver()
	if list := w.outcomes(101); len(list) == 0 || list[len(list)-1].Reason != digest.ReasonNotSubscribed {
		t.Errorf("outcomes are %+v", list)
	}
}

func TestExplainPosts_BeforeTheNextScan(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.member(105, "emil", passenger)
	w.execSQL(`INSERT INTO section_watch VALUES (105, ?, 'posts', 0)`, tonight) // without alerts
	w.round()
	w.advanceClock(time.Hour)
	p := w.writePost(w.thread(tonight))
	w.wantExplained(101, p, explain.Upcoming, "", "in the next alert (section)")
	w.wantExplained(105, p, explain.Upcoming, "", "in the next digest")
	w.wantExplained(104, p, explain.Omitted, "", "not watched")
	q := w.writeText(w.thread(dining), writer, "[USER=104]@dora[/USER], look.")
	w.wantExplained(104, q, explain.Upcoming, "", "in the next alert (mention)")
	w.round()
	w.advanceClock(2 * time.Minute)
	w.wantMessages("anna", posts(p))
	w.wantMessages("dora", posts(q))
	w.setClock(5, "08:00")
	w.round()
	w.wantMessages("emil", posts(p))
}

func TestExplainPosts_PausedMemberGetsItLater(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	w.setPreferences(101, digest.Preferences{PausedUntil: w.clock().Add(72 * time.Hour)})
	p := w.writePost(w.thread(tonight))
	w.round()
	x := w.explainPost(101, p)
	if x.Verdict != explain.Upcoming || x.At.Format("2 15:04") != "8 08:00" {
		t.Errorf("during the pause: %s at %v for %q", x.Verdict, x.At, reasonText(x.Reason))
	}
}
