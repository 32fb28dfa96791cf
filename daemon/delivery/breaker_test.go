package delivery

import (
	"testing"
	"time"

	"postrider/mail"
)

func TestBreaker_OpensAndProbes(t *testing.T) {
	down := mail.Outcome{Result: mail.NotSent, Stage: mail.Connecting}
	var b breaker
	now := noon
	fail := func(n int) {
		for range n {
			b.record(down, now)
		}
	}
	allows := func(want int) {
		t.Helper()
		if got := b.available(now, 1000); got != want {
			t.Errorf("at %v it allows %d messages, want %d", now.Sub(noon), got, want)
		}
	}
	fail(failureThreshold - 1)
	allows(1000) // a short failure
	fail(1)
	allows(0)
	fail(7) // messages that were in flight when it opened
	now = now.Add(openDuration)
	allows(1)
	fail(1)
	allows(0)
	now = now.Add(openDuration)
	allows(0) // the second open period is twice as long
	now = now.Add(openDuration)
	allows(1)
	for range 20 {
		fail(1)
		now = now.Add(maxOpenDuration)
		allows(1) // the maximum open period
	}
	if got := b.record(mail.Outcome{Result: mail.Accepted}, now); got != closed {
		t.Errorf("after an accepted message the change is %v, want closed", got)
	}
	allows(1000)
}

func TestBreaker_OneProbeAtATime(t *testing.T) {
	down := mail.Outcome{Result: mail.NotSent, Stage: mail.Connecting}
	var b breaker
	for range failureThreshold {
		b.record(down, noon)
	}
	now := noon.Add(openDuration)
	if !b.allow(now) || b.allow(now) || b.available(now, 9) != 0 {
		t.Error("it does not allow exactly one message")
	}
	if !b.allow(now.Add(openDuration)) {
		t.Error("it waits forever for a lost probe")
	}
	if got := b.record(down, now.Add(openDuration)); got != opened || b.allow(now.Add(openDuration+time.Second)) {
		t.Errorf("after a failed probe the change is %v, want open", got)
	}
}

func TestBreaker_OpensOnRejectedLogin(t *testing.T) {
	for _, refused := range []mail.Outcome{
		{Result: mail.NotSent, Stage: mail.Connecting, Code: 535},
		{Result: mail.NotSent, Stage: mail.Sender, Code: 530}, // login required
	} {
		var b breaker
		if got := b.record(refused, noon); got != opened || b.allow(noon.Add(authOpenDuration-time.Second)) || !b.allow(noon.Add(authOpenDuration)) {
			t.Errorf("after %v the change is %v, want a long open period immediately", refused, got)
		}
		b.record(refused, noon.Add(authOpenDuration))
		if b.allow(noon.Add(3*authOpenDuration-time.Second)) || !b.allow(noon.Add(3*authOpenDuration)) {
			t.Error("the second open period is not twice as long")
		}
	}
}

func TestBreaker_AnyVerdictCountsAsSuccess(t *testing.T) {
	down := mail.Outcome{Result: mail.NotSent, Stage: mail.Connecting}
	for _, tt := range []struct {
		o     mail.Outcome
		alive bool
	}{
		{mail.Outcome{Result: mail.Accepted}, true},
		{mail.Outcome{Result: mail.Refused, Stage: mail.Recipient}, true},
		{mail.Outcome{Result: mail.TempFail}, true},
		{mail.Outcome{Result: mail.Refused, Stage: mail.Sender}, false},
		{mail.Outcome{Result: mail.NotSent, Stage: mail.Body}, false},
		{mail.Outcome{Result: mail.Uncertain}, false},
	} {
		var b breaker
		for range failureThreshold - 2 {
			b.record(down, noon)
		}
		b.record(tt.o, noon)
		b.record(down, noon.Add(time.Second))
		want := 0
		if tt.alive {
			want = 9
		}
		if got := b.available(noon.Add(time.Second), 9); got != want {
			t.Errorf("after %s at %s it allows %d, want %d", tt.o.Result, tt.o.Stage, got, want)
		}
	}
}
