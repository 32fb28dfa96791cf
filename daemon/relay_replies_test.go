package daemon

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"postrider/forum"
	"postrider/mail"
	"postrider/store"
)

func TestDeliver_RelayDownForThreeDays(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newDailyWorld(t)
		thread := w.thread(tonight)
		w.relay.answerWith(mail.NotSent, 0)
		a := w.writePost(thread)
		w.setClock(5, "08:00")
		w.round()
		w.setClock(5, "12:00")
		b := w.writePost(thread)
		for day := 5; day < 8; day++ {
			for _, clock := range []string{"12:00", "18:00", "23:00"} {
				w.setClock(day, clock)
				w.round()
			}
			w.setClock(day+1, "08:00")
			w.round()
		}
		w.setClock(8, "09:00")
		c := w.writePost(thread)
		w.relay.acceptAll()
		time.Sleep(5 * time.Minute) // the longest time that its circuit breaker stays open
		w.round()
		w.wantMessages("anna", posts(a, b))
		for _, o := range w.outcomes(101) {
			if o.Result == string(mail.NotSent) && o.Attempt != 0 {
				t.Errorf("the outage counts as attempt %d", o.Attempt)
			}
		}
		w.setClock(9, "08:00")
		w.round()
		w.wantMessages("anna", posts(c))
		if n := w.countByState()["queued"]; n != 0 {
			t.Errorf("%d rows are still waiting", n)
		}
	})
}

func TestDeliver_NextEditionCoversRejectedPosts(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	a := w.writePost(thread)
	w.relay.answer = func(to string, _ int) mail.Outcome {
		if to == address("anna") {
			return mail.Outcome{Result: mail.Refused, Stage: mail.Recipient, Code: 550, Enhanced: "5.7.1", Reply: "not today"}
		}
		return mail.Outcome{Result: mail.Accepted, Code: 250}
	}
	w.setClock(5, "08:00")
	w.round()
	w.setClock(5, "09:00")
	w.round() // a rejection is final and not retried
	if n := len(w.outcomes(101)); n != 2 {
		t.Errorf("%d outcomes are saved, want 2: the empty edition of the first day, and the rejection", n)
	}
	w.wantMessages("carl", posts(a))
	w.relay.acceptAll()
	b := w.writePost(thread)
	w.setClock(6, "08:00")
	w.round()
	w.wantMessages("anna", posts(a, b))
	w.wantMessages("carl", posts(b))
	last := w.outcomes(101)[1]
	if last.Result != "refused" || last.Code != 550 || last.Enhanced != "5.7.1" || last.Reply != "not today" {
		t.Errorf("the reply of the relay is lost: %+v", last)
	}
}

func TestDeliver_TemporaryRejectionSentOnceLater(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	p := w.writePost(w.thread(tonight))
	w.relay.answerWith(mail.TempFail, 451)
	w.setClock(5, "08:00")
	w.round()
	w.round() // the retry is not due yet
	if n := len(w.relay.messages()); n != 2 {
		t.Fatalf("%d attempts, want 2: one each for Anna and Carl", n)
	}
	w.setClock(5, "08:02")
	w.relay.acceptAll()
	w.round()
	w.wantMessages("anna", posts(p))
	w.setClock(5, "23:00")
	w.round()
	w.setClock(6, "08:00")
	w.round()
	w.wantMessages("anna")
}

func TestDeliver_TemporaryRejectionsAllDayLoseNoPost(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	p := w.writePost(thread)
	w.relay.answerWith(mail.TempFail, 451)
	w.setClock(5, "08:00")
	for when := w.clock(); when.Day() < 7; when = when.Add(40 * time.Minute) {
		w.setTime(when)
		w.round()
	}
	w.relay.acceptAll()
	w.setClock(7, "20:00")
	w.round()
	w.wantMessages("anna", posts(p))
	w.setClock(8, "20:00")
	w.round()
	w.wantMessages("anna")
}

func TestDeliver_UncertainRepeatedOnceIdentically(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	p := w.writePost(thread)
	w.relay.answerWith(mail.Uncertain, 0)
	w.setClock(5, "08:00")
	w.round()
	w.relay.acceptAll()
	later := w.writePost(thread)
	w.setClock(5, "08:14")
	w.round()
	w.wantMessages("anna")
	w.setClock(5, "08:15")
	w.round()
	var raws [][]byte
	for _, sent := range w.relay.messages() {
		if sent.to == address("anna") {
			raws = append(raws, sent.raw)
		}
	}
	if len(raws) != 2 {
		t.Fatalf("Anna's message was sent %d times, want 2", len(raws))
	}
	head1, text1, html1 := parseMessage(t, raws[0])
	head2, text2, html2 := parseMessage(t, raws[1])
	if a, b := head1.Get("Message-ID"), head2.Get("Message-ID"); a != b || a == "" {
		t.Errorf("Message-IDs are %q and %q, want the same", a, b)
	}
	if text1 != text2 || html1 != html2 || head1.Get("Subject") != head2.Get("Subject") {
		t.Error("the second copy differs from the first")
	}
	w.wantMessages("anna", posts(p))
	w.setClock(6, "08:00")
	w.round()
	w.wantMessages("anna", posts(later))
}

func TestDeliver_UncertainRepeatedAfterTemporaryRejection(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	p := w.writePost(w.thread(tonight))
	w.relay.answerWith(mail.TempFail, 451)
	w.setClock(5, "08:00")
	w.round()
	w.relay.answerWith(mail.Uncertain, 0)
	w.setClock(5, "08:05")
	w.round()
	w.relay.acceptAll()
	w.setClock(5, "08:25")
	w.round()
	w.wantMessages("anna", posts(p))
}

