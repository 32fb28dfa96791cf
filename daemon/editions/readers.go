package editions

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/source"
)

// Readers reads everything that decides what the members' editions may include.
func (b *Builder) Readers(ctx context.Context, s *source.Snapshot, ids []forum.MemberID, now time.Time) (map[forum.MemberID]*digest.Reader, error) {
	members, err := s.Members(ctx, ids, now)
	if err != nil {
		return nil, err
	}
	classes := make([]forum.Class, len(members))
	for i, m := range members {
		classes[i] = m.Class
	}
	slices.Sort(classes)
	access, err := s.Access(ctx, slices.Compact(classes))
	if err != nil {
		return nil, err
	}
	watches, err := s.Watches(ctx, ids)
	if err != nil {
		return nil, err
	}
	ignores, err := s.Ignores(ctx, ids)
	if err != nil {
		return nil, err
	}
	choices, err := b.store.Preferences.OfMembers(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("reading preferences: %w", err)
	}
	overrides, err := b.store.Preferences.Overrides(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("reading overrides: %w", err)
	}
	readers := make(map[forum.MemberID]*digest.Reader, len(members))
	for _, m := range members {
		c := choices[m.ID]
		m.Zone, m.Locale = cmp.Or(c.Zone, m.Zone), cmp.Or(c.Locale, m.Locale)
		zone := b.zones.Of(m.Zone)
		readers[m.ID] = &digest.Reader{
			Member: m, Access: access[m.Class], Watches: c.Narrow(overrides[m.ID].Extend(watches[m.ID])), Ignores: ignores[m.ID],
			Choices: c, Switches: c.Switches.Or(b.notify.Switches()), Overrides: overrides[m.ID], Schedule: b.schedule(c, m.Digests, zone, now), Zone: zone,
		}
	}
	return readers, nil
}

// schedule returns the schedule of a member's digests. A weekly override uses the configured weekday, unless the member
// chose a weekday.
func (b *Builder) schedule(c digest.Preferences, atForum forum.DigestChoice, zone *time.Location, now time.Time) digest.Schedule {
	site := b.set.Schedule()
	s, _ := digest.ScheduleOf(c.Schedule, atForum, site, zone, now)
	s.WeekendsOff = c.WantsWeekendsOff()
	if s.Cadence == digest.Off {
		s.Hour = site.Hour
	}
	if !s.Cadence.HasWeekday() {
		s.Weekday = site.Weekday
	}
	if s.Cadence != digest.Monthly {
		s.Day = site.Day
	}
	return s
}

// LoadReadMarks adds read marks for members who get unread posts only.
func (b *Builder) LoadReadMarks(ctx context.Context, s *source.Snapshot, now time.Time, readers map[forum.MemberID]*digest.Reader) error {
	var ids []forum.MemberID
	for id, r := range readers {
		if only := r.Choices.UnreadOnly; only == nil && b.set.SkipRead || only != nil && *only {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	marks, err := s.ReadMarks(ctx, ids, now)
	if err != nil {
		return err
	}
	for id, r := range readers {
		if m, ok := marks[id]; ok {
			r.Read = &m
		}
	}
	return nil
}
