package admin

import (
	"context"
	"slices"
	"strings"
	"time"

	"postrider/alarm"
	"postrider/daemon"
	"postrider/source"
)

// part is how a part of the house is.
type part struct {
	Name  string // of partNames
	Well  bool
	Fault string    // what is wrong, in no particular language; empty: the name of the alarm says it
	At    time.Time // of the daemon and the relay: when they last gave a sign of life; zero: never
	Room  int       // of the store: megabytes that its disk has left; 0: not known
}

func partNames() []string { return []string{"daemon", "forum", "store", "relay"} }

// silence is how long a daemon may give no sign of life: it gives one every minute.
const silence = 3 * time.Minute

// parts looks at all parts.
func (s *Server) parts(v *visit) []part {
	ctx, cancel := limited(v.r.Context())
	defer cancel()
	ill := s.ill(ctx)
	list := []part{s.daemonPart(ctx), s.forumPart(ctx), s.storePart(), s.relayPart(ctx)}
	for i, p := range list {
		if fault, raised := ill[p.Name]; raised && p.Well {
			list[i].Well, list[i].Fault = false, fault
		}
		list[i].At = v.local(p.At)
	}
	return list
}

// ill are the parts that an alarm speaks of, with what it says.
func (s *Server) ill(ctx context.Context) map[string]string {
	of := map[string][]alarm.Kind{
		"daemon": {alarm.Overdue}, "forum": {alarm.Forum, alarm.SelfCheck}, "store": {alarm.Store}, "relay": {alarm.Relay, alarm.Auth},
	}
	alarms, err := s.Store.Alarms(ctx)
	if err != nil {
		return map[string]string{"store": err.Error()}
	}
	ill := make(map[string]string)
	for _, a := range alarms {
		kind, _, _ := strings.Cut(a.Key, " ")
		for name, kinds := range of {
			if a.Active() && slices.Contains(kinds, alarm.Kind(kind)) {
				ill[name] = a.Detail
			}
		}
	}
	return ill
}

// daemonPart looks for a sign of life: one that has just started has run a round, if nothing else.
func (s *Server) daemonPart(ctx context.Context) part {
	at, err := daemon.Pulse(ctx, s.Store)
	if err != nil {
		return part{Name: "daemon", Fault: err.Error()}
	}
	since := s.Now().Add(-silence)
	runs, err := s.Store.Runs(ctx, since, 1)
	if err != nil {
		return part{Name: "daemon", Fault: err.Error()}
	}
	for _, r := range runs {
		if r.Began.After(at) {
			at = r.Began
		}
	}
	return part{Name: "daemon", Well: at.After(since), At: at}
}

// forumPart asks the forum itself.
func (s *Server) forumPart(ctx context.Context) part {
	err := s.Forum.Read(ctx, func(snapshot *source.Snapshot) error {
		_, err := snapshot.LastPostID(ctx)
		return err
	})
	if err != nil {
		return part{Name: "forum", Fault: err.Error()}
	}
	return part{Name: "forum", Well: true}
}

func (s *Server) storePart() part {
	left, known, err := s.Store.FreeDiskBytes()
	if err != nil {
		return part{Name: "store", Fault: err.Error()}
	}
	p := part{Name: "store", Well: true}
	if known {
		p.Room = int(left >> 20)
	}
	return p
}

func (s *Server) relayPart(ctx context.Context) part {
	at, err := s.Store.LastSent(ctx)
	if err != nil {
		return part{Name: "relay", Fault: err.Error()}
	}
	return part{Name: "relay", Well: true, At: at}
}
