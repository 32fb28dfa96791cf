// Package delivery sends the messages that are due in the outbox.
//
// Service.Deliver claims a batch of messages under a lease (deliver.go), drafts them with the drafter of their kind (draft.go),
// and puts them into the queues of their mailbox providers (queues.go). The dispatcher (dispatch.go) marks messages as in flight,
// lets workers render and send them (outgoing.go), and saves their results (settle.go, settlements.go). What slows it down is
// in throttle.go (a provider), holds.go (a domain) and breaker.go (a relay).
package delivery

import (
	"context"
	"log/slog"
	"time"

	"golang.org/x/time/rate"

	"postrider/daemon/calendar"
	"postrider/daemon/settings"
	"postrider/forum"
	"postrider/internal/link"
	"postrider/mail"
	"postrider/store"
)

// The priorities of a loop for alerts and a concurrent loop for everything else. Announcements that have a relay of their own are in a
// third one.
var (
	AlertsOnly   = store.PriorityRange{First: store.AllPriorities.First, Last: store.PriorityAlert}
	ExceptAlerts = store.PriorityRange{First: store.PriorityAlert + 1, Last: store.AllPriorities.Last}

	AnnouncementsOnly = store.PriorityRange{First: store.PriorityAnnouncement, Last: store.PriorityAnnouncement}
)

// Sender sends a rendered message. *mail.SMTP and *mail.Folder implement it.
type Sender interface {
	Send(ctx context.Context, from, to string, raw []byte) mail.Outcome
}

// Deps are the dependencies of a delivery.
type Deps struct {
	Store    *store.Store
	Calendar calendar.Calendar
	Composer *mail.Composer
	Signer   *mail.Signer // nil: the relay signs
	// AnnouncementSigner signs announcements; nil: the relay does.
	AnnouncementSigner *mail.Signer
	Links              *link.Signer
	Log                *slog.Logger
	Now                func() time.Time // the clock for everything that is saved
}

// Hooks connect a delivery to what selects the messages.
type Hooks struct {
	Draft       map[string]Drafter // by kind of message
	Groups      func(context.Context, []forum.MemberID) (map[forum.MemberID][]forum.GroupID, error)
	BeforeBatch func(context.Context) (more bool, err error) // plans more messages; more: another call may plan more immediately
	Healthy     func(context.Context) error                  // checks the forum before a batch is drafted
	Progress    func()                                       // called after each batch
	Outcome     func(kind string, o OutcomeKind)             // called after each attempt to send a message
	Settled     func(store.Settlement)                       // called for each settlement that was saved
}

// Shared is what concurrent deliveries of a daemon through the same relays share. It is safe for concurrent use.
type Shared struct {
	Relays    *Relays
	throttles *throttles
	holds     *domainHolds
	limiter   *rate.Limiter // of all messages to these relays together; nil: none
}

// NewShared returns what deliveries to the same relays share.
func NewShared(relays *Relays, set settings.Delivery) *Shared {
	return &Shared{Relays: relays, throttles: newThrottles(set), holds: &domainHolds{relay: relays.store}, limiter: set.Limiter()}
}

// Service delivers the messages of some priorities from the outbox. It is not safe for concurrent use, but several may run
// concurrently if their priorities do not overlap.
type Service struct {
	Deps
	MaxSlowWait  time.Duration // how long a batch waits for slow providers when nothing else can be sent
	settings     settings.Settings
	hooks        Hooks
	shared       *Shared
	priorities   store.PriorityRange
	report       Report
	pausedLogged bool            // delivery was paused at the last check
	unsettled    *unsettledBatch // a batch whose results are not saved yet; nil: none
	strayClaims  bool            // messages may be leased that are in no batch, see releaseStray
}

// New returns a Service for the messages of some priorities.
func New(p Deps, set settings.Settings, shared *Shared, hooks Hooks, priorities store.PriorityRange) *Service {
	return &Service{Deps: p, MaxSlowWait: slowProviderWait, settings: set, hooks: hooks, shared: shared, priorities: priorities}
}
