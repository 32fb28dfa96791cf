package daemon

import (
	"context"
	"fmt"
	netmail "net/mail"
	"os"
	"time"

	"postrider/alarm"
	"postrider/mail"
	"postrider/source"
	"postrider/store"
	"postrider/templates"
)

const (
	alarmFlushInterval  = 15 * time.Second
	healthCheckInterval = time.Minute
	// The daemon counts as stalled after stallMaxScans scan intervals without progress, but not before stallMinDuration.
	stallMaxScans    = 30
	stallMinDuration = 10 * time.Minute
)

// newAlarms creates the alarm manager with the configured channels.
func (d *Daemon) newAlarms() *alarm.Manager {
	var channels []alarm.Channel
	if d.settings.Alarms.Webhook != "" {
		words := func(n alarm.Notification) (what, cure string) { return d.Renderer.AlarmText(string(n.Kind), n.Object) }
		channels = append(channels, alarm.NewWebhook(d.settings.Alarms, d.settings.Site, d.settings.URL, words))
	}
	if d.settings.Alarms.Email != "" {
		channels = append(channels, alarmMail{d})
	}
	return alarm.New(d.Store, d.Log, d.Now, channels...)
}

// RaiseAlarm reports a problem that keeps the daemon from running at all.
func (d *Daemon) RaiseAlarm(ctx context.Context, kind alarm.Kind, why error) {
	d.alarms.Raise(kind, "", why.Error())
	d.flushAlarms(ctx)
}

func (d *Daemon) flushAlarms(ctx context.Context) {
	if err := d.alarms.Flush(ctx); err != nil && ctx.Err() == nil {
		d.Log.Warn("cannot save alarms", "err", err)
	}
}

// watchdog monitors the daemon until ctx ends. It runs independently of the rounds, so that it detects one that hangs.
func (d *Daemon) watchdog(ctx context.Context) {
	ticks := time.NewTicker(alarmFlushInterval)
	defer ticks.Stop()
	var looked time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		d.checkStalled()
		if time.Since(looked) >= healthCheckInterval {
			looked = time.Now()
			d.checkHealth(ctx)
		}
		d.flushAlarms(ctx)
	}
}

// touchProgress records progress: a step of a round or a batch of messages is done.
func (d *Daemon) touchProgress() { d.lastProgress.Store(time.Now().UnixNano()) }

// checkStalled raises an alarm if nothing makes progress. A long round makes progress and does not count.
func (d *Daemon) checkStalled() {
	quiet := time.Since(time.Unix(0, d.lastProgress.Load()))
	if limit := max(stallMinDuration, stallMaxScans*d.settings.Scan.Interval); quiet > limit {
		d.alarms.Raise(alarm.Overdue, "", fmt.Sprintf("no progress for %v", quiet.Round(time.Second)))
		return
	}
	d.alarms.Clear(alarm.Overdue, "")
}

// checkHealth checks the store, its disk and what the store shows about deliveries.
func (d *Daemon) checkHealth(ctx context.Context) {
	// A write, because a full disk can still be read.
	err := d.Store.Values.Set(ctx, heartbeatKey, d.Now().UTC().Format(time.RFC3339))
	if ctx.Err() != nil {
		return
	}
	d.setAlarm(alarm.Store, err)
	if err == nil {
		d.checkDisk()
		d.checkDomainHolds(ctx)
		d.checkQueue(ctx)
		d.checkVolume(ctx)
		d.checkAnnouncements(ctx)
	}
}

// heartbeatKey is the value written to check that the store accepts writes.
const heartbeatKey = "pulse"

