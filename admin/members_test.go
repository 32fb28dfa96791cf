package admin_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/admin"
	"postrider/bounce"
	"postrider/daemon"
	"postrider/forum"
	"postrider/store"
)

// exec changes the forum, as the forum itself does.
func (w *world) exec(statement string, args ...any) {
	w.Helper()
	db := must(sql.Open("sqlite", "file:"+w.board+"?_pragma=busy_timeout(5000)"))(w)
	defer db.Close()
	must(db.Exec(statement, args...))(w)
}

// reply is a new post in a thread that a member watches.
func (w *world) reply(to forum.MemberID) forum.PostID {
	w.Helper()
	const post = 90001
	w.exec(`INSERT INTO post SELECT ?, t.thread_id, m.id, m.name, ?, 0, 'visible', 'The [b]whistle[/b] blows at noon.'
		FROM thread_watch t, member m WHERE t.member_id = ? AND m.id = 4 ORDER BY t.thread_id LIMIT 1`, post, w.now.Unix(), int64(to))
	return post
}

// doppel is a member of the sample forum who watches sections and threads.
const doppel = forum.MemberID(13)

func TestMembers_FindByIDNameAndAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	b := w.admin()
	for _, q := range []string{"13", "frau doppelstock", "Doppel@passengers.example", "+13"} {
		if got := b.get("/members?q=" + strings.NewReplacer(" ", "+", "+", "%2B").Replace(q)); got.header.Get("Location") != "/room/members/13" {
			t.Errorf("%q: answer %d, led to %q", q, got.status, got.header.Get("Location"))
		}
	}
	w.exec("UPDATE member SET name = '777777' WHERE id = 14")
	if got := b.get("/members?q=777777"); got.header.Get("Location") != "/room/members/14" {
		t.Errorf("a number that is a name: answer %d", got.status)
	}
	w.exec("UPDATE member SET email = 'Corridor@Kate' WHERE id = 14")
	w.exec("UPDATE member SET name = 'corridor@kate' WHERE id = 15")
	if page := b.get("/members?q=corridor@kate").body; !strings.Contains(page, "/members/14\"") || !strings.Contains(page, "/members/15\"") {
		t.Errorf("one's name that is another's address:\n%s", page)
	}
	page := b.get("/members?q=CO").body
	if !strings.Contains(page, "Corridor Kate") || strings.Contains(page, "Frau Doppelstock") {
		t.Errorf("how a name begins:\n%s", page)
	}
	if page := b.get("/members?q=Nobody").body; !strings.Contains(page, "no such member") {
		t.Errorf("nobody:\n%s", page)
	}
	for _, path := range []string{"/members/99999", "/members/x", "/members/-1", "/members/99999/digest"} {
		if got := b.get(path); got.status != http.StatusNotFound {
			t.Errorf("%s: answer %d", path, got.status)
		}
	}
}

func TestMember_ShowsWhatIsKnown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.daemon(taker{})
	must(d.RunOnce(t.Context()))(t)
	w.reply(doppel)
	w.now = w.now.Add(10 * time.Minute)
	must(w.daemon(taker{}).RunOnce(t.Context()))(t)
	check(t, w.store.Suppressions.Add(t.Context(), w.now, []store.Health{{Address: "doppel@passengers.example", Member: doppel, Health: bounce.Health{SuppressedSince: w.now, Reason: hostile}}}))
	b := w.admin()
	got := b.get("/members/13")
	harmless(t, "the reason", got.body)
	for _, text := range []string{
		"Frau Doppelstock", "doppel@passengers.example", "digest/13/2026-05-04", "alert/13/", ">accepted<", "Deutsches Abteil", "own threads only",
		"Every day, 08:00", "Europe/Berlin", "For the first reply", `name="member" value="13"`, "Threads (7)", "Remove suppression",
	} {
		if !strings.Contains(got.body, text) {
			t.Errorf("it does not say %q:\n%s", text, got.body)
		}
	}
	led(t, b.order("/members/13/lift", "address", "doppel@passengers.example"), "/members/13", "member_unsuppressed")
	if strings.Contains(b.get("/members/13").body, "Remove suppression") {
		t.Error("the address is still suppressed")
	}
	if got := w.audit("suppression"); !slices.Equal(got, []string{"web: admin lift d…@passengers.example"}) {
		t.Errorf("written down is %q", got)
	}
}

func TestMember_ShowsTheNextDigest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.parts.Settings.Alerts.Enabled = false
	w.open()
	must(w.daemon(taker{}).RunOnce(t.Context()))(t)
	b := w.admin()
	if page := b.get("/members/13").body; strings.Contains(page, "<iframe") || !strings.Contains(page, "nothing new") {
		t.Errorf("while nothing is new:\n%s", page)
	}
	w.reply(doppel)
	w.now = w.now.Add(time.Minute)
	must(w.daemon(taker{}).RunOnce(t.Context()))(t)
	page := b.get("/members/13?look=phone").body
	if !strings.Contains(page, "with 1 post so far") || !strings.Contains(page, `src="/room/members/13/digest?look=phone"`) {
		t.Errorf("with a post:\n%s", page)
	}
	for look, want := range map[string]string{"html": "<b>whistle</b>", "text": "*whistle*"} {
		got := b.get("/members/13/digest?look=" + look)
		if !strings.Contains(got.body, want) || !strings.Contains(got.header.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("as %s: answer %d\n%s", look, got.status, got.body)
		}
	}
}

