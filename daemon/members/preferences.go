package members

import (
	"context"
	"time"

	"postrider/daemon/editions"
	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

// UpdatePreferences saves a member's preferences and some overrides. A value that is already in effect is not saved: it
// keeps following the forum and the configuration. Changes take effect immediately.
func (d *Service) UpdatePreferences(ctx context.Context, now time.Time, a Account, want digest.Preferences, overrides []WatchSetting) error {
	wasOff, isOff := a.Effective.Schedule.Cadence == digest.Off, want.Schedule.Cadence == digest.Off
	if err := d.savePreferences(ctx, now, a.Member.ID, diffPreferences(a, want), overrides, wasOff && !isOff); err != nil || !changesHolds(a.Effective, want) {
		return err
	}
	return d.store.Alerts.ReleaseBundles(ctx, now, a.Member.ID)
}

// changesHolds reports whether alerts may be held for longer with one of the preferences in effect than with the other.
func changesHolds(was, is digest.Preferences) bool {
	return is.Bundle != was.Bundle || *is.Quiet != *was.Quiet || is.Zone != was.Zone ||
		*is.WeekendsOff != *was.WeekendsOff || *is.WeekendsOff && is.Schedule.Hour != was.Schedule.Hour
}

// savePreferences saves what a member chose. With skipBacklog, the next digest leaves out earlier posts.
func (d *Service) savePreferences(ctx context.Context, now time.Time, member forum.MemberID, chosen digest.Preferences, overrides []WatchSetting, skipBacklog bool) error {
	if err := d.store.Preferences.Save(ctx, now, member, chosen); err != nil {
		return err
	}
	for _, w := range overrides {
		if err := d.store.Preferences.SetOverride(ctx, now, member, w.Section, w.Thread, w.Override); err != nil {
			return err
		}
	}
	return d.takeEffect(ctx, now, member, skipBacklog)
}

// takeEffect compares what a member chose with the forum, and moves their next digest.
func (d *Service) takeEffect(ctx context.Context, now time.Time, member forum.MemberID, skipBacklog bool) error {
	// The forum's current values are the baseline of the new preferences.
	members, bases, its, err := d.store.Preferences.MembersWithPreferences(ctx, member-1, 1)
	if err == nil {
		err = expirePage(ctx, d.forum, d.store.Preferences, now, members, bases, its)
	}
	if err != nil {
		return err
	}
	return d.reschedule(ctx, now, member, skipBacklog)
}

// diffPreferences returns the preferences to save: those saved before, and each new value that differs from the one in
// effect.
func diffPreferences(a Account, want digest.Preferences) digest.Preferences {
	c, held := a.Explicit, a.Effective
	if want.Schedule.Canonical() != held.Schedule.Canonical() {
		own := want.Schedule.Canonical()
		c.Schedule, c.ForumDigests, c.SetByAdmin = &own, &a.Member.Digests, want.SetByAdmin
	}
	setIfChanged(&c.Zone, want.Zone, held.Zone)
	setIfChanged(&c.Locale, want.Locale, held.Locale)
	setIfChanged(&c.Format, want.Format, held.Format)
	setIfChanged(&c.Excerpt, want.Excerpt, held.Excerpt)
	setIfChanged(&c.Alerts, want.Alerts, held.Alerts)
	setIfChanged(&c.Bundle, want.Bundle, held.Bundle)
	for _, kind := range digest.PostKinds() {
		if s := want.Switches.Of(kind); s != held.Switches.Of(kind) {
			c.Switches.Set(kind, s)
		}
	}
	setPtrIfChanged(&c.IncludeOwnPosts, want.IncludeOwnPosts, held.IncludeOwnPosts)
	setPtrIfChanged(&c.UnreadOnly, want.UnreadOnly, held.UnreadOnly)
	setPtrIfChanged(&c.NewThreadsOnly, want.NewThreadsOnly, held.NewThreadsOnly)
	setPtrIfChanged(&c.WeekendsOff, want.WeekendsOff, held.WeekendsOff)
	setPtrIfChanged(&c.Announcements, want.Announcements, held.Announcements)
	setPtrIfChanged(&c.Quiet, want.Quiet, held.Quiet)
	c.PausedUntil = want.PausedUntil
	return c
}

func setIfChanged[T comparable](to *T, want, held T) {
	if want != held {
		*to = want
	}
}

func setPtrIfChanged[T comparable](to **T, want, held *T) {
	if *want != *held {
		*to = want
	}
}

// Next is a member's next digest.
type Next struct {
	At             time.Time // in the member's zone; zero: none
	Posts          int       // so far
	TooManyToCount bool      // Posts is not set: counting would take too long for a page
}

// maxCountedSightings limits how many sightings a page may process to count the posts of a digest.
const maxCountedSightings = 20_000

// Next returns when a member's next digest is due, and how many posts it would have now.
func (d *Service) Next(ctx context.Context, now time.Time, a Account) (Next, error) {
	id := a.Member.ID
	subs, err := d.store.Subscribers.Get(ctx, []forum.MemberID{id})
	if err != nil {
		return Next{}, err
	}
	sub, known := subs[id]
	if !known || sub.Gone || sub.Due.IsZero() || a.NoEmailReason() != "" {
		return Next{}, nil
	}
	n := Next{At: sub.Due.In(a.Zone)}
	alerts, err := d.store.Alerts.Progress(ctx)
	if err != nil {
		return n, err
	}
	if n.TooManyToCount = alerts.Done-sub.CoveredSeq > maxCountedSightings; n.TooManyToCount {
		return n, nil
	}
	n.Posts, err = d.count(ctx, now, editions.Request{Member: id, After: sub.CoveredSeq, Until: alerts.Done, Planned: now})
	return n, err
}

// count counts the posts of an edition.
func (d *Service) count(ctx context.Context, now time.Time, ask editions.Request) (int, error) {
	builder, release, err := d.builder.Acquire(ctx)
	if err != nil {
		return 0, err
	}
	defer release()
	built, err := builder.Build(ctx, now, []editions.Request{ask})
	if err != nil || built[0].Digest == nil {
		return 0, err
	}
	return built[0].Digest.Counts().Posts, nil
}

// SendNowResult is the result of SendNow.
type SendNowResult string

const (
	SendNowQueued  SendNowResult = "sent"
	SendNowTooSoon SendNowResult = "sent_before" // already one in this hour, or one is pending
	SendNowEmpty   SendNowResult = "empty"
)

// SendNow plans a member's next digest immediately. Its key contains the local hour, which limits it to one per hour. Like
// every edition, it covers only sightings that alerts were planned for, so that no post is in both.
func (d *Service) SendNow(ctx context.Context, now time.Time, a Account) (SendNowResult, error) {
	next, err := d.Next(ctx, now, a)
	if err != nil {
		return "", err
	}
	if next.At.IsZero() || a.Effective.PausedUntil.After(now) || next.Posts == 0 && !next.TooManyToCount {
		return SendNowEmpty, nil
	}
	alerts, err := d.store.Alerts.Progress(ctx)
	if err != nil {
		return "", err
	}
	planned, err := d.store.Outbox.PlanNow(ctx, now, store.Plan{
		Key:  store.AskedKey(a.Member.ID, now.In(a.Zone)),
		Kind: store.KindDigest, Member: a.Member.ID, Until: alerts.Done, Priority: store.PriorityDigest,
	})
	switch {
	case err != nil:
		return "", err
	case planned:
		return SendNowQueued, nil
	}
	return SendNowTooSoon, nil
}
