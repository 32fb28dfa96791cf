package web_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/internal/link"
)

// scopes returns all unsubscribe scopes, with an object where they have one.
func scopes() map[link.Scope]int64 {
	return map[link.Scope]int64{
		link.Digests: 0, link.Alerts: 0, link.Announcements: 0, link.Everything: 0, link.Thread: 2, link.Section: 2,
	}
}

// isUnsubscribed reports whether Anna is unsubscribed from a scope.
func (w *fixture) isUnsubscribed(scope link.Scope) bool {
	w.Helper()
	c, overrides := w.preferences(), w.overrides()
	digests := c.Schedule != nil && c.Schedule.Cadence == digest.Off
	alerts := c.Alerts == digest.NoAlerts
	announcements := c.Announcements != nil && !*c.Announcements
	switch scope {
	case link.Digests:
		return digests
	case link.Alerts:
		return alerts
	case link.Announcements:
		return announcements
	case link.Everything:
		return digests && alerts && announcements
	case link.Thread:
		return overrides.Threads[forum.ThreadID(scopes()[scope])] == digest.Off
	}
	return overrides.Sections[forum.SectionID(scopes()[scope])] == digest.Off
}

func TestOneClick_UnsubscribesOnlyTheLinkedScope(t *testing.T) {
	t.Parallel()
	for scope, object := range scopes() {
		w := newFixture(t)
		got := w.post(w.url(scope, object), "List-Unsubscribe", "One-Click")
		if got.status != http.StatusOK || got.body != "Unsubscribed.\n" || !strings.HasPrefix(got.header.Get("Content-Type"), "text/plain") {
			t.Errorf("scope %d: status %d %q", scope, got.status, got.body)
		}
		for other := range scopes() {
			implied := scope == link.Everything && slices.Contains([]link.Scope{link.Digests, link.Alerts, link.Announcements}, other)
			if got, want := w.isUnsubscribed(other), other == scope || implied; got != want {
				t.Errorf("scope %d: unsubscribed from scope %d: %v, want %v", scope, other, got, want)
			}
		}
	}
}

// RFC 8058, 3.1: the request must work without cookies or other context; 3.2: the response must not redirect.
func TestOneClick_NeedsNoCookieAndSendsNone(t *testing.T) {
	w := newFixture(t)
	address := w.url(link.Digests, 0)
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	check(t, form.WriteField("List-Unsubscribe", "One-Click"))
	check(t, form.Close())
	multi := w.request(http.MethodPost, address, &body)
	multi.Header.Set("Content-Type", form.FormDataContentType())
	plain := w.request(http.MethodPost, address, strings.NewReader("List-Unsubscribe=One-Click"))
	plain.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	plain.Header.Set("Origin", "https://mail.example")
	plain.Header.Set("Sec-Fetch-Site", "cross-site")
	for name, r := range map[string]*http.Request{"multipart": multi, "from another site": plain} {
		got := w.do(r)
		if got.status != http.StatusOK || len(got.header.Values("Set-Cookie")) > 0 || got.header.Get("Location") != "" {
			t.Errorf("%s: status %d, %v", name, got.status, got.header)
		}
		if !w.isUnsubscribed(link.Digests) {
			t.Errorf("%s: not unsubscribed from digests", name)
		}
	}
}

func TestUnsubscribe_TwiceChangesNothing(t *testing.T) {
	w := newFixture(t)
	for scope, object := range scopes() {
		w.post(w.url(scope, object), "List-Unsubscribe", "One-Click")
		before := w.dumpStore()
		w.now = w.now.Add(time.Hour)
		if got := w.post(w.url(scope, object), "List-Unsubscribe", "One-Click"); got.status != http.StatusOK {
			t.Errorf("scope %d, again: status %d", scope, got.status)
		}
		if got := w.post(w.url(scope, object), "confirm", "yes"); !strings.Contains(got.body, "ve already ") || strings.Contains(got.body, "sealed") {
			t.Errorf("scope %d, a third time: the page does not say \"already\", or offers to undo", scope)
		}
		if after := w.dumpStore(); after != before {
			t.Errorf("scope %d, again: the store changed", scope)
		}
	}
}

func TestUnsubscribe_UsedLinkSaysItIsDone(t *testing.T) {
	t.Parallel()
	for scope, object := range scopes() {
		for how, form := range map[string][]string{"one click": {"List-Unsubscribe", "One-Click"}, "page": {"confirm", "yes"}} {
			w := newFixture(t)
			if got := w.get(w.url(scope, object)); !strings.Contains(got.body, `name="confirm"`) || strings.Contains(got.body, "ve already ") {
				t.Errorf("scope %d: an unused link does not ask", scope)
			}
			w.post(w.url(scope, object), form...)
			before := w.dumpStore()
			w.now = w.now.Add(time.Hour)
			got := w.get(w.url(scope, object))
			if got.status != http.StatusOK || !strings.Contains(got.body, "ve already ") || !strings.Contains(got.body, "until you turn them on again") || strings.Contains(got.body, "sealed") {
				t.Errorf("scope %d, %s: the used link does not say that it is done:\n%s", scope, how, got.body)
			}
			if strings.Contains(got.body, w.links.Token(link.Claims{Scope: scope, Member: int64(anna), Object: object})) {
				t.Errorf("scope %d, %s: the used link offers to unsubscribe again", scope, how)
			}
			if w.dumpStore() != before {
				t.Errorf("scope %d, %s: opening the link changed the store", scope, how)
			}
		}
	}
}

