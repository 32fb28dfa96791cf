package daemon

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/bounce"
	"postrider/daemon/audience"
	"postrider/daemon/delivery"
	"postrider/daemon/settings"
	"postrider/digest"
	"postrider/forum"
	"postrider/internal/racetest"
	"postrider/mail"
	"postrider/store"
)

// newAnnouncementWorld returns a world with only this many members, with IDs from 1001 and names from m1001.
func newAnnouncementWorld(t *testing.T, members int) *world {
	t.Helper()
	w := newWorld(t)
	w.set.Announce = settings.DefaultAnnouncements()
	w.restart()
	w.execSQL("UPDATE member SET state = 'disabled'")
	w.execSQL(`WITH RECURSIVE crowd (id) AS (SELECT 1001 UNION ALL SELECT id + 1 FROM crowd WHERE id < 1000 + ?)
		INSERT INTO member SELECT id, 'm' || id, 'm' || id || '@example.org', 'UTC', 'en', ?, '', 0, 'active', 1 FROM crowd`, members, passenger)
	return w
}

// announcementToAll returns an announcement to all members, without a canary.
func announcementToAll() digest.Announcement {
	return digest.Announcement{Variants: []digest.Variant{{Locale: "en", Title: "We move, {{name}}", Body: "On **Saturday**, {{name|friend}}."}}}
}

// startAnnouncement drafts an announcement, counts its audience and starts it.
func (w *world) startAnnouncement(a digest.Announcement) int64 {
	w.Helper()
	census, err := w.daemon.audience.Count(w.Context(), &a, w.clock(), func(int) {})
	if err != nil {
		w.Fatal(err)
	}
	if a.ID, err = w.store.Announcements.Draft(w.Context(), w.clock(), "test", a); err != nil {
		w.Fatal(err)
	}
	if _, err := w.store.Announcements.Start(w.Context(), w.clock(), "test", a, census.Size); err != nil {
		w.Fatal(err)
	}
	return a.ID
}

// runAfter advances the clock and runs a round.
func (w *world) runAfter(d time.Duration) Report {
	w.Helper()
	w.setTime(w.clock().Add(d))
	return w.round()
}

// recipients lists the names of the recipients so far, sorted; a member who got two messages is listed twice.
func (w *world) recipients() []string {
	var names []string
	for _, sent := range w.relay.messages() {
		if sent.out.Result == mail.Accepted {
			names = append(names, strings.TrimSuffix(sent.to, "@example.org"))
		}
	}
	slices.Sort(names)
	return names
}

func (w *world) wantAnnouncementTo(want ...string) {
	w.Helper()
	if got := w.recipients(); !slices.Equal(got, want) {
		w.Errorf("recipients = %v, want %v", got, want)
	}
}

func (w *world) announcement(id int64) store.Announcement {
	w.Helper()
	a, err := w.store.Announcements.Get(w.Context(), id)
	if err != nil {
		w.Fatal(err)
	}
	return a
}

func (w *world) wantState(id int64, want string) {
	w.Helper()
	if a := w.announcement(id); a.State != want {
		w.Errorf("announcement %d is %s (%s), want %s", id, a.State, a.Reason, want)
	}
}

