package daemon

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"postrider/alarm"
	"postrider/daemon/delivery"
	"postrider/source"
	"postrider/store"
)

const (
	alarmFlushInterval  = 15 * time.Second
	healthCheckInterval = time.Minute
	// The daemon counts as stalled after stallMaxScans scan intervals without progress, but not before stallMinDuration.
	stallMaxScans    = 30
	stallMinDuration = 10 * time.Minute
)

// watchdog monitors a daemon and raises alarms. Both loops share it.
type watchdog struct {
	*base
	alarms       *alarm.Manager
	backlog      backlog
	lastProgress atomic.Int64 // Unix nanoseconds, real clock
	rounds       failedRounds
	probesFailed int // in a row
	selfCheck    *source.SelfCheckCache
}

// newWatchdog creates the alarm manager with the configured channels, and the relays, which raise alarms and send alarms.
func newWatchdog(b *base) (*watchdog, *delivery.Relays) {
	wd := &watchdog{base: b, selfCheck: source.SelfCheckPassed()}
	var channels []alarm.Channel
	if b.settings.Alarms.Webhook != "" {
		words := func(n alarm.Notification) (what, action string) {
			return b.Renderer.AlarmText(string(n.Kind), n.Object)
		}
		channels = append(channels, alarm.NewWebhook(b.settings.Alarms, b.settings.Site, b.settings.URL, words))
	}
	byEmail := &alarmMail{base: b}
	if b.settings.Alarms.Email != "" {
		channels = append(channels, byEmail)
	}
	wd.alarms = alarm.New(b.Store.Alarms, b.Log, b.now, channels...)
	byEmail.relays = delivery.NewRelays(b.Sender, b.Fallback, wd.alarms, b.Log)
	wd.touchProgress()
	return wd, byEmail.relays
}

func (wd *watchdog) flushAlarms(ctx context.Context) {
	if err := wd.alarms.Flush(ctx); err != nil && ctx.Err() == nil {
		wd.Log.Warn("cannot save alarms", "err", err)
	}
}

// run monitors the daemon until ctx ends. It runs independently of the rounds, so that it detects one that hangs.
func (wd *watchdog) run(ctx context.Context) {
	ticks := time.NewTicker(alarmFlushInterval)
	defer ticks.Stop()
	var looked time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		wd.checkStalled()
		if time.Since(looked) >= healthCheckInterval {
			looked = time.Now()
			wd.checkHealth(ctx)
		}
		wd.flushAlarms(ctx)
	}
}

// touchProgress records progress: a step of a round has succeeded, or a batch of messages is done.
func (wd *watchdog) touchProgress() { wd.lastProgress.Store(time.Now().UnixNano()) }

// checkHealth checks the store, its disk and what the store shows about deliveries.
func (wd *watchdog) checkHealth(ctx context.Context) {
	// A write, because a full disk can still be read.
	err := wd.Store.Values.Set(ctx, store.HeartbeatKey, wd.Now().UTC().Format(time.RFC3339))
	if err == nil {
		err = wd.Store.Beat(ctx)
	}
	if ctx.Err() != nil {
		return
	}
	wd.setAlarm(alarm.Store, err)
	wd.checkForum(ctx)
	if err == nil {
		wd.checkDisk()
		wd.checkDomainHolds(ctx)
		wd.checkQueue(ctx)
		wd.checkVolume(ctx)
		wd.checkAnnouncements(ctx)
		wd.checkRestored(ctx)
	}
}

// LastHeartbeat returns the time of the last heartbeat. Daemons send one every minute. It is zero if there was none.
func LastHeartbeat(ctx context.Context, s store.Values) (time.Time, error) {
	text, known, err := s.Get(ctx, store.HeartbeatKey)
	if err != nil || !known {
		return time.Time{}, err
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading the heartbeat: %w", err)
	}
	return at, nil
}

// setAlarm raises an alarm for an error and clears it if err is nil.
func (wd *watchdog) setAlarm(kind alarm.Kind, err error) {
	if err != nil {
		wd.alarms.Raise(kind, "", err.Error())
	} else {
		wd.alarms.Clear(kind, "")
	}
}

// lowDiskBytes is the free space below which an alarm is raised.
const lowDiskBytes = 100 << 20

func (wd *watchdog) checkDisk() {
	left, known, err := wd.Store.FreeDiskBytes()
	switch {
	case err != nil:
		wd.alarms.Raise(alarm.Store, "disk", err.Error())
	case known && left < lowDiskBytes:
		wd.alarms.Raise(alarm.Store, "disk", fmt.Sprintf("%d MB left on its disk", left>>20))
	default:
		wd.alarms.Clear(alarm.Store, "disk")
	}
}

// checkQueue raises an alarm while the queue grows. Messages that wait for a manual pause do not count.
func (wd *watchdog) checkQueue(ctx context.Context) {
	waiting, err := wd.Store.Queue.Waiting(ctx, wd.Now())
	if err != nil {
		return
	}
	_, paused, err := wd.Store.Queue.Paused(ctx)
	if err != nil {
		return
	}
	if paused {
		waiting = 0
	}
	if wd.backlog.observe(waiting, wd.Now()) {
		wd.alarms.Raise(alarm.Queue, "", fmt.Sprintf("%d messages are waiting", waiting))
	} else {
		wd.alarms.Clear(alarm.Queue, "")
	}
}

// reasonText returns a stored reason in the language of alarms.
func (wd *watchdog) reasonText(stored string) string {
	return wd.Renderer.Reason(wd.settings.Digest.Locale, stored)
}

// checkDomainHolds raises an alarm for each domain on hold. An unreadable store has its own alarm.
func (wd *watchdog) checkDomainHolds(ctx context.Context) {
	holds, err := wd.Store.Holds.Active(ctx, wd.Now())
	if err != nil {
		return
	}
	bad := make(map[string]string, len(holds))
	for _, h := range holds {
		bad[heldObject(h)] = wd.reasonText(h.Reason)
	}
	wd.alarms.SetActive(alarm.Held, bad)
}

// heldObject returns the object of the alarm about a hold. It names the relay if that is not the one of most messages.
func heldObject(h store.DomainHold) string {
	if h.Relay == store.SharedRelay {
		return h.Domain
	}
	return h.Domain + " (" + h.Relay + ")"
}

// checkAnnouncements raises an alarm for each announcement that the daemon paused.
func (wd *watchdog) checkAnnouncements(ctx context.Context) {
	live, err := wd.Store.Announcements.Active(ctx)
	if err != nil {
		return
	}
	bad := make(map[string]string)
	for _, a := range live {
		if a.PausedByDaemon {
			bad[strconv.FormatInt(a.ID, 10)] = wd.reasonText(a.Reason)
		}
	}
	wd.alarms.SetActive(alarm.Stopped, bad)
}
