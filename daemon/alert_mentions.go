package daemon

import (
	"context"
	"slices"

	"postrider/forum"
	"postrider/source"
)

// mentionedPeople are the members that posts quote or mention, by what the posts have in place of their IDs.
type mentionedPeople struct {
	names       map[string]forum.MemberID
	namedGroups map[string][]forum.MemberID
	groups      map[forum.GroupID][]forum.MemberID
	authors     map[forum.PostID]forum.MemberID // of quoted posts
}

// findMentioned reads which members the posts quote and mention.
func findMentioned(ctx context.Context, s *source.Snapshot, texts map[forum.PostID]*forum.Content) (p mentionedPeople, err error) {
	if p.names, err = s.MembersByName(ctx, mentionedNames(texts)); err != nil {
		return p, err
	}
	if p.namedGroups, err = s.MembersOfNamedGroups(ctx, namesOfNobody(texts, p.names)); err != nil {
		return p, err
	}
	if p.groups, err = s.MembersOfGroups(ctx, mentionedGroups(texts)); err != nil {
		return p, err
	}
	p.authors, err = quotedAuthors(ctx, s, texts)
	return p, err
}

// mentionedNames lists the names that posts mention, or quote without the ID of a member or a post.
func mentionedNames(texts map[forum.PostID]*forum.Content) []string {
	var names []string
	for _, c := range texts {
		names = append(names, c.Body.Names()...)
		for _, q := range c.Body.Quotes() {
			if q.Member == 0 && q.Post == 0 && q.Author != "" {
				names = append(names, q.Author)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// namesOfNobody lists the names that posts mention and no member has. They may be those of groups.
func namesOfNobody(texts map[forum.PostID]*forum.Content, members map[string]forum.MemberID) []string {
	var names []string
	for _, c := range texts {
		for _, name := range c.Body.Names() {
			if _, known := members[name]; !known {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// mentionedGroups lists the groups that posts mention by ID.
func mentionedGroups(texts map[forum.PostID]*forum.Content) []forum.GroupID {
	var ids []forum.GroupID
	for _, c := range texts {
		for _, id := range c.Body.Groups() {
			ids = append(ids, forum.GroupID(id))
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// quotedAuthors reads the authors of posts that are quoted without the ID of a member.
func quotedAuthors(ctx context.Context, s *source.Snapshot, texts map[forum.PostID]*forum.Content) (map[forum.PostID]forum.MemberID, error) {
	var ids []forum.PostID
	for _, c := range texts {
		for _, q := range c.Body.Quotes() {
			if q.Member == 0 && q.Post != 0 {
				ids = append(ids, forum.PostID(q.Post))
			}
		}
	}
	slices.Sort(ids)
	posts, err := s.Posts(ctx, slices.Compact(ids))
	if err != nil {
		return nil, err
	}
	authors := make(map[forum.PostID]forum.MemberID, len(posts))
	for _, p := range posts {
		authors[p.ID] = p.Author
	}
	return authors, nil
}

// quotedBy returns the members that a post quotes.
func (p mentionedPeople) quotedBy(c *forum.Content) (quotes []forum.MemberID) {
	for _, q := range c.Body.Quotes() {
		switch {
		case q.Member != 0:
			quotes = append(quotes, forum.MemberID(q.Member))
		case q.Post != 0:
			quotes = append(quotes, p.authors[forum.PostID(q.Post)]) // 0 for a guest
		case p.names[q.Author] != 0:
			quotes = append(quotes, p.names[q.Author])
		}
	}
	return quotes
}

// mentionedBy returns the members that a post mentions: themselves, or a group of theirs.
func (p mentionedPeople) mentionedBy(c *forum.Content) (mentions []forum.MemberID) {
	for _, id := range c.Body.Mentions() {
		mentions = append(mentions, forum.MemberID(id))
	}
	for _, name := range c.Body.Names() {
		if id, known := p.names[name]; known {
			mentions = append(mentions, id)
		}
		mentions = append(mentions, p.namedGroups[name]...)
	}
	for _, id := range c.Body.Groups() {
		mentions = append(mentions, p.groups[forum.GroupID(id)]...)
	}
	return mentions
}
