package daemon

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"postrider/daemon/audience"
	"postrider/digest"
	"postrider/store"
)

// announcer plans and drafts the messages of announcements. The two loops share the audience and the refusal windows.
type announcer struct {
	*base
	audience       *audience.Resolver
	refusalWindows *refusalWindows
	prepared       map[int64]*preparedAnnouncement
	report         *Report // of the current round
}

// advanceAnnouncements advances all active announcements by one step: it begins them, puts the next page of the audience
// into the outbox, evaluates the canary, or finishes them. It is called before every batch, so that messages are sent
// while others are still being planned. more reports whether another page can follow immediately.
func (an *announcer) advanceAnnouncements(ctx context.Context) (more bool, err error) {
	live, err := an.Store.Announcements.Active(ctx)
	if err != nil {
		return false, fmt.Errorf("reading announcements: %w", err)
	}
	for _, a := range live {
		again, err := an.advanceAnnouncement(ctx, a)
		if err != nil {
			return false, fmt.Errorf("advancing announcements: %w", err)
		}
		more = more || again
	}
	return more, nil
}

// anyActive reports whether any announcement has messages to plan or send now.
func (an *announcer) anyActive(ctx context.Context) (bool, error) {
	live, err := an.Store.Announcements.Active(ctx)
	return slices.ContainsFunc(live, an.isActive), err
}

// isActive reports whether an announcement has messages to plan or send now.
func (an *announcer) isActive(a store.Announcement) bool {
	begins := a.State == store.Scheduled && !a.BeginsAt.After(an.Now())
	return begins || a.State == store.InCanary || a.State == store.Sending
}

// advanceAnnouncement advances one announcement by one step.
func (an *announcer) advanceAnnouncement(ctx context.Context, a store.Announcement) (more bool, err error) {
	switch {
	case a.State == store.Paused:
		return false, an.Store.Announcements.HoldRequeued(ctx, a.ID)
	case a.State == store.Scheduled && a.BeginsAt.After(an.Now()):
		return false, nil
	case a.State == store.Scheduled:
		return true, an.Store.Announcements.Begin(ctx, an.Now(), a)
	}
	if a.Speed > 0 {
		_, err = an.Store.Announcements.ReleaseAtRate(ctx, an.Now(), a)
	} else {
		err = an.Store.Announcements.ReleaseAll(ctx, a.ID)
	}
	switch {
	case err != nil:
		return false, err
	case an.refusalWindows.exceeds(a.ID, an.settings.Announce.MaxRejected):
		return false, an.pauseAnnouncement(ctx, a, an.refusalWindows.describe(a.ID), false)
	case !a.AllEnqueued:
		return an.enqueuePage(ctx, a)
	case a.State == store.InCanary:
		return false, an.evaluateCanary(ctx, a)
	}
	return false, an.Store.Announcements.Finish(ctx, an.Now(), a.ID)
}

// enqueuePage puts the next page of an announcement's audience into the outbox.
func (an *announcer) enqueuePage(ctx context.Context, a store.Announcement) (more bool, err error) {
	n, err := an.prepareAnnouncement(ctx, a)
	if fault, ok := errors.AsType[renderError](err); ok {
		return false, an.pauseAnnouncement(ctx, a, fault.Error(), false)
	}
	if err != nil {
		return false, err
	}
	whole := *n.announcement
	whole.Start = a.Start
	p, err := an.audience.Page(ctx, &whole, a.Cursor, an.Now())
	if err != nil {
		return false, err
	}
	room := len(p.Members)
	if a.State == store.InCanary {
		if room, err = an.canaryRemaining(ctx, a); err != nil {
			return false, err
		}
	}
	var list []store.Recipient
	for _, j := range p.Members {
		switch {
		case !j.Included():
		case a.State != store.InCanary:
			at := whole.Due(an.audience.Zone(j.Member))
			if wants := whole.NotBefore(&j.Candidate, an.Now()); wants.After(at) {
				at = wants
			}
			list = append(list, store.Recipient{Member: j.Member.ID, NotBefore: at})
		case a.Canary.Includes(a.ID, j.Member.ID, a.Size) && whole.NotBefore(&j.Candidate, an.Now()).IsZero() && len(list) < room:
			list = append(list, store.Recipient{Member: j.Member.ID, NotBefore: an.Now()})
		}
	}
	full := a.State == store.InCanary && len(list) == room
	enrolled, taken, err := an.Store.Announcements.Enqueue(ctx, an.Now(), a, list, p.LastID, p.Last || full, store.PriorityAnnouncement)
	an.report.Enrolled += enrolled
	return taken, err
}

// canaryRemaining returns how many members the canary still needs.
func (an *announcer) canaryRemaining(ctx context.Context, a store.Announcement) (int, error) {
	p, err := an.Store.Announcements.CountMessages(ctx, a.ID)
	if err != nil {
		return 0, err
	}
	return max(a.Canary.Size(a.Size)-p.Enrolled(), 0), nil
}

// minCanaryFaults is how many rejections or complaints a canary needs to fail. One of twenty is no proof of five percent.
const minCanaryFaults = 2

// evaluateCanary waits until all canary messages were sent, then for bounces and complaints, and then decides whether to
// continue.
func (an *announcer) evaluateCanary(ctx context.Context, a store.Announcement) error {
	now := an.Now()
	if a.CanaryUntil.IsZero() {
		return an.Store.Announcements.StartCanaryWait(ctx, a.ID, now.Add(a.Canary.Wait))
	}
	if now.Before(a.CanaryUntil) {
		return nil
	}
	back, err := an.Store.Announcements.Feedback(ctx, a.ID)
	if err != nil {
		return err
	}
	set := an.settings.Announce
	switch {
	case back.Refused >= minCanaryFaults && digest.Percent(back.Refused, back.Messages) > set.MaxRejected:
		return an.pauseAnnouncement(ctx, a, digest.NewPhrase("canary_rejected", "messages", back.Messages, "rejected", back.Refused, "complaints", back.Complaints, "limit", set.MaxRejected).Stored(), true)
	case back.Complaints >= minCanaryFaults && digest.Percent(back.Complaints, back.Messages) > set.MaxComplaints:
		return an.pauseAnnouncement(ctx, a, digest.NewPhrase("canary_complaints", "messages", back.Messages, "rejected", back.Refused, "complaints", back.Complaints, "limit", set.MaxComplaints).Stored(), true)
	}
	an.Log.Info("canary passed, sending to all others", "announcement", a.ID, "messages", back.Messages, "refused", back.Refused)
	return an.Store.Announcements.PassCanary(ctx, now, a.ID, digest.NewPhrase("canary_passed", "messages", back.Messages, "rejected", back.Refused, "complaints", back.Complaints).Stored())
}

// pauseAnnouncement pauses an announcement because of rejections or complaints, or because it cannot be rendered.
func (an *announcer) pauseAnnouncement(ctx context.Context, a store.Announcement, reason string, judged bool) error {
	an.Log.Warn("announcement paused", "announcement", a.ID, "reason", an.Renderer.Reason("en", reason))
	an.refusalWindows.reset(a.ID)
	return an.Store.Announcements.PauseBySystem(ctx, an.Now(), a.ID, reason, judged)
}
