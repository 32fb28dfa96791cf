package daemon

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/source"
	"postrider/store"
	"postrider/templates"
)

// Resolver reads for whom an announcement is, as the forum stands now. It is safe for concurrent use.
type Resolver struct {
	forum *source.DB
	store *store.Store
	set   DigestConfig
	zones *zoneCache
}

// NewHerald reads from a forum and a store, as the owner has set.
func NewHerald(f *source.DB, s *store.Store, set DigestConfig) *Resolver {
	return &Resolver{forum: f, store: s, set: set, zones: newZones(set.Zone)}
}

// AudienceStats is how large an audience is, and who is none of it.
type AudienceStats struct {
	Size             int                   // members who would be mailed now
	Members          int                   // who were looked at: all of the forum's, or those on the list
	ExcludedByReason map[digest.Reason]int // the others
	Sample           []forum.Member        // some of those who would be mailed, drawn by chance
}

// sampleSize is how many of an audience are shown.
const sampleSize = 5

// CountAudience goes through all members and counts for whom an announcement is. After every page it tells how many
// members it has looked at.
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
				j.blockedReason = reasonSuppressed
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
	// Each of n members stays in the sample with the same chance (Vitter's algorithm R).
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

// evaluatedMember is a member with the reasons why he is not mailed; both are empty if he is.
type evaluatedMember struct {
	digest.Candidate
	excluded      digest.Reason // why he is none of the audience
	blockedReason digest.Reason // why he is not mailed, though he may be of the audience
}

// included tells that he is mailed.
func (j evaluatedMember) included() bool { return j.excluded == "" && j.blockedReason == "" }

// memberPage is a page of the forum's members, judged.
type memberPage struct {
	judged []evaluatedMember
	lastID forum.MemberID // the last of them
	last   bool           // there is nobody behind
}

// page judges the members of a page behind a member: of the whole forum, or of the audience's list.
func (h *Resolver) page(ctx context.Context, a *digest.Announcement, after forum.MemberID, now time.Time) (memberPage, error) {
	p := memberPage{lastID: after}
	err := h.forum.Read(ctx, func(s *source.Snapshot) error {
		ids, err := h.memberIDsAfter(ctx, s, a, after)
		if err != nil {
			return err
		}
		p.last = len(ids) < batchSize
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

// memberIDsAfter lists members behind a member who may be of the audience, by rising id.
func (h *Resolver) memberIDsAfter(ctx context.Context, s *source.Snapshot, a *digest.Announcement, after forum.MemberID) ([]forum.MemberID, error) {
	if len(a.Audience.Only) == 0 {
		return s.MemberIDs(ctx, after, batchSize)
	}
	at, _ := slices.BinarySearch(a.Audience.Only, after+1)
	rest := a.Audience.Only[at:]
	return rest[:min(len(rest), batchSize)], nil
}

// evaluate reads members and says of each why he is not mailed, by rising id. Who has no account is left out.
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

// candidates reads all that decides whether an announcement is for members, in the order of ids.
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

// withPreferences is a member in the language and the zone that he is mailed in: his own choice wins over what the forum says.
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

// addGroupsAndAccess adds groups, and watches with the rights to them, where the audience is chosen by them.
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

// AnnouncementPreview is an announcement as one member would get it.
type AnnouncementPreview struct {
	templates.Recipient
	Reason digest.Reason // why he would not get it; empty: he would
	Text   bool          // he reads text alone
}

// Preview looks a member up, by number or name, and says whether an announcement is for him. An empty who is nobody, who has
// neither a name nor a past.
func (h *Resolver) Preview(ctx context.Context, a *digest.Announcement, who string, now time.Time) (p AnnouncementPreview, err error) {
	if who == "" {
		return AnnouncementPreview{Recipient: templates.Recipient{Member: forum.Member{Locale: h.set.Locale}, Zone: h.zones.site}}, nil
	}
	err = h.forum.Read(ctx, func(s *source.Snapshot) error {
		member, err := FindMember(ctx, s, who, now)
		if err != nil {
			return err
		}
		list, err := h.evaluate(ctx, s, a, []forum.MemberID{member.ID}, now)
		if err != nil {
			return err
		}
		for _, j := range list {
			p = AnnouncementPreview{
				Recipient: templates.Recipient{Member: j.Member, Profile: j.Profile, Zone: h.zones.of(j.Member.Zone)},
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
