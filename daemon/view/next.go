package view

import (
	"context"
	"fmt"
	"time"

	"postrider/daemon/audience"
	"postrider/daemon/editions"
	"postrider/daemon/envelope"
	"postrider/digest"
	"postrider/forum"
	"postrider/templates"
)

// RenderAnnouncement renders an announcement, started or not, as the member with this ID or name would get it. If who is
// empty, it uses the fallback text of the merge fields. Its unsubscribe links are disabled.
func (v *Viewer) RenderAnnouncement(ctx context.Context, now time.Time, a *digest.Announcement, who string) (audience.Preview, templates.Content, error) {
	p, err := v.audience.Preview(ctx, a, who, now)
	if err != nil {
		return p, templates.Content{}, err
	}
	printed, err := v.renderer.CompileAnnouncement(a, v.set.MaxBytes)
	if err != nil {
		return p, templates.Content{}, err
	}
	content, err := v.renderer.Announcement(printed, p.Recipient, envelope.AnnouncementFooter(v.links, forum.Guest))
	if err != nil {
		return p, content, fmt.Errorf("rendering: %w", err)
	}
	return p, content, nil
}

// RenderNextDigest renders the digest that a member would get now. skip is the reason if there is none. Its links are
// disabled: whoever views it must not unsubscribe the member or get access to their settings.
func (v *Viewer) RenderNextDigest(ctx context.Context, now time.Time, member forum.MemberID) (c templates.Content, skip string, err error) {
	subs, err := v.store.Subscribers.Get(ctx, []forum.MemberID{member})
	if err != nil {
		return c, "", err
	}
	sub, known := subs[member]
	if !known || sub.Gone {
		return c, digest.ReasonNoSubscriptions, nil
	}
	alerts, err := v.store.Alerts.Progress(ctx)
	if err != nil {
		return c, "", err
	}
	b, release, err := v.builder.Acquire(ctx)
	if err != nil {
		return c, "", err
	}
	defer release()
	built, err := b.Build(ctx, now, []editions.Request{{Member: member, After: sub.CoveredSeq, Until: alerts.Done, Planned: now}})
	if err != nil {
		return c, "", fmt.Errorf("rendering the next digest: %w", err)
	}
	if skip = built[0].Skip; skip != "" || built[0].Digest == nil {
		return c, skip, nil
	}
	c, err = v.renderer.Digest(built[0].Digest, envelope.DigestFooter(v.links, forum.Guest), v.set.MaxBytes)
	if err != nil {
		return c, "", fmt.Errorf("rendering: %w", err)
	}
	return c, "", nil
}
