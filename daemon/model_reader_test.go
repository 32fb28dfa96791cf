package daemon

import (
	"slices"
	"time"

	"postrider/digest"
	"postrider/forum"
)

// person is a member of a tale as one who looks over his shoulder sees him.
type person struct {
	id       forum.MemberID
	name     string
	steward  bool
	zone     *time.Location
	sections map[int]forum.Level    // which he watches
	mails    map[int]bool           // of those: whether the forum would mail
	threads  map[int64]bool         // which he watches: whether the forum would mail
	wishes   map[any]digest.Cadence // by section (int) or thread (int64)
	ignores  map[int64]bool
	read     map[int64]time.Time // threads
	banned   bool
	alerts   digest.AlertMode
	digests  digest.Cadence
	quiet    [2]int    // hours; two that are alike: none
	paused   time.Time // until then
	changes  int       // of what he watches
}

// unsure is a wish that may have lapsed, because the watch that it was about was changed since.
const unsure digest.Cadence = "?"

// writing is a post of a tale.
type writing struct {
	id      forum.PostID
	thread  *talk
	author  int64
	opens   bool
	calls   forum.MemberID // whom it quotes or mentions; 0: nobody
	at      time.Time
	state   string
	planned bool // a round has gone well since it was seen first
	noted   bool // and whom it calls was callable then
}

// talk is a thread of a tale.
type talk struct {
	id      int64
	section int
	deleted bool
	moved   bool
}

func (w *writing) visible() bool { return w.state == "visible" && !w.thread.deleted }

// mayRead says whether he may see a post at this moment, wherever it stands.
func (p *person) mayRead(w *writing) bool {
	return w.visible() && !p.banned && (p.steward || w.thread.section != guardsvan)
}

// wish is how he wants to hear of a thread.
func (p *person) wish(t *talk) digest.Cadence {
	if c := p.wishes[t.id]; c != "" {
		return c
	}
	return p.wishes[t.section]
}

// watches says whether he asks for a post, and whether of it the forum would mail.
func (p *person) watches(w *writing) (asks, mails bool) {
	mail, asks := p.threads[w.thread.id]
	if level := p.sections[w.thread.section]; level == forum.AllPosts || level == forum.NewThreads && w.opens {
		asks, mail = true, mail || p.mails[w.thread.section]
	}
	return asks, mail
}

// hasRead says whether he has seen a post on the site.
func (p *person) hasRead(w *writing) bool { return !p.read[w.thread.id].Before(w.at) }

// wants says whether a post should come to him, as things stand. When they stand so from the moment at which it is first
// seen, until it comes, it must come.
func (p *person) wants(w *writing, now time.Time) bool {
	wish := p.wish(w.thread)
	if !p.mayRead(w) || int64(p.id) == w.author || p.ignores[w.author] || p.hasRead(w) || wish == digest.Off || wish == unsure || p.digests == digest.Off {
		return false
	}
	if asks, _ := p.watches(w); asks {
		return true
	}
	// What only calls him comes at once, or not at all: unless it is planned, no digest knows of it.
	return w.calls == p.id && (w.noted || p.callable(w, now))
}

// callable says whether what calls him would be planned now to be told at once.
func (p *person) callable(w *writing, now time.Time) bool {
	return p.wish(w.thread) == "" && p.alerts != digest.NoAlerts && now.Sub(w.at) < 23*time.Hour
}

// bars says why a mail must not tell him of a post now; "": nothing does.
func (p *person) bars(w *writing, alert bool, now time.Time) string {
	asks, _ := p.watches(w)
	hour := now.In(p.zone).Hour()
	wish := p.wish(w.thread)
	switch {
	case !p.mayRead(w):
		return "he may not read it"
	case int64(p.id) == w.author:
		return "it is his own"
	case p.ignores[w.author]:
		return "he ignores its author"
	case wish == digest.Off:
		return "he has muted it"
	case !asks && w.calls != p.id:
		return "he does not watch it"
	case p.paused.After(now):
		return "he has paused his mail"
	case !alert && p.digests == digest.Off:
		return "he wants no digests"
	case alert && p.alerts == digest.NoAlerts:
		return "he wants no alerts"
	case alert && p.hasRead(w):
		return "he has read it"
	case alert && p.quiet != [2]int{} && (hour-p.quiet[0]+24)%24 < (p.quiet[1]-p.quiet[0]+24)%24:
		return "his hours are quiet"
	case alert && slices.Contains([]digest.Cadence{digest.WithDigest, digest.Weekly}, wish):
		return "he wants it with a digest"
	}
	return ""
}
