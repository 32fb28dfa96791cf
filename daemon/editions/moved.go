package editions

import (
	"context"

	"postrider/digest"
	"postrider/forum"
	"postrider/store"
)

// dropBrought selects editions again without moved posts that an earlier digest brought. The rules compare the member's rights and
// watches of today with the earlier places of a post; the store knows what was sent when these were others.
func (b *Builder) dropBrought(ctx context.Context, window *digest.Window, requests []Request, readers map[forum.MemberID]*digest.Reader, sightings []digest.Sighting, editions []Edition) error {
	asked := askedMoves(requests, sightings, editions)
	if len(asked) == 0 {
		return nil
	}
	brought, err := b.store.Outbox.BroughtBefore(ctx, asked)
	if err != nil {
		return err
	}
	for i, a := range requests {
		posts := brought[a.Member]
		if len(posts) == 0 {
			continue
		}
		for _, post := range posts {
			markOmitted(readers[a.Member], post, digest.ReasonSeenBeforeMove)
		}
		editions[i] = b.selectEdition(window, readers[a.Member], a)
	}
	return nil
}

// askedMoves lists the earlier sightings of the moved posts in editions, which an earlier digest may have covered.
func askedMoves(requests []Request, sightings []digest.Sighting, editions []Edition) (asked []store.CoveredPost) {
	of := make(map[forum.PostID][]digest.Sighting)
	moved := make(map[forum.PostID]bool)
	for _, s := range sightings {
		of[s.Post] = append(of[s.Post], s)
		moved[s.Post] = moved[s.Post] || s.MovedFrom != 0
	}
	for i, a := range requests {
		if editions[i].Digest == nil {
			continue
		}
		for _, post := range editions[i].Digest.PostIDs() {
			if !moved[post] {
				continue
			}
			for _, s := range of[post] {
				if s.Seq <= a.After {
					asked = append(asked, store.CoveredPost{Member: a.Member, Post: post, Seq: s.Seq})
				}
			}
		}
	}
	return asked
}
