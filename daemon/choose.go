package daemon

import (
	"context"
	"fmt"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

// Choose takes what a member wants to hold, and how he wants to hear of some of what he watches. What holds already is no
// choice: there he goes on following the forum and the site. It takes effect at once.
func (d *Desk) Choose(ctx context.Context, now time.Time, a Account, want digest.Preferences, wishes []Watched) error {
	if err := d.store.SavePreference(ctx, now, a.Member.ID, chosen(a, want)); err != nil {
		return err
	}
	for _, w := range wishes {
		if err := d.store.SetOverride(ctx, now, a.Member.ID, w.Section, w.Thread, w.Wish); err != nil {
			return err
		}
	}
	// What the forum says at this moment is what he chose against.
	members, bases, its, err := d.store.MembersWithPreferences(ctx, a.Member.ID-1, 1)
	if err == nil {
		err = lapse(ctx, d.forum, d.store, now, members, bases, its)
	}
	if err != nil {
		return err
	}
	wasOff, isOff := a.Holds.Schedule.Cadence == digest.Off, want.Schedule.Cadence == digest.Off
	return d.reschedule(ctx, now, a.Member.ID, wasOff && !isOff)
}

// chosen are a member's own choices once he wants something: those that he had, and each that differs from what held.
func chosen(a Account, want digest.Preferences) digest.Preferences {
	c, held := a.Chosen, a.Holds
	if want.Schedule.Canonical() != held.Schedule.Canonical() {
		own := want.Schedule.Canonical()
		c.Schedule = &own
	}
	take(&c.Zone, want.Zone, held.Zone)
	take(&c.Locale, want.Locale, held.Locale)
	take(&c.Format, want.Format, held.Format)
	take(&c.Excerpt, want.Excerpt, held.Excerpt)
	take(&c.Alerts, want.Alerts, held.Alerts)
	takeAt(&c.IncludeOwnPosts, want.IncludeOwnPosts, held.IncludeOwnPosts)
	takeAt(&c.UnreadOnly, want.UnreadOnly, held.UnreadOnly)
	takeAt(&c.Announcements, want.Announcements, held.Announcements)
	takeAt(&c.Quiet, want.Quiet, held.Quiet)
	c.PausedUntil = want.PausedUntil
	return c
}

func take[T comparable](to *T, want, held T) {
	if want != held {
		*to = want
	}
}

func takeAt[T comparable](to **T, want, held *T) {
	if *want != *held {
		*to = want
	}
}

// Next is a member's next digest.
type Next struct {
	At    time.Time // in his zone; zero: there is none
	Posts int       // so far
	Many  bool      // there are too many to count them for a page
}

// mostCounted is how many sightings a page goes through to count what is in a digest.
const mostCounted = 20_000

// Next tells when a member's next digest is due, and counts what would be in it now.
func (d *Desk) Next(ctx context.Context, now time.Time, a Account) (Next, error) {
	id := a.Member.ID
	subs, err := d.store.Subscribers(ctx, []forum.MemberID{id})
	if err != nil {
		return Next{}, err
	}
	sub, known := subs[id]
	if !known || sub.Gone || sub.Due.IsZero() || a.Refusal() != "" {
		return Next{}, nil
	}
	n := Next{At: sub.Due.In(a.Zone)}
	alerts, err := d.store.AlertProgress(ctx)
	if err != nil {
		return n, err
	}
	if n.Many = alerts.Done-sub.CoveredSeq > mostCounted; n.Many {
		return n, nil
	}
	n.Posts, err = d.count(ctx, now, Ask{Member: id, After: sub.CoveredSeq, Until: alerts.Done, Planned: now})
	return n, err
}

// count counts the posts of an edition. One at a time: pages must not keep the forum from its visitors.
func (d *Desk) count(ctx context.Context, now time.Time, ask Ask) (int, error) {
	done, err := d.alone(ctx)
	if err != nil {
		return 0, err
	}
	defer done()
	editions, err := d.builder.Build(ctx, now, []Ask{ask})
	if err != nil || editions[0].Digest == nil {
		return 0, err
	}
	return editions[0].Digest.Counts().Posts, nil
}

// Demand is what came of a wish for a digest at once.
type Demand string

const (
	OnItsWay     Demand = "sent"
	AskedAlready Demand = "sent_before" // within this hour, or one is on its way
	NothingNew   Demand = "empty"
)

// SendNow plans the digest that a member would get later. It is named after the hour on his clock, and so there is one an
// hour at most. Like every edition it ends where alerts have been planned, so that no post comes in both.
func (d *Desk) SendNow(ctx context.Context, now time.Time, a Account) (Demand, error) {
	next, err := d.Next(ctx, now, a)
	if err != nil {
		return "", err
	}
	if next.At.IsZero() || a.Holds.PausedUntil.After(now) || next.Posts == 0 && !next.Many {
		return NothingNew, nil
	}
	alerts, err := d.store.AlertProgress(ctx)
	if err != nil {
		return "", err
	}
	planned, err := d.store.PlanNow(ctx, now, store.Plan{
		Key:  fmt.Sprintf("%s/%d/%s-now", KindDigest, a.Member.ID, now.In(a.Zone).Format("2006-01-02T15")),
		Kind: KindDigest, Member: a.Member.ID, Until: alerts.Done, Priority: priorityDigest,
	})
	switch {
	case err != nil:
		return "", err
	case planned:
		return OnItsWay, nil
	}
	return AskedAlready, nil
}
