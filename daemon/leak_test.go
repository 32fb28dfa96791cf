package daemon

import (
	"bytes"
	"strings"
	"testing"

	"postrider/digest"
	"postrider/forum"
	"postrider/internal/racetest"
	"postrider/mail"
	"postrider/store"
)

// revocations are changes to a member or a post before it is sent. Anna must not get the post then.
var revocations = []struct {
	name   string
	change func(w *world, thread int64, p forum.PostID)
	why    string // reason why Anna gets no message at all; empty: a message without this post
}{
	{"the post is deleted", func(w *world, _ int64, p forum.PostID) {
		w.execSQL(`UPDATE post SET state = 'deleted' WHERE id = ?`, p)
	}, ""},
	{"the post is erased", func(w *world, _ int64, p forum.PostID) { w.execSQL(`DELETE FROM post WHERE id = ?`, p) }, ""},
	{"the post is sent back for approval", func(w *world, _ int64, p forum.PostID) {
		w.execSQL(`UPDATE post SET state = 'moderated' WHERE id = ?`, p)
	}, ""},
	{"the post is moved to a thread in the private section", func(w *world, _ int64, p forum.PostID) {
		w.execSQL(`UPDATE post SET thread_id = ? WHERE id = ?`, w.thread(guardsvan), p)
	}, ""},
	{"the thread is deleted", func(w *world, thread int64, _ forum.PostID) {
		w.execSQL(`UPDATE thread SET state = 'deleted' WHERE id = ?`, thread)
	}, ""},
	{"the thread is sent back for approval", func(w *world, thread int64, _ forum.PostID) {
		w.execSQL(`UPDATE thread SET state = 'moderated' WHERE id = ?`, thread)
	}, ""},
	{"the thread is erased", func(w *world, thread int64, _ forum.PostID) {
		w.execSQL(`DELETE FROM post WHERE thread_id = ?`, thread)
		w.execSQL(`DELETE FROM thread WHERE id = ?`, thread)
	}, ""},
	{"the thread is moved to the private section, which the member watches", func(w *world, thread int64, _ forum.PostID) {
		w.execSQL(`UPDATE thread SET section_id = ? WHERE id = ?`, guardsvan, thread)
	}, ""},
	{"the role loses access to the section", func(w *world, _ int64, _ forum.PostID) {
		w.execSQL(`DELETE FROM permission WHERE role_id = ? AND section_id = ?`, passenger, tonight)
	}, ""},
	{"the section now allows only own threads", func(w *world, _ int64, _ forum.PostID) {
		w.execSQL(`UPDATE permission SET reads = 'own' WHERE role_id = ? AND section_id = ?`, passenger, tonight)
	}, ""},
	{"the member ignores the author", func(w *world, _ int64, p forum.PostID) {
		w.execSQL(`UPDATE post SET author_id = 8 WHERE id = ?`, p)
		w.execSQL(`INSERT INTO ignored VALUES (101, 8)`)
	}, ""},
	{"the section watch is removed", func(w *world, _ int64, _ forum.PostID) {
		w.execSQL(`DELETE FROM section_watch WHERE member_id = 101 AND section_id = ?`, tonight)
	}, ""},
	{"the member loses the role", func(w *world, _ int64, _ forum.PostID) {
		w.execSQL(`INSERT INTO role VALUES (9, 'none')`)
		w.execSQL(`UPDATE member SET role_id = 9 WHERE id = 101`)
	}, digest.ReasonNothingNew},
	{"the member is banned", func(w *world, _ int64, _ forum.PostID) {
		w.execSQL(`UPDATE member SET state = 'banned' WHERE id = 101`)
	}, "banned"},
	{"the member opts out", func(w *world, _ int64, _ forum.PostID) { w.execSQL(`UPDATE member SET wants_mail = 0 WHERE id = 101`) }, "opted out"},
	{"the address is removed", func(w *world, _ int64, _ forum.PostID) { w.execSQL(`UPDATE member SET email = '' WHERE id = 101`) }, "no address"},
	{"the account is deleted", func(w *world, _ int64, _ forum.PostID) {
		w.execSQL(`DELETE FROM section_watch WHERE member_id = 101`)
		w.execSQL(`DELETE FROM member WHERE id = 101`)
	}, "member is gone"},
}

// pendingStates are the states of the message in which the change may happen.
var pendingStates = []struct {
	name string
	says mail.Result // result of the first attempt; empty: there was none
}{
	{"after planning", ""},
	{"while it waits for another attempt", mail.TempFail},
	{"while the relay is unreachable", mail.NotSent},
	{"while the result is uncertain", mail.Uncertain},
}

// secret is text of the post that must not be in any message.
const secret = "The tunnel is closed permanently."

