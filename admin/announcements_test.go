package admin_test

import (
	"bytes"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/admin"
	"postrider/daemon/audience"
	"postrider/digest"
	"postrider/forum"
	"postrider/mail"
	"postrider/store"
)

// waitFor loads a page until it contains a text.
func (b *browser) waitFor(path, text string) string {
	b.Helper()
	for b.Context().Err() == nil {
		if page := b.get(path).body; strings.Contains(page, text) {
			return page
		}
	}
	b.Fatalf("%s never contains %q", path, text)
	return ""
}

// wantRedirectDone fails the test unless a change redirected to a page with its confirmation.
func wantRedirectDone(t testing.TB, got response, path, word string) {
	t.Helper()
	if at := got.header.Get("Location"); got.status != http.StatusSeeOther || !strings.HasPrefix(at, "/base"+path) || !strings.Contains(at, "done="+word) {
		t.Fatalf("status %d, redirected to %q\n%s", got.status, at, got.body)
	}
}

// wantFormError fails the test unless a form is shown again with an error and its input.
func wantFormError(t testing.TB, got response, says ...string) {
	t.Helper()
	if got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, `role="alert"`) {
		t.Errorf("status %d", got.status)
	}
	for _, text := range says {
		if !strings.Contains(got.body, text) {
			t.Errorf("form lacks %q:\n%s", text, got.body)
		}
	}
}

func (w *fixture) announcementByID(id int64) store.Announcement {
	w.Helper()
	return must(w.store.Announcements.Get(w.Context(), id))(w)
}

func TestAnnouncement_DraftCountStart(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	b := w.admin()
	wantRedirectDone(t, b.postWithToken("/announcements/new", "locale", "en", "title", "Hello {{name|friend}}", "body", "Dear {{name|friend}},\r\n\r\nbye.",
		"locale", "de", "title", "Hallo", "body", "Gruß.", "locale", "", "title", "", "body", "",
		"group", "2", "except_group", "3", "section", "5", "locales", "en, de", "min_posts", "1", "max_posts", "9000",
		"joined_before", "2026-05-04", "except", "Corridor Kate", "speed", "60", "canary", "2.5", "wait", "30", "forced", "yes"),
		"/announcements/1", "draft_saved")
	got := w.announcementByID(1)
	kate := memberByName(w, "Corridor Kate")
	want := digest.Audience{
		Groups: []forum.GroupID{2}, ExceptGroups: []forum.GroupID{3}, Sections: []forum.SectionID{5}, Locales: []string{"en", "de"}, MinPosts: 1, MaxPosts: 9000,
		JoinedBefore: time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC), Except: []forum.MemberID{kate},
	}
	if fmt.Sprint(got.Audience) != fmt.Sprint(want) || !got.Forced || got.Speed != 60 || got.Canary != (digest.Canary{Share: .025, Wait: 30 * time.Minute}) ||
		len(got.Variants) != 2 || got.Variants[0].Body != "Dear {{name|friend}},\n\nbye." {
		t.Errorf("saved is %+v", got)
	}
	page := b.waitFor("/announcements/1", "would get it now")
	for _, text := range []string{"Hello {{name|friend}}", "<q><bdi>friend</bdi></q>", "Excluded", "required notice", "Count again", "2.5 percent"} {
		if !strings.Contains(page, text) {
			t.Errorf("draft page lacks %q:\n%s", text, page)
		}
	}
	count := must(audience.New(w.source, w.store, w.deps.Settings.Digest).Count(t.Context(), &got.Announcement, w.now, func(int) {}))(t)
	if !strings.Contains(page, fmt.Sprintf("<b>%d</b> member", count.Size)) || count.Size == 0 {
		t.Errorf("count is %+v, page says\n%s", count, page)
	}
	wantFormError(t, b.postWithToken("/announcements/1/start", "when", "now"), "Tick the box", "Yes, send it to")
	wantFormError(t, b.postWithToken("/announcements/1/start", "when", "local", "at", "2026-05-05T08:30", "sure", "yes"), "full hour")
	wantFormError(t, b.postWithToken("/announcements/1/start", "when", "at", "at", "soon", "sure", "yes"), "a date and a time")
	if w.announcementByID(1).State != store.Draft {
		t.Fatal("it was started")
	}
	wantRedirectDone(t, b.postWithToken("/announcements/1/start", "when", "local", "at", "2026-05-05T08:00", "sure", "yes"), "/announcements/1", "announcement_started")
	got = w.announcementByID(1)
	if got.State != store.Scheduled || got.Size != count.Size || !got.Start.Local || got.Start.At != time.Date(2026, 5, 5, 8, 0, 0, 0, time.UTC) || w.wakeups != 1 {
		t.Errorf("started is %+v; woken %d times", got, w.wakeups)
	}
	if got := w.auditOf("announcement/1"); len(got) != 2 || got[0] != "web: admin draft" || !strings.HasPrefix(got[1], "web: admin start audience of") {
		t.Errorf("audit log is %q", got)
	}
}

