package daemon

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/bounce"
	"postrider/digest"
	"postrider/forum"
	"postrider/internal/racetest"
	"postrider/mail"
	"postrider/store"
)

// newHall is a world with nobody in it but so many members, 1001 and up, called m1001 and up.
func newHall(t *testing.T, members int) *world {
	t.Helper()
	w := newWorld(t)
	w.set.Announce = DefaultAnnouncements()
	w.restart()
	w.sql("UPDATE member SET state = 'disabled'")
	w.sql(`WITH RECURSIVE crowd (id) AS (SELECT 1001 UNION ALL SELECT id + 1 FROM crowd WHERE id < 1000 + ?)
		INSERT INTO member SELECT id, 'm' || id, 'm' || id || '@example.org', 'UTC', 'en', ?, '', 0, 'active', 1 FROM crowd`, members, passenger)
	return w
}

// toAll is an announcement to everybody, without a canary.
func toAll() digest.Announcement {
	return digest.Announcement{Variants: []digest.Variant{{Locale: "en", Title: "We move, {{name}}", Body: "On **Saturday**, {{name|friend}}."}}}
}

// start drafts and starts an announcement to an audience of the size that a census tells.
func (w *world) start(a digest.Announcement) int64 {
	w.Helper()
	census, err := w.daemon.audience.CountAudience(w.Context(), &a, w.clock(), func(int) {})
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

// after moves the clock on and runs a round.
func (w *world) after(d time.Duration) Report {
	w.Helper()
	w.turn(w.clock().Add(d))
	return w.round()
}

// mailed lists whom mails were handed over to so far, by name, rising; who got two stands there twice.
func (w *world) mailed() []string {
	var names []string
	for _, try := range w.relay.all() {
		if try.out.Result == mail.Accepted {
			names = append(names, strings.TrimSuffix(try.to, "@example.org"))
		}
	}
	slices.Sort(names)
	return names
}

func (w *world) gotNotice(want ...string) {
	w.Helper()
	if got := w.mailed(); !slices.Equal(got, want) {
		w.Errorf("mailed were %v, want %v", got, want)
	}
}

func (w *world) stands(id int64) store.Announcement {
	w.Helper()
	a, err := w.store.Announcements.Get(w.Context(), id)
	if err != nil {
		w.Fatal(err)
	}
	return a
}

func (w *world) state(id int64, want string) {
	w.Helper()
	if a := w.stands(id); a.State != want {
		w.Errorf("announcement %d is %s (%s), want %s", id, a.State, a.Reason, want)
	}
}

// skipped counts the skipped mails of an announcement by reason.
func (w *world) skipped(id int64, want map[string]int) {
	w.Helper()
	p, err := w.store.Announcements.CountMessages(w.Context(), id)
	if err != nil {
		w.Fatal(err)
	}
	if !maps.Equal(p.Skipped, want) {
		w.Errorf("skipped are %v, want %v", p.Skipped, want)
	}
}

func order(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAnAnnouncementGoesToEachMemberOnceHoweverManyRounds(t *testing.T) {
	t.Parallel()
	w := newHall(t, 3)
	id := w.start(toAll())
	w.round()
	w.gotNotice("m1001", "m1002", "m1003")
	w.state(id, store.Done)
	w.member(1004, "m1004", passenger)
	w.after(time.Minute)
	w.restart()
	w.after(time.Hour)
	w.gotNotice("m1001", "m1002", "m1003")
	w.state(id, store.Done)
	tries := w.relay.all()
	first := slices.IndexFunc(tries, func(x try) bool { return x.to == address("m1001") })
	head, text, html := parts(t, tries[first].raw)
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
		t.Errorf("the mail says %s\n%s", text, html)
	}
}

func TestNobodyIsMailedWhomTheForumOrHeHimselfForbids(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		forced bool
		want   []string
	}{
		{"usually", false, []string{"m1001"}},
		{"forced mode overrides opt-outs, and nothing else", true, []string{"m1001", "m1002", "m1003", "m1009"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newHall(t, 9)
			no := false
			w.sql("UPDATE member SET wants_mail = 0 WHERE id = 1002")
			order(t, w.store.Preferences.Save(t.Context(), w.clock(), 1003, digest.Preferences{Announcements: &no}))
			for i, state := range []string{"banned", "unconfirmed", "bouncing"} {
				w.sql("UPDATE member SET state = ? WHERE id = ?", state, 1004+i)
			}
			w.sql("UPDATE member SET email = '' WHERE id = 1007")
			order(t, w.store.Suppressions.Add(t.Context(), w.clock(), []store.Health{{Address: address("m1008"), Health: bounce.Health{SuppressedSince: w.clock(), Reason: "gone"}}}))
			order(t, w.store.Preferences.Save(t.Context(), w.clock(), 1009, digest.Preferences{PausedUntil: w.clock().Add(100 * time.Hour)}))
			a := toAll()
			a.Forced = tt.forced
			census, err := w.daemon.audience.CountAudience(t.Context(), &a, w.clock(), func(int) {})
			if err != nil || census.Size != len(tt.want) {
				t.Errorf("the census counts %d, %v, want %d", census.Size, err, len(tt.want))
			}
			w.start(a)
			w.round()
			w.gotNotice(tt.want...)
		})
	}
}

