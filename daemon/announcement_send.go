package daemon

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"postrider/alarm"
	"postrider/digest"
	"postrider/store"
)

// advanceAnnouncements advances all active announcements by one step: it begins them, puts the next page of the audience
// into the outbox, evaluates the canary, or finishes them. It is called before every batch, so that messages are sent
// while others are still being planned. more reports whether another page can follow immediately.
func (d *Daemon) advanceAnnouncements(ctx context.Context) (more bool, err error) {
	if d.priorities.First > store.PriorityAnnouncement || d.priorities.Last < store.PriorityAnnouncement {
		return false, nil
	}
	live, err := d.Store.Announcements.Active(ctx)
	if err != nil {
		return false, err
	}
	for _, a := range live {
		again, err := d.advanceAnnouncement(ctx, a)
		if err != nil {
			return false, err
		}
		more = more || again
	}
	return more, nil
}

// tickAnnouncements delivers if an announcement is due, so that a new one does not wait for the next round. After an error
// it leaves delivery to the rounds for a while: they run less often and report the error as well.
func (d *Daemon) tickAnnouncements(ctx context.Context) error {
	if time.Now().Before(d.announceBackoffUntil) {
		return nil
	}
	live, err := d.Store.Announcements.Active(ctx)
	if err == nil && slices.ContainsFunc(live, d.isActive) {
		err = d.deliver(ctx)
	}
	if err != nil {
		d.announceBackoffUntil = time.Now().Add(d.settings.Scan.Interval)
	}
	return err
}

// isActive reports whether an announcement has messages to plan or send now.
func (d *Daemon) isActive(a store.Announcement) bool {
	begins := a.State == store.Scheduled && !a.BeginsAt.After(d.Now())
	return begins || a.State == store.InCanary || a.State == store.Sending
}

// advanceAnnouncement advances one announcement by one step.
func (d *Daemon) advanceAnnouncement(ctx context.Context, a store.Announcement) (more bool, err error) {
	switch {
	case a.State == store.Paused:
		return false, d.Store.Announcements.HoldRequeued(ctx, a.ID)
	case a.State == store.Scheduled && a.BeginsAt.After(d.Now()):
		return false, nil
	case a.State == store.Scheduled:
		return true, d.Store.Announcements.Begin(ctx, d.Now(), a)
	}
	if a.Speed > 0 {
		_, err = d.Store.Announcements.ReleaseAtRate(ctx, d.Now(), a)
	} else {
		err = d.Store.Announcements.ReleaseAll(ctx, a.ID)
	}
	switch {
	case err != nil:
		return false, err
	case d.refusalWindows.exceeds(a.ID, d.settings.Announce.MaxRejected):
		return false, d.pauseAnnouncement(ctx, a, d.refusalWindows.describe(a.ID), false)
	case !a.AllEnqueued:
		return d.enqueuePage(ctx, a)
	case a.State == store.InCanary:
		return false, d.evaluateCanary(ctx, a)
	}
	return false, d.Store.Announcements.Finish(ctx, d.Now(), a.ID)
}

// enqueuePage puts the next page of an announcement's audience into the outbox.
func (d *Daemon) enqueuePage(ctx context.Context, a store.Announcement) (more bool, err error) {
	n, err := d.prepareAnnouncement(ctx, a)
	if fault, ok := errors.AsType[renderError](err); ok {
		return false, d.pauseAnnouncement(ctx, a, fault.Error(), false)
	}
	if err != nil {
		return false, err
	}
	whole := *n.announcement
	whole.Start = a.Start
	p, err := d.audience.Page(ctx, &whole, a.Cursor, d.Now())
	if err != nil {
		return false, err
	}
	room := len(p.Members)
	if a.State == store.InCanary {
		if room, err = d.canaryRemaining(ctx, a); err != nil {
			return false, err
		}
	}
	var list []store.Recipient
	for _, j := range p.Members {
		switch {
		case !j.Included():
		case a.State != store.InCanary:
			at := whole.Due(d.audience.Zone(j.Member))
			if wants := whole.NotBefore(&j.Candidate, d.Now()); wants.After(at) {
				at = wants
			}
			list = append(list, store.Recipient{Member: j.Member.ID, NotBefore: at})
		case a.Canary.Includes(a.ID, j.Member.ID, a.Size) && whole.NotBefore(&j.Candidate, d.Now()).IsZero() && len(list) < room:
			list = append(list, store.Recipient{Member: j.Member.ID, NotBefore: d.Now()})
		}
	}
	full := a.State == store.InCanary && len(list) == room
	enrolled, taken, err := d.Store.Announcements.Enqueue(ctx, d.Now(), a, list, p.LastID, p.Last || full, store.PriorityAnnouncement)
	d.report.Enrolled += enrolled
	return taken, err
}

// canaryRemaining returns how many members the canary still needs.
func (d *Daemon) canaryRemaining(ctx context.Context, a store.Announcement) (int, error) {
	p, err := d.Store.Announcements.CountMessages(ctx, a.ID)
	if err != nil {
		return 0, err
	}
	return max(a.Canary.Size(a.Size)-p.Enrolled(), 0), nil
}

// evaluateCanary waits until all canary messages were sent, then for bounces and complaints, and then decides whether to
// continue.
func (d *Daemon) evaluateCanary(ctx context.Context, a store.Announcement) error {
	now := d.Now()
	if a.CanaryUntil.IsZero() {
		return d.Store.Announcements.StartCanaryWait(ctx, a.ID, now.Add(a.Canary.Wait))
	}
	if now.Before(a.CanaryUntil) {
		return nil
	}
	back, err := d.Store.Announcements.Feedback(ctx, a.ID)
	if err != nil {
		return err
	}
	words := fmt.Sprintf("canary: %d messages, %d rejected, %d complaints", back.Mails, back.Refused, back.Complaints)
	set := d.settings.Announce
	switch {
	case digest.Percent(back.Refused, back.Mails) > set.MaxRejected:
		return d.pauseAnnouncement(ctx, a, fmt.Sprintf("%s: announcements.max_rejected is %v %%", words, set.MaxRejected), true)
	case digest.Percent(back.Complaints, back.Mails) > set.MaxComplaints:
		return d.pauseAnnouncement(ctx, a, fmt.Sprintf("%s: announcements.max_complaints is %v %%", words, set.MaxComplaints), true)
	}
	d.Log.Info("canary passed, sending to all others", "announcement", a.ID, "messages", back.Mails, "refused", back.Refused)
	return d.Store.Announcements.PassCanary(ctx, now, a.ID, words)
}

// pauseAnnouncement pauses an announcement because of rejections or complaints, or because it cannot be rendered.
func (d *Daemon) pauseAnnouncement(ctx context.Context, a store.Announcement, reason string, judged bool) error {
	d.Log.Warn("announcement paused", "announcement", a.ID, "reason", reason)
	d.refusalWindows.reset(a.ID)
	return d.Store.Announcements.PauseBySystem(ctx, d.Now(), a.ID, reason, judged)
}

// checkAnnouncements raises an alarm for each announcement that the daemon paused.
func (d *Daemon) checkAnnouncements(ctx context.Context) {
	live, err := d.Store.Announcements.Active(ctx)
	if err != nil {
		return
	}
	bad := make(map[string]string)
	for _, a := range live {
		if a.PausedByDaemon {
			bad[strconv.FormatInt(a.ID, 10)] = a.Reason
		}
	}
	d.alarms.SetActive(alarm.Stopped, bad)
}
