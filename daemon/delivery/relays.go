package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"postrider/alarm"
	"postrider/mail"
)

// errCircuitOpen is the error for a message that was not attempted.
var errCircuitOpen = errors.New("circuit breaker open: the relay could not be reached")

// Relays is a Sender with the main relay and an optional fallback, which is used while the main relay is unreachable.
type Relays struct {
	list   []*relay
	alarms *alarm.Manager
	log    *slog.Logger
}

// relay is one relay.
type relay struct {
	Sender
	breaker
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

// available returns how many messages may be sent now, up to most.
func (r *Relays) available(now time.Time, most int) int {
	n := 0
	for _, relay := range r.list {
		n = max(n, relay.available(now, most))
	}
	return n
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
		out = relay.Send(ctx, from, to, raw)
		if ctx.Err() != nil && out.Unreachable() {
			return out // the daemon is stopping, which says nothing about the relay
		}
		r.recordOutcome(relay, out)
		if !out.Unreachable() && !out.LoginRefused() {
			return out
		}
	}
	return out
}

// recordOutcome records an outcome of a relay, and logs and raises alarms for changes.
func (r *Relays) recordOutcome(relay *relay, out mail.Outcome) {
	switch {
	case out.LoginRefused():
		r.alarms.Raise(alarm.Auth, relay.name, fmt.Sprintf("%d %s", out.Code, out.Reply))
	case out.Unreachable():
		r.alarms.Raise(alarm.Relay, relay.name, fmt.Sprint(out.Err))
	case countsAsFailure(out):
		r.alarms.Raise(alarm.Relay, relay.name, out.String())
	default:
		r.alarms.Clear(alarm.Relay, relay.name)
		r.alarms.Clear(alarm.Auth, relay.name)
	}
	switch relay.record(out, time.Now()) {
	case opened:
		r.log.Warn("relay unreachable, messages wait or use another relay", "relay", relay.configName(), "code", out.Code, "err", out.Err)
	case closed:
		r.log.Info("relay reachable again", "relay", relay.configName())
	}
}

func (w *relay) configName() string {
	if w.name == "" {
		return "smtp"
	}
	return "smtp." + w.name
}

// InUse reports whether each relay is in use, by the name of its configuration table. A relay is not in use while its circuit
// breaker is open.
func (r *Relays) InUse() map[string]bool {
	up := make(map[string]bool, len(r.list))
	for _, relay := range r.list {
		up[relay.configName()] = relay.closed()
	}
	return up
}