func TestWhatChangesWhileAMailWaitsIsSeenBeforeItIsHandedOver(t *testing.T) {
	t.Parallel()
	w := newHall(t, 6)
	w.sql("INSERT INTO section_watch SELECT id, ?, 'posts', 1 FROM member WHERE id > 1000", guardsvan)
	w.sql("UPDATE member SET role_id = ? WHERE id > 1000", steward)
	a := toAll()
	a.Audience = digest.Audience{Sections: []forum.SectionID{guardsvan}}
	w.relay.says(mail.TempFail, 451)
	id := w.start(a)
	w.round() // all wait for another try
	no := false
	w.sql("UPDATE member SET state = 'banned' WHERE id = 1001")
	w.sql("DELETE FROM member WHERE id = 1002")
	w.sql("DELETE FROM section_watch WHERE member_id = 1003")
	w.sql("UPDATE member SET role_id = ? WHERE id = 1004", passenger) // may not read that section any more
	order(t, w.store.Preferences.Save(t.Context(), w.clock(), 1005, digest.Preferences{Announcements: &no}))
	w.relay.works()
	w.after(time.Hour)
	w.gotNotice("m1006")
	w.skipped(id, map[string]int{"banned": 1, reasonMemberDeleted: 1, string(digest.NotWatching): 2, string(digest.OptedOutOfAnnouncements): 1})
}

func TestWhoReadsTextAloneGetsAnnouncementsAsText(t *testing.T) {
	t.Parallel()
	w := newHall(t, 2)
	order(t, w.store.Preferences.Save(t.Context(), w.clock(), 1002, digest.Preferences{Format: digest.Text}))
	a := toAll()
	w.start(a)
	w.round()
	w.gotNotice("m1001", "m1002")
	a.ID = 7
	if _, err := w.daemon.SendTestAnnouncement(t.Context(), &a, "m1002", "admin@example.org"); err != nil {
		t.Fatal(err)
	}
	for _, try := range w.relay.all() {
		_, text, html := parts(t, try.raw)
		if wants := try.to == address("m1001"); wants != (html != "") || !strings.Contains(text, "Saturday") {
			t.Errorf("the mail to %s has HTML: %t, want %t; its text is\n%s", try.to, html != "", wants, text)
		}
	}
}

