package daemon

import (
	"strings"
	"testing"

	"postrider/forum"
	"postrider/mail"
)

// forbidden is what may happen to a member or a post between plan and hand-over. Anna must not get the post then.
var forbidden = []struct {
	name   string
	happen func(w *world, thread int64, p forum.PostID)
	why    string // the reason noted; empty: nothing was left to tell
}{
	{"the post is deleted", func(w *world, _ int64, p forum.PostID) {
		w.sql(`UPDATE post SET state = 'deleted' WHERE id = ?`, p)
	}, ""},
	{"the post is erased", func(w *world, _ int64, p forum.PostID) { w.sql(`DELETE FROM post WHERE id = ?`, p) }, ""},
	{"the post is sent back for approval", func(w *world, _ int64, p forum.PostID) {
		w.sql(`UPDATE post SET state = 'moderated' WHERE id = ?`, p)
	}, ""},
	{"the thread is deleted", func(w *world, thread int64, _ forum.PostID) {
		w.sql(`UPDATE thread SET state = 'deleted' WHERE id = ?`, thread)
	}, ""},
	{"the thread is moved to the private section, which she watches", func(w *world, thread int64, _ forum.PostID) {
		w.sql(`UPDATE thread SET section_id = ? WHERE id = ?`, guardsvan, thread)
	}, ""},
	{"the section is closed to her role", func(w *world, _ int64, _ forum.PostID) {
		w.sql(`DELETE FROM permission WHERE role_id = ? AND section_id = ?`, passenger, tonight)
	}, ""},
	{"her role is taken away", func(w *world, _ int64, _ forum.PostID) {
		w.sql(`INSERT INTO role VALUES (9, 'nobody')`)
		w.sql(`UPDATE member SET role_id = 9 WHERE id = 101`)
	}, ""},
	{"she ignores the author", func(w *world, _ int64, _ forum.PostID) { w.sql(`INSERT INTO ignored VALUES (101, ?)`, writer) }, ""},
	{"she watches no more", func(w *world, _ int64, _ forum.PostID) { w.sql(`DELETE FROM section_watch WHERE member_id = 101`) }, ""},
	{"she is banned", func(w *world, _ int64, _ forum.PostID) { w.sql(`UPDATE member SET state = 'banned' WHERE id = 101`) }, "banned"},
	{"she opts out", func(w *world, _ int64, _ forum.PostID) { w.sql(`UPDATE member SET wants_mail = 0 WHERE id = 101`) }, "opted out"},
	{"her address is taken out", func(w *world, _ int64, _ forum.PostID) { w.sql(`UPDATE member SET email = '' WHERE id = 101`) }, "no address"},
	{"her account is deleted", func(w *world, _ int64, _ forum.PostID) {
		w.sql(`DELETE FROM section_watch WHERE member_id = 101`)
		w.sql(`DELETE FROM member WHERE id = 101`)
	}, "member is gone"},
}

func TestNothingLeavesThatWasForbiddenAfterThePlan(t *testing.T) {
	t.Parallel()
	for _, tt := range forbidden {
		for _, waits := range []string{"between plan and hand-over", "while it waits for another try"} {
			t.Run(tt.name+" "+waits, func(t *testing.T) {
				t.Parallel()
				w := newDays(t)
				thread := w.thread(tonight)
				p := w.post(thread)
				w.at(5, "08:00")
				w.prepare()
				if waits != "between plan and hand-over" {
					w.relay.says(mail.TryAgain, 451)
					w.deliver()
					w.relay.works()
				}
				tried := len(w.relay.all())
				tt.happen(w, thread, p)
				w.at(5, "08:20")
				w.deliver()
				for _, try := range w.relay.all()[tried:] {
					if try.to == address("anna") {
						t.Errorf("a mail went out with posts %v", postsOf(t, try.raw))
					}
				}
				outcomes := w.outcomes(101)
				if len(outcomes) == 0 {
					t.Fatal("nothing is noted")
				}
				why := tt.why
				if why == "" {
					why = skipEmpty
				}
				if last := outcomes[len(outcomes)-1]; last.Result != stateSkipped || last.Reason != why {
					t.Errorf("noted as %s, %q; want skipped, %q", last.Result, last.Reason, why)
				}
			})
		}
	}
}

func TestTheAddressIsThatOfTheHandOver(t *testing.T) {
	t.Parallel()
	w := newDays(t)
	p := w.post(w.thread(tonight))
	w.at(5, "08:00")
	w.prepare()
	w.sql(`UPDATE member SET email = 'new@example.org', name = 'Annabel' WHERE id = 101`)
	w.deliver()
	w.got("anna")
	w.got("new", posts(p))
}

func TestAnEditedPostIsToldAsItIsNow(t *testing.T) {
	t.Parallel()
	w := newDays(t)
	p := w.post(w.thread(tonight))
	w.at(5, "08:00")
	w.prepare()
	w.relay.says(mail.TryAgain, 451)
	w.deliver() // the post is read, and kept in memory
	w.relay.works()
	w.sql(`UPDATE post SET body = 'I take it back.', edited_at = ? WHERE id = ?`, w.clock().Unix(), p)
	w.at(5, "08:10")
	w.deliver()
	last := w.relay.all()[len(w.relay.all())-1]
	if _, text, html := parts(t, last.raw); !strings.Contains(text, "I take it back.") || !strings.Contains(html, "I take it back.") || strings.Contains(text, "This is post") {
		t.Errorf("the mail tells the post as it was:\n%s", text)
	}
}

func TestHerOwnPostsAndIgnoredAuthorsAreNoNews(t *testing.T) {
	t.Parallel()
	w := newDays(t)
	w.sql(`INSERT INTO ignored VALUES (101, 8)`)
	thread := w.thread(tonight)
	own, ignored, other := w.post(thread), w.post(thread), w.post(thread)
	w.sql(`UPDATE post SET author_id = 101 WHERE id = ?`, own)
	w.sql(`UPDATE post SET author_id = 8 WHERE id = ?`, ignored)
	w.at(5, "08:00")
	w.round()
	w.got("anna", posts(other))
	w.got("carl", posts(own, ignored, other))
}

func TestWhoMayReadOnlyHerOwnThreadsGetsNoOthers(t *testing.T) {
	t.Parallel()
	const counter = 12
	w := newWorld(t)
	w.member(101, "anna", passenger, counter)
	w.round()
	hers, anothers := w.thread(counter), w.thread(counter)
	w.sql(`UPDATE thread SET starter_id = 101 WHERE id = ?`, hers)
	p := w.post(hers)
	w.post(anothers)
	w.at(5, "08:00")
	w.round()
	w.got("anna", posts(p))
}