// memberByName returns the ID of a member of the sample forum.
func memberByName(w *fixture, name string) forum.MemberID {
	w.Helper()
	ids, unknown, err := audience.New(w.source, w.store, w.deps.Settings.Digest).ResolveList(w.Context(), []string{name})
	check(w, err)
	if len(ids) != 1 || len(unknown) > 0 {
		w.Fatalf("%q: %v", name, ids)
	}
	return ids[0]
}

func TestStart_NeedsACountedAudience(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	b := w.admin()
	w.saveAnnouncement(twoLanguageAnnouncement(), 0)
	if page := b.get("/announcements/1").body; !strings.Contains(page, "Count the audience first") || strings.Contains(page, "/start\"") {
		t.Errorf("page for an audience that is not counted:\n%s", page)
	}
	wantFormError(t, b.postWithToken("/announcements/1/start", "when", "now", "sure", "yes"), "Count the audience first.")
	wantRedirectDone(t, b.postWithToken("/announcements/1/count"), "/announcements/1", "counting")
	b.waitFor("/announcements/1", "would get it now")
	w.now = w.now.Add(time.Minute)
	// An edited draft must be counted again.
	a := w.announcementByID(1).Announcement
	a.Audience.MinPosts = 1 << 30
	check(t, w.store.Announcements.Revise(t.Context(), w.now, "cli: root", a))
	wantFormError(t, b.postWithToken("/announcements/1/start", "when", "now", "sure", "yes"), "Count the audience first.")
	b.postWithToken("/announcements/1/count")
	b.waitFor("/announcements/1", "The audience is empty")
	wantFormError(t, b.postWithToken("/announcements/1/start", "when", "now", "sure", "yes"), "the audience is empty")
	if got := w.announcementByID(1); got.State != store.Draft {
		t.Errorf("state is %s", got.State)
	}
}

func TestStart_RejectsADraftChangedSince(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	b := w.admin()
	wantRedirectDone(t, b.postWithToken("/announcements/new", "locale", "en", "title", "A title", "body", "A body"), "/announcements/1", "draft_saved")
	seen := func() string {
		_, rest, _ := strings.Cut(b.waitFor("/announcements/1", "would get it now"), `name="seen" value="`)
		seen, _, _ := strings.Cut(rest, `"`)
		return seen
	}
	before := seen()
	w.now = w.now.Add(time.Minute) // another administrator loads the page, too
	wantRedirectDone(t, b.postWithToken("/announcements/1/edit", "locale", "en", "title", "A title", "body", "Another body"), "/announcements/1", "draft_saved")
	after := seen()
	wantFormError(t, b.postWithToken("/announcements/1/start", "when", "now", "sure", "yes", "seen", before), "the draft has changed since you opened this page", "Start")
	if state := w.announcementByID(1).State; state != store.Draft {
		t.Errorf("it is %s", state)
	}
	wantRedirectDone(t, b.postWithToken("/announcements/1/start", "when", "now", "sure", "yes", "seen", after), "/announcements/1", "announcement_started")
}

func TestAnnouncement_PauseResumeCancel(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	b := w.admin()
	w.saveAnnouncement(twoLanguageAnnouncement(), 30)
	wantRedirectDone(t, b.postWithToken("/announcements/1/pause", "reason", "a typo"), "/announcements/1", "announcement_paused")
	if page := b.get("/announcements/1").body; !strings.Contains(page, "a typo") || !strings.Contains(page, "/resume") || strings.Contains(page, "/pause") {
		t.Errorf("paused:\n%s", page)
	}
	w.open() // the daemon restarts
	wantRedirectDone(t, b.postWithToken("/announcements/1/resume"), "/announcements/1", "announcement_resumed")
	wantFormError(t, b.postWithToken("/announcements/1/cancel"), "Tick the box", "<details open>")
	wantRedirectDone(t, b.postWithToken("/announcements/1/cancel", "sure", "yes"), "/announcements/1", "announcement_cancelled")
	if got := b.postWithToken("/announcements/1/resume"); got.status != http.StatusConflict || !strings.Contains(got.body, "has changed its state") {
		t.Errorf("resume after cancel: status %d", got.status)
	}
	want := []string{"web: admin draft", "web: admin start audience of 30", "web: admin pause a typo", "web: admin resume", "web: admin cancel"}
	if got := w.auditOf("announcement/1"); !slices.Equal(got, want) || w.wakeups != 3 {
		t.Errorf("audit log is %q; woken %d times", got, w.wakeups)
	}
	for _, path := range []string{"/announcements/9", "/announcements/0", "/announcements/x", "/announcements/9/edit", "/announcements/9/mail", "/announcements/x/live"} {
		if got := b.get(path); got.status != http.StatusNotFound {
			t.Errorf("%s: status %d", path, got.status)
		}
	}
	if got := b.get("/announcements/1/edit"); got.header.Get("Location") != "/base/announcements/1" {
		t.Error("a cancelled announcement can be edited")
	}
}