func TestAPausedAnnouncementSendsNothingAndGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	w := newHall(t, 5)
	w.member(2001, "anna", passenger, tonight)
	p := w.post(w.thread(tonight))
	a := toAll()
	a.Audience.Except = []forum.MemberID{2001}
	id := w.start(a)
	w.relay.answer = func(to string, _ int) mail.Outcome {
		if to == address("m1001") { // an administrator sees the first mail, and its fault
			order(t, w.store.Announcements.Pause(t.Context(), w.clock(), "test", id, "a typo"))
		}
		if strings.HasPrefix(to, "m100") && to != address("m1001") {
			return mail.Outcome{Result: mail.NotSent, Stage: mail.Data}
		}
		return mail.Outcome{Result: mail.Accepted, Code: 250}
	}
	w.round()
	w.relay.works()
	w.at(5, "08:00")
	w.round()
	w.restart()
	w.after(time.Minute)
	w.got("anna", posts(p)) // a paused announcement holds up nobody else's mail
	w.gotNotice("m1001")
	if c := w.counts(); c["held"] != 4 || c["queued"] != 0 {
		t.Errorf("the outbox is %v, want 4 held", c)
	}
	order(t, w.store.Announcements.Resume(t.Context(), w.clock(), "test", id))
	w.after(time.Minute)
	w.gotNotice("m1001", "m1002", "m1003", "m1004", "m1005")
	w.after(time.Minute)
	w.state(id, store.Done)
}

// digest.max_bytes was lowered, or the templates grew, since it was started.
func TestAnAnnouncementThatFitsNoMoreIsPausedAndHoldsUpNobody(t *testing.T) {
	for name, enrolled := range map[string]bool{"before anybody is enrolled": false, "while its mails wait": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newHall(t, 3)
			w.member(2001, "anna", passenger, tonight)
			p := w.post(w.thread(tonight))
			a := toAll()
			a.Variants[0].Body = strings.Repeat("We move on Saturday. ", 1000)
			a.Audience.Except = []forum.MemberID{2001}
			id := w.start(a)
			if enrolled {
				if _, err := w.daemon.advanceAnnouncements(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			most := w.set.Digest.MaxBytes
			w.set.Digest.MaxBytes = 20_000
			w.restart()
			w.at(5, "08:00")
			w.round()
			w.got("anna", posts(p))
			w.gotNotice()
			if a := w.stands(id); a.State != store.Paused || !a.PausedByDaemon || !strings.Contains(a.Reason, "digest.max_bytes") {
				t.Errorf("the announcement is %s (%q), told as an alarm: %t; want it paused because of digest.max_bytes", a.State, a.Reason, a.PausedByDaemon)
			}
			w.set.Digest.MaxBytes = most
			w.restart()
			order(t, w.store.Announcements.Resume(t.Context(), w.clock(), "test", id))
			w.after(time.Minute)
			w.gotNotice("m1001", "m1002", "m1003")
		})
	}
}