// LastHeartbeat returns the time of the last heartbeat. Daemons send one every minute. It is zero if there was none.
func LastHeartbeat(ctx context.Context, s *store.Store) (time.Time, error) {
	text, known, err := s.Values.Get(ctx, heartbeatKey)
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
func (d *Daemon) setAlarm(kind alarm.Kind, err error) {
	if err != nil {
		d.alarms.Raise(kind, "", err.Error())
	} else {
		d.alarms.Clear(kind, "")
	}
}

// lowDiskBytes is the free space below which an alarm is raised.
const lowDiskBytes = 100 << 20

func (d *Daemon) checkDisk() {
	left, known, err := d.Store.FreeDiskBytes()
	switch {
	case err != nil:
		d.alarms.Raise(alarm.Store, "disk", err.Error())
	case known && left < lowDiskBytes:
		d.alarms.Raise(alarm.Store, "disk", fmt.Sprintf("%d MB left on its disk", left>>20))
	default:
		d.alarms.Clear(alarm.Store, "disk")
	}
}

// checkQueue raises an alarm while the queue grows. Messages that wait for a manual pause do not count.
func (d *Daemon) checkQueue(ctx context.Context) {
	waiting, err := d.Store.Queue.Waiting(ctx, d.Now())
	if err != nil {
		return
	}
	_, paused, err := d.Store.Queue.Paused(ctx)
	if err != nil {
		return
	}
	if paused {
		waiting = 0
	}
	if d.backlog.observe(waiting, d.Now()) {
		d.alarms.Raise(alarm.Queue, "", fmt.Sprintf("%d messages are waiting", waiting))
	} else {
		d.alarms.Clear(alarm.Queue, "")
	}
}

// checkDomainHolds raises an alarm for each domain on hold. An unreadable store has its own alarm.
func (d *Daemon) checkDomainHolds(ctx context.Context) {
	holds, err := d.Store.Holds.Active(ctx, d.Now())
	if err != nil {
		return
	}
	bad := make(map[string]string, len(holds))
	for _, h := range holds {
		bad[h.Domain] = h.Reason
	}
	d.alarms.SetActive(alarm.Held, bad)
}

// checkForumAfterFailure checks after each failed round, until one succeeds, whether the forum is the cause.
func (d *Daemon) checkForumAfterFailure(ctx context.Context, failed bool) {
	if !failed && !d.lastRoundFailed {
		return
	}
	if failed {
		d.selfCheck.Expire()
	}
	err := d.Forum.Read(ctx, func(s *source.Snapshot) error {
		_, err := s.LastPostID(ctx)
		return err
	})
	if ctx.Err() == nil {
		d.setAlarm(alarm.Forum, err)
		d.lastRoundFailed = failed
	}
}

// alarmMail sends alarms directly to the relay, because the outbox may be the problem.
type alarmMail struct{ *Daemon }

// Name implements alarm.Channel.
func (alarmMail) Name() string { return "mail" }

// Notify implements alarm.Channel.
func (d alarmMail) Notify(ctx context.Context, n alarm.Notification) error {
	raw, to, err := d.compose(n)
	if err != nil {
		return err
	}
	if out := d.relays.SendNow(ctx, d.settings.From.Address, to, raw); out.Result != mail.Accepted {
		return fmt.Errorf("sending an alarm to the administrator: %v", out)
	}
	return nil
}

func (d alarmMail) compose(n alarm.Notification) (raw []byte, to string, err error) {
	admin, err := netmail.ParseAddress(d.settings.Alarms.Email)
	if err != nil {
		return nil, "", fmt.Errorf("alarms.email: %w", err)
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	content, err := d.Renderer.Alarm(templates.Alarm{
		Kind: string(n.Kind), Object: n.Object, Resolved: n.Resolved, Detail: n.Detail,
		Since: n.Since, At: n.At, Host: host, Zone: d.calendar.ZoneNamed(d.settings.Digest.Zone),
	})
	if err != nil {
		return nil, "", err
	}
	m := mail.Message{
		Key:    fmt.Sprintf("alarm/%s/%s/%d/%t", n.Kind, n.Object, n.At.Unix(), n.Resolved),
		Stream: "alarm", From: d.settings.From, To: *admin, Date: n.At,
		Subject: content.Subject, Text: content.Text, HTML: content.HTML,
	}
	if raw, err = d.Composer.Compose(m); err != nil {
		return nil, "", err
	}
	raw, err = d.Signer.Sign(raw)
	return raw, admin.Address, err
}
