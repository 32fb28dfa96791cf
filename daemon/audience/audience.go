// Package audience determines which members get an announcement, from the current state of the forum.
package audience

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"postrider/daemon/calendar"
	"postrider/daemon/settings"
	"postrider/digest"
	"postrider/forum"
	"postrider/source"
	"postrider/store"
	"postrider/templates"
)

// Resolver determines the audience of announcements from the current state of the forum. It is safe for concurrent use.
type Resolver struct {
	forum *source.DB
	store *store.Store
	set   settings.Digest
	zones *calendar.Zones
}

// New returns a Resolver that reads from a forum and a store.
func New(f *source.DB, s *store.Store, set settings.Digest) *Resolver {
	return &Resolver{forum: f, store: s, set: set, zones: calendar.NewZones(set.Zone)}
}

// Zone returns a member's time zone.
func (h *Resolver) Zone(m forum.Member) *time.Location { return h.zones.Of(m.Zone) }

// Stats is the size of an audience and the reasons why members are not in it.
type Stats struct {
	Size             int                   // members who would get the announcement now
	Members          int                   // members checked: all of the forum, or those on the list
	ExcludedByReason map[digest.Reason]int // the other members
	Sample           []forum.Member        // a random sample of those who would get it
}

// SampleSize is the number of members in a sample.
const SampleSize = 5

// Count checks all members and counts the audience of an announcement. After every page it calls progress with the
// number of members checked so far.
func (h *Resolver) Count(ctx context.Context, a *digest.Announcement, now time.Time, progress func(members int)) (Stats, error) {
	c := Stats{ExcludedByReason: make(map[digest.Reason]int)}
	var after forum.MemberID
	for {
		p, err := h.Page(ctx, a, after, now)
		if err != nil {
			return Stats{}, err
		}
		suppressed, err := h.suppressed(ctx, p.Members, now)
		if err != nil {
			return Stats{}, err
		}
		for _, j := range p.Members {
			if j.Included() {
				j.BlockedReason = suppressed[strings.ToLower(j.Member.Email)]
			}
			c.count(j)
		}
		c.Members += len(p.Members)
		progress(c.Members)
		if p.Last {
			return c, nil
		}
		after = p.LastID
	}
}

func (c *Stats) count(j Evaluated) {
	if !j.Included() {
		c.ExcludedByReason[cmp.Or(j.Excluded, j.BlockedReason)]++
		return
	}
	c.Size++
	// Each member is in the sample with the same probability (Vitter's algorithm R).
	if at := rand.IntN(c.Size); len(c.Sample) < SampleSize {
		c.Sample = append(c.Sample, j.Member)
	} else if at < SampleSize {
		c.Sample[at] = j.Member
	}
}

func (h *Resolver) suppressed(ctx context.Context, list []Evaluated, now time.Time) (map[string]digest.Reason, error) {
	var addresses []string
	for _, j := range list {
		if j.Included() {
			addresses = append(addresses, j.Member.Email)
		}
	}
	if len(addresses) == 0 {
		return nil, nil
	}
	return h.store.Suppressions.Suppressed(ctx, now, addresses)
}

// Evaluated is a member with the reasons not to send them the announcement. Both are empty if they get it.
type Evaluated struct {
	digest.Candidate
	Excluded      digest.Reason // why the member is not in the audience
	BlockedReason digest.Reason // why the member gets no announcement, even if in the audience
}

// Included reports whether the member gets the announcement.
func (j Evaluated) Included() bool { return j.Excluded == "" && j.BlockedReason == "" }

// Page is a page of the forum's members with their evaluation.
type Page struct {
	Members []Evaluated
	LastID  forum.MemberID // the last ID of the page
	Last    bool           // no members after this page
}

// Page evaluates the next page of members after an ID: of the whole forum, or of the audience's list.
func (h *Resolver) Page(ctx context.Context, a *digest.Announcement, after forum.MemberID, now time.Time) (Page, error) {
	p := Page{LastID: after}
	err := h.forum.Read(ctx, func(s *source.Snapshot) error {
		ids, err := h.memberIDsAfter(ctx, s, a, after)
		if err != nil {
			return err
		}
		p.Last = len(ids) < settings.BatchSize
		if len(ids) > 0 {
			p.LastID = ids[len(ids)-1]
		}
		p.Members, err = h.Evaluate(ctx, s, a, ids, now)
		return err
	})
	if err != nil {
		return Page{}, fmt.Errorf("reading an audience: %w", err)
	}
	return p, nil
}

// memberIDsAfter lists the next members after an ID who may be in the audience, in ascending order.
func (h *Resolver) memberIDsAfter(ctx context.Context, s *source.Snapshot, a *digest.Announcement, after forum.MemberID) ([]forum.MemberID, error) {
	if len(a.Audience.Only) == 0 {
		return s.MemberIDs(ctx, after, settings.BatchSize)
	}
	at, _ := slices.BinarySearch(a.Audience.Only, after+1)
	rest := a.Audience.Only[at:]
	return rest[:min(len(rest), settings.BatchSize)], nil
}

