package daemon

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"postrider/daemon/settings"
	"postrider/digest"
	"postrider/forum"
	"postrider/mail"
)

// newAlertWorld has Anna, who watches all posts in the section tonight with alerts; Carl, a steward who also watches the
// guard's van; and Dora, who watches nothing. Alerts wait a minute and are for first replies only.
func newAlertWorld(t testing.TB) *world {
	t.Helper()
	w := newWorld(t)
	w.set.Alerts = settings.DefaultAlerts()
	w.restart()
	w.member(101, "anna", passenger, tonight)
	w.member(103, "carl", steward, guardsvan)
	w.member(104, "dora", passenger)
	w.round()
	w.setClock(4, "10:00")
	return w
}

// setAlertMode sets the default alert mode and restarts the daemon.
func (w *world) setAlertMode(m digest.AlertMode) {
	w.set.Alerts.Mode = m
	w.restart()
}

// writeText writes a post with a text now.
func (w *world) writeText(thread int64, author int64, words string) forum.PostID {
	w.Helper()
	id := w.next()
	w.execSQL(`INSERT INTO post VALUES (?, ?, ?, (SELECT name FROM member WHERE id = ?), ?, 0, 'visible', ?)`, id, thread, author, author, w.clock().Unix(), words)
	return forum.PostID(id)
}

// watchThread adds a thread watch; mail is 0 if the forum should not email the member.
func (w *world) watchThread(member, thread int64, mail int) {
	w.Helper()
	w.execSQL(`INSERT INTO thread_watch VALUES (?, ?, ?)`, member, thread, mail)
}

// visitThread marks a thread as read by a member now.
func (w *world) visitThread(member, thread int64) {
	w.Helper()
	w.execSQL(`INSERT INTO thread_read VALUES (?, ?, ?) ON CONFLICT (member_id, thread_id) DO UPDATE SET read_at = excluded.read_at`, member, thread, w.clock().Unix()+1)
}

// advanceClock advances the clock and runs a round.
func (w *world) advanceClock(by time.Duration) Report {
	w.Helper()
	w.setTime(w.clock().Add(by))
	return w.round()
}

// wantAlerts checks the posts of each message to a member since the last call, one list a message. Posts that are only quoted or
// shown as context do not count.
func (w *world) wantAlerts(name string, want ...[]forum.PostID) {
	w.Helper()
	var got [][]forum.PostID
	for _, sent := range w.relay.withdraw(address(name)) {
		_, text, _ := parseMessage(w, sent.raw)
		got = append(got, postNumbers(text))
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		w.Errorf("%s: %s got messages with posts %v, want %v", w.clock().Format("2 Jan 15:04"), name, got, want)
	}
}

// withdraw returns and removes the messages that were accepted for an address.
func (r *fakeRelay) withdraw(to string) []attempt {
	r.mu.Lock()
	defer r.mu.Unlock()
	var mine []attempt
	rest := r.tries[:0]
	for _, sent := range r.tries {
		if sent.to == to && sent.out.Result == mail.Accepted {
			mine = append(mine, sent)
		} else {
			rest = append(rest, sent)
		}
	}
	r.tries = rest
	return mine
}

func TestAlert_ReplySentAfterDebounce(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	p := w.writePost(w.thread(tonight))
	w.round()
	w.wantAlerts("anna")
	w.advanceClock(59 * time.Second)
	w.wantAlerts("anna")
	w.advanceClock(time.Second)
	w.wantAlerts("anna", posts(p))
	w.wantAlerts("dora")
	w.advanceClock(time.Hour)
	w.wantAlerts("anna")
	w.setClock(5, "08:00")
	w.round()
	w.wantAlerts("anna") // the digest omits it
}

func TestAlert_RepliesDuringDebounceJoin(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	thread := w.thread(tonight)
	a := w.writePost(thread)
	w.advanceClock(50 * time.Second)
	b := w.writePost(thread)
	w.advanceClock(50 * time.Second)
	w.wantAlerts("anna")
	w.advanceClock(10 * time.Second)
	w.wantAlerts("anna", posts(a, b))
}

func TestAlert_ContinuousRepliesSentAfterFiveMinutes(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	thread := w.thread(tonight)
	var all []forum.PostID
	for range 7 {
		all = append(all, w.writePost(thread))
		w.advanceClock(45 * time.Second)
	}
	w.wantAlerts("anna", all) // 5 minutes and 15 seconds after the first
}

func TestAlert_FirstReplyOnlyUntilVisit(t *testing.T) {
	t.Parallel()
	back := map[string]func(w *world, thread int64){
		"read the thread": func(w *world, thread int64) { w.visitThread(101, thread) },
		"wrote in it":     func(w *world, thread int64) { w.writeText(thread, 101, "I am here.") },
		"marked all as read": func(w *world, _ int64) {
			w.execSQL(`INSERT INTO section_read VALUES (101, ?, ?)`, tonight, w.clock().Unix()+1)
		},
	}
	for name, comes := range back {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newAlertWorld(t)
			thread := w.thread(tonight)
			a := w.writePost(thread)
			w.advanceClock(time.Minute)
			w.wantAlerts("anna", posts(a))
			b := w.writePost(thread)
			w.advanceClock(time.Hour)
			w.wantAlerts("anna")
			other := w.writePost(w.thread(tonight))
			w.advanceClock(time.Minute)
			w.wantAlerts("anna", posts(other)) // another thread gets its own alert
			comes(w, thread)
			w.advanceClock(time.Minute)
			c := w.writePost(thread)
			w.advanceClock(time.Minute)
			w.wantAlerts("anna", posts(c))
			w.setClock(5, "08:00")
			w.round()
			w.wantAlerts("anna", posts(b)) // not in any alert
		})
	}
}

