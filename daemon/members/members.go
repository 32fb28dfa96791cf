// Package members reads and changes what single members chose: preferences, overrides, pauses and unsubscriptions.
package members

import (
	"context"
	"fmt"
	"time"

	"postrider/daemon/calendar"
	"postrider/daemon/editions"
	"postrider/daemon/settings"
	"postrider/digest"
	"postrider/forum"
	"postrider/internal/link"
	"postrider/source"
	"postrider/store"
)

// Service reads and changes the preferences of single members. It is safe for concurrent use, also with a running
// daemon.
type Service struct {
	forum    *source.DB
	store    *store.Store
	set      settings.Settings
	calendar calendar.Calendar
	builder  *editions.Locked // one request at a time, to limit the load on the forum's database
}

// New returns a MemberService for a forum and a store.
func New(f *source.DB, s *store.Store, set settings.Settings) *Service {
	return &Service{
		forum: f, store: s, set: set,
		calendar: calendar.New(set.Digest, calendar.NewZones(set.Digest.Zone)), builder: editions.NewLocked(f, s, set),
	}
}

// DigestDefaults returns the configured defaults for digests.
func (d *Service) DigestDefaults() settings.Digest { return d.set.Digest }

// AlertsEnabled reports whether alerts are enabled in the configuration.
func (d *Service) AlertsEnabled() bool { return d.set.Alerts.Enabled }

// Links returns the links to the forum.
func (d *Service) Links() forum.Links { return d.forum.Links() }

// Ping returns an error if the store cannot be read.
func (d *Service) Ping(ctx context.Context) error {
	if _, err := d.store.Sightings.LastSeq(ctx); err != nil {
		return fmt.Errorf("reading the store: %w", err)
	}
	return nil
}

// Locales returns a member's languages: the chosen one first, then the latest one from the forum. It reads only the store.
func (d *Service) Locales(ctx context.Context, member forum.MemberID) ([]string, error) {
	ids := []forum.MemberID{member}
	choices, err := d.store.Preferences.OfMembers(ctx, ids)
	if err != nil {
		return nil, err
	}
	subs, err := d.store.Subscribers.Get(ctx, ids)
	if err != nil {
		return nil, err
	}
	return []string{choices[member].Locale, subs[member].Locale}, nil
}

// GrantLabels returns the name of the member that a link belongs to, and the title of its thread or section if the member
// may currently read it.
func (d *Service) GrantLabels(ctx context.Context, now time.Time, g link.Claims) (name, title string, err error) {
	err = d.forum.Read(ctx, func(s *source.Snapshot) error {
		members, err := s.Members(ctx, []forum.MemberID{forum.MemberID(g.Member)}, now)
		if err != nil || len(members) == 0 {
			return err
		}
		name = members[0].Name
		if g.Scope != link.Thread && g.Scope != link.Section || !source.MayRead(members[0]) {
			return nil
		}
		title, err = grantTitle(ctx, s, members[0], g)
		return err
	})
	if err != nil {
		return "", "", fmt.Errorf("reading names: %w", err)
	}
	return name, title, nil
}

func grantTitle(ctx context.Context, s *source.Snapshot, m forum.Member, g link.Claims) (string, error) {
	access, err := s.Access(ctx, []forum.Class{m.Class})
	if err != nil {
		return "", err
	}
	if g.Scope == link.Thread {
		threads, err := s.Threads(ctx, []forum.ThreadID{forum.ThreadID(g.Object)})
		if err != nil || len(threads) == 0 || !access[m.Class].MayRead(m.ID, &threads[0]) {
			return "", err
		}
		return threads[0].Title, nil
	}
	sections, err := s.Sections(ctx)
	if err != nil {
		return "", err
	}
	for _, section := range sections {
		if int64(section.ID) == g.Object && access[m.Class][section.ID] != forum.NoRight {
			return section.Title, nil
		}
	}
	return "", nil
}

// reschedule moves a member's next digest to the time that the preferences imply. With skipBacklog, the digest leaves out
// earlier posts, also those that were left to a digest. A member who is no subscriber has no next digest.
func (d *Service) reschedule(ctx context.Context, now time.Time, member forum.MemberID, skipBacklog bool) error {
	subs, err := d.store.Subscribers.Get(ctx, []forum.MemberID{member})
	if err != nil {
		return err
	}
	sub, known := subs[member]
	if !known || sub.Gone {
		return nil
	}
	sub.Due = d.calendar.NextDue(sub, now)
	if skipBacklog {
		if err := d.store.Deferred.Discard(ctx, member); err != nil {
			return err
		}
		if sub.CoveredSeq, err = d.store.Sightings.LastSeq(ctx); err != nil {
			return err
		}
	}
	if err := d.store.Subscribers.Save(ctx, now, []store.Subscriber{sub}); err != nil {
		return err
	}
	return d.store.Deferred.Reevaluate(ctx, now, member)
}

// choices returns the preferences of one member.
func (d *Service) choices(ctx context.Context, member forum.MemberID) (digest.Preferences, error) {
	all, err := d.store.Preferences.OfMembers(ctx, []forum.MemberID{member})
	return all[member], err
}
