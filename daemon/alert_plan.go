package daemon

import (
	"context"
	"fmt"
	"slices"
	"time"

	"postrider/digest"
	"postrider/forum"
	"postrider/source"
	"postrider/store"
)

const (
	// newsAtATime is how many sightings are looked at for alerts at a time.
	newsAtATime = 500
	// alertLife is for how long a post is told of as news. What is older comes with the digest.
	alertLife = 24 * time.Hour
)

// alerts plans who is told at once of what was sighted since it was last asked. Each sighting is looked at once, by
// batches and pages of members, whatever crashes: how far it has come is written down together with what it planned.
// No edition covers a sighting that was not looked at, so that none brings what an alert will.
func (d *Daemon) alerts(ctx context.Context) error {
	for ctx.Err() == nil {
		p, err := d.Store.AlertProgress(ctx)
		if err != nil {
			return err
		}
		if p.Done == p.Head {
			return nil
		}
		if err := d.alertBatch(ctx, p); err != nil {
			return fmt.Errorf("planning alerts: %w", err)
		}
	}
	return nil
}

// alertBatch looks at the next sightings, or goes on with those that were begun.
func (d *Daemon) alertBatch(ctx context.Context, p store.AlertProgress) error {
	until := p.Until
	if until == p.Done {
		until = min(p.Head, p.Done+newsAtATime)
	}
	fresh, err := d.fresh(ctx, p.Done, until)
	if err != nil {
		return err
	}
	over := store.AlertProgress{Done: until, Until: until}
	if len(fresh) == 0 || !d.set.Alerts.Enabled {
		_, _, err := d.Store.PlanAlerts(ctx, d.Now(), p, over, priorityAlert, nil)
		return err
	}
	return d.Forum.Read(ctx, func(s *source.Snapshot) error {
		bulletin, err := d.bulletin(ctx, s, fresh)
		if err != nil {
			return err
		}
		for from := p; ; {
			to, more, err := d.alertPage(ctx, s, bulletin, from, over)
			if err != nil || !more {
				return err
			}
			from = to
		}
	})
}

// fresh are the sightings that are news: not those of posts that are too old to be told of at once, or that were written
// before postrider first ran.
func (d *Daemon) fresh(ctx context.Context, after, until int64) ([]store.News, error) {
	list, err := d.Store.News(ctx, after, until)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	now := d.Now()
	born, err := d.born(ctx, now)
	if err != nil {
		return nil, err
	}
	oldest := now.Add(-alertLife)
	return slices.DeleteFunc(list, func(n store.News) bool {
		return n.PostedAt.Before(oldest) || n.PostedAt.Before(born)
	}), nil
}

// bulletin reads what the news say, and to whom.
func (d *Daemon) bulletin(ctx context.Context, s *source.Snapshot, fresh []store.News) (*digest.Bulletin, error) {
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
	names, err := s.Named(ctx, calledByName(texts))
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
	var news []digest.News
	for _, n := range fresh {
		thread, text := in[n.Thread], texts[n.Post]
		if thread == nil || text == nil { // deleted since
			continue
		}
		one := digest.News{Seq: n.Seq, Post: n.Post, Thread: thread, Author: n.Author, PostedAt: n.PostedAt}
		one.Quotes, one.Mentions = called(text, names, authors)
		news = append(news, one)
	}
	return digest.NewBulletin(news), nil
}

