package daemon

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"postrider/daemon/explain"
	"postrider/daemon/settings"
	"postrider/digest"
	"postrider/forum"
	"postrider/internal/racetest"
	"postrider/mail"
	"postrider/store"
	"postrider/templates"
)

// explainPost explains a post for a member as a separate process would.
func (w *world) explainPost(member forum.MemberID, p forum.PostID) explain.Post {
	w.Helper()
	d := w.readOnlyDaemon(w.set)
	_, stories, err := NewExplainer(d.Deps, w.set).Posts(w.Context(), w.clock(), fmt.Sprint(member), []forum.PostID{p})
	if err != nil {
		w.Fatal(err)
	}
	return stories[0]
}

// reasonText returns a reason in English.
func reasonText(p digest.Phrase) string {
	set, err := templates.Load("")
	if err != nil {
		return err.Error()
	}
	return set.Reason("en", p)
}

// storedText returns the English text of a reason from the store.
func storedText(reason string) string { return reasonText(digest.Phrase{Key: reason}) }

func TestExplainPosts_EveryStatus(t *testing.T) {
	t.Parallel()
	const key = "digest/101/2026-05-05"
	deliver := func(w *world) {
		w.setClock(5, "08:00")
		w.round()
	}
	tests := []struct {
		name    string
		tell    func(w *world) forum.PostID
		verdict explain.PostStatus
		mail    string
		reason  string // part of the reason
		at      string // "5 08:00"; empty: no time
	}{
		{"sent in a digest", func(w *world) forum.PostID {
			p := w.writePost(w.thread(tonight))
			deliver(w)
			return p
		}, explain.Sent, key, "in a digest", "5 08:00"},
		{"waiting in the outbox", func(w *world) forum.PostID {
			p := w.writePost(w.thread(tonight))
			w.setClock(5, "08:00")
			w.prepare()
			return p
		}, explain.Waiting, key, "in a digest", "5 08:00"},
		{"waiting because delivery is paused", func(w *world) forum.PostID {
			p := w.writePost(w.thread(tonight))
			w.setClock(5, "08:00")
			if _, err := w.store.Queue.Pause(t.Context(), w.clock(), "holidays"); err != nil {
				w.Fatal(err)
			}
			w.round()
			return p
		}, explain.Waiting, key, "delivery is paused", "5 08:00"},
		{"waiting after a temporary rejection", func(w *world) forum.PostID {
			p := w.writePost(w.thread(tonight))
			w.relay.answerWith(mail.TempFail, 450)
			deliver(w)
			return p
		}, explain.Waiting, key, "in a digest", "any"},
		{"due tomorrow", func(w *world) forum.PostID {
			p := w.writePost(w.thread(tonight))
			w.round()
			return p
		}, explain.Upcoming, "", "in the next digest", "5 08:00"},
		{"rejected, and in the next edition", func(w *world) forum.PostID {
			p := w.writePost(w.thread(tonight))
			w.relay.answerWith(mail.Refused, 554)
			deliver(w)
			return p
		}, explain.Upcoming, "", "in the next digest", "6 08:00"},
		{"skipped because the member was banned then", func(w *world) forum.PostID {
			p := w.writePost(w.thread(tonight))
			w.execSQL(`UPDATE member SET state = 'banned' WHERE id = 101`)
			deliver(w)
			w.execSQL(`UPDATE member SET state = 'active' WHERE id = 101`)
			return p
		}, explain.Omitted, "", key + " was skipped: banned", ""},
		{"banned now", func(w *world) forum.PostID {
			p := w.writePost(w.thread(tonight))
			w.round()
			w.execSQL(`UPDATE member SET state = 'banned' WHERE id = 101`)
			return p
		}, explain.Omitted, "", "banned", ""},
		{"address bounces", func(w *world) forum.PostID {
			p := w.writePost(w.thread(tonight))
			w.round()
			w.suppress("anna")
			return p
		}, explain.Omitted, "", digest.ReasonSuppressed, ""},
		{"address suppressed by an operator", func(w *world) forum.PostID {
			p := w.writePost(w.thread(tonight))
			w.round()
			h, err := store.ManualSuppression(address("anna"), "asked for it", w.clock())
			if err == nil {
				err = w.store.Suppressions.Add(t.Context(), w.clock(), []store.Health{h})
			}
			if err != nil {
				w.Fatal(err)
			}
			return p
		}, explain.Omitted, "", digest.ReasonSuppressedByHand, ""},
		{"digests turned off", func(w *world) forum.PostID {
			p := w.writePost(w.thread(tonight))
			w.round()
			if err := w.store.Preferences.UnsubscribeKind(t.Context(), w.clock(), 101, store.KindDigest); err != nil {
				w.Fatal(err)
			}
			return p
		}, explain.Omitted, "", digest.ReasonDigestsOff, ""},
		{"not watched", func(w *world) forum.PostID { return w.writePost(w.thread(dining)) }, explain.Omitted, "", "not watched", ""},
		{"not readable", func(w *world) forum.PostID {
			p := w.writePost(w.thread(guardsvan))
			deliver(w)
			return p
		}, explain.Omitted, "", "no access", ""},
		{"own post", func(w *world) forum.PostID { return w.writeText(w.thread(tonight), 101, "Mine.") }, explain.Omitted, "", "own post", ""},
		{"awaiting approval", func(w *world) forum.PostID {
			p := w.writePostAs(w.thread(tonight), "moderated")
			w.round()
			return p
		}, explain.Omitted, "", "post awaiting approval", ""},
		{"deleted after it was sent", func(w *world) forum.PostID {
			p := w.writePost(w.thread(tonight))
			deliver(w)
			w.execSQL(`UPDATE post SET state = 'deleted' WHERE id = ?`, p)
			return p
		}, explain.Sent, key, "in a digest", "5 08:00"},
		{"no such post", func(*world) forum.PostID { return 99999 }, explain.Omitted, "", "permanently deleted", ""},
		{"older than the retention", func(w *world) forum.PostID {
			thread := w.thread(tonight)
			p := w.next()
			w.insertPost(p, thread, worldStart.AddDate(0, -3, 0).Unix(), "visible")
			w.round()
			return forum.PostID(p)
		}, explain.Omitted, "", "never sighted", ""},
		{"older than the first watch", func(w *world) forum.PostID {
			w.execSQL(`DELETE FROM section_watch WHERE member_id = 101`)
			w.setClock(4, "10:00")
			w.round()
			p := w.writePost(w.thread(tonight))
			w.round()
			w.execSQL(`INSERT INTO section_watch VALUES (101, ?, 'posts', 1)`, tonight)
			w.setClock(4, "12:00")
			w.round()
			return p
		}, explain.Omitted, "", "before the first digest", ""},
		{"override: weekly", func(w *world) forum.PostID {
			p := w.writePost(w.thread(tonight))
			if err := w.store.Preferences.SetOverride(t.Context(), w.clock(), 101, tonight, 0, digest.Weekly); err != nil {
				w.Fatal(err)
			}
			w.round()
			return p
		}, explain.Upcoming, "", "weekly", "11 08:00"},
		{"override: weekly, removed after a daily edition", func(w *world) forum.PostID {
			p := w.writePost(w.thread(tonight))
			w.writePost(w.thread(routes))
			if err := w.store.Preferences.SetOverride(t.Context(), w.clock(), 101, tonight, 0, digest.Weekly); err != nil {
				w.Fatal(err)
			}
			deliver(w)
			return p
		}, explain.Upcoming, "", "deferred", "11 08:00"},
		{"moved to a watched section", func(w *world) forum.PostID {
			thread := w.thread(dining)
			p := w.writePost(thread)
			w.round()
			w.execSQL(`UPDATE thread SET section_id = ? WHERE id = ?`, tonight, thread)
			deliver(w)
			return p
		}, explain.Sent, key, "in a digest", "5 08:00"},
		{"moved after it was sent", func(w *world) forum.PostID {
			thread := w.thread(tonight)
			p := w.writePost(thread)
			deliver(w)
			w.execSQL(`UPDATE thread SET section_id = ? WHERE id = ?`, routes, thread)
			w.round()
			return p
		}, explain.Sent, key, "in a digest", "5 08:00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newDailyWorld(t)
			p := tt.tell(w)
			x := w.explainPost(101, p)
			if x.Verdict != tt.verdict || x.Mail != tt.mail || !strings.Contains(reasonText(x.Reason), tt.reason) {
				t.Errorf("%s in %q for %q, want %s in %q for %q", x.Verdict, x.Mail, reasonText(x.Reason), tt.verdict, tt.mail, tt.reason)
			}
			got := ""
			if !x.At.IsZero() {
				got = x.At.Format("2 15:04")
			}
			if got != tt.at && tt.at != "any" {
				t.Errorf("at %q, want %q", got, tt.at)
			}
			if len(x.RuleResults) == 0 {
				t.Error("no rule result")
			}
		})
	}
}

