package delivery

import (
	"testing"
	"testing/synctest"
	"time"

	"postrider/mail"
)

var (
	tooFast       = mail.Outcome{Result: mail.TempFail, Stage: mail.Data, Code: 454, Reply: "Throttling failure: Maximum sending rate exceeded."}
	quotaExceeded = mail.Outcome{Result: mail.Refused, Stage: mail.Data, Code: 550, Enhanced: "5.4.5", Reply: "5.4.5 Daily user sending limit exceeded."}
)

// TestRelayPace_SlowsDownToWhatRelayAccepts sends to a relay that accepts 14 messages a second, like Amazon SES.
func TestRelayPace_SlowsDownToWhatRelayAccepts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var accepted []time.Time
		accepts := func(now time.Time) bool {
			n := 0
			for _, at := range accepted {
				if now.Sub(at) < time.Second {
					n++
				}
			}
			return n < 14
		}
		var p relayPace
		began, refused := time.Now(), 0
		for len(accepted) < 333 && time.Since(began) < 5*time.Minute {
			now := time.Now()
			if !p.available(now) {
				time.Sleep(5 * time.Millisecond)
				continue
			}
			p.consume(now)
			time.Sleep(2 * time.Millisecond) // the transaction
			if end := time.Now(); accepts(end) {
				accepted = append(accepted, end)
				p.accept(end)
			} else {
				refused++
				p.limit(now, end)
			}
		}
		if took := time.Since(began); took > 32*time.Second || refused > 10 {
			t.Errorf("%d messages took %v with %d rejections, want 333 in about 26 s with few", len(accepted), took, refused)
		}
	})
}

// A relay that accepts one message a second rejects some of the first ones before it has confirmed any.
func TestRelayPace_RejectionBeforeAnythingIsAccepted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p relayPace
		for _, want := range []float64{0.9, 0.4, 0.2, 0.1, 0.1} {
			p.limit(time.Now(), time.Now())
			if got := p.perSecond(); got != want {
				t.Errorf("%v messages a second after a rejection, want %v", got, want)
			}
			time.Sleep(2 * paceWindow)
		}
	})
}

func TestRelayPace_RecoversSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p relayPace
		p.limit(time.Now(), time.Now())
		if limit := p.perSecond(); limit == 0 {
			t.Error("no limit after a rejection")
		}
		minutes := 0
		for ; p.perSecond() > 0 || p.limiter != nil; minutes++ {
			if minutes > 60 {
				t.Fatal("the limit lasts for more than an hour")
			}
			time.Sleep(time.Minute)
			p.accept(time.Now())
		}
		if minutes < 10 {
			t.Errorf("the limit was removed after %d minutes, want 10 or more", minutes)
		}
	})
}

func TestRelays_RestAtQuota(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newRelayPair()
		p.list = p.list[:1] // no fallback
		p.first.answer = &quotaExceeded
		if out := p.Send(t.Context(), "a@example.org", "b@example.org", nil); out.Code != 550 {
			t.Errorf("Send = %v, want the relay's reply", out)
		}
		if n := p.available(time.Now(), 100); n != 0 {
			t.Errorf("%d messages may be sent after a quota, want none", n)
		}
		time.Sleep(quotaOpenDuration)
		if n := p.available(time.Now(), 100); n != 1 {
			t.Errorf("%d messages may be sent after the first rest, want a single one", n)
		}
		p.first.answer = nil
		p.Send(t.Context(), "a@example.org", "b@example.org", nil)
		if n := p.available(time.Now(), 100); n != 100 {
			t.Errorf("%d messages may be sent after an accepted one, want all", n)
		}
	})
}

func TestRelays_UseFallbackAtQuota(t *testing.T) {
	p := newRelayPair()
	p.first.answer = &quotaExceeded
	if first, second := p.send(t, 10, mail.Accepted); first != 1 || second != 10 {
		t.Errorf("the relays got %d and %d messages, want 1 and 10", first, second)
	}
}

func TestRelays_RateLimitIsNoFailure(t *testing.T) {
	p := newRelayPair()
	p.list = p.list[:1]
	p.first.answer = &tooFast
	for range 2 * failureThreshold {
		p.Send(t.Context(), "a@example.org", "b@example.org", nil)
	}
	if n := p.available(time.Now(), 100); n != 100 || !p.list[0].closed() {
		t.Errorf("%d messages may be sent, want the relay in use", n)
	}
	if p.ready(time.Now()) {
		t.Error("the next message may be sent immediately, want a pause")
	}
}
