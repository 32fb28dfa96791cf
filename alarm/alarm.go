// Package alarm tells the administrator when something is wrong that he must see to: once, and once more when it is over.
//
// Whoever meets a fault calls [Manager.Raise], and [Manager.Clear] when the same thing goes well; both are cheap. Now and then
// [Manager.Flush] compares what was met with what the store remembers, and tells what is new: to the log at once, and by
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

// raiseDelay is how long a kind must stand before it is told: what passes by itself in that time is nobody's business.
var raiseDelay = map[Kind]time.Duration{Forum: 2 * time.Minute, Store: time.Minute, Relay: 2 * time.Minute}

const (
	// resolveDelay is how long nothing bad must have been seen until an alarm is over.
	resolveDelay = 10 * time.Minute
	// saveInterval is how often a fault that goes on is written down.
	saveInterval = time.Minute
	// giveUpAfter is how long a note is tried.
	giveUpAfter = 24 * time.Hour
)

// Notification is one thing to tell.
type Notification struct {
	Kind     Kind
	Object   string // what Held is about; empty: nothing more to name
	Resolved bool   // it is over, else it has begun
	Detail   string // what an error said
	Since    time.Time
	At       time.Time
}

// Channel is a way to the administrator.
type Channel interface {
	Name() string // what the store calls it
	Notify(context.Context, Notification) error
}

// Manager gathers what was met, and tells it. It is safe for concurrent use.
type Manager struct {
	store    *store.Store
	channels []Channel
	log      *slog.Logger
	now      func() time.Time

	flushMu sync.Mutex // one Ring at a time

	mu           sync.Mutex
	active       map[string]*activeAlarm // by key: what was seen bad and not good since
	cleared      map[string]time.Time    // by key: what was seen good and not told the store
	clearedKinds map[Kind]time.Time      // kinds of which all was seen good but what is met
	// resolved are faults that were told while the store did not answer, and are over: it must know of them, so that their
	// end is told, too.
	resolved []store.Alarm
}

// activeAlarm is what this daemon has met.
type activeAlarm struct {
	detail      string
	first, last time.Time
	savedAt     time.Time       // the last that the store knows of
	notified    map[string]bool // by channel, while the store does not answer
}

// New makes a bell.
func New(s *store.Store, log *slog.Logger, now func() time.Time, channels ...Channel) *Manager {
	return &Manager{
		store: s, log: log, now: now, channels: channels,
		active: make(map[string]*activeAlarm), cleared: make(map[string]time.Time), clearedKinds: make(map[Kind]time.Time),
	}
}

// key is what the store calls an alarm.
func key(kind Kind, object string) string { return strings.TrimSpace(string(kind) + " " + object) }

// ParseKey says what an alarm's key names.
func ParseKey(key string) (kind Kind, object string) {
	word, object, _ := strings.Cut(key, " ")
	return Kind(word), object
}

func notificationOf(n store.AlarmNotification) Notification {
	kind, object := ParseKey(n.Key)
	return Notification{Kind: kind, Object: object, Resolved: n.Resolved, Detail: n.Detail, Since: n.Since, At: n.At}
}

// Raise says that something was seen bad.
func (b *Manager) Raise(kind Kind, object, detail string) {
	now := b.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.raise(key(kind, object), detail, now)
}

func (b *Manager) raise(k, detail string, now time.Time) {
	delete(b.cleared, k)
	f := b.active[k]
	if f == nil {
		f = &activeAlarm{first: now}
		b.active[k] = f
	}
	f.detail, f.last = detail, now
}

// Clear says that something was seen good.
func (b *Manager) Clear(kind Kind, object string) {
	now := b.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	k := key(kind, object)
	b.resolve(k)
	b.cleared[k] = now
}

// resolve forgets a fault that is over.
func (b *Manager) resolve(k string) {
	if f := b.active[k]; f != nil && len(f.notified) > 0 {
		b.resolved = append(b.resolved, store.Alarm{Key: k, Detail: f.detail, Since: f.first, Due: f.first, Seen: f.last, NotifiedAt: f.last})
	}
	delete(b.active, k)
}

// SetActive says all that is wrong of one kind, by object, with what there is to say of each. Other alarms of the kind were
// seen good.
func (b *Manager) SetActive(kind Kind, bad map[string]string) {
	now := b.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	for k := range b.active {
		if n := notificationOf(store.AlarmNotification{Key: k}); n.Kind == kind {
			if _, still := bad[n.Object]; !still {
				b.resolve(k)
			}
		}
	}
	b.clearedKinds[kind] = now
	for object, detail := range bad {
		b.raise(key(kind, object), detail, now)
	}
}
