package admin_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"postrider/alarm"
	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

func TestDashboard_ShowsPastAndComingWork(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.fillOutbox("queued", "queued", "leased", "accepted")
	var subs []store.Subscriber
	for i := range 7 {
		subs = append(subs, store.Subscriber{ID: forum.MemberID(100 + i), Due: noon.Add(90 * time.Minute)})
	}
	check(t, w.store.Subscribers.Save(t.Context(), noon, subs))
	for _, r := range []store.RoundRecord{
		{Began: noon.Add(-30 * time.Minute), Tick: "editions", Sent: 1234, Skipped: map[string]int{"nothing new": 5}, Refused: 2},
		{Began: noon.Add(-3 * time.Hour), Tick: "editions", Sent: 1000},
		{Began: noon.AddDate(0, 0, -29), Tick: "editions", Sent: 777},
		{Began: noon.AddDate(0, 0, -30), Tick: "editions", Sent: 50000},
	} {
		check(t, w.store.Rounds.Save(t.Context(), r))
	}
	page := w.admin().get("/").body
	for _, want := range []string{
		"<b>2,234</b> sent today (UTC)", "1,234 in the last hour", "<b>5</b> skipped today (UTC)", "<b>2</b> rejected today (UTC)", "Last 30 days, in UTC",
		"<b>2</b> ready to send",
		`<title data-hour="2026-05-04T13:00:00Z">13:00: 7</title>`, // digests due in the hour from 13:00
		"<title>5 April 2026: 777</title>",                         // the first of thirty days
		"<b>3,011</b> Sent", "peak: 2,234 a day",
		`href="/base/queue?kind=digest&amp;state=leased"`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("page lacks %q", want)
		}
	}
	if strings.Contains(page, "50,000") || strings.Contains(page, "50000") {
		t.Error("page counts rounds older than thirty days")
	}
	if t.Failed() {
		t.Log(page)
	}
}

// The queue is empty until a scheduled announcement starts, but its members wait.
func TestDashboard_ShowsAnnouncementsThatAreNotInTheQueueYet(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	b := w.admin()
	if page := b.get("/").body; !strings.Contains(page, "The queue is empty.") || !strings.Contains(page, "0 more later") {
		t.Errorf("without messages the page is\n%s", page)
	}
	a := twoLanguageAnnouncement()
	a.Start = digest.Start{At: w.now.Add(48 * time.Hour), Local: true}
	id := w.saveAnnouncement(a, 36).ID
	page := b.get("/").body
	for _, want := range []string{
		"<b>0</b> ready to send", "36 more later", fmt.Sprintf(`href="/base/announcements/%d"`, id), "waiting for the start",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("page lacks %q:\n%s", want, page)
		}
	}
	if strings.Contains(page, "The queue is empty.") {
		t.Error("the page calls the queue empty")
	}
	if page := b.get(fmt.Sprintf("/announcements/%d", id)).body; !strings.Contains(page, "<b>36</b> to come") {
		t.Errorf("the page of the announcement differs:\n%s", page)
	}
}

func TestDashboard_ShowsUnhealthyComponents(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	b := w.admin()
	unhealthy := func() (list []string) {
		for _, line := range strings.Split(b.get("/").body, `<b class="`)[1:] {
			if rest, found := strings.CutPrefix(line, "failed"); found {
				_, rest, _ = strings.Cut(rest, "<span>")
				name, _, _ := strings.Cut(rest, " <span")
				name, _, _ = strings.Cut(name, "<br>")
				name, _, _ = strings.Cut(name, "</span>")
				list = append(list, name)
			}
		}
		return list
	}
	wantUnhealthy := func(when string, want ...string) {
		t.Helper()
		if got := unhealthy(); strings.Join(got, "; ") != strings.Join(want, "; ") {
			t.Errorf("%s: unhealthy are %q, want %q", when, got, want)
		}
	}
	wantUnhealthy("before a daemon ran", "Daemon")
	check(t, w.store.Rounds.Save(t.Context(), store.RoundRecord{Began: noon.Add(-4 * time.Minute), Tick: "start"}))
	wantUnhealthy("with a round some time ago", "Daemon")
	check(t, w.store.Rounds.Save(t.Context(), store.RoundRecord{Began: noon.Add(-2 * time.Minute), Tick: "start"}))
	wantUnhealthy("with a round just now")
	check(t, w.store.Values.Set(t.Context(), "pulse", w.now.Add(-time.Minute).Format(time.RFC3339)))
	wantUnhealthy("with a daemon")
	check(t, w.store.Alarms.Save(t.Context(), []store.Alarm{
		{Key: "relay", Detail: hostile, Since: noon, Due: noon, Seen: noon},
		{Key: "held a.example", Detail: "421", Since: noon, Due: noon, Seen: noon},
	}, nil))
	wantUnhealthy("with alarms", "Relay")
	page := b.get("/").body
	wantEscaped(t, "dashboard", page)
	if !strings.Contains(page, "The relay cannot be reached") || !strings.Contains(page, "a.example is rejecting our mail") {
		t.Errorf("alarms are missing:\n%s", page)
	}
	check(t, w.store.Alarms.Save(t.Context(), nil, map[string]time.Time{"relay": noon.Add(time.Minute), "held a.example": noon.Add(time.Minute)}))
	wantUnhealthy("after they are over")
	check(t, w.source.Close())
	w.now = w.now.Add(5 * time.Minute)
	wantUnhealthy("without a forum, after five minutes of silence", "Daemon", "Forum database")
}

func TestDashboard_ShowsUntrustedProxy(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	b := w.admin()
	if page := b.get("/").body; strings.Contains(page, "trusted_proxies") {
		t.Error("page warns without a proxy")
	}
	b.remoteAddr, b.headers = "127.0.0.1:1234", map[string]string{"X-Forwarded-For": "203.0.113.7"}
	if page := b.get("/").body; !strings.Contains(page, "127.0.0.1 is not trusted") || !strings.Contains(page, "web.trusted_proxies") {
		t.Errorf("page does not warn of the proxy:\n%s", page)
	}
}

func TestDashboard_NamesTheRelayOfAnnouncements(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.deps.Settings.AnnounceConnections = 2
	w.open()
	bell := alarm.New(w.store.Alarms, w.deps.Log, func() time.Time { return w.now })
	bell.Raise(alarm.Auth, store.AnnouncementRelay, "535 no")
	check(t, bell.Flush(t.Context()))
	page := w.admin().get("/").body
	for _, want := range []string{"The relay rejected the login [smtp.announcements]", "the password in [smtp.announcements]", "Relay of announcements", "535 no"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q:\n%s", want, page)
		}
	}
	if got := strings.Count(page, `class="failed"`); got != 2 { // of the daemon, which does not run, and of this relay
		t.Errorf("%d components are unhealthy, want 2", got)
	}
}
