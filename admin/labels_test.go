package admin_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"postrider/forum"
	"postrider/store"
)

// shownText matches what a page shows, as opposed to attributes.
var shownText = regexp.MustCompile(`>[^<]*<`)

// wantNoKeys fails the test if a page shows the key of a message.
func wantNoKeys(t *testing.T, name, page string) {
	t.Helper()
	for _, text := range shownText.FindAllString(page, -1) {
		for _, kind := range []string{"digest/", "alert/", "announce/"} {
			if strings.Contains(text, kind) {
				t.Errorf("%s shows a key: %q", name, text)
			}
		}
	}
}

// Names and subjects come from the forum as it is now: a renamed member and a retitled thread have today's words.
func TestQueue_ListsNamesAndSubjects(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	must(w.newDaemon(acceptingSender{}).RunOnce(t.Context()))(t)
	w.writeReply(watcher)
	w.now = w.now.Add(10 * time.Minute)
	must(w.newDaemon(acceptingSender{}).RunOnce(t.Context()))(t)
	a := w.saveAnnouncement(twoLanguageAnnouncement(), 1)
	_, _, err := w.store.Announcements.Enqueue(t.Context(), w.now, a, []store.Recipient{{Member: watcher, NotBefore: w.now}}, watcher, false, 20)
	check(t, err)
	var thread string
	for _, m := range must(w.store.Queue.List(t.Context(), store.QueueFilter{States: store.MessageStates, Kind: store.KindAlert, Member: watcher, Limit: 1}))(t) {
		items := must(w.store.Alerts.Items(t.Context(), []string{m.Key}))(t)[m.Key]
		thread = fmt.Sprint(items[0].Thread)
	}
	if thread == "" {
		t.Fatal("no alert was planned")
	}
	w.execForum("UPDATE thread SET title = 'Today''s <i>title</i>' WHERE id = " + thread)
	w.execForum("UPDATE member SET name = 'Frau <b>Doppelstock</b>-Neu' WHERE id = 13")
	title := "Today&#39;s &lt;i&gt;title&lt;/i&gt;"
	b := w.admin()
	for _, path := range []string{"/queue?state=all&member=13", "/members/13"} {
		page := b.get(path).body
		wantNoKeys(t, path, page)
		for _, text := range []string{title, "Digest for Monday, 4 May 2026", "We move on Saturday, {{name|friend}}", "Frau &lt;b&gt;Doppelstock&lt;/b&gt;-Neu"} {
			if !strings.Contains(page, text) {
				t.Errorf("%s lacks %q:\n%s", path, text, page)
			}
		}
	}
	check(t, w.source.Close())
	if got := b.get("/queue?state=all&member=13"); got.status != 200 || !strings.Contains(got.body, "Digest for Monday, 4 May 2026") || !strings.Contains(got.body, ">Alert<") {
		t.Errorf("without the forum: status %d\n%s", got.status, got.body)
	}
}

func TestQueue_LabelsUnknownMessages(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	plan := []store.Plan{{Key: "digest/99999/2026-05-04T1500Z", Kind: store.KindDigest, Member: 99999, Until: 9, NextDue: w.now.Add(time.Hour)}}
	check(t, w.store.Subscribers.Save(t.Context(), w.now, []store.Subscriber{{ID: forum.MemberID(99999), Due: w.now}}))
	must(w.store.Outbox.Plan(t.Context(), w.now, plan))(t)
	page := w.admin().get("/queue").body
	if wantNoKeys(t, "the queue", page); !strings.Contains(page, "Digest for Monday, 4 May 2026") || !strings.Contains(page, ">99999</a>") {
		t.Errorf("a message to a member that the forum does not know:\n%s", page)
	}
}
