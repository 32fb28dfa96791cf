package source

import (
	"context"
	"database/sql"
	"slices"
	"unicode/utf8"

	"postrider/forum"
	"postrider/markup"
)

// Contents reads the contents of posts, whatever their state. Posts that no longer exist are not in the result.
func (s *Snapshot) Contents(ctx context.Context, ids []forum.PostID) (map[forum.PostID]*forum.Content, error) {
	found := make(map[forum.PostID]*forum.Content, len(ids))
	authors := make(map[forum.MemberID][]*forum.Content)
	if err := s.loadBodies(ctx, ids, found, authors); err != nil {
		return nil, err
	}
	numbers, err := s.Numbers(ctx, ids)
	if err != nil {
		return nil, err
	}
	for id, c := range found {
		c.Number = numbers[id]
	}
	if err := s.likes(ctx, found); err != nil {
		return nil, err
	}
	if err := s.addExtras(ctx, ids, found); err != nil {
		return nil, err
	}
	return found, s.addAuthorBadges(ctx, authors)
}

func (s *Snapshot) loadBodies(ctx context.Context, ids []forum.PostID, found map[forum.PostID]*forum.Content, authors map[forum.MemberID][]*forum.Content) error {
	links := s.db.markupLinks()
	var id forum.PostID
	var author forum.MemberID
	var likes int
	var body string
	r := columns{"id": &id, "author_id": &author, "likes?": &likes, "body": &body}
	return queryChunked(ctx, s, "bodies", "ids", ids, nil, r, func() error {
		c := &forum.Content{LikeCount: likes, Body: s.parse(body, links)}
		found[id] = c
		if author != forum.Guest {
			authors[author] = append(authors[author], c)
		}
		return nil
	})
}

// parse reads a body. A query of the administrator's may forget to cut it.
func (s *Snapshot) parse(body string, links markup.Links) markup.Doc {
	d := s.dialect.Dialect
	if d.Cut = len(body) >= bodyLimit && utf8.RuneCountInString(body) >= bodyLimit; d.Cut {
		body = firstRunes(body, bodyLimit)
	}
	if s.db.kind.body != nil {
		return s.db.kind.body(d, body, links)
	}
	return d.BBCode(body, links)
}

// firstRunes returns the first n characters of a text.
func firstRunes(text string, n int) string {
	for i := range text {
		if n == 0 {
			return text[:i]
		}
		n--
	}
	return text
}

// markupLinks returns the forum's URLs for the text of posts, which refers to posts only by ID.
func (db *DB) markupLinks() markup.Links {
	numbered, _ := db.links.Links.(interface {
		Numbered(thread forum.ThreadID, number int64) string
	})
	links := markup.Links{
		Post:   func(id int64) string { return db.links.Post(0, forum.PostID(id)) },
		Member: func(id int64) string { return db.links.Member(forum.MemberID(id)) },
		Base:   db.base,
	}
	if numbered != nil {
		links.Numbered = func(thread, number int64) string { return numbered.Numbered(forum.ThreadID(thread), number) }
	}
	return links
}

// Numbers reads the positions of posts in their threads, from 1: as the forum stores them, or counting from the oldest post of each
// thread in ids. A deleted post may leave a gap.
func (s *Snapshot) Numbers(ctx context.Context, ids []forum.PostID) (map[forum.PostID]int, error) {
	numbers := make(map[forum.PostID]int, len(ids))
	var id forum.PostID
	var thread, current forum.ThreadID
	var earlier, stored int64
	var n int
	err := queryChunked(ctx, s, "numbers", "ids", ids, nil, columns{"id": &id, "thread_id": &thread, "earlier?": &earlier, "number?": &stored}, func() error {
		if thread != current {
			current, n = thread, int(earlier)
		}
		n++
		if stored > 0 {
			n = int(stored)
		}
		numbers[id] = n
		return nil
	})
	return numbers, err
}

// likes adds the names of the members who like each post. It does not query posts without likes.
func (s *Snapshot) likes(ctx context.Context, found map[forum.PostID]*forum.Content) error {
	var liked []forum.PostID
	for id, c := range found {
		if c.LikeCount > 0 {
			liked = append(liked, id)
		}
	}
	names, err := s.Likes(ctx, liked)
	for id, list := range names {
		found[id].Likes = list
	}
	return err
}

// Likes reads the names of the members who like each post, at most [forum.LikeNames]. The version of a post does not change when
// one of these members is banned or renamed.
func (s *Snapshot) Likes(ctx context.Context, ids []forum.PostID) (map[forum.PostID][]string, error) {
	slices.Sort(ids)
	names := make(interner)
	found := make(map[forum.PostID][]string, len(ids))
	var id forum.PostID
	var name sql.RawBytes
	err := queryChunked(ctx, s, "likes", "ids", ids, nil, columns{"id": &id, "name": &name}, func() error {
		if len(found[id]) < forum.LikeNames {
			found[id] = append(found[id], s.name(names.intern(name)))
		}
		return nil
	})
	return found, err
}

// addAuthorBadges adds the authors' titles and badges. It leaves out badges that only repeat the title.
func (s *Snapshot) addAuthorBadges(ctx context.Context, authors map[forum.MemberID][]*forum.Content) error {
	ids := make([]forum.MemberID, 0, len(authors))
	for id := range authors {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	var id forum.MemberID
	var title string
	err := queryChunked(ctx, s, "titles", "members", ids, nil, columns{"member_id": &id, "title": &title}, func() error {
		title = s.name(title)
		for _, c := range authors[id] {
			c.AuthorTitle = title
		}
		return nil
	})
	if err != nil {
		return err
	}
	var badge string
	return queryChunked(ctx, s, "badges", "members", ids, nil, columns{"member_id": &id, "badge": &badge}, func() error {
		badge = s.name(badge)
		for _, c := range authors[id] {
			if badge != "" && badge != c.AuthorTitle && !slices.Contains(c.Badges, badge) {
				c.Badges = append(c.Badges, badge)
			}
		}
		return nil
	})
}

// Texts reads only the texts of posts, whatever their state. The other fields stay empty, except the number of likes.
func (s *Snapshot) Texts(ctx context.Context, ids []forum.PostID) (map[forum.PostID]*forum.Content, error) {
	found := make(map[forum.PostID]*forum.Content, len(ids))
	return found, s.loadBodies(ctx, ids, found, make(map[forum.MemberID][]*forum.Content))
}

// Differ returns which posts have another text than their original, which is given by the post's ID. A post or an original that no
// longer exists differs from nothing.
func (s *Snapshot) Differ(ctx context.Context, originals map[forum.PostID]forum.PostID) (map[forum.PostID]bool, error) {
	var ids []forum.PostID
	for post, original := range originals {
		ids = append(ids, post, original)
	}
	slices.Sort(ids)
	texts := make(map[forum.PostID]string, len(ids))
	var id forum.PostID
	var body string
	r := columns{"id": &id, "author_id": new(forum.MemberID), "likes?": new(int), "body": &body}
	err := queryChunked(ctx, s, "bodies", "ids", slices.Compact(ids), nil, r, func() error {
		texts[id] = body
		return nil
	})
	differ := make(map[forum.PostID]bool)
	for post, original := range originals {
		copied, found := texts[post]
		text, known := texts[original]
		differ[post] = found && known && copied != text
	}
	return differ, err
}
