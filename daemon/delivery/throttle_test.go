package delivery

import (
	"testing"
	"time"

	"golang.org/x/time/rate"

	"postrider/daemon/settings"
)

// sendEvenly sends messages at an even rate for a duration.
func (l *throttle) sendEvenly(from time.Time, for_ time.Duration, messages int) (until time.Time) {
	for i := range messages {
		l.consume(from.Add(for_ * time.Duration(i) / time.Duration(messages)))
	}
	return from.Add(for_)
}

func TestThrottle_HalvesAndGrowsBack(t *testing.T) {
	l := newThrottle(rate.Inf)
	now := l.sendEvenly(noon, 10*time.Second, 400)
	if !l.available(now) || !l.unlimited() {
		t.Fatal("it has a limit before any rate-limit reply")
	}
	if !l.backOff(now, now) || l.limit.Load().Limit() != 20 {
		t.Errorf("at 40 messages a second the limit is %v, want 20", l.limit.Load().Limit())
	}
	if l.backOff(now.Add(-time.Second), now.Add(time.Second)) {
		t.Error("a message in flight reduced the limit again")
	}
	now = now.Add(time.Second)
	if !l.backOff(now, now) || l.limit.Load().Limit() != 10 {
		t.Errorf("the second reduction is to %v, want 10", l.limit.Load().Limit())
	}
	for range 3 {
		now = now.Add(50 * time.Second)
		l.recover(now)
	}
	if got := l.limit.Load().Limit(); got < 10.99 || got > 11.01 {
		t.Errorf("after two and a half minutes with a check every 50 seconds the limit is %v, want 11", got)
	}
	for free := false; !free; now = now.Add(time.Minute) {
		if now.Sub(noon) > time.Hour {
			t.Fatalf("the limit is not lifted: %v", l.limit.Load().Limit())
		}
		free = l.recover(now)
	}
	if !l.unlimited() || l.backedOff() {
		t.Error("there is still a limit")
	}
	if took := now.Sub(noon); took < 15*time.Minute || took > 30*time.Minute {
		t.Errorf("the limit was lifted after %v", took)
	}
}

func TestThrottle_ReducesFromActualSpeed(t *testing.T) {
	l := newThrottle(rate.Inf)
	l.consume(noon)
	l.backOff(noon, noon.Add(100*time.Millisecond))
	if got := l.limit.Load().Limit(); got != 0.5 {
		t.Errorf("after one message the limit is %v, want 0.5", got)
	}
	now := noon
	for range 20 {
		now = now.Add(time.Second)
		l.backOff(now, now)
	}
	if got := l.limit.Load().Limit(); got != minRate {
		t.Errorf("the final limit is %v, want %v", got, minRate)
	}
}

func TestThrottle_StaysBelowConfiguredRate(t *testing.T) {
	s := newThrottles(settings.Delivery{DomainRate: map[string]float64{"googlemail.com": 8, "*": 2}})
	l := s.forProvider("gmail.com")
	if got := l.limit.Load().Limit(); got != 8 {
		t.Errorf("the initial limit is %v, want 8", got)
	}
	now := l.sendEvenly(noon, 10*time.Second, 80)
	l.backOff(now, now)
	for range 30 {
		now = now.Add(time.Minute)
		l.recover(now)
	}
	if got := l.limit.Load().Limit(); got != 8 || l.backedOff() {
		t.Errorf("after half an hour the limit is %v, want 8 and recovered", got)
	}
	if got := s.forProvider("example.org").limit.Load().Limit(); got != 2 {
		t.Errorf("the limit of another domain is %v, want 2", got)
	}
}

func TestThrottle_AssignsTimeSlots(t *testing.T) {
	l := newThrottle(0.5)
	for i := 1; i <= 3; i++ {
		if got, want := l.reserveSlot(noon), noon.Add(time.Duration(2*i)*time.Second); !got.Equal(want) {
			t.Errorf("message %d is sent after %v, want %v", i, got.Sub(noon), want.Sub(noon))
		}
	}
	for range 1000 {
		if got := l.reserveSlot(noon); got.After(noon.Add(maxDeferral)) {
			t.Fatalf("a message is sent after %v, want at most %v", got.Sub(noon), maxDeferral)
		}
	}
	if got := newThrottle(rate.Inf).reserveSlot(noon); !got.Equal(noon) {
		t.Errorf("without a limit it is sent after %v", got.Sub(noon))
	}
}

func TestThrottles_EvictIdle(t *testing.T) {
	s := newThrottles(settings.DefaultDelivery())
	s.forProvider("a.example").consume(noon)
	s.forProvider("b.example").consume(noon)
	s.forProvider("b.example").backOff(noon, noon)
	s.evictIdle(noon.Add(time.Second))
	if len(s.known) != 2 {
		t.Errorf("%d throttles while messages are sent, want both", len(s.known))
	}
	s.evictIdle(noon.Add(time.Hour))
	if _, kept := s.known["b.example"]; !kept || len(s.known) != 1 {
		t.Errorf("%d throttles an hour later, want the slow one", len(s.known))
	}
}

func TestThrottles_SharedByConcurrentLoops(t *testing.T) {
	t.Parallel()
	set := settings.Settings{Delivery: settings.DefaultDelivery()}
	set.Delivery.DomainRate = map[string]float64{"gmail.com": 4}
	shared := NewShared(NewRelays(nil, nil, nil, nil), set.Delivery)
	loops := []*Service{New(Deps{}, set, shared, Hooks{}, ExceptAlerts), New(Deps{}, set, shared, Hooks{}, AlertsOnly)}
	now := time.Now()
	for n := range 4 {
		of := loops[n%2].shared.throttles.forProvider("gmail.com")
		if took := of.available(now); took != (n == 0) { // bursts of a quarter of a second: one message
			t.Errorf("message %d of both loops is allowed immediately: %t", n+1, took)
		}
		of.consume(now)
	}
}
