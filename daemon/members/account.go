package members

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"postrider/daemon/settings"
	"postrider/digest"
	"postrider/forum"
	"postrider/source"
)

// Account is a member with all their preferences.
type Account struct {
	Member    forum.Member
	Explicit  digest.Preferences // chosen by the member
	Effective digest.Preferences // in effect: the member's choice, else the forum's value, else the configured default
	Origin    digest.Origin      // of the effective schedule
	Zone      *time.Location
	Watches   []WatchSetting // sections in the forum's order, then threads, newest first
}

// NoEmailReason returns why the forum allows no digests for the member, or "" if it does.
func (a Account) NoEmailReason() string {
	return a.Explicit.NoEmailReason(a.Member, forum.Digests)
}

// CanRead reports whether the member may use the forum at all.
func (a Account) CanRead() bool { return source.MayRead(a.Member) }

// WatchSetting is a section or a thread that a member watches and may read now.
type WatchSetting struct {
	Section  forum.SectionID // one of the two is 0
	Thread   forum.ThreadID
	Title    string
	Watch    forum.Watch
	Override digest.Cadence // empty: the forum's setting applies
	Added    bool           // the section is watched only here
}

// Account reads a member's current account. It returns forum.ErrNoMember if the member no longer exists on the forum.
func (d *Service) Account(ctx context.Context, now time.Time, member forum.MemberID) (Account, error) {
	var a Account
	chosen, err := d.choices(ctx, member)
	if err != nil {
		return a, err
	}
	overrides, err := d.store.Preferences.Overrides(ctx, []forum.MemberID{member})
	if err != nil {
		return a, err
	}
	err = d.forum.Read(ctx, func(s *source.Snapshot) error {
		members, err := s.Members(ctx, []forum.MemberID{member}, now)
		if err != nil {
			return err
		}
		if len(members) == 0 {
			return forum.ErrNoMember
		}
		a.Member = members[0]
		a.Watches, err = listWatches(ctx, s, a.Member, overrides[member])
		return err
	})
	if err != nil && !errors.Is(err, forum.ErrNoMember) {
		return a, fmt.Errorf("reading an account: %w", err)
	}
	a.Explicit = chosen.Normalize(a.Member.OptOuts)
	a.Effective, a.Origin = d.effective(now, a.Explicit, a.Member)
	a.Zone = d.calendar.ZoneNamed(a.Effective.Zone)
	return a, err
}

// listWatches lists what a member watches and may read.
func listWatches(ctx context.Context, s *source.Snapshot, m forum.Member, overrides digest.Overrides) ([]WatchSetting, error) {
	watches, err := s.Watches(ctx, []forum.MemberID{m.ID})
	if err != nil {
		return nil, err
	}
	access, err := s.Access(ctx, []forum.Class{m.Class})
	if err != nil {
		return nil, err
	}
	sections, err := s.Sections(ctx)
	if err != nil {
		return nil, err
	}
	var list []WatchSetting
	all := overrides.Extend(watches[m.ID])
	for _, section := range sections {
		if w, ok := all.Sections[section.ID]; ok && access[m.Class][section.ID] != forum.NoRight {
			_, onForum := watches[m.ID].Sections[section.ID]
			list = append(list, WatchSetting{Section: section.ID, Title: section.Title, Watch: w, Override: overrides.Sections[section.ID], Added: !onForum})
		}
	}
	ids := make([]forum.ThreadID, 0, len(watches[m.ID].Threads))
	for id := range watches[m.ID].Threads {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	threads, err := s.Threads(ctx, ids)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(threads, func(a, b forum.Thread) int { return cmp.Compare(b.ID, a.ID) })
	for i := range threads {
		if t := &threads[i]; access[m.Class].MayRead(m.ID, t) {
			list = append(list, WatchSetting{Thread: t.ID, Title: t.Title, Watch: watches[m.ID].Threads[t.ID], Override: overrides.Threads[t.ID]})
		}
	}
	return list, nil
}

// effective returns the preferences in effect for a member who chose these, and who decided the schedule.
func (d *Service) effective(now time.Time, chosen digest.Preferences, m forum.Member) (digest.Preferences, digest.Origin) {
	site := d.set.Digest
	h := chosen
	zone := d.calendar.ZoneNamed(cmp.Or(h.Zone, m.Zone, site.Zone))
	h.Zone = zone.String()
	if chosen.Schedule == nil && m.OptOuts.Has(forum.Digests) {
		m.Digests = forum.NoDigests // with opt_out = "all", an opt-out of another kind
	}
	schedule, origin := chosen.DigestSchedule(m.Digests, site.Schedule(), zone, now)
	h.Schedule, h.SetByAdmin = &schedule, false // the origin says it
	h.Locale = cmp.Or(h.Locale, m.Locale, site.Locale)
	h.Format = cmp.Or(h.Format, digest.HTML)
	h.Excerpt = cmp.Or(h.Excerpt, site.DefaultExcerpt())
	if h.Alerts == "" && m.OptOuts.Has(forum.Alerts) {
		h.Alerts = digest.NoAlerts
	}
	h.Alerts = d.set.Alerts.ModeOf(h)
	h.Bundle = d.set.Alerts.BundleOf(h)
	h.Switches = h.Switches.Or(d.set.Notify.Switches()).Or(settings.DefaultNotify().Switches())
	h.IncludeOwnPosts = valueOr(h.IncludeOwnPosts, false)
	h.NewThreadsOnly = valueOr(h.NewThreadsOnly, false)
	h.WeekendsOff = valueOr(h.WeekendsOff, false)
	h.UnreadOnly = valueOr(h.UnreadOnly, site.SkipRead)
	h.Announcements = valueOr(h.Announcements, !m.OptOuts.Has(forum.Announcements))
	if h.Quiet = d.set.Alerts.QuietOf(h); h.Quiet == nil {
		h.Quiet = &digest.QuietHours{}
	}
	return h, origin
}

// valueOr returns chosen, or other if nothing was chosen.
func valueOr(chosen *bool, other bool) *bool {
	if chosen != nil {
		return chosen
	}
	return &other
}

// ReadableSection is a section that a member may read, at least in part.
type ReadableSection struct {
	forum.Section
	Own bool // own threads only
}

// ReadableSections lists the sections that a member may read, in the forum's order. It returns forum.ErrNoMember if the member
// does not exist.
func (d *Service) ReadableSections(ctx context.Context, now time.Time, member forum.MemberID) (list []ReadableSection, err error) {
	err = d.forum.Read(ctx, func(s *source.Snapshot) error {
		members, err := s.Members(ctx, []forum.MemberID{member}, now)
		switch {
		case err != nil:
			return err
		case len(members) == 0:
			return forum.ErrNoMember
		}
		class := members[0].Class
		access, err := s.Access(ctx, []forum.Class{class})
		if err != nil {
			return err
		}
		sections, err := s.Sections(ctx)
		if err != nil {
			return err
		}
		for _, section := range sections {
			if right := access[class][section.ID]; right != forum.NoRight {
				list = append(list, ReadableSection{section, right == forum.ReadOwn})
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading access rights: %w", err)
	}
	return list, nil
}
