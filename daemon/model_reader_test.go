package daemon

import (
	"slices"
	"time"

	"postrider/digest"
	"postrider/forum"
)

// modelMember is a member of a tale as one who looks over his shoulder sees him.
type modelMember struct {
	id           forum.MemberID
	name         string
	steward      bool
	zone         *time.Location
	sections     map[int]forum.Level    // which he watches
	emails       map[int]bool           // of those: whether the forum would mail
	threads      map[int64]bool         // which he watches: whether the forum would mail
	overrides    map[any]digest.Cadence // by section (int) or thread (int64)
	ignores      map[int64]bool
	readAt       map[int64]time.Time // threads
	banned       bool
	alerts       digest.AlertMode
	digests      digest.Cadence
	quietHours   [2]int    // hours; two that are alike: none
	pausedUntil  time.Time // until then
	watchChanges int       // of what he watches
}

// unknownOverride is a wish that may have lapsed, because the watch that it was about was changed since.
const unknownOverride digest.Cadence = "?"

// modelPost is a post of a tale.
type modelPost struct {
	id        forum.PostID
	thread    *modelThread
	author    int64
	opening   bool
	target    forum.MemberID // whom it quotes or mentions; 0: nobody
	at        time.Time
	state     string
	planned   bool // a round has gone well since it was seen first
	alertable bool // and whom it calls was callable then
}

// modelThread is a thread of a tale.
type modelThread struct {
	id      int64
	section int
	deleted bool
	moved   bool
}

func (w *modelPost) visible() bool { return w.state == "visible" && !w.thread.deleted }

// mayRead says whether he may see a post at this moment, wherever it stands.
func (p *modelMember) mayRead(w *modelPost) bool {
	return w.visible() && !p.banned && (p.steward || w.thread.section != guardsvan)
}

// override is how he wants to hear of a thread.
func (p *modelMember) override(t *modelThread) digest.Cadence {
	if c := p.overrides[t.id]; c != "" {
		return c
	}
	return p.overrides[t.section]
}

// watches says whether he asks for a post, and whether of it the forum would mail.
func (p *modelMember) watches(w *modelPost) (watched, emailed bool) {
	mail, watched := p.threads[w.thread.id]
	if level := p.sections[w.thread.section]; level == forum.AllPosts || level == forum.NewThreads && w.opening {
		watched, mail = true, mail || p.emails[w.thread.section]
	}
	return watched, mail
}

// hasRead says whether he has seen a post on the site.
func (p *modelMember) hasRead(w *modelPost) bool { return !p.readAt[w.thread.id].Before(w.at) }

// wants says whether a post should come to him, as things stand. When they stand so from the moment at which it is first
// seen, until it comes, it must come.
func (p *modelMember) wants(w *modelPost, now time.Time) bool {
	override := p.override(w.thread)
	if !p.mayRead(w) || int64(p.id) == w.author || p.ignores[w.author] || p.hasRead(w) || override == digest.Off || override == unknownOverride || p.digests == digest.Off {
		return false
	}
	if watched, _ := p.watches(w); watched {
		return true
	}
	// What only calls him comes at once, or not at all: unless it is planned, no digest knows of it.
	return w.target == p.id && (w.alertable || p.canAlert(w, now))
}

// canAlert says whether what calls him would be planned now to be told at once.
func (p *modelMember) canAlert(w *modelPost, now time.Time) bool {
	return p.override(w.thread) == "" && p.alerts != digest.NoAlerts && now.Sub(w.at) < 23*time.Hour
}

// whyNot says why a mail must not tell him of a post now; "": nothing does.
func (p *modelMember) whyNot(w *modelPost, alert bool, now time.Time) string {
	watched, _ := p.watches(w)
	hour := now.In(p.zone).Hour()
	override := p.override(w.thread)
	switch {
	case !p.mayRead(w):
		return "he may not read it"
	case int64(p.id) == w.author:
		return "it is his own"
	case p.ignores[w.author]:
		return "he ignores its author"
	case override == digest.Off:
		return "he has muted it"
	case !watched && w.target != p.id:
		return "he does not watch it"
	case p.pausedUntil.After(now):
		return "he has paused his mail"
	case !alert && p.digests == digest.Off:
		return "he wants no digests"
	case alert && p.alerts == digest.NoAlerts:
		return "he wants no alerts"
	case alert && p.hasRead(w):
		return "he has read it"
	case alert && p.quietHours != [2]int{} && (hour-p.quietHours[0]+24)%24 < (p.quietHours[1]-p.quietHours[0]+24)%24:
		return "his hours are quiet"
	case alert && slices.Contains([]digest.Cadence{digest.WithDigest, digest.Weekly}, override):
		return "he wants it with a digest"
	}
	return ""
}
