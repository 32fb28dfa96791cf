package delivery

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/daemon/settings"
	"postrider/forum"
	"postrider/store"
)

// newOutgoings returns messages from descriptions: "alert a.example", "digest? b.example" (an uncertain one).
func newOutgoings(descriptions ...string) (list []outgoing) {
	for i, d := range descriptions {
		kind, domain, _ := strings.Cut(d, " ")
		l := outgoing{Row: store.Row{Key: fmt.Sprintf("%d", i)}, Draft: Draft{To: forum.Member{Email: "m@" + domain}}}
		if k, doubtful := strings.CutSuffix(kind, "?"); doubtful {
			kind, l.UncertainCount = k, 1
		}
		l.Kind = kind
		list = append(list, l)
	}
	return list
}

func newQueues(set settings.Delivery, connections int, messages []outgoing) *providerQueues {
	s := newProviderQueues(messages, newThrottles(set), func(string) bool { return false })
	s.connections, s.pace = connections, set.Limiter()
	return s
}

// sendAll takes all messages, one after the other, and returns their keys.
func (s *providerQueues) sendAll(now time.Time) (keys []string) {
	for range 1000 {
		s.reserve(now, 4, 4)
		n := s.next(now)
		if n == nil {
			return keys
		}
		l := s.send(n)
		keys = append(keys, l.Key)
		s.release(n)
	}
	return keys
}

func TestProviderQueues_TakeTurns(t *testing.T) {
	s := newQueues(settings.DefaultDelivery(), 4, newOutgoings("digest a.example", "digest a.example", "digest a.example", "digest b.example", "digest c.example", "digest c.example"))
	if got, want := s.sendAll(noon), []string{"0", "3", "4", "1", "5", "2"}; !slices.Equal(got, want) {
		t.Errorf("the order is %v, want %v", got, want)
	}
	if len(s.list) != 0 {
		t.Errorf("%d queues are left", len(s.list))
	}
}

func TestProviderQueues_OrderByPriority(t *testing.T) {
	s := newQueues(settings.DefaultDelivery(), 4, newOutgoings("alert? a.example", "digest a.example", "announcement a.example", "digest b.example", "alert c.example", "announcement c.example", "alert a.example", "digest? b.example"))
	got := s.sendAll(noon)
	if want := []string{"4", "6", "2", "5"}; !slices.Equal(sorted(got[:2]), want[:2]) || !slices.Equal(sorted(got[2:4]), want[2:]) {
		t.Errorf("the order is %v, want the alerts 4 and 6, then the announcements 2 and 5", got)
	}
	if !slices.Equal(sorted(got[4:6]), []string{"1", "3"}) || !slices.Equal(got[6:], []string{"0", "7"}) {
		t.Errorf("the order is %v, want the digests 1 and 3, then 0 and 7", got)
	}
}

func sorted(list []string) []string { return slices.Sorted(slices.Values(list)) }

func TestProviderQueues_AtMostHalfOfConnections(t *testing.T) {
	messages := newOutgoings(slices.Concat(slices.Repeat([]string{"digest a.example"}, 20), slices.Repeat([]string{"digest b.example"}, 2))...)
	s := newQueues(settings.DefaultDelivery(), 8, messages)
	inFlight := func() (list []string) {
		s.reserve(noon, 16, 16)
		for range 8 {
			if n := s.next(noon); n != nil {
				s.send(n)
			}
		}
		for _, n := range s.list {
			list = append(list, fmt.Sprintf("%s %d", n.name, n.inFlight))
		}
		return list
	}
	// The queue of b is empty, so a may use all connections.
	if got, want := inFlight(), []string{"a.example 6", "b.example 2"}; !slices.Equal(got, want) {
		t.Errorf("in flight are %v, want %v", got, want)
	}
	s = newQueues(settings.DefaultDelivery(), 8, append(messages, newOutgoings(slices.Repeat([]string{"digest b.example"}, 9)...)...))
	a := s.list[0]
	s.reserve(noon, 16, 16)
	for range 4 {
		s.send(a)
	}
	if n := s.next(noon); n == nil || n.name != "b.example" {
		t.Errorf("with four of eight in flight, the next is one more of the same provider")
	}
}

func TestProviderQueues_BlockedQueueLeavesRoom(t *testing.T) {
	messages := newOutgoings(slices.Concat(slices.Repeat([]string{"digest stuck.example"}, 100), slices.Repeat([]string{"digest b.example"}, 100))...)
	s := newQueues(settings.DefaultDelivery(), 4, messages)
	stuck := s.list[0]
	sent := 0
	for range 50 {
		s.reserve(noon, max(1, 8-s.ready()), 8)
		for n := s.next(noon); n != nil; n = s.next(noon) {
			s.send(n)
			if n != stuck {
				sent++
				s.release(n)
			}
		}
	}
	if sent != 100 || stuck.inFlight > 2 && len(s.list) > 1 {
		t.Errorf("%d messages of the other queue were sent, %d of the stuck one are in flight", sent, stuck.inFlight)
	}
}

func TestProviderQueues_WaitForThrottle(t *testing.T) {
	set := settings.DefaultDelivery()
	set.DomainRate["slow.example"] = 1
	s := newQueues(set, 4, newOutgoings("digest slow.example", "digest slow.example", "digest slow.example", "digest b.example"))
	if got := sorted(s.sendAll(noon)); !slices.Equal(got, []string{"0", "3"}) {
		t.Errorf("immediately %v, want one of the slow provider and the other", got)
	}
	if lane, pace := s.waiting(noon); !lane || pace {
		t.Errorf("it waits %v for its queue, %v for the rate limit", lane, pace)
	}
	if got := s.sendAll(noon.Add(time.Second)); len(got) != 1 {
		t.Errorf("a second later %v, want one more", got)
	}
}

func TestProviderQueues_KeepOverallRate(t *testing.T) {
	set := settings.DefaultDelivery()
	set.Rate = 2
	s := newQueues(set, 4, newOutgoings("digest a.example", "digest b.example", "digest c.example", "digest d.example"))
	for i := range 4 {
		if got := s.sendAll(noon.Add(time.Duration(i) * time.Second / 2)); len(got) != 1 {
			t.Errorf("after %d half seconds %v, want one", i, got)
		}
	}
}
