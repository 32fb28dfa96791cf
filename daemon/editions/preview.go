package editions

import (
	"context"
	"fmt"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/source"
)

// Preview is an edition that was not planned, with the posts that it leaves out.
type Preview struct {
	Member forum.Member
	Edition
	From, Until time.Time
	LeftOut     []digest.Omitted
}

// Preview builds the edition of one member, found by ID or name, from the posts created in [from, until) and the current
// state of the forum. It writes nothing and needs no sightings: it goes by creation times, so any past period works.
func (b *Builder) Preview(ctx context.Context, who string, from, until time.Time) (Preview, error) {
	p := Preview{From: from, Until: until}
	err := b.forum.Read(ctx, func(s *source.Snapshot) error {
		member, err := s.FindMember(ctx, who, until)
		if err != nil {
			return err
		}
		p.Member = member
		created, err := s.PostsCreated(ctx, from, until)
		if err != nil {
			return err
		}
		return b.preview(ctx, s, &p, created)
	})
	if err != nil {
		return Preview{}, fmt.Errorf("previewing: %w", err)
	}
	return p, nil
}

func (b *Builder) preview(ctx context.Context, s *source.Snapshot, p *Preview, created []forum.PostID) error {
	sightings := make([]digest.Sighting, len(created))
	for i, id := range created {
		sightings[i] = digest.Sighting{Seq: int64(i + 1), Post: id}
	}
	window, err := b.Window(ctx, s, sightings)
	if err != nil {
		return err
	}
	id := p.Member.ID
	readers, err := b.Readers(ctx, s, []forum.MemberID{id}, p.Until)
	if err != nil {
		return err
	}
	requests := []Request{{Member: id, Until: int64(len(created)), Planned: p.Until}}
	deferred, err := b.deferredFor(ctx, requests, []forum.MemberID{id})
	if err != nil {
		return err
	}
	if err := b.LoadReadMarks(ctx, s, p.Until, readers); err != nil {
		return err
	}
	if err := b.MarkOtherRoutes(ctx, requests, sightings, deferred, readers); err != nil {
		return err
	}
	editions := []Edition{b.selectEdition(window, readers[id], requests[0])}
	if err := b.attachContents(ctx, s, editions, readers, p.Until); err != nil {
		return err
	}
	p.Edition = editions[0]
	if p.Digest != nil {
		p.Digest.From, p.Digest.Until = p.From, p.Until
	}
	if r := readers[id]; r != nil {
		r.Until = int64(len(created))
		p.LeftOut = window.Omissions(*r)
	}
	return nil
}