// After unsubscribing from everything, nothing is left to offer.
func TestUnsubscribe_OffersOnlyWhatIsStillOn(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	if got := w.post(w.url(link.Alerts, 0), "confirm", "yes"); !strings.Contains(got.body, "Unsubscribe from digests") {
		t.Errorf("after alerts, the page does not offer digests:\n%s", got.body)
	}
	w.post(w.url(link.Digests, 0), "confirm", "yes")
	if got := w.get(w.url(link.Alerts, 0)); strings.Contains(got.body, "Unsubscribe from digests") || !strings.Contains(got.body, "Unsubscribe from announcements") {
		t.Errorf("after alerts and digests, the page offers:\n%s", got.body)
	}
	if got := w.post(w.url(link.Everything, 0), "confirm", "yes"); strings.Contains(got.body, "Unsubscribe from anything else?") {
		t.Errorf("after everything, the page offers more:\n%s", got.body)
	}
}

var sealedField = regexp.MustCompile(`name="sealed" value="([^"]+)"`)

func TestUndo_RestoresThePreferences(t *testing.T) {
	t.Parallel()
	weekly := &digest.Schedule{Cadence: digest.Weekly, Hour: 7, Weekday: time.Friday}
	yes := true
	for name, before := range map[string]digest.Preferences{
		"no preferences":  {},
		"all preferences": {Schedule: weekly, Alerts: digest.EveryReply, Announcements: &yes, Zone: "Asia/Tokyo"},
	} {
		for scope, object := range scopes() {
			w := newFixture(t)
			if before != (digest.Preferences{}) {
				check(t, w.store.Preferences.Save(t.Context(), w.now, anna, before))
				check(t, w.store.Preferences.SetOverride(t.Context(), w.now, anna, 2, 0, digest.Weekly))
			}
			was, overridesBefore := w.preferences(), w.overrides()
			w.now = w.now.Add(time.Minute)
			page := w.post(w.url(scope, object), "confirm", "yes")
			found := sealedField.FindStringSubmatch(page.body)
			if found == nil || !w.isUnsubscribed(scope) {
				t.Fatalf("%s: scope %d: no undo on the page, or not unsubscribed", name, scope)
			}
			w.now = w.now.Add(time.Minute)
			back := w.post(w.url(scope, object)+"/undo", "sealed", found[1])
			if back.status != http.StatusOK || !strings.Contains(back.body, "again") {
				t.Errorf("%s: scope %d: undo: status %d", name, scope, back.status)
			}
			now := w.preferences()
			was.ChosenAt, now.ChosenAt = time.Time{}, time.Time{}
			if !equalPreferences(now, was) || !maps.Equal(w.overrides().Sections, overridesBefore.Sections) || !maps.Equal(w.overrides().Threads, overridesBefore.Threads) {
				t.Errorf("%s: scope %d: after undo %+v, %+v, want %+v, %+v", name, scope, now, w.overrides(), was, overridesBefore)
			}
		}
	}
}

// equalPreferences compares preferences and the values that they point to.
func equalPreferences(a, b digest.Preferences) bool {
	point := func(c digest.Preferences) (s digest.Schedule, n, own, unread bool, q digest.QuietHours) {
		if c.Schedule != nil {
			s = *c.Schedule
		}
		if c.Quiet != nil {
			q = *c.Quiet
		}
		is := func(b *bool) bool { return b != nil && *b }
		return s, is(c.Announcements), is(c.IncludeOwnPosts), is(c.UnreadOnly), q
	}
	as, an, ao, au, aq := point(a)
	bs, bn, bo, bu, bq := point(b)
	a.Schedule, a.Announcements, a.IncludeOwnPosts, a.UnreadOnly, a.Quiet = nil, nil, nil, nil, nil
	b.Schedule, b.Announcements, b.IncludeOwnPosts, b.UnreadOnly, b.Quiet = nil, nil, nil, nil, nil
	return a == b && as == bs && an == bn && ao == bo && au == bu && aq == bq
}

func TestUndo_KeepsNewerChoices(t *testing.T) {
	w := newFixture(t)
	page := w.post(w.url(link.Digests, 0), "confirm", "yes")
	w.now = w.now.Add(time.Minute)
	check(t, w.store.Preferences.Save(t.Context(), w.now, anna, digest.Preferences{Schedule: &digest.Schedule{Cadence: digest.Monthly, Day: 3}}))
	before := w.dumpStore()
	got := w.post(w.url(link.Digests, 0)+"/undo", "sealed", sealedField.FindStringSubmatch(page.body)[1])
	if got.status != http.StatusSeeOther || got.header.Get("Location") != strings.TrimPrefix(w.url(link.Settings, 0), w.site.URL) {
		t.Errorf("status %d to %q, want the settings", got.status, got.header.Get("Location"))
	}
	if w.dumpStore() != before {
		t.Error("undo changed a newer choice")
	}
}

