package daemon

import (
	"fmt"
	netmail "net/mail"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/digest"
	"postrider/internal/link"
)

// messageHeaders returns the headers of the messages to a member since the last call.
func (w *world) messageHeaders(name string) []netmail.Header {
	w.Helper()
	var list []netmail.Header
	for _, sent := range w.relay.withdraw(address(name)) {
		head, _, _ := parseMessage(w, sent.raw)
		list = append(list, head)
	}
	return list
}

func TestAlert_ThreadFormsOneConversation(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.setAlertMode(digest.EveryReply)
	w.member(105, "eve", passenger, tonight)
	thread, other := w.thread(tonight), w.thread(tonight)
	w.execSQL(`UPDATE thread SET title = 'Sleepers to Narvik' WHERE id = ?`, thread)
	var heads []netmail.Header
	for n := range 12 {
		w.writePost(thread)
		w.advanceClock(time.Minute)
		if n == 0 {
			w.execSQL(`UPDATE thread SET title = 'Renamed' WHERE id = ?`, thread)
		}
		heads = append(heads, w.messageHeaders("anna")...)
	}
	w.writePost(other)
	w.advanceClock(time.Minute)
	if len(heads) != 12 {
		t.Fatalf("%d alerts, want 12", len(heads))
	}
	root := strings.Fields(heads[0].Get("References"))[0]
	for n, h := range heads {
		want := "Re: Renamed"
		if n == 0 {
			want = "Sleepers to Narvik"
		}
		if got := h.Get("Subject"); got != want {
			t.Errorf("subject %d is %q, want %q", n+1, got, want)
		}
		refs := strings.Fields(h.Get("References"))
		if refs[0] != root || len(refs) > 10 || refs[len(refs)-1] != h.Get("In-Reply-To") {
			t.Errorf("alert %d replies to %s and refers to %v", n+1, h.Get("In-Reply-To"), refs)
		}
		if n > 0 && h.Get("In-Reply-To") != heads[n-1].Get("Message-ID") {
			t.Errorf("alert %d replies to %s, want the previous one, %s", n+1, h.Get("In-Reply-To"), heads[n-1].Get("Message-ID"))
		}
	}
	if eve := w.messageHeaders("eve"); strings.Fields(eve[0].Get("References"))[0] != root || eve[0].Get("Message-ID") == heads[0].Get("Message-ID") {
		t.Error("another member's alerts have a different root, or the same Message-ID")
	}
	if h := w.messageHeaders("anna"); len(h) != 1 || strings.Contains(h[0].Get("References"), root) || strings.HasPrefix(h[0].Get("Subject"), "Re:") {
		t.Errorf("an alert of another thread belongs to the same conversation: %v", h)
	}
}

var token = regexp.MustCompile(`/u/([A-Za-z0-9_-]+)`)

func TestAlert_HasUnsubscribeLinks(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		say      string
		set      func(w *world, thread int64)
		oneClick link.Scope
		body     link.Scope
	}{
		{"a watched thread", "Hello.", func(w *world, thread int64) { w.watchThread(101, thread, 1) }, link.Thread, link.Thread},
		{"a watched section", "Hello.", func(*world, int64) {}, link.Section, link.Section},
		{"a quote", `[QUOTE="anna, post: 1, member: 101"]x[/QUOTE]`, func(*world, int64) {}, link.Quotes, link.Thread},
		{"a mention", `@anna`, func(*world, int64) {}, link.Mentions, link.Thread},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newAlertWorld(t)
			thread := w.thread(tonight)
			tt.set(w, thread)
			w.writeText(thread, writer, tt.say)
			w.advanceClock(time.Minute)
			messages := w.relay.withdraw(address("anna"))
			if len(messages) != 1 {
				t.Fatalf("%d messages, want one", len(messages))
			}
			head, text, _ := parseMessage(t, messages[0].raw)
			object := map[link.Scope]int64{link.Thread: thread, link.Section: tonight, link.Alerts: 0}
			grant := func(address string) link.Claims {
				t.Helper()
				m := token.FindStringSubmatch(address)
				if m == nil {
					t.Fatalf("no unsubscribe link in %s", address)
				}
				g, err := w.daemon.Links.Check(m[1])
				if err != nil {
					t.Fatal(err)
				}
				return g
			}
			if got, want := grant(head.Get("List-Unsubscribe")), (link.Claims{Scope: tt.oneClick, Member: 101, Object: object[tt.oneClick]}); got != want {
				t.Errorf("one-click unsubscribe has %+v, want %+v", got, want)
			}
			if got, want := grant(text), (link.Claims{Scope: tt.body, Member: 101, Object: object[tt.body]}); got != want {
				t.Errorf("the first unsubscribe link of the text has %+v, want %+v", got, want)
			}
			mute := link.Claims{Scope: link.Thread, Member: 101, Object: thread}
			if !slices.ContainsFunc(token.FindAllString(text, -1), func(address string) bool {
				return grant(address) == mute
			}) {
				t.Errorf("no link of the text mutes the thread:\n%s", text)
			}
			if head.Get("List-Id") != `"Rolling Tonight (The Upper Berth)" <section-2.alerts.upperberth.example>` || head.Get("Feedback-ID") != "alert:upperberth.example:postrider" {
				t.Errorf("List-Id is %s, Feedback-ID %s", head.Get("List-Id"), head.Get("Feedback-ID"))
			}
			if got := head.Get("List-Archive"); got != "<https://upperberth.example/threads/1/>" {
				t.Errorf("List-Archive is %s, want the thread", got)
			}
		})
	}
}

func TestAlert_ShowsQuotedAndEarlierUnreadPosts(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	thread := w.thread(tonight)
	w.watchThread(104, thread, 0) // Dora gets only quotes and mentions of it
	quoted := w.writeText(thread, writer, "The berth ladder squeaks, and the heating cannot be turned off from within the compartment at all.")
	w.advanceClock(time.Minute)
	read := w.writeText(thread, writer, "Seen already.")
	w.visitThread(104, thread)
	w.advanceClock(time.Minute)
	w.writeText(thread, writer, "Not seen yet.")
	w.advanceClock(time.Minute)
	p := w.writeText(thread, 103, `[QUOTE="Kate, post: `+fmt.Sprint(quoted)+`, member: 7"]The berth ladder squeaks[/QUOTE] What do you say, @dora?`)
	w.advanceClock(time.Minute)
	messages := w.relay.withdraw(address("dora"))
	if len(messages) != 1 {
		t.Fatalf("%d messages, want one", len(messages))
	}
	_, text, html := parseMessage(t, messages[0].raw)
	if got := postNumbers(text); len(got) != 1 || got[0] != p {
		t.Errorf("the alert has posts %v, want %d", got, p)
	}
	for _, want := range []string{"cannot be turned off", "Not seen yet."} {
		if !strings.Contains(strings.ReplaceAll(text, "\n", " "), want) && !strings.Contains(text, want) {
			t.Errorf("the text does not show %q:\n%s", want, text)
		}
		if !strings.Contains(html, want) {
			t.Errorf("the HTML does not show %q", want)
		}
	}
	if strings.Contains(text, "Seen already.") {
		t.Errorf("the text shows post %d, which was already read", read)
	}
}