func TestSendTest_SendsToOneAddress(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	b := w.admin()
	w.saveAnnouncement(twoLanguageAnnouncement(), 0)
	w.testOutcome = mail.Outcome{Result: mail.Accepted}
	wantRedirectDone(t, b.postWithToken("/announcements/1/test", "to", "me@a.example", "as", "Corridor Kate"), "/announcements/1", "test_sent")
	w.testOutcome = mail.Outcome{Result: mail.Refused, Code: 550, Reply: hostile}
	got := b.postWithToken("/announcements/1/test", "to", "me@a.example")
	wantFormError(t, got, "was not accepted", `value="me@a.example"`)
	wantEscaped(t, "what the relay says", got.body)
	w.testError = fmt.Errorf("previewing: %w", forum.ErrNoMember)
	wantFormError(t, b.postWithToken("/announcements/1/test", "to", "me@a.example", "as", "Nobody"), "no such member")
	w.testError = fmt.Errorf("composing: %w", &mail.AddressError{Enhanced: "5.6.7", Reason: "the part before the @ is not ASCII"})
	wantFormError(t, b.postWithToken("/announcements/1/test", "to", "mé@a.example"), "Not an email address: <bdi>mé@a.example</bdi>")
	w.testError = errors.New("the forum is away")
	if got := b.postWithToken("/announcements/1/test", "to", "me@a.example"); got.status != http.StatusServiceUnavailable {
		t.Errorf("forum unavailable: status %d", got.status)
	}
	wantFormError(t, b.postWithToken("/announcements/1/test", "to", "nobody"), "Not an email address")
	if want := []string{`1 as "Corridor Kate" to me@a.example`, `1 as "" to me@a.example`, `1 as "Nobody" to me@a.example`, `1 as "" to mé@a.example`, `1 as "" to me@a.example`}; !slices.Equal(w.testSends, want) {
		t.Errorf("tests sent are %q", w.testSends)
	}
	if got := w.auditOf("announcement/1"); !slices.Equal(got, []string{"web: admin draft", "web: admin test accepted to m…@a.example", "web: admin test refused to m…@a.example"}) {
		t.Errorf("audit log is %q", got)
	}
}

func TestCompose_InvalidFormKeepsItsInput(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	b := w.admin()
	full := []string{"locale", "en", "title", "A title", "body", "A body", "canary", "0"}
	for _, c := range []struct {
		name   string
		fields []string
		says   []string
	}{
		{"an unknown field", []string{"locale", "en", "title", "A", "body", "Dear {{nmae}}"}, []string{"unknown merge field {{nmae}}", "Dear {{nmae}}"}},
		{"nothing", nil, []string{"locale"}},
		{"no body", []string{"locale", "en", "title", "A", "body", ""}, []string{"the body is empty"}},
		{"one language twice", append([]string{"locale", "en", "title", "B", "body", "B"}, full...), []string{"two variants have this language"}},
		{"many posts", append([]string{"min_posts", "many"}, full...), []string{"Not a number: <bdi>many</bdi>"}},
		{"no day", append([]string{"joined_after", "yesterday"}, full...), []string{"Not a date: <bdi>yesterday</bdi>"}},
		{"a canary that is too large", append([]string{"canary", "70", "wait", "60"}, full[:6]...), []string{"canary is 70"}},
		{"a canary without a wait", append([]string{"canary", "5", "wait", ""}, full[:6]...), []string{"canary_wait"}},
		{"entries that match no member", append([]string{"only", "Corridor Kate\nNo Such Member"}, full...), []string{"match no member: <bdi>No Such Member</bdi>", "skip_unknown"}},
		{"a list that matches no member", append([]string{"only", "No Such Member", "skip_unknown", "yes"}, full...), []string{"The list matches no member"}},
	} {
		t.Run(c.name, func(t *testing.T) { wantFormError(t, b.postWithToken("/announcements/new", c.fields...), c.says...) })
	}
	if list := must(w.store.Announcements.List(t.Context()))(t); len(list) != 0 {
		t.Errorf("%d drafts were saved", len(list))
	}
	got := b.postWithToken("/announcements/new", append([]string{"more", "yes"}, full...)...)
	if got.status != http.StatusOK || strings.Count(got.body, "<textarea id=\"body-") != 2 || !strings.Contains(got.body, `value="A title"`) {
		t.Errorf("another language: status %d\n%s", got.status, got.body)
	}
}

