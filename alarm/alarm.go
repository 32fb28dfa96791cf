// Package alarm notifies operators of problems that they must deal with: once when an alarm is raised, and once when it is resolved.
//
// Code that detects a problem calls [Manager.Raise], and [Manager.Clear] when the same operation succeeds. Both are cheap.
// [Manager.Flush], called regularly, compares these calls with the store and sends what is new: to the log immediately, and to
// each [Channel] until it accepts the notification. Active alarms are kept in the store, so only one of several daemons notifies,
// and a restart does not repeat a notification. A flapping problem does not notify each time: an alarm is resolved only
// after a period without the problem and with at least one success.
package alarm

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"postrider/store"
)

// Kind is the kind of a problem.
type Kind string

// The kinds. A kind with an object has a separate alarm for each object.
const (
	Forum     Kind = "forum"      // the forum's database cannot be read
	SelfCheck Kind = "self_check" // the forum's database is not as its type expects
	Store     Kind = "store"      // the store cannot be written, or its disk is nearly full
	Relay     Kind = "relay"      // the relay is unreachable
	Auth      Kind = "auth"       // the relay rejects the login
	Quota     Kind = "quota"      // the relay accepts no more messages for now, whoever the recipients are
	Held      Kind = "held"       // a domain rejects all messages and is on hold; the object is the domain
	Overdue   Kind = "overdue"    // rounds no longer finish
	Queue     Kind = "queue"      // the queue is growing
	Volume    Kind = "volume"     // far more or far fewer messages than usual
	Stopped   Kind = "stopped"    // the daemon paused an announcement; the object is its number
	Restored  Kind = "restored"   // the forum lost posts and uses their IDs again
	OldStore  Kind = "old_store"  // the store is an old copy, and an operator must decide about it
)

// Kinds lists all kinds.
var Kinds = []Kind{Forum, SelfCheck, Store, Relay, Auth, Quota, Held, Overdue, Queue, Volume, Stopped, Restored, OldStore}

// raiseDelay is how long a problem must last before the alarm is raised. Shorter problems need no attention.
var raiseDelay = map[Kind]time.Duration{Forum: 2 * time.Minute, Store: time.Minute, Relay: 2 * time.Minute}

const (
	// resolveDelay is how long a problem must not occur before its alarm is resolved.
	resolveDelay = 10 * time.Minute
	// saveInterval is how often a continuing problem is saved to the store.
	saveInterval = time.Minute
	// giveUpAfter is how long a notification is retried.
	giveUpAfter = 24 * time.Hour
)

// Notification says that an alarm was raised or resolved.
type Notification struct {
	Kind     Kind
	Object   string // for example the domain of Held; empty: the kind has no object
	Resolved bool   // false: raised
	Detail   string // the text of the error
	Since    time.Time
	At       time.Time
}

// Channel sends notifications to operators.
type Channel interface {
	Name() string // its name in the store
	Notify(context.Context, Notification) error
}

// Manager collects problems and sends notifications. It is safe for concurrent use.
type Manager struct {
	store    store.Alarms
	channels []Channel
	log      *slog.Logger
	now      func() time.Time

	flushMu sync.Mutex // held for a whole Flush

	mu           sync.Mutex
	active       map[string]*activeAlarm // by key: problems raised and not cleared since
	cleared      map[string]time.Time    // by key: when the last success was
	clearedKinds map[Kind]time.Time      // when SetActive last cleared all other alarms of the kind
	// resolved holds alarms that were notified while the store was unavailable, and then cleared. They must still be saved,
	// so that their resolution is notified too.
	resolved []store.Alarm
}

// activeAlarm is a problem that this daemon has detected.
type activeAlarm struct {
	detail      string
	first, last time.Time
	savedAt     time.Time       // the last occurrence that is saved in the store; zero: none
	notified    map[string]bool // by channel, while the store is unavailable
}

// New returns a Manager without active alarms.
func New(s store.Alarms, log *slog.Logger, now func() time.Time, channels ...Channel) *Manager {
	return &Manager{
		store: s, log: log, now: now, channels: channels,
		active: make(map[string]*activeAlarm), cleared: make(map[string]time.Time), clearedKinds: make(map[Kind]time.Time),
	}
}

// key returns the key of an alarm in the store.
func key(kind Kind, object string) string { return strings.TrimSpace(string(kind) + " " + object) }

// ParseKey splits an alarm's key into its kind and object.
func ParseKey(key string) (kind Kind, object string) {
	word, object, _ := strings.Cut(key, " ")
	return Kind(word), object
}

func notificationOf(n store.AlarmNotification) Notification {
	kind, object := ParseKey(n.Key)
	return Notification{Kind: kind, Object: object, Resolved: n.Resolved, Detail: n.Detail, Since: n.Since, At: n.At}
}

// Raise records that a problem occurred.
func (m *Manager) Raise(kind Kind, object, detail string) {
	now := m.now()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.raise(key(kind, object), detail, now)
}

func (m *Manager) raise(k, detail string, now time.Time) {
	delete(m.cleared, k)
	f := m.active[k]
	if f == nil {
		f = &activeAlarm{first: now}
		m.active[k] = f
	}
	f.detail, f.last = detail, now
}

// Clear records a success, which resolves the alarm after a while.
func (m *Manager) Clear(kind Kind, object string) {
	now := m.now()
	m.mu.Lock()
	defer m.mu.Unlock()
	k := key(kind, object)
	m.resolve(k)
	m.cleared[k] = now
}

// resolve removes an active alarm. If it was notified without the store, resolve keeps it for the next Flush.
func (m *Manager) resolve(k string) {
	if f := m.active[k]; f != nil && len(f.notified) > 0 {
		m.resolved = append(m.resolved, store.Alarm{Key: k, Detail: f.detail, Since: f.first, Due: f.first, Seen: f.last, NotifiedAt: f.last})
	}
	delete(m.active, k)
}

// SetActive raises an alarm of a kind for each object in problems, which maps objects to details. It clears all other alarms of
// the kind.
func (m *Manager) SetActive(kind Kind, problems map[string]string) {
	now := m.now()
	m.mu.Lock()
	defer m.mu.Unlock()
	for k := range m.active {
		if n := notificationOf(store.AlarmNotification{Key: k}); n.Kind == kind {
			if _, still := problems[n.Object]; !still {
				m.resolve(k)
			}
		}
	}
	m.clearedKinds[kind] = now
	for object, detail := range problems {
		m.raise(key(kind, object), detail, now)
	}
}
