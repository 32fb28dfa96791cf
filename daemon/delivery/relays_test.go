package delivery

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"postrider/alarm"
	"postrider/mail"
	"postrider/store"
)

// connectionFailed and loginRejected are the outcomes for a relay that is down and for one that rejects our login.
var (
	connectionFailed = mail.Outcome{Result: mail.NotSent, Stage: mail.Connecting}
	loginRejected    = mail.Outcome{Result: mail.NotSent, Stage: mail.Connecting, Code: 535, Reply: "who are you"}
)

// countingSender counts the messages that it gets.
type countingSender struct {
	answer *mail.Outcome // nil: it accepts all
	calls  int
}

// Send implements Sender.
func (s *countingSender) Send(context.Context, string, string, []byte) mail.Outcome {
	s.calls++
	if s.answer != nil {
		return *s.answer
	}
	return mail.Outcome{Result: mail.Accepted, Code: 250}
}

// relayPair is two relays and their log.
type relayPair struct {
	first, second countingSender
	*Relays
	log bytes.Buffer
}

func newRelayPair() *relayPair {
	p := &relayPair{}
	p.Relays = NewRelays(&p.first, &p.second, alarm.New(store.Alarms{}, slog.New(slog.DiscardHandler), time.Now), slog.New(slog.NewTextHandler(&p.log, nil)))
	return p
}

// send sends n messages and returns how many reached each relay.
func (p *relayPair) send(t *testing.T, n int, want mail.Result) (first, second int) {
	t.Helper()
	for range n {
		if out := p.Send(t.Context(), "a@example.org", "b@example.org", nil); out.Result != want {
			t.Errorf("a message is %v, want %v", out, want)
		}
	}
	first, second = p.first.calls, p.second.calls
	p.first.calls, p.second.calls = 0, 0
	return first, second
}

func TestRelays_FailsOverAndBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newRelayPair()
		if first, second := p.send(t, 10, mail.Accepted); first != 10 || second != 0 {
			t.Errorf("while both are up they got %d and %d, want all at the first", first, second)
		}
		p.first.answer = &connectionFailed
		if first, second := p.send(t, 20, mail.Accepted); first != failureThreshold || second != 20 {
			t.Errorf("when the first is down they got %d and %d, want %d tries at the first and all at the second", first, second, failureThreshold)
		}
		time.Sleep(openDuration)
		if first, second := p.send(t, 20, mail.Accepted); first != 1 || second != 20 {
			t.Errorf("after the open period they got %d and %d, want one probe and all at the second", first, second)
		}
		p.first.answer = nil
		time.Sleep(2 * openDuration)
		if first, second := p.send(t, 20, mail.Accepted); first != 20 || second != 0 {
			t.Errorf("when the first is up again they got %d and %d, want all at the first", first, second)
		}
		if log := p.log.String(); strings.Count(log, "relay unreachable") != 2 || strings.Count(log, "relay reachable again") != 1 {
			t.Errorf("the log is\n%s", log)
		}
	})
}

func TestRelays_BothDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newRelayPair()
		p.first.answer = &loginRejected
		p.second.answer = &connectionFailed
		if first, second := p.send(t, 20, mail.NotSent); first != 1 || second != failureThreshold {
			t.Errorf("they got %d and %d, want 1 and %d: a rejected login is not retried", first, second, failureThreshold)
		}
		if n := p.available(time.Now(), 9); n != 0 {
			t.Errorf("%d messages are allowed", n)
		}
		time.Sleep(openDuration)
		if n := p.available(time.Now(), 9); n != 1 {
			t.Errorf("after the open period %d messages are allowed, want one probe", n)
		}
		if first, second := p.send(t, 3, mail.NotSent); first != 0 || second != 1 {
			t.Errorf("they got %d and %d, want one probe at the second", first, second)
		}
		p.second.answer = nil
		time.Sleep(2 * openDuration)
		if first, second := p.send(t, 3, mail.Accepted); first != 0 || second != 3 {
			t.Errorf("they got %d and %d, want all at the second", first, second)
		}
	})
}

func TestRelays_VerdictIsFinal(t *testing.T) {
	p := newRelayPair()
	for _, out := range []mail.Outcome{
		{Result: mail.Refused, Stage: mail.Recipient, Code: 550}, {Result: mail.TempFail, Stage: mail.Recipient, Code: 451},
		{Result: mail.Uncertain, Stage: mail.Body}, {Result: mail.NotSent, Stage: mail.Body, Code: 421},
	} {
		p.first.answer = &out
		if first, second := p.send(t, 1, out.Result); first != 1 || second != 0 {
			t.Errorf("after %v they got %d and %d, want only the first", out, first, second)
		}
	}
}
