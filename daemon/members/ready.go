package members

import (
	"context"
	"fmt"
	"slices"

	"postrider/alarm"
	"postrider/store"
)

// blocking are the kinds of alarms while which no mail, or only some, can be sent. The relay that only announcements use is no reason to
// take the pages offline.
var blocking = []alarm.Kind{alarm.Forum, alarm.SelfCheck, alarm.Store, alarm.Relay, alarm.Auth, alarm.Overdue, alarm.OldStore}

// BlockingAlarms returns the kinds of the active alarms that keep the daemon from sending, or an error if the store cannot be read.
// It is what the admin pages show of them, too.
func (d *Service) BlockingAlarms(ctx context.Context) ([]alarm.Kind, error) {
	all, err := d.store.Alarms.All(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading alarms: %w", err)
	}
	var kinds []alarm.Kind
	for _, a := range all {
		if kind, object := alarm.ParseKey(a.Key); object != store.AnnouncementRelay && a.Active() && slices.Contains(blocking, kind) && !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	return kinds, nil
}