func TestExplainMember_ListsRelayReplies(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	p := w.writePost(w.thread(tonight))
	w.relay.answer = func(string, int) mail.Outcome {
		return mail.Outcome{Result: mail.Accepted, Code: 250, Reply: "queued", QueueID: "4XyZ"}
	}
	w.setClock(5, "08:00")
	w.round()
	x := w.explainPost(101, p)
	if len(x.Messages) != 1 || x.Messages[0].Last.Code != 250 || x.Messages[0].Last.QueueID != "4XyZ" || len(x.Seen) != 1 || x.Seen[0].Seq == 0 || x.Seen[0].Section != tonight {
		t.Errorf("explanation = %+v", x)
	}
}

func TestExplainPosts_Alerts(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	thread := w.thread(tonight)
	p := w.writePost(thread)
	w.round()
	if x := w.explainPost(101, p); x.Verdict != explain.Waiting || !strings.HasPrefix(x.Mail, "alert/101/") || !strings.Contains(reasonText(x.Reason), "section") {
		t.Errorf("during the debounce: %+v", x)
	}
	w.advanceClock(2 * time.Minute)
	if x := w.explainPost(101, p); x.Verdict != explain.Sent || !strings.HasPrefix(x.Mail, "alert/101/") || x.RuleResults[len(x.RuleResults)-1].Says.Key != string(digest.AlreadyAlerted) {
		t.Errorf("after it was sent: %+v", x)
	}
	q := w.writePost(thread)
	w.advanceClock(2 * time.Minute)
	if x := w.explainPost(101, q); x.Verdict != explain.Upcoming || !strings.Contains(reasonText(x.Alert), "already alerted about this thread") {
		t.Errorf("the second reply: %+v", x)
	}
	r := w.writePost(w.thread(tonight))
	w.round()
	w.execSQL(`DELETE FROM section_watch WHERE member_id = 101`)
	w.advanceClock(2 * time.Minute)
	if x := w.explainPost(101, r); x.Verdict != explain.Omitted || x.Reason.Key != string(digest.NotWatched) || !strings.Contains(reasonText(x.Alert), "alert/101/") {
		t.Errorf("watch removed before it was sent: %+v", x)
	}
	if x := w.explainPost(104, q); x.Verdict != explain.Omitted || !strings.Contains(reasonText(x.Alert), "no watch requests an alert") {
		t.Errorf("for a member without watches: %+v", x)
	}
}

