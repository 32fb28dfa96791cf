package daemon

import (
	"context"
	"fmt"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

// UpdatePreferences takes what a member wants to hold, and how he wants to hear of some of what he watches. What holds already is no
// choice: there he goes on following the forum and the site. It takes effect at once.
func (d *MemberService) UpdatePreferences(ctx context.Context, now time.Time, a Account, want digest.Preferences, wishes []WatchSetting) error {
	if err := d.store.Preferences.Save(ctx, now, a.Member.ID, diffPreferences(a, want)); err != nil {
		return err
	}
	for _, w := range wishes {
		if err := d.store.Preferences.SetOverride(ctx, now, a.Member.ID, w.Section, w.Thread, w.Override); err != nil {
			return err
		}
	}
	// What the forum says at this moment is what he chose against.
	members, bases, its, err := d.store.Preferences.MembersWithPreferences(ctx, a.Member.ID-1, 1)
	if err == nil {
		err = expireOverridesOf(ctx, d.forum, d.store, now, members, bases, its)
	}
	if err != nil {
		return err
	}
	wasOff, isOff := a.Effective.Schedule.Cadence == digest.Off, want.Schedule.Cadence == digest.Off
	return d.reschedule(ctx, now, a.Member.ID, wasOff && !isOff)
}

// diffPreferences are a member's own choices once he wants something: those that he had, and each that differs from what held.
func diffPreferences(a Account, want digest.Preferences) digest.Preferences {
	c, held := a.Explicit, a.Effective
	if want.Schedule.Canonical() != held.Schedule.Canonical() {
		own := want.Schedule.Canonical()
		c.Schedule = &own
	}
	setIfChanged(&c.Zone, want.Zone, held.Zone)
	setIfChanged(&c.Locale, want.Locale, held.Locale)
	setIfChanged(&c.Format, want.Format, held.Format)
	setIfChanged(&c.Excerpt, want.Excerpt, held.Excerpt)
	setIfChanged(&c.Alerts, want.Alerts, held.Alerts)
	setPtrIfChanged(&c.IncludeOwnPosts, want.IncludeOwnPosts, held.IncludeOwnPosts)
	setPtrIfChanged(&c.UnreadOnly, want.UnreadOnly, held.UnreadOnly)
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
	At             time.Time // in his zone; zero: there is none
	Posts          int       // so far
	TooManyToCount bool      // there are too many to count them for a page
}

// maxCountedSightings is how many sightings a page goes through to count what is in a digest.
const maxCountedSightings = 20_000

// Next tells when a member's next digest is due, and counts what would be in it now.
func (d *MemberService) Next(ctx context.Context, now time.Time, a Account) (Next, error) {
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
	n.Posts, err = d.count(ctx, now, EditionRequest{Member: id, After: sub.CoveredSeq, Until: alerts.Done, Planned: now})
	return n, err
}

// count counts the posts of an edition. One at a time: pages must not keep the forum from its visitors.
func (d *MemberService) count(ctx context.Context, now time.Time, ask EditionRequest) (int, error) {
	done, err := d.lockBuilder(ctx)
	if err != nil {
		return 0, err
	}
	defer done()
	editions, err := d.builder.Build(ctx, now, []EditionRequest{ask})
	if err != nil || editions[0].Digest == nil {
		return 0, err
	}
	return editions[0].Digest.Counts().Posts, nil
}

// SendNowResult is what came of a wish for a digest at once.
type SendNowResult string

const (
	SendNowQueued  SendNowResult = "sent"
	SendNowTooSoon SendNowResult = "sent_before" // within this hour, or one is on its way
	SendNowEmpty   SendNowResult = "empty"
)

// SendNow plans the digest that a member would get later. It is named after the hour on his clock, and so there is one an
// hour at most. Like every edition it ends where alerts have been planned, so that no post comes in both.
func (d *MemberService) SendNow(ctx context.Context, now time.Time, a Account) (SendNowResult, error) {
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
		Key:  fmt.Sprintf("%s/%d/%s-now", store.KindDigest, a.Member.ID, now.In(a.Zone).Format("2006-01-02T15")),
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