func TestAMailWhoseAnnouncementIsPausedAfterItWasClaimedStays(t *testing.T) {
	t.Parallel()
	w := newHall(t, 2)
	id := w.start(toAll())
	if more, err := w.daemon.advanceAnnouncements(t.Context()); !more || err != nil {
		t.Fatal(more, err)
	}
	rows, err := w.store.Outbox.Claim(t.Context(), w.clock(), w.set.Owner, time.Minute, store.AllPriorities, 10)
	if err != nil || len(rows) != 2 {
		t.Fatal(rows, err)
	}
	order(t, w.store.Announcements.Pause(t.Context(), w.clock(), "test", id, ""))
	if err := w.daemon.deliverBatch(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	w.gotNotice()
	w.round()
	w.gotNotice()
	order(t, w.store.Announcements.Resume(t.Context(), w.clock(), "test", id))
	w.round()
	w.gotNotice("m1001", "m1002")
}

func TestACancelledAnnouncementEndsForGood(t *testing.T) {
	t.Parallel()
	w := newHall(t, 3)
	a := toAll()
	a.Speed = 60
	id := w.start(a)
	w.round()
	w.after(time.Second)
	w.gotNotice("m1001")
	order(t, w.store.Announcements.Cancel(t.Context(), w.clock(), "test", id))
	w.after(time.Hour)
	w.restart()
	w.after(time.Hour)
	w.gotNotice("m1001")
	w.skipped(id, map[string]int{store.WasCancelled: 2})
}

func TestAListIsMailedAndNobodyElse(t *testing.T) {
	t.Parallel()
	w := newHall(t, 5)
	a := toAll()
	a.Audience = digest.Audience{Only: []forum.MemberID{1, 1002, 1004, 5000}, Except: []forum.MemberID{1004}}
	id := w.start(a)
	w.round()
	w.gotNotice("m1002")
	w.after(time.Minute)
	w.state(id, store.Done)
}

func TestMailsLeaveBeforeAllMembersAreEnrolled(t *testing.T) {
	racetest.SkipIfRace(t)
	t.Parallel()
	w := newHall(t, 2*batchSize)
	id := w.start(toAll())
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
	if enrolled == 0 || enrolled > batchSize {
		t.Errorf("when the first mail left %d members were enrolled, want at most a page of %d", enrolled, batchSize)
	}
	if n := len(w.mailed()); n != 2*batchSize {
		t.Errorf("%d have it, want all", n)
	}
}

func TestACensusTellsWhoIsLeftOutAndSome(t *testing.T) {
	t.Parallel()
	w := newHall(t, 20)
	w.sql("UPDATE member SET state = 'banned' WHERE id = 1001")
	w.sql("UPDATE member SET wants_mail = 0 WHERE id IN (1002, 1003)")
	w.sql("UPDATE member SET role_id = ? WHERE id > 1015", steward)
	a := toAll()
	a.Audience = digest.Audience{Groups: []forum.GroupID{passenger}}
	c, err := w.daemon.audience.CountAudience(t.Context(), &a, w.clock(), func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	if c.Size != 12 || c.ExcludedByReason["banned"] != 1 || c.ExcludedByReason[digest.Reason(forum.OptedOut)] != 2 || c.ExcludedByReason[digest.NotInGroup] < 5 {
		t.Errorf("the census is %+v", c)
	}
	seen := make(map[forum.MemberID]bool)
	for _, m := range c.Sample {
		seen[m.ID] = m.ID > 1003 && m.ID <= 1015
	}
	if len(seen) != sampleSize || slices.Contains(slices.Collect(maps.Values(seen)), false) {
		t.Errorf("the sample is %v", c.Sample)
	}
}

func TestWhoPausesHisMailWhileAnAnnouncementWaitsGetsItAfterwards(t *testing.T) {
	t.Parallel()
	w := newHall(t, 2)
	order(t, w.store.Preferences.Save(t.Context(), w.clock(), 1001, digest.Preferences{PausedUntil: w.clock().Add(time.Hour)}))
	w.relay.says(mail.TempFail, 451)
	id := w.start(toAll())
	w.round()
	order(t, w.store.Preferences.Save(t.Context(), w.clock(), 1002, digest.Preferences{PausedUntil: w.clock().Add(2 * time.Hour)}))
	w.relay.works()
	w.after(59 * time.Minute)
	w.gotNotice()
	w.after(time.Minute)
	w.gotNotice("m1001")
	w.after(time.Hour)
	w.gotNotice("m1001", "m1002")
	w.state(id, store.Done)
}

func TestAnAnnouncementIsTriedOnOneAddressAndNobodyElse(t *testing.T) {
	t.Parallel()
	w := newHall(t, 2)
	a := toAll()
	a.ID = 7
	for _, tt := range []struct{ as, want string }{{"", "On *Saturday*, friend."}, {"m1002", "On *Saturday*, m1002."}} {
		out, err := w.daemon.SendTestAnnouncement(t.Context(), &a, tt.as, "admin@example.org")
		if err != nil || out.Result != mail.Accepted {
			t.Fatal(out, err)
		}
		try := w.relay.all()[len(w.relay.all())-1]
		head, text, _ := parts(t, try.raw)
		if try.to != "admin@example.org" || !strings.Contains(text, tt.want) {
			t.Errorf("%s got\n%s\nwant %s", try.to, text, tt.want)
		}
		if link := head.Get("List-Unsubscribe"); strings.Contains(link, "1002") || link == "" {
			t.Errorf("List-Unsubscribe is %q", link)
		}
	}
	if c := w.counts(); len(c) != 0 {
		t.Errorf("the outbox is %v", c)
	}
	if _, err := w.daemon.SendTestAnnouncement(t.Context(), &a, "nobody", "admin@example.org"); err == nil {
		t.Error("it was sent as a member whom the forum does not know")
	}
}
