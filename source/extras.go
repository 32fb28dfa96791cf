package source

import (
	"context"

	"postrider/forum"
	"postrider/markup"
)

// ThreadMarks reads what the forum shows next to the titles of threads. Threads without any mark are not in the result.
func (s *Snapshot) ThreadMarks(ctx context.Context, ids []forum.ThreadID) (map[forum.ThreadID]forum.ThreadMarks, error) {
	found := make(map[forum.ThreadID]forum.ThreadMarks)
	var id forum.ThreadID
	var m forum.ThreadMarks
	err := queryChunked(ctx, s, "prefixes", "ids", ids, nil, columns{"id": &id, "prefix": &m.Prefix}, func() error {
		found[id] = forum.ThreadMarks{Prefix: s.title(m.Prefix)}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, queryChunked(ctx, s, "solved", "ids", ids, nil, columns{"id": &id}, func() error {
		m = found[id]
		m.Solved = true
		found[id] = m
		return nil
	})
}

// pollLimit is the maximum length of a poll's question, in characters.
const pollLimit = 300

// addExtras adds the names of attached files and the questions of polls.
func (s *Snapshot) addExtras(ctx context.Context, ids []forum.PostID, found map[forum.PostID]*forum.Content) error {
	var id forum.PostID
	var text string
	err := queryChunked(ctx, s, "attachments", "ids", ids, nil, columns{"post_id": &id, "name": &text}, func() error {
		if c := found[id]; c != nil && len(c.Attachments) < forum.AttachmentNames {
			c.Attachments = append(c.Attachments, s.name(text))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return queryChunked(ctx, s, "polls", "ids", ids, nil, columns{"id": &id, "question": &text}, func() error {
		if c := found[id]; c != nil {
			c.Poll = s.parse(text, s.db.markupLinks()).Summary(markup.Labels{}, pollLimit)
		}
		return nil
	})
}

// What emails lack without an optional table.
const (
	lostPrefixes    = "emails do not show prefixes of threads"
	lostSolved      = "emails do not show which threads are solved"
	lostAttachments = "emails do not name attached files"
	lostPolls       = "emails do not show the questions of polls"
	lostMessages    = "digests do not count private messages"
	lostAddons      = "active add-ons that hide posts are not noticed"
	lostMembers     = "the number of members is not compared with the forum's own"
	lostSite        = "the version of the forum is not checked"
)
