package admin_test

import (
	"database/sql"
	"fmt"
	"html"
	"net/http"
	"net/url"
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
	"postrider/templates"
)

// execForum changes the forum's database.
func (w *fixture) execForum(statement string, args ...any) {
	w.Helper()
	db := must(sql.Open("sqlite", "file:"+w.forumPath+"?_pragma=busy_timeout(5000)"))(w)
	defer db.Close()
	must(db.Exec(statement, args...))(w)
}

// writeReply adds a post to a thread that a member watches.
func (w *fixture) writeReply(to forum.MemberID) forum.PostID {
	w.Helper()
	const post = 90001
	w.execForum(`INSERT INTO post SELECT ?, t.thread_id, m.id, m.name, ?, 0, 'visible', 'The [b]whistle[/b] blows at noon.'
		FROM thread_watch t, member m WHERE t.member_id = ? AND m.id = 4 ORDER BY t.thread_id LIMIT 1`, post, w.now.Unix(), int64(to))
	return post
}

// watcher is a member of the sample forum who watches sections and threads.
const watcher = forum.MemberID(13)

func TestMembers_FindByIDNameAndAddress(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	b := w.admin()
	for _, q := range []string{"13", "frau doppelstock", "Doppel@passengers.example", "+13"} {
		if got := b.get("/members?q=" + strings.NewReplacer(" ", "+", "+", "%2B").Replace(q)); got.header.Get("Location") != "/base/members/13" {
			t.Errorf("%q: status %d, redirected to %q", q, got.status, got.header.Get("Location"))
		}
	}
	w.execForum("UPDATE member SET name = '777777' WHERE id = 14")
	if got := b.get("/members?q=777777"); got.header.Get("Location") != "/base/members/14" {
		t.Errorf("a name that is a number: status %d", got.status)
	}
	w.execForum("UPDATE member SET email = 'Corridor@Kate' WHERE id = 14")
	w.execForum("UPDATE member SET name = 'corridor@kate' WHERE id = 15")
	if page := b.get("/members?q=corridor@kate").body; !strings.Contains(page, "/members/14\"") || !strings.Contains(page, "/members/15\"") {
		t.Errorf("a name that is another member's address:\n%s", page)
	}
	page := b.get("/members?q=CO").body
	if !strings.Contains(page, "Corridor Kate") || strings.Contains(page, "Frau Doppelstock") {
		t.Errorf("prefix of a name:\n%s", page)
	}
	if got := b.get("/members?q=DOPPEL"); got.header.Get("Location") != "/base/members/13" {
		t.Errorf("part of a name: status %d, redirected to %q", got.status, got.header.Get("Location"))
	}
	w.execForum("UPDATE member SET name = 'Doppel' WHERE id = 16")
	page = b.get("/members?q=doppel").body
	if whole, part := strings.Index(page, "/members/16\""), strings.Index(page, "/members/13\""); whole < 0 || part < whole {
		t.Errorf("a name that is a part of another:\n%s", page)
	}
	for _, wild := range []string{"%25", "|", "o_r"} {
		if page := b.get("/members?q=" + wild).body; !strings.Contains(page, "no such member") {
			t.Errorf("%s matches members:\n%s", wild, page)
		}
	}
	w.execForum("UPDATE member SET name = 'Traveller ' || id WHERE id > 20")
	if page := b.get("/members?q=travel").body; strings.Count(page, "rowheader") > 50 {
		t.Errorf("the list is not limited:\n%s", page)
	}
	if page := b.get("/members?q=Nobody").body; !strings.Contains(page, "no such member") {
		t.Errorf("unknown member:\n%s", page)
	}
	for _, path := range []string{"/members/99999", "/members/x", "/members/-1", "/members/99999/digest"} {
		if got := b.get(path); got.status != http.StatusNotFound {
			t.Errorf("%s: status %d", path, got.status)
		}
	}
}