func TestLeak_RightsRevokedAfterPlanning(t *testing.T) {
	racetest.SkipIfRace(t)
	t.Parallel()
	for _, tt := range revocations {
		for _, wait := range pendingStates {
			for _, rest := range []bool{false, true} {
				name := tt.name + " " + wait.name
				if rest {
					name += ", with other new posts"
				}
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					w := newDailyWorld(t)
					thread := w.thread(tonight)
					w.execSQL(`UPDATE thread SET title = ? WHERE id = ?`, secret, thread)
					p := w.writePost(thread)
					w.execSQL(`UPDATE post SET body = ? WHERE id = ?`, secret, p)
					var others []forum.PostID
					if rest {
						others = posts(w.writePost(w.thread(routes)))
					}
					w.setClock(5, "08:00")
					w.prepare()
					w.attemptFirst(wait.says)
					tt.change(w, thread, p)
					w.setClock(5, "08:20")
					w.deliver()
					if tt.why != "" {
						others = nil
					}
					w.wantOnlyMessages("anna", others...)
					w.wantSettled(101, len(others), tt.why)
				})
			}
		}
	}
}

// attemptFirst makes a first attempt with the result, if any.
func (w *world) attemptFirst(result mail.Result) {
	w.Helper()
	if result == "" {
		return
	}
	w.relay.answerWith(result, 0)
	w.deliver()
	w.relay.acceptAll()
	w.relay.forget()
}

// wantOnlyMessages checks that a member got these posts in one message, or no message if there are none, and nothing secret.
func (w *world) wantOnlyMessages(name string, want ...forum.PostID) {
	w.Helper()
	for _, sent := range w.relay.messages() {
		if sent.to != address(name) {
			continue
		}
		head, text, html := parseMessage(w, sent.raw)
		for what, in := range map[string]string{"subject": head.Get("Subject"), "text": text, "HTML": html, "source": string(sent.raw)} {
			if strings.Contains(in, secret) {
				w.Errorf("the %s has the secret:\n%s", what, in)
			}
		}
	}
	if len(want) == 0 {
		w.wantMessages(name)
	} else {
		w.wantMessages(name, want)
	}
}

// wantSettled checks the result of a member's edition: accepted with this many posts, or skipped.
func (w *world) wantSettled(member forum.MemberID, posts int, why string) {
	w.Helper()
	outcomes := w.outcomes(member)
	if len(outcomes) == 0 {
		w.Fatal("no outcome is saved")
	}
	last := outcomes[len(outcomes)-1]
	if posts > 0 {
		if last.Result != store.StateAccepted || last.Posts != posts {
			w.Errorf("saved as %s with %d posts, want accepted with %d", last.Result, last.Posts, posts)
		}
		return
	}
	if why == "" {
		why = digest.ReasonNothingNew
	}
	if last.Result != store.StateSkipped || last.Reason != why {
		w.Errorf("saved as %s, %q, want skipped, %q", last.Result, last.Reason, why)
	}
}

func TestDeliver_UsesCurrentAddress(t *testing.T) {
	t.Parallel()
	for _, wait := range pendingStates {
		t.Run(wait.name, func(t *testing.T) {
			t.Parallel()
			w := newDailyWorld(t)
			p := w.writePost(w.thread(tonight))
			w.setClock(5, "08:00")
			w.prepare()
			w.attemptFirst(wait.says)
			w.execSQL(`UPDATE member SET email = 'new@example.org', name = 'Annabel' WHERE id = 101`)
			w.setClock(5, "08:20")
			w.deliver()
			w.wantMessages("anna")
			w.wantMessages("new", posts(p))
			for _, sent := range w.relay.messages() {
				if bytes.Contains(sent.raw, []byte(address("anna"))) {
					t.Errorf("the message to %s has the old address", sent.to)
				}
			}
		})
	}
}

func TestDeliver_UsesCurrentText(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	p := w.writePost(w.thread(tonight))
	w.setClock(5, "08:00")
	w.prepare()
	w.relay.answerWith(mail.TempFail, 451)
	w.deliver() // the post is read and cached
	w.relay.acceptAll()
	w.execSQL(`UPDATE post SET body = 'I take it back.', edited_at = ? WHERE id = ?`, w.clock().Unix(), p)
	w.setClock(5, "08:10")
	w.deliver()
	last := w.relay.messages()[len(w.relay.messages())-1]
	if _, text, html := parseMessage(t, last.raw); !strings.Contains(text, "I take it back.") || !strings.Contains(html, "I take it back.") || strings.Contains(text, "This is post") {
		t.Errorf("the message has the old text:\n%s", text)
	}
}

func TestDigest_LeavesOutOwnAndIgnored(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	w.execSQL(`INSERT INTO ignored VALUES (101, 8)`)
	thread := w.thread(tonight)
	own, ignored, other := w.writePost(thread), w.writePost(thread), w.writePost(thread)
	w.execSQL(`UPDATE post SET author_id = 101 WHERE id = ?`, own)
	w.execSQL(`UPDATE post SET author_id = 8 WHERE id = ?`, ignored)
	w.setClock(5, "08:00")
	w.round()
	w.wantMessages("anna", posts(other))
	w.wantMessages("carl", posts(own, ignored, other))
}

func TestLeak_OwnThreadsOnly(t *testing.T) {
	t.Parallel()
	const counter = 12
	w := newWorld(t)
	w.member(101, "anna", passenger, counter)
	w.round()
	own, other := w.thread(counter), w.thread(counter)
	w.execSQL(`UPDATE thread SET starter_id = 101 WHERE id = ?`, own)
	p := w.writePost(own)
	w.writePost(other)
	w.setClock(5, "08:00")
	w.round()
	w.wantMessages("anna", posts(p))
}
