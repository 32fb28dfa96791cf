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

// memberAddress returns Anna's address.
func (w *fixture) memberAddress() (email string) {
	w.Helper()
	check(w, w.forumDB.QueryRow("SELECT email FROM member WHERE id = ?", anna).Scan(&email))
	return email
}

// suppressAddress suppresses Anna's address as a bounce does.
func (w *fixture) suppressAddress() {
	w.Helper()
	h := store.Health{Address: w.memberAddress(), Member: anna, Health: bounce.Health{
		Score: 4, LastEvent: w.now, SuppressedSince: w.now, SuppressedUntil: w.now.Add(bounce.Reset), Reason: "dead: no such user",
	}}
	check(w, w.store.Suppressions.Add(w.Context(), w.now, []store.Health{h}))
}

func (w *fixture) isSuppressed() bool {
	w.Helper()
	return len(must(w.store.Suppressions.Suppressed(w.Context(), w.now, []string{w.memberAddress()}))(w)) > 0
}

func TestRetryAddress_AllowsOneRetryAWeek(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.saveSubscriber(w.now)
	again := w.url(link.Settings, 0) + "/again"
	if page, _ := w.openSettings(); strings.Contains(page, "/again") {
		t.Error("page offers a retry for an address that is not suppressed")
	}
	for day, wantTried := range []bool{true, false, false, false, false, false, false, true} {
		w.suppressAddress()
		page, _ := w.openSettings()
		offers := strings.Contains(page, `/again"`)
		if offers != wantTried || !strings.Contains(visibleText(t, page), "Wir konnten dir keine E-Mails zustellen") || strings.Contains(page, w.memberAddress()) {
			t.Errorf("day %d: page says %s", day, visibleText(t, page))
		}
		got := w.post(again)
		if tried := strings.HasSuffix(got.header.Get("Location"), "?done=retried"); got.status != http.StatusSeeOther || tried != wantTried || w.isSuppressed() == wantTried {
			t.Errorf("day %d: status %d to %q, suppressed %v", day, got.status, got.header.Get("Location"), w.isSuppressed())
		}
		w.now = w.now.Add(24 * time.Hour)
	}
	if log := must(w.store.Audit.OfSubject(t.Context(), "member/13"))(t); len(log) != 2 || log[0].Actor != "member: 13" {
		t.Errorf("audit log is %+v", log)
	}
}

func TestRetryAddress_KeepsManualSuppressions(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		change func(w *fixture)
		says   string
	}{
		"suppressed by hand": {func(w *fixture) {
			h := must(store.ManualSuppression(w.memberAddress(), "asked for it", w.now))(w)
			check(w, w.store.Suppressions.Add(w.Context(), w.now, []store.Health{h}))
		}, "sendet dir zurzeit keine E-Mails"},
		"banned": {func(w *fixture) {
			w.suppressAddress()
			must(w.forumDB.Exec("UPDATE member SET state = 'banned' WHERE id = 13"))(w)
		}, "sendet dir zurzeit keine E-Mails"},
		"complained": {func(w *fixture) {
			check(w, w.store.Preferences.UnsubscribeKind(w.Context(), w.now, anna, "digest"))
		}, "Zusammenfassungen sind ausgeschaltet"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newFixture(t)
			tt.change(w)
			before := w.dumpStore()
			page, _ := w.openSettings()
			if strings.Contains(page, `/again"`) || !strings.Contains(visibleText(t, page), tt.says) {
				t.Errorf("page says %s", visibleText(t, page))
			}
			got := w.post(w.url(link.Settings, 0) + "/again")
			if got.status != http.StatusSeeOther || w.dumpStore() != before {
				t.Errorf("status %d, and the store changed: %v", got.status, w.dumpStore() != before)
			}
		})
	}
}

func TestRetryAddress_NeedsASettingsLink(t *testing.T) {
	t.Parallel()
	w := newFixture(t)
	w.suppressAddress()
	token := w.links.Token(link.Claims{Scope: link.Digests, Member: int64(anna)})
	if got := w.post(w.site.URL + "/postrider/s/" + token + "/again"); got.status != http.StatusNotFound || !w.isSuppressed() {
		t.Errorf("status %d, suppressed %v", got.status, w.isSuppressed())
	}
	if got := w.get(w.url(link.Settings, 0) + "/again"); got.status != http.StatusMethodNotAllowed || !w.isSuppressed() {
		t.Errorf("GET: status %d, suppressed %v", got.status, w.isSuppressed())
	}
	other := w.links.URL(link.Claims{Scope: link.Settings, Member: int64(forum.MemberID(4))})
	w.post(other + "/again")
	if !w.isSuppressed() {
		t.Error("another member's link ended the suppression")
	}
}
