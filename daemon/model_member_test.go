package daemon

import (
	"slices"
	"time"

	"postrider/digest"
	"postrider/forum"
)

// modelMember is a member of a history as the model knows them.
type modelMember struct {
	id           forum.MemberID
	name         string
	steward      bool
	zone         *time.Location
	sections     map[int]forum.Level    // watched sections
	emails       map[int]bool           // of those: whether the forum sends emails
	threads      map[int64]bool         // watched threads: whether the forum sends emails
	overrides    map[any]digest.Cadence // by section (int) or thread (int64)
	ignores      map[int64]bool
	readAt       map[int64]time.Time // threads
	banned       bool
	everBanned   bool // at any time
	alerts       digest.AlertMode
	digests      digest.Cadence
	switches     digest.Switches
	quietHours   [2]int    // hours; two equal ones: none
	pausedUntil  time.Time // until then
	weekendsOff  bool
	threadsOnly  bool         // of sections
	added        map[int]bool // sections that are watched only here
	asked        bool         // for a digest, which may come on weekends
	watchChanges int          // number of changes to the watches
}

// unknownOverride is an override that may no longer apply, because its watch was changed since.
const unknownOverride digest.Cadence = "?"

// modelPost is a post of a history.
type modelPost struct {
	id        forum.PostID
	thread    *modelThread
	author    int64
	opening   bool
	target    forum.MemberID  // member that it quotes or mentions; 0: none
	direct    digest.PostKind // digest.Quotes or digest.Mentions, if it has a target
	at        time.Time
	state     string
	hidden    bool // it was not visible for some time
	planned   bool // a round succeeded since it was first visible
	alertable bool // and its target could get an alert at that time
}

// modelThread is a thread of a history.
type modelThread struct {
	id      int64
	section int
	deleted bool
	hidden  bool // it was deleted for some time
	moved   bool
}

func (w *modelPost) visible() bool { return w.state == "visible" && !w.thread.deleted }

// mayRead reports whether the member may read a post now, in its current section.
func (p *modelMember) mayRead(w *modelPost) bool {
	return w.visible() && !p.banned && (p.steward || w.thread.section != guardsvan)
}

// override returns the override that applies to a thread.
func (p *modelMember) override(t *modelThread) digest.Cadence {
	if c := p.overrides[t.id]; c != "" {
		return c
	}
	return p.overrides[t.section]
}

// watches reports whether the member watches a post, and whether the forum sends emails for it.
func (p *modelMember) watches(w *modelPost) (watched, emailed bool) {
	mail, watched := p.threads[w.thread.id]
	level := p.sections[w.thread.section]
	if level == 0 && p.added[w.thread.section] {
		level = forum.AllPosts
	}
	if level == forum.AllPosts && !p.threadsOnly || level == forum.AllPosts && w.opening || level == forum.NewThreads && w.opening {
		watched, mail = true, mail || p.emails[w.thread.section]
	}
	return watched, mail
}

// mayHaveRead reports whether the member may have read a post on the site.
func (p *modelMember) mayHaveRead(w *modelPost) bool { return !p.readAt[w.thread.id].Before(w.at) }

// hasRead reports whether the member has certainly read a post on the site: it was visible in its place all the time.
func (p *modelMember) hasRead(w *modelPost) bool {
	return p.readAt[w.thread.id].After(w.at) && !w.hidden && !w.thread.hidden && !w.thread.moved
}

// wants reports whether the member should get a post in the current state. A post must arrive if that is so from when it is first
// visible until it arrives.
func (p *modelMember) wants(w *modelPost, now time.Time) bool {
	override := p.override(w.thread)
	if !p.mayRead(w) || int64(p.id) == w.author || p.ignores[w.author] || p.mayHaveRead(w) || override == digest.Off || override == unknownOverride || p.digests == digest.Off {
		return false
	}
	if watched, _ := p.watches(w); watched && p.switches.Of(w.watchedKind()) != digest.Off {
		return true
	}
	// Digests have a quote or mention without a watch only if an alert was planned, or if it was left to them instead.
	return w.target == p.id && p.switches.Of(w.direct) != digest.Off && (w.alertable || p.canAlert(w, now))
}

// watchedKind returns the kind of the post if it is watched.
func (w *modelPost) watchedKind() digest.PostKind {
	if w.opening {
		return digest.NewThreads
	}
	return digest.Replies
}

// turnedOff reports whether the member turned off all that the post is to them, or for an alert, whether none of it comes at once.
func (p *modelMember) turnedOff(w *modelPost, watched, alert bool) bool {
	on := func(kind digest.PostKind, override digest.Cadence) bool {
		to := p.switches.Of(kind)
		return to == digest.Instant || to == digest.WithDigest && (!alert || override == digest.Instant || override == unknownOverride)
	}
	return !(watched && on(w.watchedKind(), p.override(w.thread)) || w.target == p.id && on(w.direct, ""))
}

// canAlert reports whether a quote or mention would be planned as an alert now, or left to the digest.
func (p *modelMember) canAlert(w *modelPost, now time.Time) bool {
	to := p.switches.Of(w.direct)
	switch override := p.override(w.thread); {
	case to == digest.Off || now.Sub(w.at) >= 23*time.Hour:
		return false
	case override == "":
		return to == digest.WithDigest || p.alerts != digest.NoAlerts
	default:
		return override == digest.WithDigest || override == digest.Weekly
	}
}

// whyNot returns why a message must not have a post now; "": it may.
func (p *modelMember) whyNot(w *modelPost, alert bool, now time.Time) string {
	watched, _ := p.watches(w)
	hour := now.In(p.zone).Hour()
	override := p.override(w.thread)
	switch {
	case !p.mayRead(w):
		return "not readable"
	case int64(p.id) == w.author:
		return "own post"
	case p.ignores[w.author]:
		return "author ignored"
	case override == digest.Off:
		return "muted"
	case !watched && w.target != p.id:
		return "not watched"
	case p.turnedOff(w, watched, alert):
		return "posts of its kind turned off, or with the digest"
	case p.weekendsOff && (alert || !p.asked) && slices.Contains([]time.Weekday{time.Saturday, time.Sunday}, now.In(p.zone).Weekday()):
		return "weekends off"
	case p.pausedUntil.After(now):
		return "emails paused"
	case !alert && p.digests == digest.Off:
		return "digests turned off"
	case alert && p.alerts == digest.NoAlerts:
		return "alerts turned off"
	case alert && p.hasRead(w):
		return "already read"
	case alert && p.quietHours != [2]int{} && (hour-p.quietHours[0]+24)%24 < (p.quietHours[1]-p.quietHours[0]+24)%24:
		return "quiet hours"
	case alert && slices.Contains([]digest.Cadence{digest.WithDigest, digest.Weekly}, override):
		return "override: with a digest"
	}
	return ""
}
