package admin_test

import (
	"net/http"
	"testing"
	"time"

	"postrider/admin"
	"postrider/daemon/members"
	"postrider/digest"
	"postrider/mail"
	"postrider/store"
)

// change is a form that changes something.
type change struct {
	form     []string       // names and values in turn
	prepare  func(*browser) // runs before the form is sent
	restore  func(*browser) // runs after the form was sent
	unlogged bool           // not recorded in the audit log
}

// changeForms returns all forms that change something, by path.
func changeForms() map[string]change {
	text := []string{"locale", "en", "title", "A title", "body", "A body"}
	in := func(state string) func(*browser) {
		return func(b *browser) {
			must(b.openStoreDB().Exec("UPDATE announcement SET state = ?, resumes = 'sending' WHERE id = 1", state))(b)
		}
	}
	return map[string]change{
		"/pause":            {},
		"/resume":           {},
		"/queue/retry":      {form: []string{"key", digestKey(1)}},
		"/queue/drop":       {form: []string{"key", digestKey(2), "sure", "yes"}},
		"/bounces/lift":     {form: []string{"address", "anna@a.example"}},
		"/bounces/suppress": {form: []string{"address", "bert@a.example"}},
		"/bounces/release":  {form: []string{"domain", "a.example"}},
		"/members/1/lift":   {form: []string{"address", "carl@a.example"}},
		"/members/1/choices": {form: []string{
			"seen", members.Account{}.Fingerprint(), "cadence", "weekly", "weekday", "5", "hour", "8", "day", "1", "every", "4", "zone", "UTC", "locale", "en", "format", "html", "excerpt", "300",
			"alerts", "first", "bundle", string(digest.Bundles()[0]), "replies", "instant", "new_threads", "instant", "quotes", "instant", "mentions", "instant", "quiet_from", "22", "quiet_until", "7",
		}},
		"/announcements/new":      {form: text},
		"/announcements/1/edit":   {form: text, prepare: in(store.Draft)},
		"/announcements/1/count":  {prepare: in(store.Draft), unlogged: true},
		"/announcements/1/test":   {form: []string{"to", "me@a.example"}},
		"/announcements/1/pause":  {prepare: in(store.Sending)},
		"/announcements/1/resume": {prepare: in(store.Paused)},
		"/announcements/1/cancel": {form: []string{"sure", "yes"}, prepare: in(store.Sending)},
		"/announcements/1/copy":   {prepare: in(store.Draft)},
		"/announcements/1/discard": {form: []string{"sure", "yes"}, prepare: in(store.Draft), restore: func(b *browser) {
			again := b.saveAnnouncement(twoLanguageAnnouncement(), 0)
			for _, statement := range []string{"UPDATE announcement SET id = 1 WHERE id = ?", "UPDATE announcement_text SET announcement_id = 1 WHERE announcement_id = ?"} {
				must(b.openStoreDB().Exec(statement, again.ID))(b)
			}
		}},
		"/announcements/1/start": {form: []string{"when", "now", "sure", "yes"}, prepare: func(b *browser) {
			in(store.Draft)(b)
			b.postWithToken("/announcements/1/count")
			b.waitFor("/announcements/1", "would get it now")
		}},
		"/logout": {},
	}
}

// newChangeFixture returns a fixture in which each form changes something.
func newChangeFixture(t *testing.T) *fixture {
	w := newFixture(t)
	w.fillOutbox("refused", "queued")
	check(t, w.store.Suppressions.Add(t.Context(), noon, []store.Health{must(store.ManualSuppression("anna@a.example", "", noon))(t), must(store.ManualSuppression("carl@a.example", "", noon))(t)}))
	w.saveAnnouncement(twoLanguageAnnouncement(), 0)
	w.testOutcome = mail.Outcome{Result: mail.Accepted}
	check(t, w.store.Holds.Add(t.Context(), store.DomainHold{Domain: "a.example", Since: noon, Until: noon.Add(time.Hour)}))
	return w
}

func TestChanges_NeedATokenAndAreLogged(t *testing.T) {
	t.Parallel()
	w := newChangeFixture(t)
	entries := func() int { return len(must(w.store.Audit.List(t.Context(), 0, 1000))(t)) }
	forms := changeForms()
	b := w.admin()
	for _, path := range w.server.(*admin.Server).Paths(http.MethodPost) {
		c, known := forms[path]
		if !known {
			t.Errorf("%s has no form in this test", path)
			continue
		}
		if c.prepare != nil {
			c.prepare(b)
		}
		before := entries()
		if got := b.post(path, c.form...); got.status != http.StatusForbidden || entries() != before {
			t.Errorf("%s without a token: status %d, %d new entries", path, got.status, entries()-before)
		}
		if path == "/logout" { // comes last
			continue
		}
		want := 1
		if c.unlogged {
			want = 0
		}
		if got := b.postWithToken(path, c.form...); got.status != http.StatusSeeOther || entries() != before+want {
			t.Errorf("%s: status %d, %d new entries, want 303 and %d\n%s", path, got.status, entries()-before, want, got.body)
		}
		if c.restore != nil {
			c.restore(b)
		}
	}
	before := entries()
	if got := b.postWithToken("/logout"); got.status != http.StatusSeeOther || entries() != before+1 || b.loggedIn() {
		t.Errorf("logout: status %d, %d new entries", got.status, entries()-before)
	}
}
