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

// Herald reads for whom an announcement is, as the forum stands now. It is safe for concurrent use.
type Herald struct {
	forum *source.DB
	store *store.Store
	set   DigestConfig
	zones *zones
}

// NewHerald reads from a forum and a store, as the owner has set.
func NewHerald(f *source.DB, s *store.Store, set DigestConfig) *Herald {
	return &Herald{forum: f, store: s, set: set, zones: newZones(set.Zone)}
}

// Census is how large an audience is, and who is none of it.
type Census struct {
	Size    int                   // members who would be mailed now
	Members int                   // who were looked at: all of the forum's, or those on the list
	LeftOut map[digest.Reason]int // the others
	Sample  []forum.Member        // some of those who would be mailed, drawn by chance
}

// sampleSize is how many of an audience are shown.
const sampleSize = 5

// Census goes through all members and counts for whom an announcement is. After every page it tells how many
// members it has looked at.
func (h *Herald) Census(ctx context.Context, a *digest.Announcement, now time.Time, tell func(members int)) (Census, error) {
	c := Census{LeftOut: make(map[digest.Reason]int)}
	var after forum.MemberID
	for {
		p, err := h.page(ctx, a, after, now)
		if err != nil {
			return Census{}, err
		}
		suppressed, err := h.suppressed(ctx, p.judged, now)
		if err != nil {
			return Census{}, err
		}
		for _, j := range p.judged {
			if j.wanted() && suppressed[strings.ToLower(j.Member.Email)] {
				j.barred = skipBounces
			}
			c.count(j)
		}
		c.Members += len(p.judged)
		tell(c.Members)
		if p.last {
			return c, nil
		}
		after = p.upto
	}
}

func (c *Census) count(j judged) {
	if !j.wanted() {
		c.LeftOut[cmp.Or(j.excluded, j.barred)]++
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

func (h *Herald) suppressed(ctx context.Context, list []judged, now time.Time) (map[string]bool, error) {
	var addresses []string
	for _, j := range list {
		if j.wanted() {
			addresses = append(addresses, j.Member.Email)
		}
	}
	if len(addresses) == 0 {
		return nil, nil
	}
	return h.store.Suppressed(ctx, now, addresses)
}

// judged is a member with the reasons why he is not mailed; both are empty if he is.
type judged struct {
	digest.Candidate
	excluded digest.Reason // why he is none of the audience
	barred   digest.Reason // why he is not mailed, though he may be of the audience
}

// wanted tells that he is mailed.
func (j judged) wanted() bool { return j.excluded == "" && j.barred == "" }

// stretch is a page of the forum's members, judged.
type stretch struct {
	judged []judged
	upto   forum.MemberID // the last of them
	last   bool           // there is nobody behind
}

// page judges the members of a page behind a member: of the whole forum, or of the audience's list.
func (h *Herald) page(ctx context.Context, a *digest.Announcement, after forum.MemberID, now time.Time) (stretch, error) {
	p := stretch{upto: after}
	err := h.forum.Read(ctx, func(s *source.Snapshot) error {
		ids, err := h.behind(ctx, s, a, after)
		if err != nil {
			return err
		}
		p.last = len(ids) < batchSize
		if len(ids) > 0 {
			p.upto = ids[len(ids)-1]
		}
		p.judged, err = h.judge(ctx, s, a, ids, now)
		return err
	})
	if err != nil {
		return stretch{}, fmt.Errorf("reading an audience: %w", err)
	}
	return p, nil
}

// behind lists members behind a member who may be of the audience, by rising id.
func (h *Herald) behind(ctx context.Context, s *source.Snapshot, a *digest.Announcement, after forum.MemberID) ([]forum.MemberID, error) {
	if len(a.Audience.Only) == 0 {
		return s.MemberIDs(ctx, after, batchSize)
	}
	at, _ := slices.BinarySearch(a.Audience.Only, after+1)
	rest := a.Audience.Only[at:]
	return rest[:min(len(rest), batchSize)], nil
}

// judge reads members and says of each why he is not mailed, by rising id. Who has no account is left out.
func (h *Herald) judge(ctx context.Context, s *source.Snapshot, a *digest.Announcement, ids []forum.MemberID, now time.Time) ([]judged, error) {
	candidates, err := h.candidates(ctx, s, a, ids, now)
	if err != nil {
		return nil, err
	}
	list := make([]judged, len(candidates))
	for i, c := range candidates {
		list[i] = judged{c, a.Audience.ExclusionReason(&c), a.ExclusionReason(&c, now)}
	}
	return list, nil
}

// candidates reads all that decides whether an announcement is for members, in the order of ids.
func (h *Herald) candidates(ctx context.Context, s *source.Snapshot, a *digest.Announcement, ids []forum.MemberID, now time.Time) ([]digest.Candidate, error) {
	members, err := s.Members(ctx, ids, now)
	if err != nil {
		return nil, err
	}
	profiles, err := s.Profiles(ctx, ids)
	if err != nil {
		return nil, err
	}
	choices, err := h.store.Preferences(ctx, ids)
	if err != nil {
		return nil, err
	}
	known := make(map[forum.MemberID]*digest.Candidate, len(members))
	for _, m := range members {
		known[m.ID] = &digest.Candidate{Member: h.asMailed(m, choices[m.ID]), Profile: profiles[m.ID], Choices: choices[m.ID]}
	}
	if err := h.addRights(ctx, s, a, ids, known); err != nil {
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

// asMailed is a member in the language and the zone that he is mailed in: his own choice wins over what the forum says.
func (h *Herald) asMailed(m forum.Member, c digest.Preferences) forum.Member {
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

// addRights adds groups, and watches with the rights to them, where the audience is chosen by them.
func (h *Herald) addRights(ctx context.Context, s *source.Snapshot, a *digest.Announcement, ids []forum.MemberID, to map[forum.MemberID]*digest.Candidate) error {
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

// NoticePreview is an announcement as one member would get it.
type NoticePreview struct {
	templates.Recipient
	Reason digest.Reason // why he would not get it; empty: he would
	Text   bool          // he reads text alone
}

// Preview looks a member up, by number or name, and says whether an announcement is for him. An empty who is nobody, who has
// neither a name nor a past.
func (h *Herald) Preview(ctx context.Context, a *digest.Announcement, who string, now time.Time) (p NoticePreview, err error) {
	if who == "" {
		return NoticePreview{Recipient: templates.Recipient{Member: forum.Member{Locale: h.set.Locale}, Zone: h.zones.site}}, nil
	}
	err = h.forum.Read(ctx, func(s *source.Snapshot) error {
		member, err := findMember(ctx, s, who, now)
		if err != nil {
			return err
		}
		list, err := h.judge(ctx, s, a, []forum.MemberID{member.ID}, now)
		if err != nil {
			return err
		}
		for _, j := range list {
			p = NoticePreview{
				Recipient: templates.Recipient{Member: j.Member, Profile: j.Profile, Zone: h.zones.of(j.Member.Zone)},
				Reason:    cmp.Or(j.barred, j.excluded), Text: j.Choices.Format == digest.Text,
			}
		}
		return nil
	})
	if err != nil {
		return NoticePreview{}, fmt.Errorf("previewing: %w", err)
	}
	return p, nil
}