func TestMember_ShowsWhatIsKnown(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	d := w.newDaemon(acceptingSender{})
	must(d.RunOnce(t.Context()))(t)
	w.writeReply(watcher)
	w.now = w.now.Add(10 * time.Minute)
	must(w.newDaemon(acceptingSender{}).RunOnce(t.Context()))(t)
	check(t, w.store.Suppressions.Add(t.Context(), w.now, []store.Health{{Address: "doppel@passengers.example", Member: watcher, Health: bounce.Health{SuppressedSince: w.now, Reason: hostile}}}))
	b := w.admin()
	got := b.get("/members/13")
	wantEscaped(t, "the reason", got.body)
	for _, text := range []string{
		"Frau Doppelstock", "doppel@passengers.example", "key=digest%2f13%2f2026-05-04", "key=alert%2f13%2f", ">accepted<", "Deutsches Abteil", "own threads only",
		"Every day, 08:00", "Europe/Berlin", "For the first reply", `name="member" value="13"`, "Threads (7)", "Remove suppression",
	} {
		if !strings.Contains(got.body, text) {
			t.Errorf("page lacks %q:\n%s", text, got.body)
		}
	}
	wantRedirectDone(t, b.postWithToken("/members/13/lift", "address", "doppel@passengers.example"), "/members/13", "member_unsuppressed")
	if strings.Contains(b.get("/members/13").body, "Remove suppression") {
		t.Error("the address is still suppressed")
	}
	if got := w.auditOf("suppression"); !slices.Equal(got, []string{"web: admin lift d…@passengers.example"}) {
		t.Errorf("audit log is %q", got)
	}
}

func TestMember_ShowsTheNextDigest(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.deps.Settings.Alerts.Enabled = false
	w.open()
	must(w.newDaemon(acceptingSender{}).RunOnce(t.Context()))(t)
	b := w.admin()
	if page := b.get("/members/13").body; strings.Contains(page, "<iframe") || !strings.Contains(page, "nothing new") {
		t.Errorf("while nothing is new:\n%s", page)
	}
	w.writeReply(watcher)
	w.now = w.now.Add(time.Minute)
	must(w.newDaemon(acceptingSender{}).RunOnce(t.Context()))(t)
	page := b.get("/members/13?look=phone").body
	if !strings.Contains(page, "with 1 post so far") || !strings.Contains(page, `src="/base/members/13/digest?look=phone"`) {
		t.Errorf("with a post:\n%s", page)
	}
	for look, want := range map[string]string{"html": "<b>whistle</b>", "text": "*whistle*"} {
		got := b.get("/members/13/digest?look=" + look)
		if !strings.Contains(got.body, want) || !strings.Contains(got.header.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("as %s: status %d\n%s", look, got.status, got.body)
		}
	}
}

// Links never expire: one copied from a preview would open a member's settings for as long as the key is used.
func TestPreview_ContainsNoMemberLinks(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.deps.Settings.Alerts.Enabled = false
	w.open()
	must(w.newDaemon(acceptingSender{}).RunOnce(t.Context()))(t)
	w.writeReply(watcher)
	w.now = w.now.Add(time.Minute)
	must(w.newDaemon(acceptingSender{}).RunOnce(t.Context()))(t)
	w.saveAnnouncement(twoLanguageAnnouncement(), 0)
	b := w.admin()
	for _, path := range []string{"/members/13/digest?look=html", "/members/13/digest?look=text", "/announcements/1/mail?as=13&look=html", "/announcements/1/mail?as=13&look=text"} {
		got := b.get(path)
		links := ownLink.FindAllStringSubmatch(got.body, -1)
		if len(links) < 2 {
			t.Errorf("%s: status %d, %d links to our pages", path, got.status, len(links))
		}
		for _, found := range links {
			if grant, err := w.deps.Links.Check(found[1]); err != nil || grant.Member != int64(forum.Guest) {
				t.Errorf("%s has a valid link with the claims %+v (%v)", path, grant, err)
			}
		}
	}
}

var ownLink = regexp.MustCompile(`http://pages\.example/[suv]/([\w-]+)`)

func TestPages_EscapeForumText(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	must(w.newDaemon(acceptingSender{}).RunOnce(t.Context()))(t)
	for _, statement := range []string{"UPDATE member SET name = ? || id, locale = 'en'", "UPDATE section SET title = ?", "UPDATE thread SET title = ?", "UPDATE role SET name = ? || id"} {
		w.execForum(statement, hostile)
	}
	a := twoLanguageAnnouncement()
	a.Variants[0].Title = hostile
	a.Audience.Groups, a.Audience.Sections = []forum.GroupID{2}, []forum.SectionID{5}
	w.saveAnnouncement(a, 0)
	b := w.admin()
	b.postWithToken("/announcements/1/count")
	b.waitFor("/announcements/1", "would get it now")
	post := fmt.Sprint(w.writeReply(watcher))
	for _, path := range []string{
		"/announcements", "/announcements/1", "/announcements/1?as=4", "/announcements/1/edit", "/announcements/new", "/announcements/1/mail?as=4",
		"/members/13", "/members?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E%3Cimg+src=x+onerror=alert(2)%3E+'%26", "/explain?member=13&post=" + post,
		"/explain?member=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&post=1", "/explain?member=13&post=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
	} {
		wantEscaped(t, path, b.get(path).body)
	}
	b.postWithToken("/announcements/1/start", "when", "now", "sure", "yes")
	w.server.(*admin.Server).Stop()
	page := b.get("/announcements/1").body
	for _, text := range []string{page, b.get("/announcements/1/live?state=sending").body} {
		if strings.Contains(text, "<script>") || strings.Contains(text, "<img") {
			t.Errorf("unescaped hostile text:\n%s", text)
		}
	}
}

