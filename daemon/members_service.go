package daemon

import (
	"context"
	"fmt"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/internal/link"
	"postrider/source"
	"postrider/store"
)

// MemberService serves single members: it tells what they have chosen, and takes their new choices. It is safe for concurrent
// use, beside a daemon that runs.
type MemberService struct {
	forum       *source.DB
	store       *store.Store
	set         Settings
	calendar    scheduler
	builder     *Builder
	builderLock chan struct{} // holds one while the builder is at work: it serves one at a time
}

// NewMemberService opens a desk over a forum and a store, as the owner has set.
func NewMemberService(f *source.DB, s *store.Store, set Settings) *MemberService {
	builder := newBuilder(f, s, set.Digest, memberContentCacheSize)
	return &MemberService{
		forum: f, store: s, set: set,
		calendar: scheduler{set.Digest, builder.zones}, builder: builder, builderLock: make(chan struct{}, 1),
	}
}

// lockBuilder waits until nobody else is at the builder, and keeps others from it until done is called.
func (d *MemberService) lockBuilder(ctx context.Context) (done func(), err error) {
	select {
	case d.builderLock <- struct{}{}:
		return func() { <-d.builderLock }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// memberContentCacheSize is how many posts' contents a desk keeps.
const memberContentCacheSize = 1 << 10

// DigestDefaults is what the site has set for digests.
func (d *MemberService) DigestDefaults() DigestConfig { return d.set.Digest }

// AlertsEnabled tells whether the site sends any.
func (d *MemberService) AlertsEnabled() bool { return d.set.Alerts.Enabled }

// Ping says whether the store can be read.
func (d *MemberService) Ping(ctx context.Context) error {
	if _, err := d.store.Sightings.LastSeq(ctx); err != nil {
		return fmt.Errorf("reading the store: %w", err)
	}
	return nil
}

// Locales are the languages of a member: what he has chosen, then what the forum said of him last. It asks the store
// only.
func (d *MemberService) Locales(ctx context.Context, member forum.MemberID) ([]string, error) {
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

// GrantLabels are the name of the member whom a grant is for, and the title of the thread or section that it speaks of, if
// he may read that now.
func (d *MemberService) GrantLabels(ctx context.Context, now time.Time, g link.Claims) (name, title string, err error) {
	err = d.forum.Read(ctx, func(s *source.Snapshot) error {
		members, err := s.Members(ctx, []forum.MemberID{forum.MemberID(g.Member)}, now)
		if err != nil || len(members) == 0 {
			return err
		}
		name = members[0].Name
		if g.Scope != link.Thread && g.Scope != link.Section || !mayRead(members[0].NoMail) {
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

// reschedule moves a member's next digest to where his choices put it now. fresh: what came before is not news to him.
// A member whom the roll does not know (he watches nothing) has none.
func (d *MemberService) reschedule(ctx context.Context, now time.Time, member forum.MemberID, skipBacklog bool) error {
	subs, err := d.store.Subscribers.Get(ctx, []forum.MemberID{member})
	if err != nil {
		return err
	}
	sub, known := subs[member]
	if !known || sub.Gone {
		return nil
	}
	sub.Due = d.calendar.nextDue(sub, now)
	if skipBacklog {
		if sub.CoveredSeq, err = d.store.Sightings.LastSeq(ctx); err != nil {
			return err
		}
	}
	if err := d.store.Subscribers.Save(ctx, now, []store.Subscriber{sub}); err != nil {
		return err
	}
	return d.store.Deferred.Reevaluate(ctx, now, member)
}

// choices are what one member has chosen.
func (d *MemberService) choices(ctx context.Context, member forum.MemberID) (digest.Preferences, error) {
	all, err := d.store.Preferences.OfMembers(ctx, []forum.MemberID{member})
	return all[member], err
}