func TestCompose_MarksOnlyTheFieldAtFault(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	b := w.admin()
	invalid := regexp.MustCompile(`id="([a-z]+)-1"[^>]* aria-invalid="true"`)
	for want, fields := range map[string][]string{
		"title":      {"locale", "en", "title", "Hello {{nmae}}", "body", "A body"},
		"body":       {"locale", "en", "title", "A title", "body", "Dear {{nmae}}"},
		"locale":     {"locale", "english!", "title", "A title", "body", "A body"},
		"title body": {"locale", "en", "title", "{{nmae}}", "body", "{{nmae}}"},
	} {
		var got []string
		for _, m := range invalid.FindAllStringSubmatch(b.postWithToken("/announcements/new", fields...).body, -1) {
			got = append(got, m[1])
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q marks %q, want %q", fields, got, want)
		}
	}
}

func TestCompose_ReadsMemberListsFromFiles(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	b := w.admin()
	kate, mina := memberByName(w, "Corridor Kate"), memberByName(w, "Mina Bolster")
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range map[string]string{"token": b.token(), "locale": "en", "title": "A", "body": "B", "only": fmt.Sprint(int64(kate)), "canary": "0", "skip_unknown": "yes"} {
		check(t, form.WriteField(name, value))
	}
	file := must(form.CreateFormFile("only_file", "list.csv"))(t)
	must(file.Write([]byte("posts,name\n3,Mina Bolster\n4,Gone\n")))(t)
	check(t, form.Close())
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, b.config.URL+"/announcements/new", &body)
	r.RemoteAddr = b.remoteAddr
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Content-Type", form.FormDataContentType())
	r.AddCookie(&http.Cookie{Name: b.cookie.Name, Value: b.cookie.Value})
	rec := httptest.NewRecorder()
	w.server.ServeHTTP(rec, r)
	want := []forum.MemberID{kate, mina}
	slices.Sort(want)
	if rec.Code != http.StatusSeeOther || !slices.Equal(w.announcementByID(1).Audience.Only, want) {
		t.Errorf("status %d; saved is %+v\n%s", rec.Code, w.announcementByID(1).Audience, rec.Body)
	}
	b.waitFor("/announcements/1", "<b>2</b> members would get it now, of 2 in total")
	page := b.get("/announcements/1/edit").body
	if !strings.Contains(page, fmt.Sprintf("\n%d\n%d\n</textarea>", want[0], want[1])) {
		t.Errorf("edit page:\n%s", page)
	}
}

func TestPreviewMessage_IsSandboxed(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	b := w.admin()
	a := twoLanguageAnnouncement()
	a.Variants[0].Title, a.Variants[0].Body = hostile, hostile+" {{name|friend}}"
	w.saveAnnouncement(a, 0)
	for look, want := range map[string]string{"html": "not all", "dark": "@media all", "phone": "not all", "phone_dark": "@media all"} {
		got := b.get("/announcements/1/mail?as=Corridor+Kate&look=" + look)
		policy := got.header.Get("Content-Security-Policy")
		if got.status != http.StatusOK || !strings.Contains(policy, "sandbox") || !strings.Contains(policy, "frame-ancestors 'self'") || strings.Contains(policy, "script-src") ||
			got.header.Get("X-Frame-Options") != "SAMEORIGIN" || !strings.Contains(got.body, want) || !strings.Contains(got.body, "Corridor Kate") {
			t.Errorf("%s: status %d, policy %q\n%s", look, got.status, policy, got.body)
		}
		wantEscaped(t, look, got.body)
	}
	got := b.get("/announcements/1/mail?look=text")
	if !strings.HasPrefix(got.header.Get("Content-Type"), "text/plain") || !strings.Contains(got.body, "friend") {
		t.Errorf("as text: %v\n%s", got.header, got.body)
	}
	if got := b.get("/announcements/1/mail?as=nobody"); got.status != http.StatusNotFound {
		t.Errorf("as an unknown member: status %d", got.status)
	}
	if page := b.get("/announcements/1?as=CheapPillowz4U").body; !strings.Contains(page, "would not get it:") || !strings.Contains(page, ">banned<") {
		t.Errorf("as a banned member:\n%s", page)
	}
}

