package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"postrider/alarm"
	"postrider/mail"
	"postrider/store"
)

// errCircuitOpen is the error for a message that was not attempted.
var errCircuitOpen = errors.New("circuit breaker open: the relay could not be reached")

// Relays is a Sender with the main relay and an optional fallback, which is used while the main relay is unreachable.
type Relays struct {
	store  string // how the store names them
	list   []*relay
	alarms *alarm.Manager
	log    *slog.Logger
}

// relay is one relay.
type relay struct {
	Sender
	breaker
	pace relayPace
	name string // name in alarms; empty: the main relay
}

// NewRelays returns the relays. second is nil if there is no fallback.
func NewRelays(first, second Sender, bell *alarm.Manager, log *slog.Logger) *Relays {
	r := &Relays{list: []*relay{{Sender: first}}, alarms: bell, log: log}
	if second != nil {
		r.list = append(r.list, &relay{Sender: second, name: "fallback"})
	}
	return r
}

// NewAnnouncementRelay returns the relay that only announcements use. There is no fallback: announcements wait until it works again.
func NewAnnouncementRelay(only Sender, bell *alarm.Manager, log *slog.Logger) *Relays {
	name := store.AnnouncementRelay
	return &Relays{store: name, list: []*relay{{Sender: only, name: name}}, alarms: bell, log: log}
}

// available returns how many messages may be sent now, up to most.
func (r *Relays) available(now time.Time, most int) int {
	n := 0
	for _, relay := range r.list {
		n = max(n, relay.available(now, most))
	}
	return n
}

// ready reports whether another message may be sent now: a relay is in use and not too busy.
func (r *Relays) ready(now time.Time) bool {
	relay := r.first(now)
	return relay != nil && relay.pace.available(now)
}

// consume counts a message that is about to be sent.
func (r *Relays) consume(now time.Time) {
	if relay := r.first(now); relay != nil {
		relay.pace.consume(now)
	}
}

// first returns the relay that gets the next message; nil: none.
func (r *Relays) first(now time.Time) *relay {
	for _, relay := range r.list {
		if relay.available(now, 1) > 0 {
			return relay
		}
	}
	return nil
}

// Send implements Sender. A message that did not reach one relay is sent to the next one immediately: nothing of it was sent.
func (r *Relays) Send(ctx context.Context, from, to string, raw []byte) mail.Outcome {
	return r.send(ctx, from, to, raw, func(relay *relay) bool { return relay.allow(time.Now()) })
}

// SendNow is like Send, but ignores open circuit breakers.
func (r *Relays) SendNow(ctx context.Context, from, to string, raw []byte) mail.Outcome {
	return r.send(ctx, from, to, raw, func(*relay) bool { return true })
}

func (r *Relays) send(ctx context.Context, from, to string, raw []byte, allow func(*relay) bool) mail.Outcome {
	out := mail.Outcome{Result: mail.NotSent, Stage: mail.Connecting, At: time.Now(), Err: errCircuitOpen}
	for _, relay := range r.list {
		if !allow(relay) {
			continue
		}
		began := time.Now()
		out = relay.Send(ctx, from, to, raw)
		if ctx.Err() != nil && out.Unreachable() {
			return out // the daemon is stopping, which says nothing about the relay
		}
		r.recordOutcome(relay, out)
		r.recordSpeed(relay, out, began)
		if !out.Unreachable() && !out.LoginRefused() && out.RelayLimit() == mail.NoRelayLimit {
			return out
		}
	}
	return out
}

// recordSpeed records whether the relay finds us too fast.
func (r *Relays) recordSpeed(relay *relay, out mail.Outcome, began time.Time) {
	now := time.Now()
	switch {
	case out.RelayLimit() == mail.RelayRate:
		if relay.pace.limit(began, now) {
			r.log.Warn("relay is rate limiting us, slowing down", "relay", relay.configName(), "a_second", relay.pace.perSecond(), "code", out.Code, "reply", out.Reply)
		}
	case out.Result == mail.Accepted:
		if relay.pace.accept(now) {
			r.log.Info("relay rate limit removed", "relay", relay.configName())
		}
	}
}

// recordOutcome records an outcome of a relay, and logs and raises alarms for changes.
func (r *Relays) recordOutcome(relay *relay, out mail.Outcome) {
	switch {
	case out.LoginRefused():
		r.alarms.Raise(alarm.Auth, relay.name, fmt.Sprintf("%d %s", out.Code, out.Reply))
	case out.RelayLimit() == mail.RelayQuota:
		r.alarms.Raise(alarm.Quota, relay.name, fmt.Sprintf("%d %s", out.Code, out.Reply))
	case out.RelayLimit() == mail.RelayRate: // the relay works
	case out.Unreachable():
		r.alarms.Raise(alarm.Relay, relay.name, fmt.Sprint(out.Err))
	case countsAsFailure(out):
		r.alarms.Raise(alarm.Relay, relay.name, out.String())
	default:
		r.alarms.Clear(alarm.Relay, relay.name)
		r.alarms.Clear(alarm.Auth, relay.name)
		if out.Result == mail.Accepted {
			r.alarms.Clear(alarm.Quota, relay.name)
		}
	}
	switch relay.record(out, time.Now()) {
	case opened:
		if out.RelayLimit() == mail.RelayQuota {
			r.log.Warn("relay accepts no more messages for now, messages wait or use another relay", "relay", relay.configName(), "code", out.Code, "reply", out.Reply)
			return
		}
		r.log.Warn("relay unreachable, messages wait or use another relay", "relay", relay.configName(), "code", out.Code, "err", out.Err)
	case closed:
		r.log.Info("relay reachable again", "relay", relay.configName())
	}
}

func (w *relay) configName() string { return store.RelayTable(w.name) }

// ConfigName returns the configuration table of the first relay.
func (r *Relays) ConfigName() string { return r.list[0].configName() }

// InUse reports whether each relay is in use, by the name of its configuration table. A relay is not in use while its circuit
// breaker is open.
func (r *Relays) InUse() map[string]bool {
	up := make(map[string]bool, len(r.list))
	for _, relay := range r.list {
		up[relay.configName()] = relay.closed()
	}
	return up
}