// wantSkipped checks the number of skipped messages of an announcement by reason.
func (w *world) wantSkipped(id int64, want map[string]int) {
	w.Helper()
	p, err := w.store.Announcements.CountMessages(w.Context(), id)
	if err != nil {
		w.Fatal(err)
	}
	if !maps.Equal(p.Skipped, want) {
		w.Errorf("skipped = %v, want %v", p.Skipped, want)
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnnouncement_SentOncePerMember(t *testing.T) {
	t.Parallel()
	w := newAnnouncementWorld(t, 3)
	id := w.startAnnouncement(announcementToAll())
	w.round()
	w.wantAnnouncementTo("m1001", "m1002", "m1003")
	w.wantState(id, store.Done)
	w.member(1004, "m1004", passenger)
	w.runAfter(time.Minute)
	w.restart()
	w.runAfter(time.Hour)
	w.wantAnnouncementTo("m1001", "m1002", "m1003")
	w.wantState(id, store.Done)
	tries := w.relay.messages()
	first := slices.IndexFunc(tries, func(x attempt) bool { return x.to == address("m1001") })
	head, text, html := parseMessage(t, tries[first].raw)
	for name, want := range map[string]string{
		"Subject": "We move, m1001", "Precedence": "bulk", "List-Id": `"` + w.set.Site + `" <announce.upperberth.example>`,
		"List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "Feedback-Id": fmt.Sprintf("%d:announcement:upperberth.example:postrider", id),
	} {
		if got := head.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	link := strings.Trim(head.Get("List-Unsubscribe"), "<>")
	if !strings.Contains(text, "On *Saturday*, m1001.") || !strings.Contains(html, "<b>Saturday</b>, m1001.") || !strings.Contains(html, link) || link == "" {
		t.Errorf("the message has the text %s\n%s", text, html)
	}
}

func TestAnnouncement_SkipsBlockedAndOptedOut(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		forced bool
		want   []string
	}{
		{"not forced", false, []string{"m1001"}},
		{"forced overrides only opt-outs", true, []string{"m1001", "m1002", "m1003", "m1009"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newAnnouncementWorld(t, 9)
			no := false
			w.execSQL("UPDATE member SET wants_mail = 0 WHERE id = 1002")
			check(t, w.store.Preferences.Save(t.Context(), w.clock(), 1003, digest.Preferences{Announcements: &no}))
			for i, state := range []string{"banned", "unconfirmed", "bouncing"} {
				w.execSQL("UPDATE member SET state = ? WHERE id = ?", state, 1004+i)
			}
			w.execSQL("UPDATE member SET email = '' WHERE id = 1007")
			check(t, w.store.Suppressions.Add(t.Context(), w.clock(), []store.Health{{Address: address("m1008"), Health: bounce.Health{SuppressedSince: w.clock(), Reason: "gone"}}}))
			check(t, w.store.Preferences.Save(t.Context(), w.clock(), 1009, digest.Preferences{PausedUntil: w.clock().Add(100 * time.Hour)}))
			a := announcementToAll()
			a.Forced = tt.forced
			census, err := w.daemon.audience.Count(t.Context(), &a, w.clock(), func(int) {})
			if err != nil || census.Size != len(tt.want) {
				t.Errorf("the audience has %d members (%v), want %d", census.Size, err, len(tt.want))
			}
			w.startAnnouncement(a)
			w.round()
			w.wantAnnouncementTo(tt.want...)
		})
	}
}

func TestAnnouncement_ReflectsChangesBeforeSending(t *testing.T) {
	t.Parallel()
	w := newAnnouncementWorld(t, 6)
	w.execSQL("INSERT INTO section_watch SELECT id, ?, 'posts', 1 FROM member WHERE id > 1000", guardsvan)
	w.execSQL("UPDATE member SET role_id = ? WHERE id > 1000", steward)
	a := announcementToAll()
	a.Audience = digest.Audience{Sections: []forum.SectionID{guardsvan}}
	w.relay.answerWith(mail.TempFail, 451)
	id := w.startAnnouncement(a)
	w.round() // all wait for another attempt
	no := false
	w.execSQL("UPDATE member SET state = 'banned' WHERE id = 1001")
	w.execSQL("DELETE FROM member WHERE id = 1002")
	w.execSQL("DELETE FROM section_watch WHERE member_id = 1003")
	w.execSQL("UPDATE member SET role_id = ? WHERE id = 1004", passenger) // may no longer read that section
	check(t, w.store.Preferences.Save(t.Context(), w.clock(), 1005, digest.Preferences{Announcements: &no}))
	w.relay.acceptAll()
	w.runAfter(time.Hour)
	w.wantAnnouncementTo("m1006")
	w.wantSkipped(id, map[string]int{"banned": 1, digest.ReasonMemberDeleted: 1, string(digest.NotWatching): 2, string(digest.OptedOutOfAnnouncements): 1})
}

func TestAnnouncement_PlainTextIfPreferred(t *testing.T) {
	t.Parallel()
	w := newAnnouncementWorld(t, 2)
	check(t, w.store.Preferences.Save(t.Context(), w.clock(), 1002, digest.Preferences{Format: digest.Text}))
	a := announcementToAll()
	w.startAnnouncement(a)
	w.round()
	w.wantAnnouncementTo("m1001", "m1002")
	a.ID = 7
	if _, err := w.daemon.SendTestAnnouncement(t.Context(), &a, "m1002", "admin@example.org"); err != nil {
		t.Fatal(err)
	}
	for _, sent := range w.relay.messages() {
		_, text, html := parseMessage(t, sent.raw)
		if wants := sent.to == address("m1001"); wants != (html != "") || !strings.Contains(text, "Saturday") {
			t.Errorf("the message to %s has HTML: %t, want %t; its text is\n%s", sent.to, html != "", wants, text)
		}
	}
}

func TestAnnouncement_PauseAndResume(t *testing.T) {
	t.Parallel()
	w := newAnnouncementWorld(t, 5)
	w.member(2001, "anna", passenger, tonight)
	p := w.writePost(w.thread(tonight))
	a := announcementToAll()
	a.Audience.Except = []forum.MemberID{2001}
	id := w.startAnnouncement(a)
	w.relay.answer = func(to string, _ int) mail.Outcome {
		if to == address("m1001") { // an administrator gets the first message and sees the mistake
			check(t, w.store.Announcements.Pause(t.Context(), w.clock(), "test", id, "a typo"))
		}
		if strings.HasPrefix(to, "m100") && to != address("m1001") {
			return mail.Outcome{Result: mail.NotSent, Stage: mail.Data}
		}
		return mail.Outcome{Result: mail.Accepted, Code: 250}
	}
	w.round()
	w.relay.acceptAll()
	w.setClock(5, "08:00")
	w.round()
	w.restart()
	w.runAfter(time.Minute)
	w.wantMessages("anna", posts(p)) // a paused announcement does not delay other messages
	w.wantAnnouncementTo("m1001")
	if c := w.countByState(); c["held"] != 4 || c["queued"] != 0 {
		t.Errorf("the outbox is %v, want 4 held", c)
	}
	check(t, w.store.Announcements.Resume(t.Context(), w.clock(), "test", id))
	w.runAfter(time.Minute)
	w.wantAnnouncementTo("m1001", "m1002", "m1003", "m1004", "m1005")
	w.runAfter(time.Minute)
	w.wantState(id, store.Done)
}

// digest.max_bytes was lowered, or the templates grew, after the start.
func TestAnnouncement_PausedIfTooLarge(t *testing.T) {
	for name, enrolled := range map[string]bool{"before any member is enqueued": false, "while its messages wait": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newAnnouncementWorld(t, 3)
			w.member(2001, "anna", passenger, tonight)
			p := w.writePost(w.thread(tonight))
			a := announcementToAll()
			a.Variants[0].Body = strings.Repeat("We move on Saturday. ", 1000)
			a.Audience.Except = []forum.MemberID{2001}
			id := w.startAnnouncement(a)
			if enrolled {
				if _, err := w.daemon.main.announcer.advanceAnnouncements(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			most := w.set.Digest.MaxBytes
			w.set.Digest.MaxBytes = 20_000
			w.restart()
			w.setClock(5, "08:00")
			w.round()
			w.wantMessages("anna", posts(p))
			w.wantAnnouncementTo()
			if a := w.announcement(id); a.State != store.Paused || !a.PausedByDaemon || !strings.Contains(a.Reason, "digest.max_bytes") {
				t.Errorf("the announcement is %s (%q), raised as an alarm: %t; want it paused because of digest.max_bytes", a.State, a.Reason, a.PausedByDaemon)
			}
			w.set.Digest.MaxBytes = most
			w.restart()
			check(t, w.store.Announcements.Resume(t.Context(), w.clock(), "test", id))
			w.runAfter(time.Minute)
			w.wantAnnouncementTo("m1001", "m1002", "m1003")
		})
	}
}

func TestAnnouncement_PausedAfterClaimStaysQueued(t *testing.T) {
	t.Parallel()
	w := newAnnouncementWorld(t, 2)
	id := w.startAnnouncement(announcementToAll())
	if more, err := w.daemon.main.announcer.advanceAnnouncements(t.Context()); !more || err != nil {
		t.Fatal(more, err)
	}
	w.deliverWith(func(h *delivery.Hooks) {
		h.Healthy = func(ctx context.Context) error { // it is asked after the claim, and before the messages are built
			if n := w.countByState()["leased"]; n != 2 {
				t.Errorf("%d messages are leased, want 2", n)
			}
			return w.store.Announcements.Pause(ctx, w.clock(), "test", id, "")
		}
	})
	w.wantAnnouncementTo()
	w.round()
	w.wantAnnouncementTo()
	check(t, w.store.Announcements.Resume(t.Context(), w.clock(), "test", id))
	w.round()
	w.wantAnnouncementTo("m1001", "m1002")
}

func TestAnnouncement_CancelIsFinal(t *testing.T) {
	t.Parallel()
	w := newAnnouncementWorld(t, 3)
	a := announcementToAll()
	a.Speed = 60
	id := w.startAnnouncement(a)
	w.round()
	w.runAfter(time.Second)
	w.wantAnnouncementTo("m1001")
	check(t, w.store.Announcements.Cancel(t.Context(), w.clock(), "test", id))
	w.runAfter(time.Hour)
	w.restart()
	w.runAfter(time.Hour)
	w.wantAnnouncementTo("m1001")
	w.wantSkipped(id, map[string]int{store.WasCancelled: 2})
}

func TestAnnouncement_SentOnlyToList(t *testing.T) {
	t.Parallel()
	w := newAnnouncementWorld(t, 5)
	a := announcementToAll()
	a.Audience = digest.Audience{Only: []forum.MemberID{1, 1002, 1004, 5000}, Except: []forum.MemberID{1004}}
	id := w.startAnnouncement(a)
	w.round()
	w.wantAnnouncementTo("m1002")
	w.runAfter(time.Minute)
	w.wantState(id, store.Done)
}

func TestAnnouncement_SendsBeforeAllAreEnqueued(t *testing.T) {
	racetest.SkipIfRace(t)
	t.Parallel()
	w := newAnnouncementWorld(t, 2*settings.BatchSize)
	id := w.startAnnouncement(announcementToAll())
	var enrolled int
	w.relay.answer = func(_ string, attempt int) mail.Outcome {
		if attempt == 1 {
			p, err := w.store.Announcements.CountMessages(t.Context(), id)
			if err != nil {
				t.Error(err)
			}
			enrolled = p.Enrolled()
		}
		return mail.Outcome{Result: mail.Accepted, Code: 250}
	}
	w.round()
	if enrolled == 0 || enrolled > settings.BatchSize {
		t.Errorf("when the first message was sent %d members were enqueued, want at most a page of %d", enrolled, settings.BatchSize)
	}
	if n := len(w.recipients()); n != 2*settings.BatchSize {
		t.Errorf("%d members have it, want all", n)
	}
}

func TestCountAudience_ReturnsReasonsAndSample(t *testing.T) {
	t.Parallel()
	w := newAnnouncementWorld(t, 20)
	w.execSQL("UPDATE member SET state = 'banned' WHERE id = 1001")
	w.execSQL("UPDATE member SET wants_mail = 0 WHERE id IN (1002, 1003)")
	w.execSQL("UPDATE member SET role_id = ? WHERE id > 1015", steward)
	a := announcementToAll()
	a.Audience = digest.Audience{Groups: []forum.GroupID{passenger}}
	c, err := w.daemon.audience.Count(t.Context(), &a, w.clock(), func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	if c.Size != 12 || c.ExcludedByReason["banned"] != 1 || c.ExcludedByReason[digest.Reason(forum.OptedOut)] != 2 || c.ExcludedByReason[digest.NotInGroup] < 5 {
		t.Errorf("the audience is %+v", c)
	}
	seen := make(map[forum.MemberID]bool)
	for _, m := range c.Sample {
		seen[m.ID] = m.ID > 1003 && m.ID <= 1015
	}
	if len(seen) != audience.SampleSize || slices.Contains(slices.Collect(maps.Values(seen)), false) {
		t.Errorf("the sample is %v", c.Sample)
	}
}

func TestAnnouncement_SentAfterMembersPause(t *testing.T) {
	t.Parallel()
	w := newAnnouncementWorld(t, 2)
	check(t, w.store.Preferences.Save(t.Context(), w.clock(), 1001, digest.Preferences{PausedUntil: w.clock().Add(time.Hour)}))
	w.relay.answerWith(mail.TempFail, 451)
	id := w.startAnnouncement(announcementToAll())
	w.round()
	check(t, w.store.Preferences.Save(t.Context(), w.clock(), 1002, digest.Preferences{PausedUntil: w.clock().Add(2 * time.Hour)}))
	w.relay.acceptAll()
	w.runAfter(59 * time.Minute)
	w.wantAnnouncementTo()
	w.runAfter(time.Minute)
	w.wantAnnouncementTo("m1001")
	w.runAfter(time.Hour)
	w.wantAnnouncementTo("m1001", "m1002")
	w.wantState(id, store.Done)
}

func TestSendTestAnnouncement_SendsToOneAddress(t *testing.T) {
	t.Parallel()
	w := newAnnouncementWorld(t, 2)
	a := announcementToAll()
	a.ID = 7
	for _, tt := range []struct{ as, want string }{{"", "On *Saturday*, friend."}, {"m1002", "On *Saturday*, m1002."}} {
		out, err := w.daemon.SendTestAnnouncement(t.Context(), &a, tt.as, "admin@example.org")
		if err != nil || out.Result != mail.Accepted {
			t.Fatal(out, err)
		}
		sent := w.relay.messages()[len(w.relay.messages())-1]
		head, text, _ := parseMessage(t, sent.raw)
		if sent.to != "admin@example.org" || !strings.Contains(text, tt.want) {
			t.Errorf("%s got\n%s\nwant %s", sent.to, text, tt.want)
		}
		if link := head.Get("List-Unsubscribe"); strings.Contains(link, "1002") || link == "" {
			t.Errorf("List-Unsubscribe is %q", link)
		}
	}
	if c := w.countByState(); len(c) != 0 {
		t.Errorf("the outbox is %v", c)
	}
	if _, err := w.daemon.SendTestAnnouncement(t.Context(), &a, "nobody", "admin@example.org"); err == nil {
		t.Error("a test message was sent for a member that does not exist")
	}
}