func TestExplainPosts_MovedPostHasNoAlert(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.execSQL(`DELETE FROM section_watch WHERE member_id = 101 AND section_id <> ?`, tonight)
	thread := w.thread(dining)
	p := w.writePost(thread)
	w.advanceClock(2 * time.Minute)
	w.execSQL(`UPDATE thread SET section_id = ? WHERE id = ?`, tonight, thread)
	w.advanceClock(10 * time.Minute)
	w.wantAlerts("anna")
	if x := w.explainPost(101, p); x.Verdict != explain.Upcoming || x.Alert.Key != "alert_moved" {
		t.Errorf("a post whose thread was moved into a watched section: %+v", x)
	}
}

func TestExplainPosts_FoldedPosts(t *testing.T) {
	racetest.SkipIfRace(t)
	t.Parallel()
	w := newDailyWorld(t)
	w.set.Digest.MaxBytes = 20_000
	w.restart()
	thread := w.thread(tonight)
	for range 60 {
		w.writeText(thread, writer, strings.Repeat("All the carriages are full to the last berth. ", 7))
	}
	w.setClock(5, "08:00")
	w.round()
	folded := w.countFolded(60)
	if folded < 10 || folded > 50 {
		t.Errorf("%d of 60 posts are folded", folded)
	}
	w.set.Digest.MaxBytes = 1_000_000 // now it would have room for all
	w.restart()
	if n := w.countFolded(60); n != folded {
		t.Errorf("%d posts are folded after a change of the configuration, want %d", n, folded)
	}
}

func TestExplainPosts_FoldedInAlert(t *testing.T) {
	racetest.SkipIfRace(t)
	t.Parallel()
	w := newDailyWorld(t)
	w.set.Alerts, w.set.Digest.MaxBytes = settings.DefaultAlerts(), 20_000
	w.restart()
	w.round()
	thread := w.thread(tonight)
	for range 60 {
		w.writeText(thread, writer, strings.Repeat("All the carriages are full to the last berth. ", 7))
	}
	w.round()
	w.advanceClock(10 * time.Minute)
	w.round()
	if x := w.explainPost(101, forum.PostID(w.next())-1); !strings.HasPrefix(x.Mail, "alert/101/") {
		t.Fatalf("%+v", x)
	}
	if folded := w.countFolded(60); folded < 10 || folded > 50 {
		t.Errorf("%d of 60 posts are folded", folded)
	}
}

// countFolded returns how many of the newest posts Anna got in a message that has no room for them.
func (w *world) countFolded(newest int) (folded int) {
	w.Helper()
	for p := range forum.PostID(newest) {
		x := w.explainPost(101, forum.PostID(w.next())-1-p)
		if x.Verdict != explain.Sent {
			w.Fatalf("%+v", x)
		}
		if x.Folded {
			folded++
		}
	}
	return folded
}

