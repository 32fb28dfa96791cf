package editions

import (
	"context"
	"slices"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"postrider/daemon/settings"
	"postrider/digest"
	"postrider/forum"
	"postrider/source"
)

// attachContents adds the contents of the selected posts, orders the posts and folds quotes from ignored members.
func (b *Builder) attachContents(ctx context.Context, s *source.Snapshot, editions []Edition, readers map[forum.MemberID]*digest.Reader, now time.Time) error {
	need := newContentRequest(editions)
	contents, err := b.contents(ctx, s, need)
	if err != nil {
		return err
	}
	participated, err := s.Participation(ctx, need.members, need.threadIDs())
	if err != nil {
		return err
	}
	marks, err := s.ThreadMarks(ctx, need.threadIDs())
	if err != nil {
		return err
	}
	var filled []*digest.Digest
	for i := range editions {
		d := editions[i].Digest
		if d == nil {
			continue
		}
		d.Zone = b.zones.Of(d.Member.Zone)
		if d.Member.Locale == "" {
			d.Member.Locale = b.set.Locale
		}
		d.Fill(contents, participated[d.Member.ID], marks)
		d.Arrange(b.set.Order)
		d.From, d.Until = d.Oldest(), now
		if d.Empty() {
			editions[i] = Edition{Skip: nothingNewReason(readers[d.Member.ID]), Deferred: editions[i].Deferred}
			continue
		}
		filled = append(filled, d)
	}
	if err := b.countMessages(ctx, s, filled, readers); err != nil {
		return err
	}
	return b.foldQuotes(ctx, s, filled, readers, now)
}

// countMessages adds the number of unread private messages, and their senders, as far as the administrator wants them.
func (b *Builder) countMessages(ctx context.Context, s *source.Snapshot, digests []*digest.Digest, readers map[forum.MemberID]*digest.Reader) error {
	if b.set.PrivateMessages != settings.MessagesCount && b.set.PrivateMessages != settings.MessagesSenders {
		return nil
	}
	members := make([]forum.MemberID, len(digests))
	for i, d := range digests {
		members[i] = d.Member.ID
	}
	unread, err := s.UnreadMessages(ctx, members, func(member, sender forum.MemberID) bool { return readers[member].Ignores[sender] })
	if err != nil {
		return err
	}
	for _, d := range digests {
		d.Unread = unread[d.Member.ID]
		if b.set.PrivateMessages == settings.MessagesCount {
			d.Unread = forum.UnreadMessages{Count: d.Unread.Count}
		}
	}
	return nil
}

// contentRequest lists what the editions of a batch need in total.
type contentRequest struct {
	members []forum.MemberID
	threads map[forum.ThreadID]bool
	posts   map[forum.PostID]string // with their versions
	whole   map[forum.PostID]bool   // those that a member wants whole
}

func newContentRequest(editions []Edition) contentRequest {
	n := contentRequest{threads: make(map[forum.ThreadID]bool), posts: make(map[forum.PostID]string), whole: make(map[forum.PostID]bool)}
	for _, e := range editions {
		if e.Digest == nil {
			continue
		}
		n.members = append(n.members, e.Digest.Member.ID)
		for _, g := range e.Digest.Groups {
			for _, t := range g.Threads {
				n.threads[t.ID] = true
				for _, p := range t.Posts {
					n.posts[p.ID] = p.Version
					if e.Digest.WantedExcerpt == digest.WholePosts {
						n.whole[p.ID] = true
					}
				}
			}
		}
	}
	return n
}

func (n contentRequest) threadIDs() []forum.ThreadID {
	ids := make([]forum.ThreadID, 0, len(n.threads))
	for id := range n.threads {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// contents returns the contents of posts. It reads only those that are not cached in this version.
func (b *Builder) contents(ctx context.Context, s *source.Snapshot, need contentRequest) (map[forum.PostID]*forum.Content, error) {
	posts := need.posts
	found := make(map[forum.PostID]*forum.Content, len(posts))
	var missing, liked []forum.PostID
	for id, version := range posts {
		kept, ok := b.cacheOf(need, id).Get(id)
		switch {
		case !ok || kept.version != version:
			missing = append(missing, id)
			continue
		case kept.content.LikeCount > 0:
			liked = append(liked, id)
		}
		found[id] = kept.content
	}
	if err := b.refreshLikes(ctx, s, liked, need, found); err != nil {
		return nil, err
	}
	slices.Sort(missing)
	read, err := s.Contents(ctx, missing)
	if err != nil {
		return nil, err
	}
	for id, content := range read {
		// Only the excerpt is rendered, so a post of a megabyte does not stay in memory as a whole.
		length := max(b.set.LongestExcerpt(), b.alerts.Excerpt)
		if need.whole[id] {
			length = digest.WholePosts
		}
		content.Body = content.Body.Excerpt(length)
		b.cacheOf(need, id).Add(id, cachedContent{posts[id], content})
		found[id] = content
	}
	return found, nil
}

// cacheOf returns the cache that keeps a post.
func (b *Builder) cacheOf(need contentRequest, id forum.PostID) *lru.Cache[forum.PostID, cachedContent] {
	if need.whole[id] {
		return b.whole
	}
	return b.cache
}

// refreshLikes reads again who likes the cached posts: a member of these may be banned by now.
func (b *Builder) refreshLikes(ctx context.Context, s *source.Snapshot, liked []forum.PostID, need contentRequest, found map[forum.PostID]*forum.Content) error {
	names, err := s.Likes(ctx, liked)
	if err != nil {
		return err
	}
	for _, id := range liked {
		if slices.Equal(names[id], found[id].Likes) {
			continue
		}
		content := *found[id] // other batches share the old one
		content.Likes = names[id]
		b.cacheOf(need, id).Add(id, cachedContent{need.posts[id], &content})
		found[id] = &content
	}
	return nil
}
