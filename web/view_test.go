package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"postrider/internal/link"
	"postrider/store"
)

// speaks are words that stand in the mail of each kind and in no other.
var speaks = map[string]string{
	store.KindDigest: "Gulaschsuppe", store.KindAlert: "blows at noon", store.KindAnnouncement: "Kisten",
}

func TestEveryMailLinksToItselfInABrowser(t *testing.T) {
	t.Parallel()
	w, mails := newMailedWorld(t)
	for kind, l := range mails {
		views := l.links("v/")
		if len(views) != 1 || !strings.Contains(l.text, views[0]) || !strings.Contains(l.html, views[0]) {
			t.Errorf("%s: links to %v", kind, views)
			continue
		}
		got := w.get(views[0])
		if got.status != http.StatusOK || !strings.Contains(words(t, got.body), speaks[kind]) {
			t.Errorf("%s: answer %d: %s", kind, got.status, words(t, got.body))
		}
		if got, want := len(words(t, got.body)), len(words(t, l.html)); got < want-100 || got > want {
			t.Errorf("%s: the page says %d bytes, the mail %d", kind, got, want)
		}
		if other := (letter{html: got.body}).links("v/"); len(other) > 0 {
			t.Errorf("%s: the page links to itself", kind)
		}
		for _, address := range (letter{html: got.body}).links("") {
			if again := w.get(address); again.status != http.StatusOK {
				t.Errorf("%s: a link of the page, %s, is answered with %d", kind, address, again.status)
			}
		}
	}
}

func TestAMailInABrowserKeepsToItself(t *testing.T) {
	t.Parallel()
	w, mails := newMailedWorld(t)
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

func TestAMailShowsNoMoreThanItsReaderMayReadNow(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change string
		gone   []string // kinds of which nothing is left
	}{
		"the post is deleted":                  {"UPDATE post SET state = 'deleted' WHERE body LIKE '%blows at noon%'", []string{store.KindAlert}},
		"the post awaits approval":             {"UPDATE post SET state = 'moderated' WHERE body LIKE '%blows at noon%'", []string{store.KindAlert}},
		"all threads are deleted":              {"UPDATE thread SET state = 'deleted'", []string{store.KindAlert, store.KindDigest}},
		"her role may read no sections":        {"DELETE FROM permission WHERE role_id = (SELECT role_id FROM member WHERE id = 13)", []string{store.KindAlert, store.KindDigest}},
		"the thread is moved out of her sight": {"UPDATE thread SET section_id = 11 WHERE id = (SELECT thread_id FROM post WHERE body LIKE '%blows at noon%')", []string{store.KindAlert}},
		"she is banned":                        {"UPDATE member SET state = 'banned' WHERE id = 13", []string{store.KindAlert, store.KindDigest, store.KindAnnouncement}},
		"she is not confirmed any more":        {"UPDATE member SET state = 'unconfirmed' WHERE id = 13", []string{store.KindAlert, store.KindDigest, store.KindAnnouncement}},
		"she ignores the author":               {"INSERT INTO ignored VALUES (13, 4)", []string{store.KindAlert}},
		"she gets no mail any more":            {"UPDATE member SET wants_mail = 0, email = '' WHERE id = 13", nil},
		"she has read all":                     {"INSERT OR REPLACE INTO thread_read SELECT 13, id, 2000000000 FROM thread", nil},
		"she watches threads no more":          {"DELETE FROM thread_watch WHERE member_id = 13", nil},
		"another post of it was deleted":       {"UPDATE post SET state = 'deleted' WHERE id = 1", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, mails := newMailedWorld(t)
			must(w.forum.Exec(tt.change))(t)
			gone := strings.Join(tt.gone, " ")
			for kind, l := range mails {
				got := w.get(l.links("v/")[0])
				text := words(t, got.body)
				if strings.Contains(gone, kind) {
					if got.status != http.StatusGone || strings.Contains(text, speaks[kind]) {
						t.Errorf("%s: answer %d: %s", kind, got.status, text)
					}
					continue
				}
				if got.status != http.StatusOK {
					t.Errorf("%s: answer %d: %s", kind, got.status, text)
				}
			}
		})
	}
}

