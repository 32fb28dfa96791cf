// Package alarm tells the administrator when something is wrong that he must see to: once, and once more when it is over.
//
// Whoever meets a fault calls [Bell.Raise], and [Bell.Clear] when the same thing goes well; both are cheap. Now and then
// [Bell.Ring] compares what was met with what the store remembers, and tells what is new: to the log at once, and by
// every [Channel] until that has taken it. What stands is kept in the store, so that of several daemons one tells it and
// a restart does not tell it again. What comes and goes does not ring each time: an alarm is over only when nothing bad was
// seen for a while, and something good.
package alarm

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"postrider/store"
)

// Kind is what is wrong.
type Kind string

// The kinds. Those that name an object stand once for each.
const (
	Forum     Kind = "forum"      // its database cannot be read
	SelfCheck Kind = "self_check" // the forum is not as its adapter thinks
	Store     Kind = "store"      // nothing can be written, or soon nothing can
	Relay     Kind = "relay"      // it cannot be reached
	Auth      Kind = "auth"       // it refuses our login
	Held      Kind = "held"       // a domain refuses everybody's mail; names the domain
	Overdue   Kind = "overdue"    // no round ends
	Queue     Kind = "queue"      // more comes than goes
	Volume    Kind = "volume"     // far more or fewer mails than usual
	Stopped   Kind = "stopped"    // the daemon has paused an announcement; names its number
)

// Kinds are all of them.
var Kinds = []Kind{Forum, SelfCheck, Store, Relay, Auth, Held, Overdue, Queue, Volume, Stopped}

// grace is how long a kind must stand before it is told: what passes by itself in that time is nobody's business.
var grace = map[Kind]time.Duration{Forum: 2 * time.Minute, Store: time.Minute, Relay: 2 * time.Minute}

const (
	// calm is how long nothing bad must have been seen until an alarm is over.
	calm = 10 * time.Minute
	// again is how often a fault that goes on is written down.
	again = time.Minute
	// patience is how long a note is tried.
	patience = 24 * time.Hour
)

// Note is one thing to tell.
type Note struct {
	Kind   Kind
	Object string // what Held is about; empty: nothing more to name
	Over   bool   // it is over, else it has begun
	Detail string // what an error said
	Since  time.Time
	At     time.Time
}

// Channel is a way to the administrator.
type Channel interface {
	Name() string // what the store calls it
	Tell(context.Context, Note) error
}

// Bell gathers what was met, and tells it. It is safe for concurrent use.
type Bell struct {
	store    *store.Store
	channels []Channel
	log      *slog.Logger
	now      func() time.Time

	ringing sync.Mutex // one Ring at a time

	mu   sync.Mutex
	met  map[string]*fault    // by key: what was seen bad and not good since
	good map[string]time.Time // by key: what was seen good and not told the store
	fine map[Kind]time.Time   // kinds of which all was seen good but what is met
	// passed are faults that were told while the store did not answer, and are over: it must know of them, so that their
	// end is told, too.
	passed []store.Alarm
}

// fault is what this daemon has met.
type fault struct {
	detail      string
	first, last time.Time
	noted       time.Time       // the last that the store knows of
	told        map[string]bool // by channel, while the store does not answer
}

// New makes a bell.
func New(s *store.Store, log *slog.Logger, now func() time.Time, channels ...Channel) *Bell {
	return &Bell{
		store: s, log: log, now: now, channels: channels,
		met: make(map[string]*fault), good: make(map[string]time.Time), fine: make(map[Kind]time.Time),
	}
}

// key is what the store calls an alarm.
func key(kind Kind, object string) string { return strings.TrimSpace(string(kind) + " " + object) }

// Named says what an alarm's key names.
func Named(key string) (kind Kind, object string) {
	word, object, _ := strings.Cut(key, " ")
	return Kind(word), object
}

func noteOf(n store.AlarmNotification) Note {
	kind, object := Named(n.Key)
	return Note{Kind: kind, Object: object, Over: n.Resolved, Detail: n.Detail, Since: n.Since, At: n.At}
}

// Raise says that something was seen bad.
func (b *Bell) Raise(kind Kind, object, detail string) {
	now := b.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.raise(key(kind, object), detail, now)
}

func (b *Bell) raise(k, detail string, now time.Time) {
	delete(b.good, k)
	f := b.met[k]
	if f == nil {
		f = &fault{first: now}
		b.met[k] = f
	}
	f.detail, f.last = detail, now
}

// Clear says that something was seen good.
func (b *Bell) Clear(kind Kind, object string) {
	now := b.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	k := key(kind, object)
	b.drop(k)
	b.good[k] = now
}

// drop forgets a fault that is over.
func (b *Bell) drop(k string) {
	if f := b.met[k]; f != nil && len(f.told) > 0 {
		b.passed = append(b.passed, store.Alarm{Key: k, Detail: f.detail, Since: f.first, Due: f.first, Seen: f.last, NotifiedAt: f.last})
	}
	delete(b.met, k)
}

// Judge says all that is wrong of one kind, by object, with what there is to say of each. Other alarms of the kind were
// seen good.
func (b *Bell) Judge(kind Kind, bad map[string]string) {
	now := b.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	for k := range b.met {
		if n := noteOf(store.AlarmNotification{Key: k}); n.Kind == kind {
			if _, still := bad[n.Object]; !still {
				b.drop(k)
			}
		}
	}
	b.fine[kind] = now
	for object, detail := range bad {
		b.raise(key(kind, object), detail, now)
	}
}
