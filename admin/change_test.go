package admin_test

import (
	"net/http"
	"testing"
	"time"

	"postrider/admin"
	"postrider/mail"
	"postrider/store"
)

// change is a form that changes something.
type change struct {
	form   []string       // names and values in turn
	ready  func(*browser) // what must be done before, if anything
	silent bool           // it is a question: nothing is written down
}

// changes are all, by their path.
func changes() map[string]change {
	text := []string{"locale", "en", "title", "A title", "body", "A body"}
	in := func(state string) func(*browser) {
		return func(b *browser) {
			must(b.stored().Exec("UPDATE announcement SET state = ?, resumes = 'sending' WHERE id = 1", state))(b)
		}
	}
	return map[string]change{
		"/pause":                  {},
		"/resume":                 {},
		"/queue/retry":            {form: []string{"key", digestKey(1)}},
		"/queue/drop":             {form: []string{"key", digestKey(2), "sure", "yes"}},
		"/bounces/lift":           {form: []string{"address", "anna@a.example"}},
		"/bounces/suppress":       {form: []string{"address", "bert@a.example"}},
		"/bounces/release":        {form: []string{"domain", "a.example"}},
		"/members/1/lift":         {form: []string{"address", "carl@a.example"}},
		"/announcements/new":      {form: text},
		"/announcements/1/edit":   {form: text, ready: in(store.Draft)},
		"/announcements/1/count":  {ready: in(store.Draft), silent: true},
		"/announcements/1/test":   {form: []string{"to", "me@a.example"}},
		"/announcements/1/pause":  {ready: in(store.Sending)},
		"/announcements/1/resume": {ready: in(store.Paused)},
		"/announcements/1/cancel": {form: []string{"sure", "yes"}, ready: in(store.Sending)},
		"/announcements/1/start": {form: []string{"when", "now", "sure", "yes"}, ready: func(b *browser) {
			in(store.Draft)(b)
			b.order("/announcements/1/count")
			b.until("/announcements/1", "would get it now")
		}},
		"/logout": {},
	}
}

// changeable is a world in which each of the changes changes something.
func changeable(t *testing.T) *world {
	w := newWorld(t)
	w.outbox("refused", "queued")
	check(t, w.store.Suppressions.Add(t.Context(), noon, []store.Health{must(store.ManualSuppression("anna@a.example", "", noon))(t), must(store.ManualSuppression("carl@a.example", "", noon))(t)}))
	w.announce(moving(), 0)
	w.answer = mail.Outcome{Result: mail.Accepted}
	check(t, w.store.Holds.Add(t.Context(), store.DomainHold{Domain: "a.example", Since: noon, Until: noon.Add(time.Hour)}))
	return w
}

func TestChanges_NeedATokenAndAreLogged(t *testing.T) {
	t.Parallel()
	w := changeable(t)
	entries := func() int { return len(must(w.store.Audit.List(t.Context(), 0, 1000))(t)) }
	forms := changes()
	b := w.admin()
	for _, path := range w.room.(*admin.Server).Paths(http.MethodPost) {
		c, known := forms[path]
		if !known {
			t.Errorf("%s changes something, and stands in no test", path)
			continue
		}
		if c.ready != nil {
			c.ready(b)
		}
		before := entries()
		if got := b.post(path, c.form...); got.status != http.StatusForbidden || entries() != before {
			t.Errorf("%s without a token: answer %d, %d entries more", path, got.status, entries()-before)
		}
		if path == "/logout" { // the last
			continue
		}
		want := 1
		if c.silent {
			want = 0
		}
		if got := b.order(path, c.form...); got.status != http.StatusSeeOther || entries() != before+want {
			t.Errorf("%s: answer %d, %d entries more, want 303 and %d\n%s", path, got.status, entries()-before, want, got.body)
		}
	}
	before := entries()
	if got := b.order("/logout"); got.status != http.StatusSeeOther || entries() != before+1 || b.loggedIn() {
		t.Errorf("log out: answer %d, %d entries more", got.status, entries()-before)
	}
}
