package daemon

import (
	"context"
	"slices"

	"postrider/daemon/settings"
	"postrider/digest"
	"postrider/forum"
	"postrider/source"
	"postrider/store"
)

// recentEvents returns the sightings that may cause alerts. It leaves out posts older than settings.AlertMaxAge and posts written
// before Postrider first ran.
func (ap *alertPlanner) recentEvents(ctx context.Context, after, until int64) ([]store.PostEvent, error) {
	list, err := ap.Store.Alerts.PostEvents(ctx, after, until)
	if err != nil {
		return nil, err
	}
	return ap.alertable(ctx, list)
}

// alertable leaves out posts that cause no alerts because of their age.
func (ap *alertPlanner) alertable(ctx context.Context, list []store.PostEvent) ([]store.PostEvent, error) {
	if len(list) == 0 {
		return nil, nil
	}
	now := ap.Now()
	born, err := ap.scanner.firstRunAt(ctx, now)
	if err != nil {
		return nil, err
	}
	oldest := now.Add(-settings.AlertMaxAge)
	return slices.DeleteFunc(list, func(n store.PostEvent) bool {
		return n.PostedAt.Before(oldest) || n.PostedAt.Before(born)
	}), nil
}

// loadEvents reads the texts of the posts, and which members they quote or mention.
func loadEvents(ctx context.Context, s *source.Snapshot, fresh []store.PostEvent) (*digest.EventIndex, error) {
	posts := make([]forum.PostID, len(fresh))
	ids := make([]forum.ThreadID, len(fresh))
	for i, n := range fresh {
		posts[i], ids[i] = n.Post, n.Thread
	}
	slices.Sort(ids)
	threads, err := s.Threads(ctx, slices.Compact(ids))
	if err != nil {
		return nil, err
	}
	texts, err := s.Texts(ctx, posts)
	if err != nil {
		return nil, err
	}
	names, err := s.MembersByName(ctx, mentionedNames(texts))
	if err != nil {
		return nil, err
	}
	groups, err := s.MembersOfGroups(ctx, namesOfNobody(texts, names))
	if err != nil {
		return nil, err
	}
	authors, err := quotedAuthors(ctx, s, texts)
	if err != nil {
		return nil, err
	}
	in := make(map[forum.ThreadID]*forum.Thread, len(threads))
	for i := range threads {
		in[threads[i].ID] = &threads[i]
	}
	var news []digest.PostEvent
	for _, n := range fresh {
		thread, text := in[n.Thread], texts[n.Post]
		if thread == nil || text == nil { // deleted since
			continue
		}
		one := digest.PostEvent{Seq: n.Seq, Post: n.Post, Thread: thread, Author: n.Author, PostedAt: n.PostedAt, VisibleSince: n.VisibleSince}
		one.Quotes, one.Mentions = quotedAndMentioned(text, names, groups, authors)
		news = append(news, one)
	}
	return digest.NewEventIndex(news), nil
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

// quotedAndMentioned returns the members that a post quotes and those that it mentions.
func quotedAndMentioned(c *forum.Content, names map[string]forum.MemberID, groups map[string][]forum.MemberID, authors map[forum.PostID]forum.MemberID) (quotes, mentions []forum.MemberID) {
	for _, q := range c.Body.Quotes() {
		switch {
		case q.Member != 0:
			quotes = append(quotes, forum.MemberID(q.Member))
		case q.Post != 0:
			quotes = append(quotes, authors[forum.PostID(q.Post)]) // 0 for a guest
		case names[q.Author] != 0:
			quotes = append(quotes, names[q.Author])
		}
	}
	for _, id := range c.Body.Mentions() {
		mentions = append(mentions, forum.MemberID(id))
	}
	for _, name := range c.Body.Names() {
		if id, known := names[name]; known {
			mentions = append(mentions, id)
		}
		mentions = append(mentions, groups[name]...)
	}
	return quotes, mentions
}
