package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"postrider/bounce"
	"postrider/forum"
	"postrider/internal/link"
	"postrider/store"
)

// address is Anna's.
func (w *world) address() (email string) {
	w.Helper()
	check(w, w.forum.QueryRow("SELECT email FROM member WHERE id = ?", anna).Scan(&email))
	return email
}

// bounces suppresses Anna's address, as mail that came back does.
func (w *world) bounces() {
	w.Helper()
	h := store.Health{Address: w.address(), Member: anna, Health: bounce.Health{
		Score: 4, LastEvent: w.now, SuppressedSince: w.now, SuppressedUntil: w.now.Add(bounce.Reset), Reason: "dead: no such user",
	}}
	check(w, w.store.Suppressions.Add(w.Context(), w.now, []store.Health{h}))
}

func (w *world) suppressed() bool {
	w.Helper()
	return len(must(w.store.Suppressions.Suppressed(w.Context(), w.now, []string{w.address()}))(w)) > 0
}

func TestAMemberHasHisAddressTriedAgainOnceAWeek(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.enroll(w.now)
	again := w.url(link.Settings, 0) + "/again"
	if page, _ := w.settings(); strings.Contains(page, "/again") {
		t.Error("the page offers to try an address again that gets mail")
	}
	for day, wantTried := range []bool{true, false, false, false, false, false, false, true} {
		w.bounces()
		page, _ := w.settings()
		offers := strings.Contains(page, `/again"`)
		if offers != wantTried || !strings.Contains(words(t, page), "Wir konnten dir keine E-Mails zustellen") || strings.Contains(page, w.address()) {
			t.Errorf("day %d: the page says %s", day, words(t, page))
		}
		got := w.post(again)
		if tried := strings.HasSuffix(got.header.Get("Location"), "?done=retried"); got.status != http.StatusSeeOther || tried != wantTried || w.suppressed() == wantTried {
			t.Errorf("day %d: answer %d to %q, suppressed %v", day, got.status, got.header.Get("Location"), w.suppressed())
		}
		w.now = w.now.Add(24 * time.Hour)
	}
	if log := must(w.store.Audit.OfSubject(t.Context(), "member/13"))(t); len(log) != 2 || log[0].Actor != "member: 13" {
		t.Errorf("of that is written down %+v", log)
	}
}

func TestNobodyLiftsWhatAPersonOrTheForumHasSuppressed(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(w *world)
		says   string
	}{
		"suppressed by hand": {func(w *world) {
			h := must(store.ManualSuppression(w.address(), "asked for it", w.now))(w)
			check(w, w.store.Suppressions.Add(w.Context(), w.now, []store.Health{h}))
		}, "sendet dir zurzeit keine E-Mails"},
		"banned": {func(w *world) {
			w.bounces()
			must(w.forum.Exec("UPDATE member SET state = 'banned' WHERE id = 13"))(w)
		}, "sendet dir zurzeit keine E-Mails"},
		"complained": {func(w *world) {
			check(w, w.store.Preferences.UnsubscribeKind(w.Context(), w.now, anna, "digest"))
		}, "Zusammenfassungen sind ausgeschaltet"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tt.change(w)
			before := w.dump()
			page, _ := w.settings()
			if strings.Contains(page, `/again"`) || !strings.Contains(words(t, page), tt.says) {
				t.Errorf("the page says %s", words(t, page))
			}
			got := w.post(w.url(link.Settings, 0) + "/again")
			if got.status != http.StatusSeeOther || w.dump() != before {
				t.Errorf("answer %d, and the store changed: %v", got.status, w.dump() != before)
			}
		})
	}
}

func TestAnotherLinkTriesNothingAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.bounces()
	token := w.links.Token(link.Claims{Scope: link.Digests, Member: int64(anna)})
	if got := w.post(w.site.URL + "/postrider/s/" + token + "/again"); got.status != http.StatusNotFound || !w.suppressed() {
		t.Errorf("answer %d, suppressed %v", got.status, w.suppressed())
	}
	if got := w.get(w.url(link.Settings, 0) + "/again"); got.status != http.StatusMethodNotAllowed || !w.suppressed() {
		t.Errorf("GET: answer %d, suppressed %v", got.status, w.suppressed())
	}
	other := w.links.URL(link.Claims{Scope: link.Settings, Member: int64(forum.MemberID(4))})
	w.post(other + "/again")
	if !w.suppressed() {
		t.Error("another member's link lets mail go to it")
	}
}
