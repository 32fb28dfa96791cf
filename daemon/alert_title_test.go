package daemon

import (
	"strings"
	"testing"
	"time"

	"postrider/digest"
	"postrider/mail"
)

// renameThread gives a thread a title, as moderators do.
func (w *world) renameThread(thread int64, title string) {
	w.Helper()
	w.execSQL(`UPDATE thread SET title = ? WHERE id = ?`, title, thread)
}

// wantTitle checks the subjects of the messages to a member since the last call, and that a word is nowhere in them.
func (w *world) wantTitle(name, removed string, subjects ...string) {
	w.Helper()
	var got []string
	for _, sent := range w.relay.withdraw(address(name)) {
		head, text, html := parseMessage(w, sent.raw)
		got = append(got, head.Get("Subject"))
		if all := string(sent.raw) + text + html; strings.Contains(all, removed) {
			w.Errorf("%s: the message to %s contains %q:\n%s", w.clock().Format("15:04"), name, removed, all)
		}
	}
	if strings.Join(got, "|") != strings.Join(subjects, "|") {
		w.Errorf("%s: subjects to %s are %q, want %q", w.clock().Format("15:04"), name, got, subjects)
	}
}

func TestAlert_NeverSendsRemovedTitle(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.setAlertMode(digest.EveryReply)
	thread := w.thread(tonight)
	w.renameThread(thread, "Call Conductor Berry at home")
	w.writePost(thread)
	w.advanceClock(time.Minute)
	first := w.messageHeaders("anna")
	if len(first) != 1 || first[0].Get("Subject") != "Call Conductor Berry at home" {
		t.Fatalf("the first alert is %v", first)
	}
	w.renameThread(thread, "Complaints")
	w.member(105, "eve", passenger, tonight)
	w.writePost(thread)
	w.advanceClock(time.Minute)
	w.wantTitle("eve", "Berry", "Complaints") // had no alert about it: nothing to reply to
	next := w.messageHeaders("anna")
	if len(next) != 1 || next[0].Get("Subject") != "Re: Complaints" {
		t.Fatalf("the next alert is %v", next)
	}
	if next[0].Get("In-Reply-To") != first[0].Get("Message-ID") || strings.Fields(next[0].Get("References"))[0] != strings.Fields(first[0].Get("References"))[0] {
		t.Errorf("the next alert does not belong to the conversation: %v after %v", next[0], first[0])
	}
	w.renameThread(thread, "Call Conductor Berry at home") // and back, which is today's title
	w.writePost(thread)
	w.advanceClock(time.Minute)
	w.wantTitle("eve", "Complaints", "Re: "+"Call Conductor Berry at home")
}

func TestAlert_WaitingMessageHasTitleOfToday(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	thread := w.thread(tonight)
	w.renameThread(thread, "Call Conductor Berry at home")
	w.writePost(thread)
	w.round() // planned, and waits a minute
	w.relay.answerWith(mail.TempFail, 451)
	w.advanceClock(time.Minute) // sent, but the relay wants it again later
	w.relay.forget()
	w.relay.acceptAll()
	w.renameThread(thread, "Complaints")
	w.advanceClock(time.Hour)
	w.wantTitle("anna", "Berry", "Complaints")
	w.setClock(5, "08:00")
	w.writePost(thread)
	w.round()
	w.wantTitle("anna", "Berry", "Complaints")
}
