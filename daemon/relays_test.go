package daemon

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"postrider/mail"
)

// connectionFailed and unwelcome are what a relay says that is down, or that does not know us.
var (
	connectionFailed = mail.Outcome{Result: mail.NotSent, Stage: mail.Connecting}
	loginRejected    = mail.Outcome{Result: mail.NotSent, Stage: mail.Connecting, Code: 535, Reply: "who are you"}
)

// relayPair is two relays, with what each of them got.
type relayPair struct {
	first, second fakeRelay
	*relayPool
	log bytes.Buffer
}

func newRelayPair(t *testing.T) *relayPair {
	w := newWorld(t)
	p := &relayPair{first: fakeRelay{clock: time.Now}, second: fakeRelay{clock: time.Now}}
	p.relayPool = newRelays(&p.first, &p.second, w.daemon.alarms, slog.New(slog.NewTextHandler(&p.log, nil)))
	return p
}

// send sends so many messages and says how many reached each relay.
func (p *relayPair) send(t *testing.T, n int, want mail.Result) (first, second int) {
	t.Helper()
	for range n {
		if out := p.Send(t.Context(), "a@example.org", "b@example.org", nil); out.Result != want {
			t.Errorf("a message is %v, want %v", out, want)
		}
	}
	first, second = len(p.first.messages()), len(p.second.messages())
	p.first.forget()
	p.second.forget()
	return first, second
}

func TestRelayPool_FailsOverAndBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newRelayPair(t)
		if first, second := p.send(t, 10, mail.Accepted); first != 10 || second != 0 {
			t.Errorf("while both are well they got %d and %d, want all at the first", first, second)
		}
		p.first.answer = func(string, int) mail.Outcome { return connectionFailed }
		if first, second := p.send(t, 20, mail.Accepted); first != failureThreshold || second != 20 {
			t.Errorf("when the first is down they got %d and %d, want %d tries at the first and all at the second", first, second, failureThreshold)
		}
		time.Sleep(openDuration)
		if first, second := p.send(t, 20, mail.Accepted); first != 1 || second != 20 {
			t.Errorf("after a rest they got %d and %d, want one probe and all at the second", first, second)
		}
		p.first.acceptAll()
		time.Sleep(2 * openDuration)
		if first, second := p.send(t, 20, mail.Accepted); first != 20 || second != 0 {
			t.Errorf("when the first is back they got %d and %d, want all at the first", first, second)
		}
		if log := p.log.String(); strings.Count(log, "relay unreachable") != 2 || strings.Count(log, "relay reachable again") != 1 {
			t.Errorf("the log is\n%s", log)
		}
	})
}

func TestRelayPool_BothDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newRelayPair(t)
		p.first.answer = func(string, int) mail.Outcome { return loginRejected }
		p.second.answer = func(string, int) mail.Outcome { return connectionFailed }
		if first, second := p.send(t, 20, mail.NotSent); first != 1 || second != failureThreshold {
			t.Errorf("they got %d and %d, want 1 and %d: a login that is refused is not tried again", first, second, failureThreshold)
		}
		if n := p.available(time.Now(), 9); n != 0 {
			t.Errorf("there is room for %d messages", n)
		}
		time.Sleep(openDuration)
		if n := p.available(time.Now(), 9); n != 1 {
			t.Errorf("after a rest there is room for %d messages, want one probe", n)
		}
		if first, second := p.send(t, 3, mail.NotSent); first != 0 || second != 1 {
			t.Errorf("they got %d and %d, want one probe at the second", first, second)
		}
		p.second.acceptAll()
		time.Sleep(2 * openDuration)
		if first, second := p.send(t, 3, mail.Accepted); first != 0 || second != 3 {
			t.Errorf("they got %d and %d, want all at the second", first, second)
		}
	})
}

func TestRelayPool_VerdictIsFinal(t *testing.T) {
	p := newRelayPair(t)
	for _, out := range []mail.Outcome{
		{Result: mail.Refused, Stage: mail.Recipient, Code: 550}, {Result: mail.TempFail, Stage: mail.Recipient, Code: 451},
		{Result: mail.Uncertain, Stage: mail.Body}, {Result: mail.NotSent, Stage: mail.Body, Code: 421},
	} {
		p.first.answer = func(string, int) mail.Outcome { return out }
		if first, second := p.send(t, 1, out.Result); first != 1 || second != 0 {
			t.Errorf("after %v they got %d and %d, want only the first", out, first, second)
		}
	}
}

func TestRelayPool_RejectedLoginNotRepeated(t *testing.T) {
	t.Parallel()
	w, p := newBusyWorld(t, 50)
	w.relay.answer = func(string, int) mail.Outcome { return loginRejected }
	for range 5 {
		w.round()
		w.setTime(w.clock().Add(time.Minute))
	}
	if n := len(w.relay.messages()); n > w.set.Connections {
		t.Errorf("%d logins were tried, want at most %d: those that were under way", n, w.set.Connections)
	}
	for _, o := range w.outcomes(1000) {
		if o.Result == string(mail.NotSent) && o.Attempt != 0 {
			t.Errorf("it is counted as attempt %d", o.Attempt)
		}
	}
	w.relay.acceptAll()
	w.restart()
	w.round()
	w.wantMessages("m49", posts(p))
}
