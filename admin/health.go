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

// component is how a part of the house is.
type component struct {
	Name    string // of partNames
	Healthy bool
	Fault   string    // what is wrong, in no particular language; empty: the name of the alarm says it
	At      time.Time // of the daemon and the relay: when they last gave a sign of life; zero: never
	Room    int       // of the store: megabytes that its disk has left; 0: not known
}

func partNames() []string { return []string{"daemon", "forum", "store", "relay"} }

// heartbeatTimeout is how long a daemon may give no sign of life: it gives one every minute.
const heartbeatTimeout = 3 * time.Minute

// parts looks at all parts.
func (s *Server) parts(v *request) []component {
	ctx, cancel := withShortTimeout(v.r.Context())
	defer cancel()
	ill := s.alarmedComponents(ctx)
	list := []component{s.daemonPart(ctx), s.forumPart(ctx), s.storePart(), s.relayPart(ctx)}
	for i, p := range list {
		if fault, raised := ill[p.Name]; raised && p.Healthy {
			list[i].Healthy, list[i].Fault = false, fault
		}
		list[i].At = v.local(p.At)
	}
	return list
}

// alarmedComponents are the parts that an alarm speaks of, with what it says.
func (s *Server) alarmedComponents(ctx context.Context) map[string]string {
	of := map[string][]alarm.Kind{
		"daemon": {alarm.Overdue}, "forum": {alarm.Forum, alarm.SelfCheck}, "store": {alarm.Store}, "relay": {alarm.Relay, alarm.Auth},
	}
	alarms, err := s.Store.Alarms.All(ctx)
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
func (s *Server) daemonPart(ctx context.Context) component {
	at, err := daemon.LastHeartbeat(ctx, s.Store)
	if err != nil {
		return component{Name: "daemon", Fault: err.Error()}
	}
	since := s.Now().Add(-heartbeatTimeout)
	runs, err := s.Store.Rounds.List(ctx, since, 1)
	if err != nil {
		return component{Name: "daemon", Fault: err.Error()}
	}
	for _, r := range runs {
		if r.Began.After(at) {
			at = r.Began
		}
	}
	return component{Name: "daemon", Healthy: at.After(since), At: at}
}

// forumPart asks the forum itself.
func (s *Server) forumPart(ctx context.Context) component {
	err := s.Forum.Read(ctx, func(snapshot *source.Snapshot) error {
		_, err := snapshot.LastPostID(ctx)
		return err
	})
	if err != nil {
		return component{Name: "forum", Fault: err.Error()}
	}
	return component{Name: "forum", Healthy: true}
}

func (s *Server) storePart() component {
	left, known, err := s.Store.FreeDiskBytes()
	if err != nil {
		return component{Name: "store", Fault: err.Error()}
	}
	p := component{Name: "store", Healthy: true}
	if known {
		p.Room = int(left >> 20)
	}
	return p
}

func (s *Server) relayPart(ctx context.Context) component {
	at, err := s.Store.Counts.LastSent(ctx)
	if err != nil {
		return component{Name: "relay", Fault: err.Error()}
	}
	return component{Name: "relay", Healthy: true, At: at}
}
