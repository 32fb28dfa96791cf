package daemon

import (
	"context"
	"slices"

	"postrider/digest"
	"postrider/forum"
	"postrider/source"
	"postrider/store"
)

// earlierPosts finds the newest posts that stand before those of alerts in their threads.
func (b *Builder) earlierPosts(ctx context.Context, set AlertConfig, asks []AlertRequest) (map[forum.ThreadID][]store.EarlierPost, error) {
	if set.ContextPosts == 0 {
		return nil, nil
	}
	before := make(map[forum.ThreadID]int64)
	for _, a := range asks {
		for _, n := range a.Notices {
			if seq, found := before[n.Thread]; !found || n.Seq < seq {
				before[n.Thread] = n.Seq
			}
		}
	}
	return b.store.Sightings.Before(ctx, before, set.ContextPosts)
}

// addContext adds to each alert what it stands in: the posts that its own quote, and those before them that its reader
// has not seen. They are read once for the whole batch, and judged for each reader.
func (b *Builder) addContext(ctx context.Context, s *source.Snapshot, built []AlertResult, readers map[forum.MemberID]*digest.Reader, before map[forum.ThreadID][]store.EarlierPost, set AlertConfig) error {
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
	contents, err := b.contents(ctx, s, versions(posts))
	if err != nil {
		return err
	}
	for _, a := range built {
		if a.Alert != nil {
			window.AddContext(a.Alert, *readers[a.Alert.Member.ID], contents, earlierIDs(before), set.ContextPosts)
		}
	}
	return nil
}

// contextPostIDs lists the posts that stand around those of alerts, rising.
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
