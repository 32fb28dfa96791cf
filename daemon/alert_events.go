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
	people, err := findMentioned(ctx, s, texts)
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
		one.Quotes, one.Mentions = people.quotedBy(text), people.mentionedBy(text)
		news = append(news, one)
	}
	return digest.NewEventIndex(news), nil
}
