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
	ringEvery = 15 * time.Second
	lookEvery = time.Minute
	// overdueGathers is how many gathers may pass, and overdueLeast how much time must, with nothing done at all.
	overdueGathers = 30
	overdueLeast   = 10 * time.Minute
)

// newBell makes the bell of a daemon, with the ways to the administrator that he has set.
func (d *Daemon) newBell() *alarm.Manager {
	var channels []alarm.Channel
	if d.set.Alarms.Webhook != "" {
		words := func(n alarm.Notification) (what, cure string) { return d.Press.AlarmText(string(n.Kind), n.Object) }
		channels = append(channels, alarm.NewWebhook(d.set.Alarms, d.set.Site, d.set.URL, words))
	}
	if d.set.Alarms.Mail != "" {
		channels = append(channels, alarmMail{d})
	}
	return alarm.New(d.Store, d.Log, d.Now, channels...)
}

// Fail tells the administrator that something keeps the daemon from its work at all.
func (d *Daemon) Fail(ctx context.Context, kind alarm.Kind, why error) {
	d.bell.Raise(kind, "", why.Error())
	d.ring(ctx)
}

func (d *Daemon) ring(ctx context.Context) {
	if err := d.bell.Flush(ctx); err != nil && ctx.Err() == nil {
		d.Log.Warn("alarms could not be written down", "err", err)
	}
}

// watch keeps an eye on the daemon until ctx ends. It does not wait for rounds: one that hangs is one thing to tell.
func (d *Daemon) watch(ctx context.Context) {
	ticks := time.NewTicker(ringEvery)
	defer ticks.Stop()
	var looked time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
		}
		d.checkPulse()
		if time.Since(looked) >= lookEvery {
			looked = time.Now()
			d.look(ctx)
		}
		d.ring(ctx)
	}
}

// beat notes that work gets on: a step of a round has ended, or a batch of mails.
func (d *Daemon) beat() { d.pulse.Store(time.Now().UnixNano()) }

// checkPulse tells a daemon that hangs from one that works long.
func (d *Daemon) checkPulse() {
	quiet := time.Since(time.Unix(0, d.pulse.Load()))
	if limit := max(overdueLeast, overdueGathers*d.set.Gather.Every); quiet > limit {
		d.bell.Raise(alarm.Overdue, "", fmt.Sprintf("nothing was done for %v", quiet.Round(time.Second)))
		return
	}
	d.bell.Clear(alarm.Overdue, "")
}

// look judges what the store and its disk tell.
func (d *Daemon) look(ctx context.Context) {
	// Reading tells nothing: a full disk can be read.
	err := d.Store.SetValue(ctx, pulseKey, d.Now().UTC().Format(time.RFC3339))
	if ctx.Err() != nil {
		return
	}
	d.sound(alarm.Store, err)
	if err == nil {
		d.lookAtDisk()
		d.lookAtHolds(ctx)
		d.lookAtQueue(ctx)
		d.lookAtVolume(ctx)
		d.lookAtAnnouncements(ctx)
	}
}

// pulseKey is what is written to see whether the store takes anything.
const pulseKey = "pulse"

// Pulse is when a daemon last gave a sign of life, which it does every minute; zero: none ever did.
func Pulse(ctx context.Context, s *store.Store) (time.Time, error) {
	text, known, err := s.Value(ctx, pulseKey)
	if err != nil || !known {
		return time.Time{}, err
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading when the daemon gave a sign of life: %w", err)
	}
	return at, nil
}

// sound raises an alarm for an error, and clears it for none.
func (d *Daemon) sound(kind alarm.Kind, err error) {
	if err != nil {
		d.bell.Raise(kind, "", err.Error())
	} else {
		d.bell.Clear(kind, "")
	}
}

// scarce is how little room on the disk is told before all of it is gone.
const scarce = 100 << 20

func (d *Daemon) lookAtDisk() {
	left, known, err := d.Store.FreeDiskBytes()
	switch {
	case err != nil:
		d.bell.Raise(alarm.Store, "disk", err.Error())
	case known && left < scarce:
		d.bell.Raise(alarm.Store, "disk", fmt.Sprintf("its disk has %d MB left", left>>20))
	default:
		d.bell.Clear(alarm.Store, "disk")
	}
}

// lookAtQueue tells when more comes than goes. What waits because the owner has paused delivery is no fault.
func (d *Daemon) lookAtQueue(ctx context.Context) {
	waiting, err := d.Store.Waiting(ctx, d.Now())
	if err != nil {
		return
	}
	_, paused, err := d.Store.Paused(ctx)
	if err != nil {
		return
	}
	if paused {
		waiting = 0
	}
	if d.backlog.note(waiting, d.Now()) {
		d.bell.Raise(alarm.Queue, "", fmt.Sprintf("%d mails wait", waiting))
	} else {
		d.bell.Clear(alarm.Queue, "")
	}
}

// lookAtHolds tells of domains that refuse everybody. That the store cannot be read is told otherwise.
func (d *Daemon) lookAtHolds(ctx context.Context) {
	holds, err := d.Store.Holds(ctx, d.Now())
	if err != nil {
		return
	}
	bad := make(map[string]string, len(holds))
	for _, h := range holds {
		bad[h.Domain] = h.Reason
	}
	d.bell.SetActive(alarm.Held, bad)
}

// examine asks the forum, after a round that failed and until one goes well, whether it was the fault.
func (d *Daemon) examine(ctx context.Context, failed bool) {
	if !failed && !d.ill {
		return
	}
	if failed && d.trust.fault == nil {
		d.trust.checked = time.Time{}
	}
	err := d.Forum.Read(ctx, func(s *source.Snapshot) error {
		_, err := s.LastPostID(ctx)
		return err
	})
	if ctx.Err() == nil {
		d.sound(alarm.Forum, err)
		d.ill = failed
	}
}

// alarmMail mails alarms straight to the relay: the outbox may be what is ill.
type alarmMail struct{ *Daemon }

// Name implements alarm.Channel.
func (alarmMail) Name() string { return "mail" }

// Tell implements alarm.Channel.
func (d alarmMail) Tell(ctx context.Context, n alarm.Notification) error {
	raw, to, err := d.compose(n)
	if err != nil {
		return err
	}
	if out := d.relays.Urge(ctx, d.set.From.Address, to, raw); out.Result != mail.Accepted {
		return fmt.Errorf("mailing the administrator: %v", out)
	}
	return nil
}

func (d alarmMail) compose(n alarm.Notification) (raw []byte, to string, err error) {
	admin, err := netmail.ParseAddress(d.set.Alarms.Mail)
	if err != nil {
		return nil, "", fmt.Errorf("alarms.mail: %w", err)
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	content, err := d.Press.Alarm(templates.Alarm{
		Kind: string(n.Kind), Object: n.Object, Resolved: n.Over, Detail: n.Detail,
		Since: n.Since, At: n.At, Host: host, Zone: d.calendar.zones.of(d.set.Digest.Zone),
	})
	if err != nil {
		return nil, "", err
	}
	m := mail.Message{
		Key:    fmt.Sprintf("alarm/%s/%s/%d/%t", n.Kind, n.Object, n.At.Unix(), n.Over),
		Stream: "alarm", From: d.set.From, To: *admin, Date: n.At,
		Subject: content.Subject, Text: content.Text, HTML: content.HTML,
	}
	if raw, err = d.Composer.Compose(m); err != nil {
		return nil, "", err
	}
	raw, err = d.Signer.Sign(raw)
	return raw, admin.Address, err
}
