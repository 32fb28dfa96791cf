package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"postrider/internal/link"
	"postrider/store"
)

// typicalWords are words that occur in the messages of one kind only.
var typicalWords = map[string]string{
	store.KindDigest: "Gulaschsuppe", store.KindAlert: "blows at noon", store.KindAnnouncement: "Kisten",
}

func TestView_IsLinkedFromEveryMessage(t *testing.T) {
	t.Parallel()
	w, mails := newFixtureWithMessages(t)
	for kind, l := range mails {
		views := l.links("v/")
		if len(views) != 1 || !strings.Contains(l.text, views[0]) || !strings.Contains(l.html, views[0]) {
			t.Errorf("%s: links to %v", kind, views)
			continue
		}
		got := w.get(views[0])
		if got.status != http.StatusOK || !strings.Contains(visibleText(t, got.body), typicalWords[kind]) {
			t.Errorf("%s: status %d: %s", kind, got.status, visibleText(t, got.body))
		}
		if got, want := len(visibleText(t, got.body)), len(visibleText(t, l.html)); got < want-100 || got > want {
			t.Errorf("%s: page has %d bytes of text, message has %d", kind, got, want)
		}
		if other := (receivedMessage{html: got.body}).links("v/"); len(other) > 0 {
			t.Errorf("%s: the page links to itself", kind)
		}
		for _, address := range (receivedMessage{html: got.body}).links("") {
			if again := w.get(address); again.status != http.StatusOK {
				t.Errorf("%s: link %s on the page: status %d", kind, address, again.status)
			}
		}
	}
}

func TestView_LoadsNothingFromElsewhere(t *testing.T) {
	t.Parallel()
	w, mails := newFixtureWithMessages(t)
	for kind, l := range mails {
		h := w.get(l.links("v/")[0]).header
		policy := h.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; style-src 'sha256-") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "script") || len(policy) > 1000 {
			t.Errorf("%s: policy %q", kind, policy)
		}
		if h.Get("Referrer-Policy") != "no-referrer" || h.Get("Cache-Control") != "no-store" || !strings.Contains(h.Get("X-Robots-Tag"), "noindex") {
			t.Errorf("%s: header %v", kind, h)
		}
	}
}

func TestView_ShowsOnlyWhatIsReadableNow(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change string
		gone   []string // kinds of messages with nothing left to show
	}{
		"the post is deleted":                      {"UPDATE post SET state = 'deleted' WHERE body LIKE '%blows at noon%'", []string{store.KindAlert}},
		"the post awaits approval":                 {"UPDATE post SET state = 'moderated' WHERE body LIKE '%blows at noon%'", []string{store.KindAlert}},
		"all threads are deleted":                  {"UPDATE thread SET state = 'deleted'", []string{store.KindAlert, store.KindDigest}},
		"the role can read no sections":            {"DELETE FROM permission WHERE role_id = (SELECT role_id FROM member WHERE id = 13)", []string{store.KindAlert, store.KindDigest}},
		"the thread is moved to a private section": {"UPDATE thread SET section_id = 11 WHERE id = (SELECT thread_id FROM post WHERE body LIKE '%blows at noon%')", []string{store.KindAlert}},
		"the member is banned":                     {"UPDATE member SET state = 'banned' WHERE id = 13", []string{store.KindAlert, store.KindDigest, store.KindAnnouncement}},
		"the member is unconfirmed":                {"UPDATE member SET state = 'unconfirmed' WHERE id = 13", []string{store.KindAlert, store.KindDigest, store.KindAnnouncement}},
		"the author is ignored":                    {"INSERT INTO ignored VALUES (13, 4)", []string{store.KindAlert}},
		"the member opted out":                     {"UPDATE member SET wants_mail = 0, email = '' WHERE id = 13", nil},
		"all threads are read":                     {"INSERT OR REPLACE INTO thread_read SELECT 13, id, 2000000000 FROM thread", nil},
		"no threads are watched":                   {"DELETE FROM thread_watch WHERE member_id = 13", nil},
		"another post of it was deleted":           {"UPDATE post SET state = 'deleted' WHERE id = 1", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, mails := newFixtureWithMessages(t)
			must(w.forumDB.Exec(tt.change))(t)
			gone := strings.Join(tt.gone, " ")
			for kind, l := range mails {
				got := w.get(l.links("v/")[0])
				text := visibleText(t, got.body)
				if strings.Contains(gone, kind) {
					if got.status != http.StatusGone || strings.Contains(text, typicalWords[kind]) {
						t.Errorf("%s: status %d: %s", kind, got.status, text)
					}
					continue
				}
				if got.status != http.StatusOK {
					t.Errorf("%s: status %d: %s", kind, got.status, text)
				}
			}
		})
	}
}

