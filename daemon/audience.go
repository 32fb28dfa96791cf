package daemon

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

// NewHerald returns a Resolver that reads from a forum and a store.
func NewHerald(f *source.DB, s *store.Store, set settings.Digest) *Resolver {
	return &Resolver{forum: f, store: s, set: set, zones: calendar.NewZones(set.Zone)}
}

// AudienceStats is the size of an audience and the reasons why members are not in it.
type AudienceStats struct {
	Size             int                   // members who would get the announcement now
	Members          int                   // members checked: all of the forum, or those on the list
	ExcludedByReason map[digest.Reason]int // the other members
	Sample           []forum.Member        // a random sample of those who would get it
}

// sampleSize is the number of members in a sample.
const sampleSize = 5

// CountAudience checks all members and counts the audience of an announcement. After every page it calls tell with the
// number of members checked so far.
func (h *Resolver) CountAudience(ctx context.Context, a *digest.Announcement, now time.Time, tell func(members int)) (AudienceStats, error) {
	c := AudienceStats{ExcludedByReason: make(map[digest.Reason]int)}
	var after forum.MemberID
	for {
		p, err := h.page(ctx, a, after, now)
		if err != nil {
			return AudienceStats{}, err
		}
		suppressed, err := h.suppressed(ctx, p.judged, now)
		if err != nil {
			return AudienceStats{}, err
		}
		for _, j := range p.judged {
			if j.included() && suppressed[strings.ToLower(j.Member.Email)] {
				j.blockedReason = digest.ReasonSuppressed
			}
			c.count(j)
		}
		c.Members += len(p.judged)
		tell(c.Members)
		if p.last {
			return c, nil
		}
		after = p.lastID
	}
}

func (c *AudienceStats) count(j evaluatedMember) {
	if !j.included() {
		c.ExcludedByReason[cmp.Or(j.excluded, j.blockedReason)]++
		return
	}
	c.Size++
	// Each member is in the sample with the same probability (Vitter's algorithm R).
	if at := rand.IntN(c.Size); len(c.Sample) < sampleSize {
		c.Sample = append(c.Sample, j.Member)
	} else if at < sampleSize {
		c.Sample[at] = j.Member
	}
}

func (h *Resolver) suppressed(ctx context.Context, list []evaluatedMember, now time.Time) (map[string]bool, error) {
	var addresses []string
	for _, j := range list {
		if j.included() {
			addresses = append(addresses, j.Member.Email)
		}
	}
	if len(addresses) == 0 {
		return nil, nil
	}
	return h.store.Suppressions.Suppressed(ctx, now, addresses)
}

// evaluatedMember is a member with the reasons not to send them the announcement. Both are empty if they get it.
type evaluatedMember struct {
	digest.Candidate
	excluded      digest.Reason // why the member is not in the audience
	blockedReason digest.Reason // why the member gets no announcement, even if in the audience
}

// included reports whether the member gets the announcement.
func (j evaluatedMember) included() bool { return j.excluded == "" && j.blockedReason == "" }

// memberPage is a page of the forum's members with their evaluation.
type memberPage struct {
	judged []evaluatedMember
	lastID forum.MemberID // the last ID of the page
	last   bool           // no members after this page
}

// page evaluates the next page of members after an ID: of the whole forum, or of the audience's list.
func (h *Resolver) page(ctx context.Context, a *digest.Announcement, after forum.MemberID, now time.Time) (memberPage, error) {
	p := memberPage{lastID: after}
	err := h.forum.Read(ctx, func(s *source.Snapshot) error {
		ids, err := h.memberIDsAfter(ctx, s, a, after)
		if err != nil {
			return err
		}
		p.last = len(ids) < settings.BatchSize
		if len(ids) > 0 {
			p.lastID = ids[len(ids)-1]
		}
		p.judged, err = h.evaluate(ctx, s, a, ids, now)
		return err
	})
	if err != nil {
		return memberPage{}, fmt.Errorf("reading an audience: %w", err)
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

// evaluate reads members and determines who gets the announcement, in the order of ids. Deleted members are left out.
func (h *Resolver) evaluate(ctx context.Context, s *source.Snapshot, a *digest.Announcement, ids []forum.MemberID, now time.Time) ([]evaluatedMember, error) {
	candidates, err := h.candidates(ctx, s, a, ids, now)
	if err != nil {
		return nil, err
	}
	list := make([]evaluatedMember, len(candidates))
	for i, c := range candidates {
		list[i] = evaluatedMember{c, a.Audience.ExclusionReason(&c), a.ExclusionReason(&c, now)}
	}
	return list, nil
}

// candidates reads everything that decides who gets an announcement, in the order of ids.
func (h *Resolver) candidates(ctx context.Context, s *source.Snapshot, a *digest.Announcement, ids []forum.MemberID, now time.Time) ([]digest.Candidate, error) {
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
		c.Watches, c.Access = watches[id], access[c.Member.Class]
	}
	return nil
}

// AnnouncementPreview is the recipient of an announcement in a preview.
type AnnouncementPreview struct {
	templates.Recipient
	Reason digest.Reason // why the member would not get it; empty: they would
	Text   bool          // plain text only
}

// Preview finds a member by ID or name, and determines whether they get an announcement. An empty who stands for a
// recipient without a name or profile.
func (h *Resolver) Preview(ctx context.Context, a *digest.Announcement, who string, now time.Time) (p AnnouncementPreview, err error) {
	if who == "" {
		return AnnouncementPreview{Recipient: templates.Recipient{Member: forum.Member{Locale: h.set.Locale}, Zone: h.zones.Of("")}}, nil
	}
	err = h.forum.Read(ctx, func(s *source.Snapshot) error {
		member, err := s.FindMember(ctx, who, now)
		if err != nil {
			return err
		}
		list, err := h.evaluate(ctx, s, a, []forum.MemberID{member.ID}, now)
		if err != nil {
			return err
		}
		for _, j := range list {
			p = AnnouncementPreview{
				Recipient: templates.Recipient{Member: j.Member, Profile: j.Profile, Zone: h.zones.Of(j.Member.Zone)},
				Reason:    cmp.Or(j.blockedReason, j.excluded), Text: j.Choices.Format == digest.Text,
			}
		}
		return nil
	})
	if err != nil {
		return AnnouncementPreview{}, fmt.Errorf("previewing: %w", err)
	}
	return p, nil
}
