package digest

import "cmp"

// PostKind is what a post is to the member who gets it. Each kind has its own switch.
type PostKind string

// The kinds of posts.
const (
	Replies    PostKind = "replies"     // in a watched thread, or in a section watched for all posts
	NewThreads PostKind = "new_threads" // opening posts in watched sections
	Quotes     PostKind = "quotes"      // posts that quote the member
	Mentions   PostKind = "mentions"    // posts that mention the member
)

// PostKinds lists the kinds of posts in the order in which people see them.
func PostKinds() []PostKind { return []PostKind{Replies, NewThreads, Quotes, Mentions} }

// SwitchValues lists the values that a switch can have.
func SwitchValues() []Cadence { return []Cadence{Instant, WithDigest, Off} }

// Switches say how a member gets the posts of each kind: [Instant], [WithDigest] or [Off]; empty: nobody chose, as Instant. Instant
// means an alert if the watch asks for one. Off takes precedence over every watch and override.
type Switches struct{ Replies, NewThreads, Quotes, Mentions Cadence }

// Of returns the switch of a kind.
func (s Switches) Of(kind PostKind) Cadence { return cmp.Or(*s.at(kind), Instant) }

// Set changes the switch of a kind.
func (s *Switches) Set(kind PostKind, to Cadence) { *s.at(kind) = to }

func (s *Switches) at(kind PostKind) *Cadence {
	switch kind {
	case NewThreads:
		return &s.NewThreads
	case Quotes:
		return &s.Quotes
	case Mentions:
		return &s.Mentions
	}
	return &s.Replies
}

// AsksFor reports whether the member chose alerts here, or posts of a kind at once.
func (c Preferences) AsksFor(kind PostKind) bool {
	return c.Alerts != "" && c.Alerts != NoAlerts || *c.Switches.at(kind) == Instant
}

// Or returns the switches with those of the site where the member chose nothing.
func (s Switches) Or(site Switches) Switches {
	return Switches{
		Replies: cmp.Or(s.Replies, site.Replies), NewThreads: cmp.Or(s.NewThreads, site.NewThreads),
		Quotes: cmp.Or(s.Quotes, site.Quotes), Mentions: cmp.Or(s.Mentions, site.Mentions),
	}
}

// Kind returns the kind of a post that has this cause.
func (c AlertCause) Kind(opening bool) PostKind {
	switch c {
	case Quoted:
		return Quotes
	case Mentioned:
		return Mentions
	}
	return watchedKind(opening)
}

// watchedKind returns the kind of a post that a watch covers.
func watchedKind(opening bool) PostKind {
	if opening {
		return NewThreads
	}
	return Replies
}

// offReason returns why a post of a kind that is off is left out.
func (k PostKind) offReason() Reason {
	return map[PostKind]Reason{Replies: RepliesOff, NewThreads: NewThreadsOff, Quotes: QuotesOff, Mentions: MentionsOff}[k]
}

// alerts reports whether a watched post comes at once, if its watch asks for that. An override for a single watch is more than a
// wish to get a kind with the digest.
func (s Switches) alerts(opening bool, override Cadence) bool {
	switch s.Of(watchedKind(opening)) {
	case Instant:
		return true
	case WithDigest:
		return override == Instant
	}
	return false
}

// alertsDirect returns the cause of a post that quotes or mentions the member, or "" if its kind does not come at once.
func (s Switches) alertsDirect(cause AlertCause) AlertCause {
	if cause.IsDirect() && s.Of(cause.Kind(false)) != Instant {
		return ""
	}
	return cause
}

// switchReason returns why a post of the edition is left out because of its kind: it is watched, or quotes or mentions the reader, but each
// of these is off.
func (w *Window) switchReason(r *Reader, it *item) (why Reason) {
	if r.notWatchedReason(it.thread, it.opening()) == "" {
		kind := watchedKind(it.opening())
		if r.Switches.Of(kind) != Off {
			return ""
		}
		why = kind.offReason()
	}
	if direct := r.Deferred[it.post.ID]; direct.IsDirect() {
		if r.direct(it) != "" {
			return ""
		}
		why = cmp.Or(why, direct.Kind(false).offReason())
	}
	return why
}

// direct returns Quoted or Mentioned if the post is deferred for that cause, and posts of that kind are not off.
func (r *Reader) direct(it *item) AlertCause {
	cause := r.Deferred[it.post.ID]
	if !cause.IsDirect() || r.Switches.Of(cause.Kind(false)) == Off {
		return ""
	}
	return cause
}