func TestView_FailsWithoutTheForum(t *testing.T) {
	t.Parallel()
	w, mails := newFixtureWithMessages(t)
	check(t, w.source.Close())
	for kind, l := range mails {
		if got := w.get(l.links("v/")[0]); got.status != http.StatusServiceUnavailable || strings.Contains(got.body, typicalWords[kind]) {
			t.Errorf("%s: status %d: %s", kind, got.status, visibleText(t, got.body))
		}
	}
}

// Rendering messages does not need the table of roles. But a forum without it is not one that the adapter knows, so nothing can be
// said about permissions.
func TestView_FailsAfterAFailedSelfCheck(t *testing.T) {
	t.Parallel()
	w, mails := newFixtureWithMessages(t)
	must(w.forumDB.Exec("ALTER TABLE role RENAME TO away"))(t)
	for kind, l := range mails {
		if got := w.get(l.links("v/")[0]); got.status != http.StatusServiceUnavailable || strings.Contains(got.body, typicalWords[kind]) {
			t.Errorf("%s: status %d: %s", kind, got.status, visibleText(t, got.body))
		}
	}
}

func TestView_WorksAfterUnsubscribing(t *testing.T) {
	t.Parallel()
	w, mails := newFixtureWithMessages(t)
	w.post(w.url(link.Everything, 0), "List-Unsubscribe", "One-Click")
	for kind, l := range mails {
		if got := w.get(l.links("v/")[0]); got.status != http.StatusOK || !strings.Contains(visibleText(t, got.body), typicalWords[kind]) {
			t.Errorf("%s: status %d: %s", kind, got.status, visibleText(t, got.body))
		}
	}
}

func TestView_ReportsExpiredMessages(t *testing.T) {
	t.Parallel()
	w, mails := newFixtureWithMessages(t)
	check(t, w.store.Prune(t.Context(), w.now.AddDate(0, 0, 91)))
	for kind, l := range mails {
		got := w.get(l.links("v/")[0])
		if got.status != http.StatusGone || !strings.Contains(visibleText(t, got.body), "drei Monate") {
			t.Errorf("%s: status %d: %s", kind, got.status, visibleText(t, got.body))
		}
	}
	must(w.forumDB.Exec("DELETE FROM member WHERE id = 13"))(t)
	if got := w.get(mails[store.KindDigest].links("v/")[0]); got.status != http.StatusGone {
		t.Errorf("after the member is deleted: status %d", got.status)
	}
}

func TestView_ShowsOnlyTheLinkedMessage(t *testing.T) {
	t.Parallel()
	w, mails := newFixtureWithMessages(t)
	view := mails[store.KindAlert].links("v/")[0]
	token := view[strings.LastIndex(view, "/")+1:]
	claims := must(w.links.Check(token))(t)
	if claims.Scope != link.View || claims.Member != int64(anna) {
		t.Errorf("claims are %+v", claims)
	}
	other := claims
	other.Member = 4
	for name, tt := range map[string]struct {
		address string
		status  int
	}{
		"another member's message":       {w.links.URL(other), http.StatusGone},
		"settings with its token":        {w.site.URL + "/postrider/s/" + token, http.StatusNotFound},
		"unsubscribe with its token":     {w.site.URL + "/postrider/u/" + token, http.StatusNotFound},
		"view with a settings token":     {strings.Replace(w.url(link.Settings, 0), "/s/", "/v/", 1), http.StatusNotFound},
		"view with an unsubscribe token": {strings.Replace(w.url(link.Digests, 0), "/u/", "/v/", 1), http.StatusNotFound},
		"a forged one":                   {view + "A", http.StatusNotFound},
	} {
		if got := w.get(tt.address); got.status != tt.status {
			t.Errorf("%s: status %d, want %d", name, got.status, tt.status)
		}
	}
	if got := w.post(view, "confirm", "yes"); got.status != http.StatusMethodNotAllowed {
		t.Errorf("POST: status %d", got.status)
	}
}

func TestView_KeepsTheTimeOfSending(t *testing.T) {
	t.Parallel()
	w, mails := newFixtureWithMessages(t)
	view := mails[store.KindDigest].links("v/")[0]
	w.now = w.now.Add(40 * 24 * time.Hour)
	if got := visibleText(t, w.get(view).body); !strings.Contains(got, "Montag, 4. Mai 2026") {
		t.Errorf("page says %s", got)
	}
}
