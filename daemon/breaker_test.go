package daemon

import (
	"testing"
	"time"

	"postrider/mail"
)

func TestBreakerLeavesADeadRelayAloneAndProbesIt(t *testing.T) {
	down := mail.Outcome{Result: mail.NotSent, Stage: mail.Connecting}
	var b breaker
	now := noon
	fail := func(n int) {
		for range n {
			b.note(down, now)
		}
	}
	allows := func(want int) {
		t.Helper()
		if got := b.allows(now, 1000); got != want {
			t.Errorf("at %v it allows %d mails, want %d", now.Sub(noon), got, want)
		}
	}
	fail(trips - 1)
	allows(1000) // a hiccup
	fail(1)
	allows(0)
	fail(7) // those that were under way when it tripped
	now = now.Add(restFirst)
	allows(1)
	fail(1)
	allows(0)
	now = now.Add(restFirst)
	allows(0) // the second rest is twice as long
	now = now.Add(restFirst)
	allows(1)
	for range 20 {
		fail(1)
		now = now.Add(restMost)
		allows(1) // no rest is longer than that
	}
	b.note(mail.Outcome{Result: mail.Accepted}, now)
	allows(1000)
}

func TestBreakerTakesAnyAnswerForASignOfLife(t *testing.T) {
	down := mail.Outcome{Result: mail.NotSent, Stage: mail.Connecting}
	for _, o := range []mail.Outcome{{Result: mail.Refused}, {Result: mail.TryAgain}, {Result: mail.Uncertain}, {Result: mail.NotSent, Stage: mail.Body}} {
		var b breaker
		for range trips - 1 {
			b.note(down, noon)
		}
		b.note(o, noon)
		b.note(down, noon.Add(time.Second))
		if got := b.allows(noon.Add(time.Second), 9); got != 9 {
			t.Errorf("after %v it allows %d, want 9", o.Result, got)
		}
	}
}