func TestUndo_RejectsAnotherMembersState(t *testing.T) {
	w := newFixture(t)
	page := w.post(w.url(link.Digests, 0), "confirm", "yes")
	before := w.dumpStore()
	sealed := sealedField.FindStringSubmatch(page.body)[1]
	other := w.links.URL(link.Claims{Scope: link.Digests, Member: 4})
	for name, got := range map[string]response{
		"another's link":   w.post(other+"/undo", "sealed", sealed),
		"a damaged seal":   w.post(w.url(link.Digests, 0)+"/undo", "sealed", sealed[:20]+"A"+sealed[21:]),
		"no seal":          w.post(w.url(link.Digests, 0) + "/undo"),
		"a token for seal": w.post(w.url(link.Digests, 0)+"/undo", "sealed", w.links.Token(link.Claims{Scope: link.Digests, Member: 13})),
	} {
		if got.status != http.StatusBadRequest {
			t.Errorf("%s: status %d, want 400", name, got.status)
		}
	}
	if w.dumpStore() != before {
		t.Error("the store changed")
	}
}

func TestUnsubscribe_EmptyFormAsksAgain(t *testing.T) {
	w := newFixture(t)
	before := w.dumpStore()
	got := w.post(w.url(link.Digests, 0))
	if got.status != http.StatusBadRequest || !strings.Contains(got.body, `name="confirm"`) {
		t.Errorf("status %d", got.status)
	}
	if w.dumpStore() != before {
		t.Error("the store changed")
	}
}

func TestUnsubscribe_HidesUnreadableTitles(t *testing.T) {
	w := newFixture(t)
	rows := must(w.forumDB.Query(`SELECT t.id, t.title, t.state = 'visible' AND t.moved_to IS NULL AND EXISTS (
		SELECT 1 FROM permission p JOIN member m ON m.role_id = p.role_id
		 WHERE m.id = 13 AND p.section_id = t.section_id AND (p.reads = 'all' OR t.starter_id = 13)) FROM thread t`))(t)
	defer rows.Close()
	seen := map[bool]int{}
	for rows.Next() {
		var id int64
		var title string
		var may bool
		check(t, rows.Scan(&id, &title, &may))
		page := w.get(w.url(link.Thread, id))
		if shown := strings.Contains(page.body, `class="object"`); shown != may {
			t.Errorf("thread %d %q: title shown: %v, readable: %v", id, title, shown, may)
		}
		seen[may]++
	}
	if seen[true] == 0 || seen[false] == 0 {
		t.Errorf("the sample forum lacks readable or unreadable threads: %v", seen)
	}
}

func TestUnsubscribe_WorksWithoutTheForum(t *testing.T) {
	w := newFixture(t)
	check(t, w.source.Close())
	if got := w.get(w.url(link.Thread, 2)); got.status != http.StatusOK || !strings.Contains(got.body, `name="confirm"`) {
		t.Errorf("GET: status %d", got.status)
	}
	if got := w.post(w.url(link.Thread, 2), "confirm", "yes"); got.status != http.StatusOK || !w.isUnsubscribed(link.Thread) {
		t.Errorf("POST: status %d, ended %v", got.status, w.isUnsubscribed(link.Thread))
	}
}

func TestLinks_RejectTenThousandForgeries(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	before := w.dumpStore()
	random := rand.New(rand.NewPCG(3, 4))
	const messages = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	valid := []string{w.url(link.Digests, 0), w.url(link.Thread, 2), w.url(link.Settings, 0), w.url(link.View, 7)}
	for i := range 10_000 {
		address := valid[random.IntN(len(valid))]
		at := strings.LastIndexByte(address, '/') + 1
		token := []byte(address[at:])
		if i%2 == 0 {
			for j := range token {
				token[j] = messages[random.IntN(len(messages))]
			}
		} else {
			j := random.IntN(len(token))
			token[j] = messages[(strings.IndexByte(messages, token[j])+1+random.IntN(63))%64]
		}
		method := http.MethodPost
		if strings.Contains(address, "/v/") {
			method = http.MethodGet
		}
		r := w.request(method, address[:at]+string(token), strings.NewReader("List-Unsubscribe=One-Click&confirm=yes"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.RemoteAddr = fmt.Sprintf("10.0.%d.%d:1", i/200, i%200) // a single address would exceed its limit
		if got := w.serveWithoutNetwork(r); got.status != http.StatusNotFound {
			t.Fatalf("%s: status %d", r.URL.Path, got.status)
		}
	}
	if w.dumpStore() != before {
		t.Error("the store changed")
	}
}

func preferencesIn(locale string) digest.Preferences { return digest.Preferences{Locale: locale} }
