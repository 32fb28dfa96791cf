package delivery

import (
	"context"
	"fmt"
	"slices"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/mail"
	"postrider/store"
	"postrider/templates"
)

// Draft is a message that is selected but not rendered yet: who gets it, and how to render it right before it is sent.
type Draft struct {
	To                   forum.Member
	Skip                 string         // why there is nothing to send; empty: send it
	ReleaseUnchanged     bool           // its announcement is paused: release it unchanged
	NotBefore            time.Time      // earliest time to send it; zero: now
	HoldReason           string         // why it is delayed; empty: by preference of the member
	ExemptFromDailyLimit bool           // send it regardless of the daily limit
	Posts                int            // number of posts in it
	Digest               *digest.Digest // its posts; nil: it is an announcement
	TextOnly             bool           // plain text only
	Omitted              []digest.Omitted
	Deferred             []digest.DeferredPost
	Envelope             mail.Message // everything except key, date, recipient and content
	Render               func() (templates.Content, error)
}

// Drafter selects the contents of messages of one kind from the current state of the forum, in the order of the rows. An
// error means that the forum or the store could not be read. In that case nothing may be sent.
type Drafter func(ctx context.Context, rows []store.Row) ([]Draft, error)

// Draft drafts the messages of a batch, in the order of the rows.
func (d *Service) Draft(ctx context.Context, rows []store.Row) ([]Draft, error) {
	drafts, err := d.draftAllowed(ctx, rows)
	if err != nil {
		return nil, err
	}
	return drafts, d.applyDailyLimit(ctx, rows, drafts)
}

// draftAllowed drafts messages and skips those to addresses that must not be emailed.
func (d *Service) draftAllowed(ctx context.Context, rows []store.Row) ([]Draft, error) {
	drafts, err := d.draftByKind(ctx, rows)
	if err != nil {
		return nil, err
	}
	if err := d.skipSuppressed(ctx, drafts); err != nil {
		return nil, err
	}
	if err := d.applyLists(ctx, drafts); err != nil {
		return nil, err
	}
	return drafts, nil
}

// draftByKind drafts messages with the drafters of their kinds.
func (d *Service) draftByKind(ctx context.Context, rows []store.Row) ([]Draft, error) {
	places := make(map[string][]int)
	for i, r := range rows {
		places[r.Kind] = append(places[r.Kind], i)
	}
	drafts := make([]Draft, len(rows))
	for kind, at := range places {
		draft, known := d.hooks.Draft[kind]
		if !known {
			return nil, fmt.Errorf("unknown kind %q in the outbox: a newer postrider planned these messages", kind)
		}
		some := make([]store.Row, len(at))
		for i, place := range at {
			some[i] = rows[place]
		}
		chosen, err := draft(ctx, some)
		if err != nil {
			return nil, err
		}
		for i, place := range at {
			drafts[place] = chosen[i]
		}
	}
	return drafts, nil
}

// applyLists skips drafts to members that the configuration excludes.
func (d *Service) applyLists(ctx context.Context, drafts []Draft) error {
	var groups map[forum.MemberID][]forum.GroupID
	if lists := d.settings.Delivery; lists.NeedsGroups() {
		var ids []forum.MemberID
		for _, m := range drafts {
			if m.Skip == "" && m.To.ID != forum.Guest {
				ids = append(ids, m.To.ID)
			}
		}
		slices.Sort(ids)
		var err error
		if groups, err = d.hooks.Groups(ctx, slices.Compact(ids)); err != nil {
			return err
		}
	}
	for i := range drafts {
		if m := &drafts[i]; m.Skip == "" {
			m.Skip = d.settings.Delivery.Blocked(m.To, groups[m.To.ID], d.Links.Percentile(int64(m.To.ID)))
		}
	}
	return nil
}

// sendable reports whether a draft can be sent now, as far as is known.
func (m Draft) sendable() bool {
	return m.Skip == "" && m.NotBefore.IsZero() && !m.ReleaseUnchanged
}

// selectedPosts returns the posts of a draft before it is rendered.
func (m Draft) selectedPosts() (posts []store.SentPost) {
	if m.Digest == nil {
		return nil
	}
	for _, id := range m.Digest.PostIDs() {
		posts = append(posts, store.SentPost{Post: id})
	}
	return posts
}

// renderedPosts returns the posts of a draft after it was rendered, with those that it has no room for.
func (m Draft) renderedPosts() (posts []store.SentPost) {
	if m.Digest == nil {
		return nil
	}
	for _, g := range m.Digest.Groups {
		for _, t := range g.Threads {
			for _, p := range t.Posts {
				posts = append(posts, store.SentPost{Post: p.ID, Folded: !t.Fits || !p.Fits})
			}
		}
	}
	return posts
}