func TestLive_StreamsProgress(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	b := w.admin()
	a := w.saveAnnouncement(twoLanguageAnnouncement(), 30)
	page := b.get("/announcements/1")
	page.body = timesTag.ReplaceAllString(page.body, "")
	policy := page.header.Get("Content-Security-Policy")
	if !strings.Contains(policy, "script-src 'self'") || strings.Contains(policy, "unsafe") || strings.Count(page.body, "<script") != 1 || !strings.Contains(page.body, `http-equiv="refresh"`) {
		t.Errorf("policy %q\n%s", policy, page.body)
	}
	_, rest, _ := strings.Cut(page.body, `<script type="module" src="/base`)
	address, _, _ := strings.Cut(rest, `"`)
	if got := b.get(address); got.status != http.StatusOK || !strings.HasPrefix(got.header.Get("Content-Type"), "text/javascript") || !strings.Contains(got.body, "EventSource") {
		t.Errorf("the script %q: status %d", address, got.status)
	}
	w.server.(*admin.Server).Stop() // ends streams after they have sent the current state
	got := b.get("/announcements/1/live?state=canary")
	if got.header.Get("Content-Type") != "text/event-stream" || !strings.Contains(got.body, "event: live\ndata: ") || !strings.Contains(got.body, `<progress`) || strings.Contains(got.body, "event: reload") {
		t.Errorf("the stream: %v\n%s", got.header, got.body)
	}
	check(t, w.store.Announcements.Pause(t.Context(), w.now, "cli: root", a.ID, hostile))
	if got := b.get("/announcements/1/live?state=canary"); !strings.Contains(got.body, "event: reload\ndata: paused\n\n") {
		t.Errorf("once it is paused:\n%s", got.body)
	}
	wantEscaped(t, "the reason", b.get("/announcements/1").body)
	if got := w.browser().get("/announcements/1/live"); got.status != http.StatusSeeOther {
		t.Errorf("a stranger: status %d", got.status)
	}
	for _, path := range []string{"/announcements", "/announcements/1", "/announcements/new", "/members", "/explain"} {
		if got := b.get(path); strings.Contains(got.header.Get("Content-Security-Policy"), "connect-src") || runsScript(got.body) {
			t.Errorf("%s follows something", path)
		}
	}
}

// A carriage return also ends a line of an event stream (HTML, 9.2.5).
func TestLive_EscapesNamesInEvents(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	b := w.admin()
	w.execForum("UPDATE member SET name = ? || id", "Kate\revent: reload\rdata: x\r\r\nevent: live\ndata: y\n\n")
	wantRedirectDone(t, b.postWithToken("/announcements/new", "locale", "en", "title", "A title", "body", "A body"), "/announcements/1", "draft_saved")
	b.waitFor("/announcements/1", "would get it now")
	w.server.(*admin.Server).Stop()
	got := b.get("/announcements/1/live?state=draft").body
	events := 0
	for _, line := range strings.FieldsFunc(got, func(r rune) bool { return r == '\r' || r == '\n' }) {
		name, _, _ := strings.Cut(line, ":")
		switch {
		case name == "event":
			events++
		case name != "data" && name != "retry":
			t.Errorf("stream has the line %q", line)
		}
	}
	if events != 1 || !strings.Contains(got, "Kate") {
		t.Errorf("stream has %d events:\n%q", events, got)
	}
}

func TestAnnouncement_CanBePausedWithoutTheForum(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	b := w.admin()
	a := twoLanguageAnnouncement()
	a.Audience.Groups = []forum.GroupID{2}
	w.saveAnnouncement(a, 30)
	check(t, w.source.Close())
	if got := b.get("/announcements/1"); got.status != http.StatusOK || !strings.Contains(got.body, "/announcements/1/pause") {
		t.Errorf("status %d\n%s", got.status, got.body)
	}
	wantRedirectDone(t, b.postWithToken("/announcements/1/pause"), "/announcements/1", "announcement_paused")
	if got := b.get("/announcements/1?as=4"); got.status != http.StatusOK || !strings.Contains(got.body, "/announcements/1/resume") {
		t.Errorf("paused: status %d", got.status)
	}
	if got := b.get("/announcements/new"); got.status != http.StatusServiceUnavailable {
		t.Errorf("compose without the forum: status %d", got.status)
	}
}