func TestAlert_QuoteOrMentionSentDespiteFirstReplyOnly(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	thread := w.thread(routes) // not watched by either
	a := w.writeText(thread, writer, "[USER=104]@dora[/USER], look.")
	w.advanceClock(time.Minute)
	w.wantAlerts("dora", posts(a))
	w.writePost(thread)
	b := w.writeText(thread, writer, `[QUOTE="dora, post: 1, member: 104"]x[/QUOTE]Yes.`)
	w.advanceClock(time.Minute)
	w.wantAlerts("dora", posts(b))
}

func TestAlert_EveryReplyIfPreferred(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.setAlertMode(digest.EveryReply)
	thread := w.thread(tonight)
	for range 3 {
		p := w.writePost(thread)
		w.advanceClock(time.Minute)
		w.wantAlerts("anna", posts(p))
	}
	if err := w.store.Preferences.Save(t.Context(), w.clock(), 101, digest.Preferences{Alerts: digest.FirstReply}); err != nil {
		t.Fatal(err)
	}
	w.writePost(thread)
	w.advanceClock(time.Minute)
	w.wantAlerts("anna")
}

func TestAlert_ShowsStrongestCause(t *testing.T) {
	t.Parallel()
	const words = "You're receiving this email because "
	tests := []struct {
		name string
		set  func(w *world, thread int64)
		say  string
		want string // "": no message
	}{
		{"a quote is the strongest", func(w *world, thread int64) { w.watchThread(101, thread, 1) }, `[QUOTE="anna, post: 1, member: 101"]x[/QUOTE] @anna yes`, "a post quotes you."},
		{"a quote by name", nil, `[quote=Anna]x[/quote]yes`, "a post quotes you."},
		{"a mention is stronger than a watch", nil, `[USER=101]@anna[/USER], look`, "a post mentions you."},
		{"a mention by name", nil, `Ask @Anna.`, "a post mentions you."},
		{"a mention by name in quotes", nil, `Ask @"anna".`, "a post mentions you."},
		{"a thread watch is stronger than a section watch", func(w *world, thread int64) { w.watchThread(101, thread, 1) }, "Hello.", "you watch this thread."},
		{"a section", nil, "Hello.", "you watch the section Rolling Tonight."},
		{"no alert for a reply in a section watched for new threads", func(w *world, _ int64) { w.execSQL(`UPDATE section_watch SET level = 'threads'`) }, "Hello.", ""},
		{"no alert for a section watched without emails", func(w *world, _ int64) { w.execSQL(`UPDATE section_watch SET mail = 0`) }, "Hello.", ""},
		{"no alert for a thread watched without emails", func(w *world, thread int64) {
			w.execSQL(`DELETE FROM section_watch`)
			w.watchThread(101, thread, 0)
		}, "Hello.", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newAlertWorld(t)
			thread := w.thread(tonight)
			if tt.set != nil {
				tt.set(w, thread)
			}
			w.writeText(thread, writer, tt.say)
			w.advanceClock(time.Minute)
			messages := w.relay.withdraw(address("anna"))
			if tt.want == "" {
				if len(messages) != 0 {
					t.Errorf("%d messages, want none", len(messages))
				}
				return
			}
			if len(messages) != 1 {
				t.Fatalf("%d messages, want one\n%s", len(messages), w.log)
			}
			_, text, _ := parseMessage(t, messages[0].raw)
			if !strings.Contains(strings.Join(strings.Fields(text), " "), words+tt.want) {
				t.Errorf("the message does not contain %q:\n%s", words+tt.want, text)
			}
		})
	}
}

func TestAlert_NewThreadInWatchedSection(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.execSQL(`UPDATE section_watch SET level = 'threads'`)
	id := w.next()
	w.execSQL(`INSERT INTO thread VALUES (99, ?, 'A new one', ?, 'Kate', ?, ?, 'visible', NULL)`, tonight, writer, w.clock().Unix(), id)
	p := w.writePost(99)
	w.advanceClock(time.Minute)
	w.wantAlerts("anna", posts(p))
	w.writePost(99)
	w.advanceClock(time.Minute)
	w.wantAlerts("anna")
}

func TestAlert_QuoteNeedsNoWatch(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	p := w.writeText(w.thread(routes), writer, `[QUOTE="dora, post: 1, member: 104"]x[/QUOTE]Yes.`)
	hidden := w.writeText(w.thread(guardsvan), writer, `[USER=104]@dora[/USER]`)
	w.advanceClock(time.Minute)
	w.wantAlerts("dora", posts(p))
	w.wantAlerts("carl", posts(hidden))
}