func TestWithoutTheForumNoMailIsShown(t *testing.T) {
	t.Parallel()
	w, mails := newMailedWorld(t)
	check(t, w.source.Close())
	for kind, l := range mails {
		if got := w.get(l.links("v/")[0]); got.status != http.StatusServiceUnavailable || strings.Contains(got.body, speaks[kind]) {
			t.Errorf("%s: answer %d: %s", kind, got.status, words(t, got.body))
		}
	}
}

// The table of roles is not asked for mails, but a forum without it is not the one that the adapter knows: nobody can say any more who
// may read what.
func TestNoMailIsShownOfAForumThatFailsItsSelfCheck(t *testing.T) {
	t.Parallel()
	w, mails := newMailedWorld(t)
	must(w.forum.Exec("ALTER TABLE role RENAME TO away"))(t)
	for kind, l := range mails {
		if got := w.get(l.links("v/")[0]); got.status != http.StatusServiceUnavailable || strings.Contains(got.body, speaks[kind]) {
			t.Errorf("%s: answer %d: %s", kind, got.status, words(t, got.body))
		}
	}
}

func TestAnUnsubscribedReaderStillSeesHisOldMails(t *testing.T) {
	t.Parallel()
	w, mails := newMailedWorld(t)
	w.post(w.url(link.Everything, 0), "List-Unsubscribe", "One-Click")
	for kind, l := range mails {
		if got := w.get(l.links("v/")[0]); got.status != http.StatusOK || !strings.Contains(words(t, got.body), speaks[kind]) {
			t.Errorf("%s: answer %d: %s", kind, got.status, words(t, got.body))
		}
	}
}

func TestAMailThatIsNotKeptAnyMoreIsSaidToBeSo(t *testing.T) {
	t.Parallel()
	w, mails := newMailedWorld(t)
	check(t, w.store.Prune(t.Context(), w.now.AddDate(0, 0, 91)))
	for kind, l := range mails {
		got := w.get(l.links("v/")[0])
		if got.status != http.StatusGone || !strings.Contains(words(t, got.body), "drei Monate") {
			t.Errorf("%s: answer %d: %s", kind, got.status, words(t, got.body))
		}
	}
	must(w.forum.Exec("DELETE FROM member WHERE id = 13"))(t)
	if got := w.get(mails[store.KindDigest].links("v/")[0]); got.status != http.StatusGone {
		t.Errorf("once the member is gone the answer is %d", got.status)
	}
}

func TestTheLinkOfAMailShowsThatMailAlone(t *testing.T) {
	t.Parallel()
	w, mails := newMailedWorld(t)
	view := mails[store.KindAlert].links("v/")[0]
	token := view[strings.LastIndex(view, "/")+1:]
	grant := must(w.links.Check(token))(t)
	if grant.Scope != link.View || grant.Member != int64(anna) {
		t.Errorf("the link allows %+v", grant)
	}
	other := grant
	other.Member = 4
	for name, tt := range map[string]struct {
		address string
		status  int
	}{
		"the mail of another":           {w.links.URL(other), http.StatusGone},
		"with it his settings":          {w.site.URL + "/postrider/s/" + token, http.StatusNotFound},
		"with it an end of his mail":    {w.site.URL + "/postrider/u/" + token, http.StatusNotFound},
		"the mail by his settings":      {strings.Replace(w.url(link.Settings, 0), "/s/", "/v/", 1), http.StatusNotFound},
		"the mail by an unsubscription": {strings.Replace(w.url(link.Digests, 0), "/u/", "/v/", 1), http.StatusNotFound},
		"a forged one":                  {view + "A", http.StatusNotFound},
	} {
		if got := w.get(tt.address); got.status != tt.status {
			t.Errorf("%s: answer %d, want %d", name, got.status, tt.status)
		}
	}
	if got := w.post(view, "confirm", "yes"); got.status != http.StatusMethodNotAllowed {
		t.Errorf("POST is answered with %d", got.status)
	}
}

func TestAMailThatWasSentLongAgoTellsItsOwnTime(t *testing.T) {
	t.Parallel()
	w, mails := newMailedWorld(t)
	view := mails[store.KindDigest].links("v/")[0]
	w.now = w.now.Add(40 * 24 * time.Hour)
	if got := words(t, w.get(view).body); !strings.Contains(got, "Montag, 4. Mai 2026") {
		t.Errorf("the page says %s", got)
	}
}