// Evaluate reads members and determines who gets the announcement, in the order of ids. Deleted members are left out.
func (h *Resolver) Evaluate(ctx context.Context, s *source.Snapshot, a *digest.Announcement, ids []forum.MemberID, now time.Time) ([]Evaluated, error) {
	candidates, err := h.Candidates(ctx, s, a, ids, now)
	if err != nil {
		return nil, err
	}
	list := make([]Evaluated, len(candidates))
	for i, c := range candidates {
		list[i] = Evaluated{c, a.Audience.ExclusionReason(&c), a.ExclusionReason(&c, now)}
	}
	return list, nil
}

// Candidates reads everything that decides who gets an announcement, in the order of ids.
func (h *Resolver) Candidates(ctx context.Context, s *source.Snapshot, a *digest.Announcement, ids []forum.MemberID, now time.Time) ([]digest.Candidate, error) {
	members, err := s.Members(ctx, ids, now)
	if err != nil {
		return nil, err
	}
	profiles, err := s.Profiles(ctx, ids)
	if err != nil {
		return nil, err
	}
	choices, err := h.store.Preferences.OfMembers(ctx, ids)
	if err != nil {
		return nil, err
	}
	known := make(map[forum.MemberID]*digest.Candidate, len(members))
	for _, m := range members {
		known[m.ID] = &digest.Candidate{Member: h.withPreferences(m, choices[m.ID]), Profile: profiles[m.ID], Choices: choices[m.ID]}
	}
	if err := h.addGroupsAndAccess(ctx, s, a, ids, known); err != nil {
		return nil, err
	}
	list := make([]digest.Candidate, 0, len(known))
	for _, id := range ids {
		if c := known[id]; c != nil {
			list = append(list, *c)
		}
	}
	return list, nil
}

// withPreferences returns the member with the locale and the zone of their emails: preferences override the forum's values.
func (h *Resolver) withPreferences(m forum.Member, c digest.Preferences) forum.Member {
	if c.Locale != "" {
		m.Locale = c.Locale
	}
	if m.Locale == "" {
		m.Locale = h.set.Locale
	}
	if c.Zone != "" {
		m.Zone = c.Zone
	}
	return m
}

// addGroupsAndAccess adds groups, watches and access rights if the audience depends on them.
func (h *Resolver) addGroupsAndAccess(ctx context.Context, s *source.Snapshot, a *digest.Announcement, ids []forum.MemberID, to map[forum.MemberID]*digest.Candidate) error {
	if a.Audience.ByGroup() {
		groups, err := s.Memberships(ctx, ids)
		if err != nil {
			return err
		}
		for id, c := range to {
			c.Groups = groups[id]
		}
	}
	if len(a.Audience.Sections) == 0 {
		return nil
	}
	watches, err := s.Watches(ctx, ids)
	if err != nil {
		return err
	}
	overrides, err := h.store.Preferences.Overrides(ctx, ids)
	if err != nil {
		return err
	}
	classes := make(map[forum.Class]bool)
	for _, c := range to {
		classes[c.Member.Class] = true
	}
	var list []forum.Class
	for class := range classes {
		list = append(list, class)
	}
	access, err := s.Access(ctx, list)
	if err != nil {
		return err
	}
	for id, c := range to {
		c.Watches, c.Access = overrides[id].Extend(watches[id]), access[c.Member.Class]
	}
	return nil
}

// Preview is the recipient of an announcement in a preview.
type Preview struct {
	templates.Recipient
	Reason digest.Reason // why the member would not get it; empty: they would
	Text   bool          // plain text only
}

// Preview finds a member by ID or name, and determines whether they get an announcement. An empty who stands for a
// recipient without a name or profile.
func (h *Resolver) Preview(ctx context.Context, a *digest.Announcement, who string, now time.Time) (p Preview, err error) {
	if who == "" {
		return Preview{Recipient: templates.Recipient{Member: forum.Member{Locale: h.set.Locale}, Zone: h.zones.Of("")}}, nil
	}
	err = h.forum.Read(ctx, func(s *source.Snapshot) error {
		member, err := s.FindMember(ctx, who, now)
		if err != nil {
			return err
		}
		list, err := h.Evaluate(ctx, s, a, []forum.MemberID{member.ID}, now)
		if err != nil {
			return err
		}
		for _, j := range list {
			p = Preview{
				Recipient: templates.Recipient{Member: j.Member, Profile: j.Profile, Zone: h.Zone(j.Member)},
				Reason:    cmp.Or(j.BlockedReason, j.Excluded), Text: j.Choices.Format == digest.Text,
			}
		}
		return nil
	})
	if err != nil {
		return Preview{}, fmt.Errorf("previewing: %w", err)
	}
	return p, nil
}
