package members

import (
	"context"
	"fmt"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/source"
	"postrider/store"
)

// overridesPage is how many members with preferences are processed at a time.
const overridesPage = 1000

// ExpireOverrides deletes preferences that a newer change on the forum replaces, and saves the baseline for new ones. It
// processes all members with preferences, one page at a time.
func ExpireOverrides(ctx context.Context, f *source.DB, st store.Preferences, now time.Time) error {
	var after forum.MemberID
	for {
		members, bases, overrides, err := st.MembersWithPreferences(ctx, after, overridesPage)
		if err != nil || len(members) == 0 {
			return err
		}
		if err := expirePage(ctx, f, st, now, members, bases, overrides); err != nil {
			return err
		}
		if len(members) < overridesPage || ctx.Err() != nil {
			return nil
		}
		after = members[len(members)-1]
	}
}

// expirePage processes one page of members with preferences.
func expirePage(ctx context.Context, f *source.DB, st store.Preferences, now time.Time, ids []forum.MemberID, bases []store.Basis, overrides []store.OverrideBaseline) error {
	known := make(map[forum.MemberID]forum.Member, len(ids))
	var watches map[forum.MemberID]forum.Watches
	err := f.Read(ctx, func(s *source.Snapshot) error {
		members, err := s.Members(ctx, ids, now)
		if err != nil {
			return err
		}
		for _, m := range members {
			if f.ZonesAreOffsets() {
				m.Zone = "" // not chosen by the member, so a change of it is no choice either
			}
			known[m.ID] = m
		}
		watches, err = s.Watches(ctx, membersWithOverrides(overrides))
		return err
	})
	if err != nil {
		return fmt.Errorf("reading preferences from the forum: %w", err)
	}
	var changed []store.Basis
	for _, b := range bases {
		m, there := known[b.Member]
		if is := b.Rebase(m); there && !is.Same(b.PreferenceBaseline) {
			b.PreferenceBaseline = is
			changed = append(changed, b)
		}
	}
	var noted, lapsed []store.OverrideBaseline
	for _, w := range overrides {
		fingerprint := forumWatchState(watches[w.Member], w)
		switch {
		case w.Fingerprint == fingerprint:
		case w.Fingerprint == "", fingerprint == digest.NotWatchedFingerprint: // ending a watch does not ask for messages, but watching again does
			w.Fingerprint = fingerprint
			noted = append(noted, w)
		default:
			lapsed = append(lapsed, w)
		}
	}
	if len(changed)+len(noted)+len(lapsed) == 0 {
		return nil
	}
	return st.SaveBases(ctx, changed, noted, lapsed)
}

func membersWithOverrides(overrides []store.OverrideBaseline) []forum.MemberID {
	var ids []forum.MemberID
	for _, w := range overrides {
		if len(ids) == 0 || ids[len(ids)-1] != w.Member {
			ids = append(ids, w.Member)
		}
	}
	return ids
}

func forumWatchState(watches forum.Watches, w store.OverrideBaseline) string {
	if w.Section != 0 {
		watch, watched := watches.Sections[w.Section]
		return digest.WatchFingerprint(watch, watched)
	}
	watch, watched := watches.Threads[w.Thread]
	return digest.WatchFingerprint(watch, watched)
}
