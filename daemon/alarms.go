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
	// stallMaxScans is how many gathers may pass, and stallMinDuration how much time must, with nothing done at all.
	stallMaxScans    = 30
	stallMinDuration = 10 * time.Minute
)

// newAlarms makes the bell of a daemon, with the ways to the administrator that he has set.
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

// RaiseAlarm tells the administrator that something keeps the daemon from its work at all.
func (d *Daemon) RaiseAlarm(ctx context.Context, kind alarm.Kind, why error) {
	d.alarms.Raise(kind, "", why.Error())
	d.flushAlarms(ctx)
}

func (d *Daemon) flushAlarms(ctx context.Context) {
	if err := d.alarms.Flush(ctx); err != nil && ctx.Err() == nil {
		d.Log.Warn("alarms could not be written down", "err", err)
	}
}

// watchdog keeps an eye on the daemon until ctx ends. It does not wait for rounds: one that hangs is one thing to tell.
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

// touchProgress notes that work gets on: a step of a round has ended, or a batch of mails.
func (d *Daemon) touchProgress() { d.lastProgress.Store(time.Now().UnixNano()) }

// checkStalled tells a daemon that hangs from one that works long.
func (d *Daemon) checkStalled() {
	quiet := time.Since(time.Unix(0, d.lastProgress.Load()))
	if limit := max(stallMinDuration, stallMaxScans*d.settings.Scan.Interval); quiet > limit {
		d.alarms.Raise(alarm.Overdue, "", fmt.Sprintf("nothing was done for %v", quiet.Round(time.Second)))
		return
	}
	d.alarms.Clear(alarm.Overdue, "")
}

// checkHealth judges what the store and its disk tell.
func (d *Daemon) checkHealth(ctx context.Context) {
	// Reading tells nothing: a full disk can be read.
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

// heartbeatKey is what is written to see whether the store takes anything.
const heartbeatKey = "pulse"

// LastHeartbeat is when a daemon last gave a sign of life, which it does every minute; zero: none ever did.
func LastHeartbeat(ctx context.Context, s *store.Store) (time.Time, error) {
	text, known, err := s.Values.Get(ctx, heartbeatKey)
	if err != nil || !known {
		return time.Time{}, err
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading when the daemon gave a sign of life: %w", err)
	}
	return at, nil
}

// setAlarm raises an alarm for an error, and clears it for none.
func (d *Daemon) setAlarm(kind alarm.Kind, err error) {
	if err != nil {
		d.alarms.Raise(kind, "", err.Error())
	} else {
		d.alarms.Clear(kind, "")
	}
}

// lowDiskBytes is how little room on the disk is told before all of it is gone.
const lowDiskBytes = 100 << 20

func (d *Daemon) checkDisk() {
	left, known, err := d.Store.FreeDiskBytes()
	switch {
	case err != nil:
		d.alarms.Raise(alarm.Store, "disk", err.Error())
	case known && left < lowDiskBytes:
		d.alarms.Raise(alarm.Store, "disk", fmt.Sprintf("its disk has %d MB left", left>>20))
	default:
		d.alarms.Clear(alarm.Store, "disk")
	}
}

// checkQueue tells when more comes than goes. What waits because the owner has paused delivery is no fault.
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
		d.alarms.Raise(alarm.Queue, "", fmt.Sprintf("%d mails wait", waiting))
	} else {
		d.alarms.Clear(alarm.Queue, "")
	}
}

// checkDomainHolds tells of domains that refuse everybody. That the store cannot be read is told otherwise.
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

// checkForumAfterFailure asks the forum, after a round that failed and until one goes well, whether it was the fault.
func (d *Daemon) checkForumAfterFailure(ctx context.Context, failed bool) {
	if !failed && !d.lastRoundFailed {
		return
	}
	if failed && d.selfCheck.fault == nil {
		d.selfCheck.checked = time.Time{}
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

// alarmMail mails alarms straight to the relay: the outbox may be what is ill.
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
		return fmt.Errorf("mailing the administrator: %v", out)
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
		Kind: string(n.Kind), Object: n.Object, Resolved: n.Over, Detail: n.Detail,
		Since: n.Since, At: n.At, Host: host, Zone: d.calendar.zones.of(d.settings.Digest.Zone),
	})
	if err != nil {
		return nil, "", err
	}
	m := mail.Message{
		Key:    fmt.Sprintf("alarm/%s/%s/%d/%t", n.Kind, n.Object, n.At.Unix(), n.Over),
		Stream: "alarm", From: d.settings.From, To: *admin, Date: n.At,
		Subject: content.Subject, Text: content.Text, HTML: content.HTML,
	}
	if raw, err = d.Composer.Compose(m); err != nil {
		return nil, "", err
	}
	raw, err = d.Signer.Sign(raw)
	return raw, admin.Address, err
}