func TestExplain_MatchesTheDaemon(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	must(w.newDaemon(acceptingSender{}).RunOnce(t.Context()))(t)
	b := w.admin()
	got := b.get("/explain?member=doppel%40passengers.example&post=1,%2399999")
	e := daemon.NewExplainer(daemon.Deps{Forum: w.source, Store: w.store, Renderer: w.deps.Renderer, Links: w.deps.Links}, w.deps.Settings)
	_, stories, err := e.Posts(t.Context(), w.now, "13", []forum.PostID{1, 99999})
	check(t, err)
	texts, err := templates.Load("")
	check(t, err)
	for _, x := range stories {
		for _, s := range x.RuleResults {
			if !strings.Contains(got.body, escapeText(texts.Reason("en", s.Says))) {
				t.Errorf("post %d: page lacks %q", x.Post, texts.Reason("en", s.Says))
			}
		}
		if !strings.Contains(got.body, escapeText(texts.Reason("en", x.Reason))) {
			t.Errorf("post %d: page lacks %q", x.Post, texts.Reason("en", x.Reason))
		}
	}
	for asks, fault := range map[string]string{
		"member=Nobody&post=1": "no such member", "member=13&post=first": "Enter post IDs", "member=13&post=-1": "Enter post IDs",
		"member=13&post=" + strings.Repeat("1,", 21): "at most 20",
	} {
		wantFormError(t, b.get("/explain?"+asks), fault)
	}
	if got := b.get("/explain?member=13"); got.status != http.StatusOK || !strings.Contains(got.body, "Frau Doppelstock") {
		t.Errorf("without a post: status %d", got.status)
	}
	if got := b.get("/explain"); got.status != http.StatusOK {
		t.Errorf("without a member: status %d", got.status)
	}
}

// escapeText escapes text as html/template does.
func escapeText(s string) string {
	return strings.NewReplacer("&", "&amp;", `"`, "&#34;", "'", "&#39;", "<", "&lt;", ">", "&gt;").Replace(s)
}

func TestExplain_TakesLinksAndStartsFromMemberMailAndThread(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	must(w.newDaemon(acceptingSender{}).RunOnce(t.Context()))(t)
	post := w.writeReply(watcher)
	w.now = w.now.Add(10 * time.Minute)
	must(w.newDaemon(acceptingSender{}).RunOnce(t.Context()))(t)
	b := w.admin()
	shown := fmt.Sprintf(`id="post-%d"`, post)
	if got := b.get("/explain?member=13&post=" + url.QueryEscape(w.source.Links().Post(0, post))); !strings.Contains(got.body, shown) {
		t.Errorf("the link of a post explains\n%s", got.body)
	}
	_, rest, _ := strings.Cut(b.get("/members/13").body, `href="/base/explain?`)
	link, _, _ := strings.Cut(rest, `#`)
	search := b.get("/explain?" + html.UnescapeString(link))
	_, rest, _ = strings.Cut(search.body, "&amp;post=T")
	thread, _, found := strings.Cut(rest, `"`)
	if !found {
		t.Fatalf("the member's page leads to no thread:\n%s", search.body)
	}
	if got := b.get("/explain?member=13&post=T" + thread); !strings.Contains(got.body, shown) {
		t.Errorf("the newest thread, %s, explains\n%s", thread, got.body)
	}
	if got := b.get("/explain?member=13&words=no+such+thread"); strings.Contains(got.body, "post=T") {
		t.Errorf("words in no title find\n%s", got.body)
	}
	alerts := must(w.store.Queue.List(t.Context(), store.QueueFilter{States: store.MessageStates, Kind: store.KindAlert, Member: watcher, Limit: 1}))(t)
	if len(alerts) == 0 {
		t.Fatal("no alert was planned")
	}
	if got := b.get("/queue/mail?key=" + url.QueryEscape(alerts[0].Key)); !strings.Contains(got.body, fmt.Sprintf("/explain?member=13&amp;post=%d", post)) {
		t.Errorf("the mail leads to no explanation:\n%s", got.body)
	}
}