// Links never expire: one that is copied from a preview would open a member's settings for as long as the key lasts.
func TestPreview_ContainsNoMemberLinks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.parts.Settings.Alerts.Enabled = false
	w.open()
	must(w.daemon(taker{}).RunOnce(t.Context()))(t)
	w.reply(doppel)
	w.now = w.now.Add(time.Minute)
	must(w.daemon(taker{}).RunOnce(t.Context()))(t)
	w.announce(moving(), 0)
	b := w.admin()
	for _, path := range []string{"/members/13/digest?look=html", "/members/13/digest?look=text", "/announcements/1/mail?as=13&look=html", "/announcements/1/mail?as=13&look=text"} {
		got := b.get(path)
		links := ownLink.FindAllStringSubmatch(got.body, -1)
		if len(links) < 2 {
			t.Errorf("%s: answer %d, with %d links of ours", path, got.status, len(links))
		}
		for _, found := range links {
			if grant, err := w.parts.Links.Check(found[1]); err != nil || grant.Member != int64(forum.Guest) {
				t.Errorf("%s has a link that is good for %+v (%v)", path, grant, err)
			}
		}
	}
}

var ownLink = regexp.MustCompile(`http://pages\.example/[suv]/([\w-]+)`)

func TestPages_EscapeForumText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(w.daemon(taker{}).RunOnce(t.Context()))(t)
	for _, statement := range []string{"UPDATE member SET name = ? || id, locale = 'en'", "UPDATE section SET title = ?", "UPDATE thread SET title = ?", "UPDATE role SET name = ? || id"} {
		w.exec(statement, hostile)
	}
	a := moving()
	a.Variants[0].Title = hostile
	a.Audience.Groups, a.Audience.Sections = []forum.GroupID{2}, []forum.SectionID{5}
	w.announce(a, 0)
	b := w.admin()
	b.order("/announcements/1/count")
	b.until("/announcements/1", "would get it now")
	post := fmt.Sprint(w.reply(doppel))
	for _, path := range []string{
		"/announcements", "/announcements/1", "/announcements/1?as=4", "/announcements/1/edit", "/announcements/new", "/announcements/1/mail?as=4",
		"/members/13", "/members?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E%3Cimg+src=x+onerror=alert(2)%3E+'%26", "/explain?member=13&post=" + post,
		"/explain?member=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&post=1", "/explain?member=13&post=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
	} {
		harmless(t, path, b.get(path).body)
	}
	b.order("/announcements/1/start", "when", "now", "sure", "yes")
	w.room.(*admin.Server).Stop()
	page := b.get("/announcements/1").body
	for _, text := range []string{page, b.get("/announcements/1/live?state=sending").body} {
		if strings.Contains(text, "<script>") || strings.Contains(text, "<img") {
			t.Errorf("hostile text as it is:\n%s", text)
		}
	}
}

func TestExplain_MatchesTheDaemon(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	must(w.daemon(taker{}).RunOnce(t.Context()))(t)
	b := w.admin()
	got := b.get("/explain?member=doppel%40passengers.example&post=1,%2399999")
	e := daemon.NewExplainer(w.source, w.store, w.parts.Renderer, w.parts.Links, w.parts.Settings)
	_, stories, err := e.ExplainPosts(t.Context(), w.now, "13", []forum.PostID{1, 99999})
	check(t, err)
	for _, x := range stories {
		for _, s := range x.RuleResults {
			if !strings.Contains(got.body, plainText(s.Says)) {
				t.Errorf("of post %d it does not say %q", x.Post, s.Says)
			}
		}
		if !strings.Contains(got.body, plainText(x.Reason)) {
			t.Errorf("of post %d it does not say %q", x.Post, x.Reason)
		}
	}
	for asks, fault := range map[string]string{
		"member=Nobody&post=1": "no such member", "member=13&post=first": "Enter the post IDs", "member=13&post=-1": "Enter the post IDs",
		"member=13&post=" + strings.Repeat("1,", 21): "at most 20",
	} {
		refused(t, b.get("/explain?"+asks), fault)
	}
	if got := b.get("/explain?member=13"); got.status != http.StatusOK || !strings.Contains(got.body, "Frau Doppelstock") {
		t.Errorf("of no post yet: answer %d", got.status)
	}
	if got := b.get("/explain"); got.status != http.StatusOK {
		t.Errorf("of nobody yet: answer %d", got.status)
	}
}

// plainText is a text as html/template writes it.
func plainText(s string) string {
	return strings.NewReplacer("&", "&amp;", `"`, "&#34;", "'", "&#39;", "<", "&lt;", ">", "&gt;").Replace(s)
}
