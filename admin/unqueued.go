package admin

import (
	"time"

	"postrider/digest"
	"postrider/store"
)

// unqueued is the part of an announcement's audience that has no messages in the queue yet.
type unqueued struct {
	ID      int64
	Title   string
	Reason  digest.Reason // why it is not in the queue
	Members int
	Next    time.Time // when that changes; zero: not known
}

// readUnqueued loads which announcements will add messages to the queue. Without them the dashboard would call a queue empty that
// an announcement fills at its hour.
func (s *Server) readUnqueued(v *request, view *dashboardView) error {
	active, err := s.Store.Announcements.Active(v.r.Context())
	if err != nil {
		return err
	}
	for _, a := range active {
		x, err := s.Store.Announcements.Progress(v.r.Context(), a.ID)
		if err != nil {
			return err
		}
		n := x.Unqueued()
		if n == 0 {
			continue
		}
		v.localizeProgress(&x)
		var next time.Time
		switch x.State {
		case store.Scheduled:
			next = x.BeginsAt
		case store.InCanary:
			next = x.CanaryUntil
		}
		view.Unqueued = append(view.Unqueued, unqueued{x.ID, x.Title(), x.Rests()[0].Reason, n, next})
		view.Later += n
	}
	return nil
}