func TestDeliver_UncertainNotMerged(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	thread := w.thread(tonight)
	p := w.writePost(thread)
	w.relay.answerWith(mail.Uncertain, 0)
	w.setClock(5, "08:00")
	w.round()
	later := w.writePost(thread)
	w.setClock(6, "08:00") // no round for a day
	w.relay.acceptAll()
	w.round()
	w.wantMessages("anna", posts(p))
	w.round()
	w.wantMessages("anna", posts(later))
}

func TestDeliver_RejectedSenderLosesNoPost(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	p := w.writePost(w.thread(tonight))
	w.relay.answer = func(string, int) mail.Outcome {
		return mail.Outcome{Result: mail.Refused, Stage: mail.Sender, Code: 550, Reply: "sender unknown"}
	}
	w.setClock(5, "08:00")
	for range 20 {
		w.round()
	}
	w.relay.acceptAll()
	w.setClock(5, "08:05")
	w.round()
	w.wantMessages("anna", posts(p))
}

func TestDeliver_RejectedMemberDoesNotBlockOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hostile := map[int64]string{ // addresses that must never reach a relay
		201: "eve@example.org\r\nBcc: all@example.org", 202: "no-at-sign", 203: `"quoted part"@example.org`,
		204: strings.Repeat("a", 300) + "@example.org", 205: "a@b@c d", 206: "@", 207: "x@" + strings.Repeat("y", 300) + ".example",
		208: "post@bad_domain..example", 209: "<script>@example.org", 210: "\x00@example.org", 211: "ünï@example.org",
	}
	for id, email := range hostile {
		w.member(id, "hostile"+email, passenger, tonight)
		w.execSQL(`UPDATE member SET email = ? WHERE id = ?`, email, id)
	}
	names := []string{ // names that must not break a header
		"\r\nBcc: all@example.org", `"quotes" and \slashes\`, strings.Repeat("夜", 300), "=?utf-8?q?trick?=", "a, b; c: d <e@f>", "\x00\x1b[31m", "\u202etxet", " ", "\xff\xfe",
	}
	for i, name := range names {
		id := int64(301 + i)
		w.member(id, name, passenger, tonight)
		w.execSQL(`UPDATE member SET email = ? WHERE id = ?`, address("name"+string(rune('a'+i))), id)
	}
	w.member(401, "idn", passenger, tonight)
	w.execSQL(`UPDATE member SET email = 'idn@müller.example' WHERE id = 401`)
	w.member(402, "anna", passenger, tonight)
	w.round()
	p := w.writePost(w.thread(tonight))
	w.setClock(5, "08:00")
	report := w.round()
	if report.Refused != len(hostile) || report.Sent != len(names)+2 {
		t.Errorf("%d are sent and %d rejected, want %d and %d\n%s", report.Sent, report.Refused, len(names)+2, len(hostile), w.log)
	}
	for id, email := range hostile {
		if outcomes := w.outcomes(forum.MemberID(id)); len(outcomes) < 2 {
			t.Errorf("no outcome for %q", email)
		} else if last := outcomes[len(outcomes)-1]; last.Result != "refused" || last.Reason == "" {
			t.Errorf("%q is saved as %s, %q; want rejected with a reason", email, last.Result, last.Reason)
		}
	}
	for _, sent := range w.relay.messages() {
		head, _, _ := parseMessage(t, sent.raw)
		if to, err := head.AddressList("To"); err != nil || len(to) != 1 {
			t.Errorf("To is %q: %v", head.Get("To"), err)
		}
		if head.Get("Bcc") != "" || strings.ContainsAny(sent.to, "\r\n<>\" ") {
			t.Errorf("the message to %q has injected headers: %v", sent.to, head)
		}
	}
	for i := range names {
		w.wantMessages("name"+string(rune('a'+i)), posts(p))
	}
	w.wantMessages("anna", posts(p))
}

func TestDeliver_SkipsEditionAfterUnsubscribe(t *testing.T) {
	t.Parallel()
	w := newDailyWorld(t)
	w.relay.answerWith(mail.TempFail, 451)
	a := w.writePost(w.thread(tonight))
	w.setClock(5, "08:00")
	w.round()
	if err := w.store.Preferences.UnsubscribeKind(t.Context(), w.clock(), 101, store.KindDigest); err != nil {
		t.Fatal(err)
	}
	w.relay.acceptAll()
	w.setClock(5, "10:00")
	w.round()
	w.wantMessages("anna")
	w.wantMessages("carl", posts(a))
}

func TestRelays_RejectedLoginNotRepeated(t *testing.T) {
	t.Parallel()
	w, p := newBusyWorld(t, 50)
	w.relay.answer = func(string, int) mail.Outcome {
		return mail.Outcome{Result: mail.NotSent, Stage: mail.Connecting, Code: 535, Reply: "who are you"}
	}
	for range 5 {
		w.round()
		w.setTime(w.clock().Add(time.Minute))
	}
	if n := len(w.relay.messages()); n > w.set.Connections {
		t.Errorf("%d login attempts, want at most %d: those in flight", n, w.set.Connections)
	}
	for _, o := range w.outcomes(1000) {
		if o.Result == string(mail.NotSent) && o.Attempt != 0 {
			t.Errorf("it counts as attempt %d", o.Attempt)
		}
	}
	w.relay.acceptAll()
	w.restart()
	w.round()
	w.wantMessages("m49", posts(p))
}
