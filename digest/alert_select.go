package digest

import (
	"maps"
	"slices"

	"postrider/forum"
)

// Alert is a mail that tells a member of posts at once: of one thread, or of several that were held for him.
type Alert struct {
	Digest
	Title    string // what the first alert of its thread called it; empty: it holds several
	Followup bool   // he got an alert of the thread before
}

// Cause is the strongest of the causes of its posts.
func (a *Alert) Cause() AlertCause {
	best := SectionWatched
	for _, g := range a.Groups {
		for _, t := range g.Threads {
			if c := t.Cause(); c.rank() < best.rank() {
				best = c
			}
		}
	}
	return best
}

// MultiThread tells that it holds posts of more than one thread.
func (a *Alert) MultiThread() bool {
	return len(a.Groups) > 1 || len(a.Groups) == 1 && len(a.Groups[0].Threads) > 1
}

// Cause is the strongest of the causes of its posts.
func (t *Thread) Cause() AlertCause {
	best := SectionWatched
	for _, p := range t.Posts {
		if p.Cause != "" && p.Cause.rank() < best.rank() {
			best = p.Cause
		}
	}
	return best
}

// Alert picks those of a reader's notices that still hold, and says of the others why they do not. Of what it leaves out
// only AlreadyRead is done with; all else his next digest has to judge anew. contents are those of the posts, as far as the
// forum gives them.
func (w *Window) Alert(r Reader, notices []AlertItem, contents map[forum.PostID]*forum.Content) (*Digest, []Omitted) {
	var left []Omitted
	posts := make(map[forum.ThreadID][]Post)
	for _, n := range notices {
		i, found := w.byPost[n.Post]
		why := ReasonDeleted
		if found && contents[n.Post] != nil {
			why = w.itemReason(&r, &w.items[i], n)
		}
		if why != "" {
			left = append(left, Omitted{n.Post, why})
			continue
		}
		it := &w.items[i]
		p := Post{Post: it.post, Opening: it.opening(), Cause: r.currentCause(it, n)}
		posts[it.thread.ID] = append(posts[it.thread.ID], p)
	}
	var threads []Thread
	for _, id := range slices.Sorted(maps.Keys(posts)) {
		threads = append(threads, newThread(w.items[w.byThread[id][0]].thread, posts[id]))
	}
	return &Digest{Member: r.Member, Groups: w.group(threads)}, left
}

// itemReason says why a notice does not hold any more; "" means that it does.
func (w *Window) itemReason(r *Reader, it *item, n AlertItem) Reason {
	if why := w.checkReadable(r, it); why != "" {
		return why
	}
	wish := r.Wishes.Of(it.thread)
	switch {
	case wish == Off:
		return ReasonMuted
	case wish != "" && wish != Instant:
		return ReasonLeftToDigest
	case r.hasRead(it):
		return AlreadyRead
	case n.Cause.IsDirect():
		return ""
	}
	if why := r.notWatchedReason(it, it.thread.Section); why != "" {
		return why
	}
	if r.watchCause(it) == "" {
		return ReasonLeftToDigest // he still watches, and the forum would not mail him any more
	}
	return ""
}

// currentCause is the cause of a notice as the reader's watches are now.
func (r *Reader) currentCause(it *item, n AlertItem) AlertCause {
	if n.Cause.IsDirect() {
		return n.Cause
	}
	return r.watchCause(it)
}

// watchCause is the watch for which the reader is told of an item at once; "": there is none.
func (r *Reader) watchCause(it *item) AlertCause {
	l := AlertCandidate{Watches: r.Watches, Wishes: r.Wishes}
	return l.cause(it.thread, it.opening(), "")
}