// calledByName lists the names that posts mention, or quote, without the number of a member or a post.
func calledByName(texts map[forum.PostID]*forum.Content) []string {
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

// quotedAuthors asks who wrote the posts that others quote without the number of a member.
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

// called are the members whom a post quotes, and whom it mentions.
func called(c *forum.Content, names map[string]forum.MemberID, authors map[forum.PostID]forum.MemberID) (quotes, mentions []forum.MemberID) {
	for _, q := range c.Body.Quotes() {
		switch {
		case q.Member != 0:
			quotes = append(quotes, forum.MemberID(q.Member))
		case q.Post != 0:
			quotes = append(quotes, authors[forum.PostID(q.Post)]) // 0 for a guest: nobody
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
	}
	return quotes, mentions
}

// alertPage plans alerts for the next page of members. more is false behind the last one, and where another daemon has
// gone on from the same place.
func (d *Daemon) alertPage(ctx context.Context, s *source.Snapshot, b *digest.Bulletin, from, over store.AlertProgress) (to store.AlertProgress, more bool, err error) {
	page, err := s.Watchers(ctx, b.Threads(), b.Sections(), from.Member)
	if err != nil {
		return to, false, err
	}
	if to = over; page.Last != source.EndOfWatchers {
		to = store.AlertProgress{Done: from.Done, Until: over.Until, Member: page.Last}
	}
	listeners, err := d.listeners(ctx, s, b, page, from.Member)
	if err != nil {
		return to, false, err
	}
	now := d.Now()
	var notices []digest.Notice
	modes := make(map[forum.MemberID]digest.AlertMode, len(listeners))
	for _, l := range listeners {
		modes[l.ID] = d.set.Alerts.mode(l.Choices)
		notices = append(notices, b.Notices(l, now)...)
	}
	if notices, err = d.untold(ctx, s, notices, modes); err != nil {
		return to, false, err
	}
	planned, ok, err := d.Store.PlanAlerts(ctx, now, from, to, priorityAlert, d.conversations(notices))
	d.round.Alerts += planned
	if err == nil && planned > 0 {
		err = d.Store.CountPlanned(ctx, now, KindAlert, planned)
	}
	return to, ok && to.Member != 0, err
}

// listeners are the members of a page whom the news may concern: who watches for mail, who is quoted or mentioned, and who
// wants what he watches at once.
func (d *Daemon) listeners(ctx context.Context, s *source.Snapshot, b *digest.Bulletin, page source.Watchers, after forum.MemberID) ([]digest.Listener, error) {
	eager, err := d.Store.InstantWishes(ctx, b.Threads(), b.Sections(), after, page.Last)
	if err != nil {
		return nil, err
	}
	watches, err := s.Watches(ctx, eager)
	if err != nil {
		return nil, err
	}
	ids := slices.Clone(eager)
	for id, w := range page.Watches {
		if _, known := watches[id]; !known {
			watches[id] = w
		}
		ids = append(ids, id)
	}
	for _, id := range b.Called() {
		if id > after && id <= page.Last {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	choices, err := d.Store.Preferences(ctx, ids)
	if err != nil {
		return nil, err
	}
	wishes, err := d.Store.Wishes(ctx, ids)
	if err != nil {
		return nil, err
	}
	list := make([]digest.Listener, len(ids))
	for i, id := range ids {
		list[i] = digest.Listener{ID: id, Watches: watches[id], Choices: choices[id], Wishes: wishes[id]}
	}
	return list, nil
}

// untold leaves out, for members who are told of the first reply only, threads of which they were told and to which they
// have not been back since.
func (d *Daemon) untold(ctx context.Context, s *source.Snapshot, notices []digest.Notice, modes map[forum.MemberID]digest.AlertMode) ([]digest.Notice, error) {
	var ask []digest.Notice
	for _, n := range notices {
		if modes[n.Member] == digest.FirstReply {
			ask = append(ask, n)
		}
	}
	told, err := d.Store.Told(ctx, ask)
	if err != nil || len(told) == 0 {
		return notices, err
	}
	members := make([]forum.MemberID, 0, len(told))
	since := told[0].Until
	for _, t := range told {
		members = append(members, t.Member)
		if t.Until.Before(since) {
			since = t.Until
		}
	}
	slices.Sort(members)
	read, err := s.ReadSince(ctx, slices.Compact(members), since)
	if err != nil {
		return nil, err
	}
	type conversation struct {
		forum.MemberID
		forum.ThreadID
	}
	waits := make(map[conversation]digest.Told)
	for _, t := range told {
		waits[conversation{t.Member, t.Thread}] = t
	}
	return slices.DeleteFunc(notices, func(n digest.Notice) bool {
		t, found := waits[conversation{n.Member, n.Thread}]
		return found && modes[n.Member] == digest.FirstReply && !t.Back(read[n.Member], n.Section)
	}), nil
}

// conversations puts the notices to each member together by thread.
func (d *Daemon) conversations(notices []digest.Notice) []store.Alert {
	type conversation struct {
		forum.MemberID
		forum.ThreadID
	}
	var list []store.Alert
	at := make(map[conversation]int)
	for _, n := range notices {
		c := conversation{n.Member, n.Thread}
		i, found := at[c]
		if !found {
			i = len(list)
			at[c] = i
			list = append(list, store.Alert{Key: fmt.Sprintf("%s/%d/T%d/%d", KindAlert, n.Member, n.Thread, n.Seq)})
		}
		list[i].Notices = append(list[i].Notices, n)
	}
	for i := range list {
		list[i].NotBefore, list[i].SettlesAt = d.settles(list[i].Notices)
	}
	return list
}

// settles says when posts may go out: so long after the newest was written that its author may have mended it, but not
// longer than so long after the oldest.
func (d *Daemon) settles(notices []digest.Notice) (notBefore, most time.Time) {
	oldest, newest := notices[0].PostedAt, notices[0].PostedAt
	for _, n := range notices[1:] {
		if n.PostedAt.Before(oldest) {
			oldest = n.PostedAt
		}
		if n.PostedAt.After(newest) {
			newest = n.PostedAt
		}
	}
	notBefore, most = newest.Add(d.set.Alerts.Settle), oldest.Add(d.set.Alerts.SettleMost)
	if notBefore.After(most) {
		notBefore = most
	}
	return notBefore, most
}
