package digest

import (
	"maps"
	"slices"

	"postrider/forum"
)

// Alert is the message about single posts, sent as soon as they appear. It covers one thread, or several if their posts
// were held back, for example during quiet hours, are late, or open threads of one section within minutes.
type Alert struct {
	Digest
	Followup bool // the member got an alert about the thread before
}

// Cause returns the strongest cause among its posts.
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

// Kind returns the kind of its posts: that of its cause if it is about one thread, or else the one that all its posts have in common.
func (a *Alert) Kind() (kind PostKind, common bool) {
	for _, g := range a.Groups {
		for _, t := range g.Threads {
			for _, p := range t.Posts {
				if !a.MultiThread() && p.Cause != a.Cause() {
					continue
				}
				if k := p.Cause.Kind(p.Opening); kind != "" && k != kind {
					return "", false
				} else {
					kind = k
				}
			}
		}
	}
	return kind, kind != ""
}

// SoleAuthor returns the name of the member who wrote all its posts; empty if there are several, or if it was a guest: guests choose any
// name.
func (a *Alert) SoleAuthor() string {
	var sole *Post
	for _, g := range a.Groups {
		for _, t := range g.Threads {
			for i := range t.Posts {
				if sole == nil {
					sole = &t.Posts[i]
				}
				if p := &t.Posts[i]; p.Author == forum.Guest || p.Author != sole.Author {
					return ""
				}
			}
		}
	}
	if sole == nil {
		return ""
	}
	return sole.AuthorName
}

// MultiThread reports whether the alert has posts from more than one thread.
func (a *Alert) MultiThread() bool {
	return len(a.Groups) > 1 || len(a.Groups) == 1 && len(a.Groups[0].Threads) > 1
}

// SectionOnly reports whether all posts come from a single section that the member watches.
func (a *Alert) SectionOnly() bool { return len(a.Groups) == 1 && a.Cause() == SectionWatched }

// Cause returns the strongest cause among its posts.
func (t *Thread) Cause() AlertCause {
	best := SectionWatched
	for _, p := range t.Posts {
		if p.Cause != "" && p.Cause.rank() < best.rank() {
			best = p.Cause
		}
	}
	return best
}

// Alert selects the alert items that are still valid and lists the others with the reason. Of the omitted posts, only
// those with AlreadyRead are finished; the next digest checks all others again. contents may lack posts that the forum
// did not return.
func (w *Window) Alert(r Reader, items []AlertItem, contents map[forum.PostID]*forum.Content) (*Digest, []Omitted) {
	var omitted []Omitted
	posts := make(map[forum.ThreadID][]Post)
	for _, n := range items {
		i, found := w.byPost[n.Post]
		why := ReasonDeleted
		if found && contents[n.Post] != nil {
			why = w.itemReason(&r, &w.items[i], n)
		}
		if why != "" {
			omitted = append(omitted, Omitted{n.Post, why})
			continue
		}
		it := &w.items[i]
		p := Post{Post: it.post, Opening: it.opening(), Cause: r.currentCause(it, n)}
		posts[it.thread.ID] = append(posts[it.thread.ID], p)
	}
	var threads []Thread
	for _, id := range slices.Sorted(maps.Keys(posts)) {
		threads = append(threads, newThread(r.filed(w.items[w.byThread[id][0]].thread), posts[id]))
	}
	return &Digest{Member: r.Member, Groups: w.group(threads)}, omitted
}

// itemReason returns why an alert item is no longer valid, or "" if it is.
func (w *Window) itemReason(r *Reader, it *item, n AlertItem) Reason {
	if why := w.checkReadable(r, it); why != "" {
		return why
	}
	override := r.override(it.thread)
	direct := r.Switches.alertsDirect(n.Cause)
	switch {
	case r.isNotRepeated(n.Post):
		return HeldForRepeat
	case r.Watches.Mute(it.thread, direct.IsDirect()):
		return MutedOnForum
	case override == Off:
		return ReasonMuted
	case override != "" && override != Instant:
		return ReasonLeftToDigest
	case r.hasRead(it):
		return AlreadyRead
	case direct.IsDirect():
		return ""
	}
	why := r.notWatchedReason(it.thread, it.opening())
	switch kind := watchedKind(it.opening()); {
	case why != "" && n.Cause.IsDirect(): // not at once, since it was planned
		if r.Switches.Of(n.Cause.Kind(false)) == WithDigest {
			return ReasonWithDigest
		}
		return n.Cause.Kind(false).offReason()
	case why != "":
		return why
	case r.Switches.Of(kind) == Off:
		return kind.offReason()
	}
	if r.watchCause(it) == "" {
		return ReasonLeftToDigest // still watched, but no longer with notifications
	}
	return ""
}

// currentCause returns the cause of an alert item according to the reader's current watches.
func (r *Reader) currentCause(it *item, n AlertItem) AlertCause {
	if n.Cause.IsDirect() && r.Switches.alertsDirect(n.Cause) != "" {
		return n.Cause
	}
	return r.watchCause(it)
}

// watchCause returns the watch that requests an alert about the item, or "" if none does.
func (r *Reader) watchCause(it *item) AlertCause {
	l := AlertCandidate{Watches: r.Watches, Overrides: r.Overrides, Switches: r.Switches}
	return l.cause(it.thread, it.opening(), "")
}
