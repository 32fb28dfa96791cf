package daemon

import (
	"context"
	"fmt"
	"time"

	"postrider/daemon/editions"
	"postrider/digest"
	"postrider/forum"
	"postrider/source"
	"postrider/templates"
)

// RenderAnnouncement renders an announcement, started or not, as the member with this ID or name would get it. If who is
// empty, it uses the fallback text of the merge fields. Its unsubscribe links are disabled.
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

// RenderNextDigest renders the digest that a member would get now. skip is the reason if there is none. Its links are
// disabled: whoever views it must not unsubscribe the member or get access to their settings.
func (v *Viewer) RenderNextDigest(ctx context.Context, now time.Time, member forum.MemberID) (c templates.Content, skip string, err error) {
	subs, err := v.desk.store.Subscribers.Get(ctx, []forum.MemberID{member})
	if err != nil {
		return c, "", err
	}
	sub, known := subs[member]
	if !known || sub.Gone {
		return c, digest.ReasonNoSubscriptions, nil
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
	editions, err := v.desk.builder.Build(ctx, now, []editions.Request{{Member: member, After: sub.CoveredSeq, Until: alerts.Done, Planned: now}})
	if err != nil {
		return c, "", fmt.Errorf("rendering the next digest: %w", err)
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

// ReadableSection is a section that a member may read, at least in part.
type ReadableSection struct {
	forum.Section
	Own bool // own threads only
}

// ReadableSections lists the sections that a member may read, in the forum's order. It returns forum.ErrNoMember if the member
// does not exist.
func (d *MemberService) ReadableSections(ctx context.Context, now time.Time, member forum.MemberID) (list []ReadableSection, err error) {
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
