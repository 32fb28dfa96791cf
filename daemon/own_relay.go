package daemon

import (
	"context"
	"time"

	"github.com/robfig/cron/v3"

	"postrider/alarm"
	"postrider/daemon/delivery"
	"postrider/store"
)

// exceptOwnRelay returns the priorities without those of announcements if these have their own relay. Then they are sent by another
// loop, so that a relay that hangs or is slow holds up only its own messages.
func (d *Daemon) exceptOwnRelay(p store.PriorityRange) store.PriorityRange {
	if d.ownRelay != nil {
		p.Except = store.PriorityAnnouncement
	}
	return p
}

// newDelivery returns the delivery of a loop through the relays of [smtp], and that of announcements if they have their own relay.
// Either is nil if the loop sends no such messages.
func (d *Daemon) newDelivery(l *loop, priorities store.PriorityRange) (shared, own *delivery.Service) {
	deps := delivery.Deps{
		Store: d.Store, Calendar: d.calendar, Composer: d.Composer, Signer: d.Signer, AnnouncementSigner: d.AnnouncementSigner,
		Links: d.Links, Log: d.Log, Now: d.now,
	}
	if d.ownRelay != nil && priorities.Includes(store.PriorityAnnouncement) {
		set := d.settings
		set.Connections = set.AnnounceConnections
		own = delivery.New(deps, set, d.ownRelay, l.hooks(delivery.AnnouncementsOnly), delivery.AnnouncementsOnly)
	}
	if rest := d.exceptOwnRelay(priorities); d.ownRelay == nil || priorities != delivery.AnnouncementsOnly {
		shared = delivery.New(deps, d.settings, d.shared, l.hooks(rest), rest)
	}
	return shared, own
}

// runAnnouncements sends announcements until ctx ends: new ones within a second, and at intervals or when it is woken, what waits for
// another attempt.
func (l *loop) runAnnouncements(ctx context.Context, woken <-chan struct{}, recovers cron.JobWrapper) {
	run := func(step func(context.Context) error) {
		recovers(cron.FuncJob(func() { l.tick(ctx, "announcements", step) })).Run()
	}
	seconds, ticks := time.NewTicker(time.Second), time.NewTicker(l.settings.Scan.Interval)
	defer seconds.Stop()
	defer ticks.Stop()
	run(l.deliver)
	for {
		select {
		case <-ctx.Done():
			return
		case <-seconds.C:
			run(l.tickAnnouncements)
		case <-ticks.C:
			run(l.deliver)
		case <-woken:
			run(l.deliver)
		}
	}
}

// applyRelays applies a changed configuration of the relays to what waits and to alarms.
func (d *Daemon) applyRelays(ctx context.Context) error {
	if d.ownRelay == nil {
		for _, kind := range []alarm.Kind{alarm.Relay, alarm.Auth, alarm.Quota} {
			d.watchdog.alarms.Clear(kind, store.AnnouncementRelay)
		}
	}
	return d.Store.Holds.AgreeOnRelays(ctx, d.Now(), d.ownRelay != nil)
}
