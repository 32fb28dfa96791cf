package editions

import (
	"context"
	"slices"
	"strings"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/source"
)

// foldQuotes marks quotes from members that the reader ignores, their likes, and threads that they started, in the digests of a
// batch. The daemon shares the text of a post between members, so each digest only lists the quotes to fold.
func (b *Builder) foldQuotes(ctx context.Context, s *source.Snapshot, digests []*digest.Digest, readers map[forum.MemberID]*digest.Reader, now time.Time) error {
	var ignored []forum.MemberID
	var quoted []forum.PostID
	digests = slices.DeleteFunc(digests, func(d *digest.Digest) bool {
		r := readers[d.Member.ID]
		if r == nil || len(r.Ignores) == 0 {
			return true
		}
		d.HideStarters(r.Ignores)
		return !d.NamesOthers()
	})
	for _, d := range digests {
		for id := range readers[d.Member.ID].Ignores {
			ignored = append(ignored, id)
		}
		quoted = append(quoted, d.QuotedPosts()...)
	}
	if len(digests) == 0 {
		return nil
	}
	names, err := lowerNames(ctx, s, ignored, now)
	if err != nil {
		return err
	}
	authors, err := authorsOf(ctx, s, quoted)
	if err != nil {
		return err
	}
	for _, d := range digests {
		x := digest.IgnoredAuthors{Members: readers[d.Member.ID].Ignores, Names: make(map[string]bool), Authors: authors}
		for id := range x.Members {
			if name := names[id]; name != "" {
				x.Names[name] = true
			}
		}
		d.FoldQuotes(x)
	}
	return nil
}

func lowerNames(ctx context.Context, s *source.Snapshot, ids []forum.MemberID, now time.Time) (map[forum.MemberID]string, error) {
	slices.Sort(ids)
	members, err := s.Members(ctx, slices.Compact(ids), now)
	if err != nil {
		return nil, err
	}
	names := make(map[forum.MemberID]string, len(members))
	for _, m := range members {
		names[m.ID] = strings.ToLower(m.Name)
	}
	return names, nil
}

// authorsOf returns the authors of posts, whatever the state of these.
func authorsOf(ctx context.Context, s *source.Snapshot, ids []forum.PostID) (map[forum.PostID]forum.MemberID, error) {
	slices.Sort(ids)
	posts, err := s.Posts(ctx, slices.Compact(ids))
	if err != nil {
		return nil, err
	}
	authors := make(map[forum.PostID]forum.MemberID, len(posts))
	for _, p := range posts {
		if p.Author != forum.Guest {
			authors[p.ID] = p.Author
		}
	}
	return authors, nil
}
