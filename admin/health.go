package admin

import (
	"context"
	"slices"
	"time"

	"postrider/alarm"
	"postrider/daemon"
	"postrider/source"
	"postrider/store"
)

// component is the health of a component.
type component struct {
	Name    string // one of componentNames
	Healthy bool
	Error   string    // not translated; empty: the state says it all
	At      time.Time // last heartbeat of the daemon, last message to the relay; zero: never
	FreeMB  int       // free disk space of the store; 0: not known
}

func componentNames() []string { return []string{"daemon", "forum", "store", "relay", "announcements"} }

// heartbeatTimeout is the age at which the last heartbeat is too old: the daemon sends one every minute.
const heartbeatTimeout = 3 * time.Minute

// components checks all components.
func (s *Server) components(v *request) []component {
	ctx, cancel := withShortTimeout(v.r.Context())
	defer cancel()
	alarmed := s.alarmedComponents(ctx)
	list := []component{s.checkDaemon(ctx), s.checkForum(ctx), s.checkStore(), s.checkRelay(ctx)}
	if s.Settings.TwoRelays() {
		list = append(list, component{Name: "announcements", Healthy: true})
	}
	for i, p := range list {
		if fault, raised := alarmed[p.Name]; raised && p.Healthy {
			list[i].Healthy, list[i].Error = false, fault
		}
		list[i].At = v.local(p.At)
	}
	return list
}

// alarmedComponents returns the components with an active alarm, and its detail.
func (s *Server) alarmedComponents(ctx context.Context) map[string]string {
	components := map[string][]alarm.Kind{
		"daemon": {alarm.Overdue}, "forum": {alarm.Forum, alarm.SelfCheck}, "store": {alarm.Store}, "relay": {alarm.Relay, alarm.Auth, alarm.Quota},
	}
	alarms, err := s.Store.Alarms.All(ctx)
	if err != nil {
		return map[string]string{"store": err.Error()}
	}
	alarmed := make(map[string]string)
	for _, a := range alarms {
		kind, object := alarm.ParseKey(a.Key)
		for name, kinds := range components {
			switch {
			case !a.Active() || !slices.Contains(kinds, kind):
			case object == store.AnnouncementRelay:
				alarmed["announcements"] = a.Detail
			default:
				alarmed[name] = a.Detail
			}
		}
	}
	return alarmed
}

// checkDaemon checks the last heartbeat. A daemon that has just started may have only the record of a round.
func (s *Server) checkDaemon(ctx context.Context) component {
	at, err := daemon.LastHeartbeat(ctx, s.Store.Values)
	if err != nil {
		return component{Name: "daemon", Error: err.Error()}
	}
	since := s.Now().Add(-heartbeatTimeout)
	runs, err := s.Store.Rounds.List(ctx, since, 1)
	if err != nil {
		return component{Name: "daemon", Error: err.Error()}
	}
	for _, r := range runs {
		if r.Began.After(at) {
			at = r.Began
		}
	}
	return component{Name: "daemon", Healthy: at.After(since), At: at}
}

// checkForum reads from the forum's database.
func (s *Server) checkForum(ctx context.Context) component {
	err := s.Forum.Read(ctx, func(snapshot *source.Snapshot) error {
		_, err := snapshot.LastPostID(ctx)
		return err
	})
	if err != nil {
		return component{Name: "forum", Error: err.Error()}
	}
	return component{Name: "forum", Healthy: true}
}

func (s *Server) checkStore() component {
	left, known, err := s.Store.FreeDiskBytes()
	if err != nil {
		return component{Name: "store", Error: err.Error()}
	}
	p := component{Name: "store", Healthy: true}
	if known {
		p.FreeMB = int(left >> 20)
	}
	return p
}

func (s *Server) checkRelay(ctx context.Context) component {
	at, err := s.Store.Counts.LastSent(ctx)
	if err != nil {
		return component{Name: "relay", Error: err.Error()}
	}
	return component{Name: "relay", Healthy: true, At: at}
}
