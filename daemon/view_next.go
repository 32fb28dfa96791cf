package daemon

import (
	"context"
	"fmt"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/source"
	"postrider/templates"
)

// RenderAnnouncement lays an announcement, which need not be started, as a member would get it whom who names by number or name. An
// empty who is nobody: the fallbacks of its fields stand in it. Its links are nobody's.
func (v *Viewer) RenderAnnouncement(ctx context.Context, now time.Time, a *digest.Announcement, who string) (AnnouncementPreview, templates.Content, error) {
	p, err := v.herald.Preview(ctx, a, who, now)
	if err != nil {
		return p, templates.Content{}, err
	}
	printed, err := v.press.CompileAnnouncement(a, v.desk.set.Digest.MaxBytes)
	if err != nil {
		return p, templates.Content{}, err
	}
	content, err := v.press.Announcement(printed, p.Recipient, AnnouncementFooter(v.links, forum.Guest))
	if err != nil {
		return p, content, fmt.Errorf("rendering: %w", err)
	}
	return p, content, nil
}

// RenderNextDigest lays the digest that a member would get now. skip is why there is none. Its links are nobody's: whoever looks on
// must not end a member's mail, nor keep what opens his settings.
func (v *Viewer) RenderNextDigest(ctx context.Context, now time.Time, member forum.MemberID) (c templates.Content, skip string, err error) {
	subs, err := v.desk.store.Subscribers.Get(ctx, []forum.MemberID{member})
	if err != nil {
		return c, "", err
	}
	sub, known := subs[member]
	if !known || sub.Gone {
		return c, reasonNoSubscriptions, nil
	}
	alerts, err := v.desk.store.Alerts.Progress(ctx)
	if err != nil {
		return c, "", err
	}
	done, err := v.desk.lockBuilder(ctx)
	if err != nil {
		return c, "", err
	}
	defer done()
	editions, err := v.desk.builder.Build(ctx, now, []EditionRequest{{Member: member, After: sub.CoveredSeq, Until: alerts.Done, Planned: now}})
	if err != nil {
		return c, "", fmt.Errorf("laying the next digest: %w", err)
	}
	if skip = editions[0].Skip; skip != "" || editions[0].Digest == nil {
		return c, skip, nil
	}
	c, err = v.press.Digest(editions[0].Digest, digestFooter(v.links, forum.Guest), v.desk.set.Digest.MaxBytes)
	if err != nil {
		return c, "", fmt.Errorf("rendering: %w", err)
	}
	return c, "", nil
}

// ReadableSection is a section of which a member may read something.
type ReadableSection struct {
	forum.Section
	Own bool // only threads that he started himself
}

// ReadableSections lists the sections that a member may read, in the forum's order. ErrNoMember: the forum does not know him.
func (d *MemberService) ReadableSections(ctx context.Context, now time.Time, member forum.MemberID) (list []ReadableSection, err error) {
	err = d.forum.Read(ctx, func(s *source.Snapshot) error {
		members, err := s.Members(ctx, []forum.MemberID{member}, now)
		switch {
		case err != nil:
			return err
		case len(members) == 0:
			return ErrNoMember
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
		return nil, fmt.Errorf("reading what a member may read: %w", err)
	}
	return list, nil
}
