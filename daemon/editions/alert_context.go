package editions

import (
	"context"
	"slices"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/source"
	"postrider/store"
)

// earlierPosts finds the latest posts before those of the alerts in their threads.
func (b *Builder) earlierPosts(ctx context.Context, requests []AlertRequest) (map[forum.ThreadID][]store.EarlierPost, error) {
	if b.alerts.ContextPosts == 0 {
		return nil, nil
	}
	before := make(map[forum.ThreadID]int64)
	for _, a := range requests {
		for _, n := range a.Items {
			if seq, found := before[n.Thread]; !found || n.Seq < seq {
				before[n.Thread] = n.Seq
			}
		}
	}
	return b.store.Sightings.Before(ctx, before, b.alerts.ContextPosts)
}

// addContext adds context to each alert: the posts that it quotes, and unread posts before them. Then it folds quotes from
// members that the reader ignores.
func (b *Builder) addContext(ctx context.Context, s *source.Snapshot, built []AlertResult, readers map[forum.MemberID]*digest.Reader, before map[forum.ThreadID][]store.EarlierPost, now time.Time) error {
	if err := b.addContextPosts(ctx, s, built, readers, before); err != nil {
		return err
	}
	var digests []*digest.Digest
	for _, a := range built {
		if a.Alert != nil {
			digests = append(digests, &a.Alert.Digest)
		}
	}
	return b.foldQuotes(ctx, s, digests, readers, now)
}

// addContextPosts reads the context once for the whole batch and checks access for each reader.
func (b *Builder) addContextPosts(ctx context.Context, s *source.Snapshot, built []AlertResult, readers map[forum.MemberID]*digest.Reader, before map[forum.ThreadID][]store.EarlierPost) error {
	ids := contextPostIDs(built, before)
	if len(ids) == 0 {
		return nil
	}
	sightings := make([]digest.Sighting, len(ids))
	for i, id := range ids {
		sightings[i] = digest.Sighting{Seq: int64(i + 1), Post: id}
	}
	window, posts, err := b.loadWindow(ctx, s, sightings)
	if err != nil {
		return err
	}
	contents, err := b.contents(ctx, s, contentRequest{posts: versions(posts)})
	if err != nil {
		return err
	}
	for _, a := range built {
		if a.Alert != nil {
			window.AddContext(a.Alert, *readers[a.Alert.Member.ID], contents, earlierIDs(before), b.alerts.ContextPosts)
		}
	}
	return nil
}

// contextPostIDs lists the quoted and earlier posts of all alerts, ascending.
func contextPostIDs(built []AlertResult, before map[forum.ThreadID][]store.EarlierPost) []forum.PostID {
	var ids []forum.PostID
	for _, a := range built {
		if a.Alert == nil {
			continue
		}
		for _, g := range a.Alert.Groups {
			for _, t := range g.Threads {
				for _, e := range before[t.ID] {
					ids = append(ids, e.Post)
				}
				for _, p := range t.Posts {
					if quoted := p.FirstQuoted(); quoted != 0 {
						ids = append(ids, quoted)
					}
				}
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func earlierIDs(before map[forum.ThreadID][]store.EarlierPost) map[forum.ThreadID][]forum.PostID {
	all := make(map[forum.ThreadID][]forum.PostID, len(before))
	for thread, list := range before {
		for _, e := range list {
			all[thread] = append(all[thread], e.Post)
		}
	}
	return all
}