// TestExplainPosts_MatchesSentMessages runs days without later changes to posts or watches.
func TestExplainPosts_MatchesSentMessages(t *testing.T) {
	racetest.SkipIfRace(t)
	t.Parallel()
	w := newDailyWorld(t)
	w.set.Alerts = settings.DefaultAlerts()
	w.set.Alerts.ContextPosts = 0 // otherwise messages repeat posts as context
	w.restart()
	dice := rand.New(rand.NewPCG(1, 2))
	var threads []int64
	for _, section := range []int{tonight, routes, dining, guardsvan, tonight} {
		threads = append(threads, w.thread(section))
	}
	var all []forum.PostID
	for day := 4; day < 9; day++ {
		for hour := 10; hour < 23; hour++ {
			w.setClock(day, fmt.Sprintf("%02d:%02d", hour, dice.IntN(60)))
			if dice.IntN(3) == 0 {
				all = append(all, w.writeText(threads[dice.IntN(len(threads))], []int64{writer, 101, 103}[dice.IntN(3)], "Hello."))
			}
			if dice.IntN(4) == 0 {
				w.visitThread(101, threads[dice.IntN(len(threads))])
			}
			w.round()
		}
		w.setClock(day+1, "08:00")
		w.round()
	}
	got := map[string]map[forum.PostID]int{}
	for _, sent := range w.relay.messages() {
		if got[sent.to] == nil {
			got[sent.to] = map[forum.PostID]int{}
		}
		for _, p := range postsOf(t, sent.raw) {
			got[sent.to][p]++
		}
	}
	if len(all) < 15 || len(got[address("anna")]) < 5 {
		t.Fatalf("%d posts were written, but Anna got %v", len(all), got[address("anna")])
	}
	for id, name := range map[forum.MemberID]string{101: "anna", 102: "bert", 103: "carl"} {
		for _, p := range all {
			x := w.explainPost(id, p)
			if sent := got[address(name)][p] == 1; sent != (x.Verdict == explain.Sent) || !sent && x.Verdict != explain.Omitted {
				t.Errorf("%s got post %d %d times, but it is explained as %s: %s", name, p, got[address(name)][p], x.Verdict, reasonText(x.Reason))
			}
		}
	}
}

func TestExplainMember_EveryBlocker(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	tell := func(who string) explain.Member {
		t.Helper()
		d := w.readOnlyDaemon(w.set)
		m, err := NewExplainer(d.Deps, w.set).Member(t.Context(), w.clock(), who)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	thread := w.thread(tonight)
	w.writePost(thread)
	w.relay.answerWith(mail.TempFail, 450)
	w.setClock(5, "08:00")
	w.round()
	w.relay.acceptAll()
	w.setClock(5, "09:00")
	w.round()
	w.writePost(thread)
	w.writePost(thread)
	w.round()
	m := tell("anna")
	if !m.Subscribed || m.Sections != 3 || len(m.NoDigest) != 0 || m.Posts != 2 || m.Due.Format("2 15:04") != "6 08:00" || len(m.Messages) != 2 || m.Messages[1].State != store.StateAccepted {
		t.Errorf("explanation for Anna = %+v", m)
	}
	var results []string
	for _, o := range m.Attempts {
		results = append(results, o.Result)
	}
	if got := strings.Join(results, ", "); got != "skipped, try again, accepted" {
		t.Errorf("results of the attempts = %q", got)
	}
	w.execSQL(`UPDATE member SET state = 'banned' WHERE id = 102`)
	if m := tell("102"); len(m.NoDigest) != 1 || m.NoDigest[0] != "banned" || m.Skip != "banned" {
		t.Errorf("explanation for Bert = %+v", m)
	}
	w.setClock(5, "09:30")
	if err := w.store.Holds.Add(t.Context(), store.DomainHold{Domain: "example.org", Since: w.clock(), Until: w.clock().Add(time.Hour), Reason: "refuses all"}); err != nil {
		t.Fatal(err)
	}
	if m := tell("103"); len(m.Delays) != 1 || !strings.Contains(reasonText(m.Delays[0]), "refuses all") {
		t.Errorf("explanation for Carl = %+v", m)
	}
	w.setClock(30, "09:00")
	if m := tell("anna"); len(m.Messages) != 2 {
		t.Errorf("after 25 days %d messages are listed", len(m.Messages))
	}
	w.setTime(worldStart.AddDate(0, 0, 40))
	if m := tell("anna"); len(m.Messages) != 0 || len(m.Attempts) != 0 {
		t.Errorf("after 40 days %d messages are listed", len(m.Messages))
	}
	d := w.readOnlyDaemon(w.set)
	if _, err := NewExplainer(d.Deps, w.set).Member(t.Context(), w.clock(), "unknown"); err == nil || !strings.Contains(err.Error(), "no such member") {
		t.Errorf("of an unknown member: %v", err)
	}
}
