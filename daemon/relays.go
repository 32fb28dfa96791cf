package daemon

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

// relayPool is a Sender with the main relay and an optional fallback, which is used while the main relay is unreachable.
type relayPool struct {
	list []*relay
	bell *alarm.Manager
	log  *slog.Logger
}

// relay is one relay.
type relay struct {
	Sender
	breaker
	name string // name in alarms; empty: the main relay
}

func newRelays(first, second Sender, bell *alarm.Manager, log *slog.Logger) *relayPool {
	r := &relayPool{list: []*relay{{Sender: first}}, bell: bell, log: log}
	if second != nil {
		r.list = append(r.list, &relay{Sender: second, name: "fallback"})
	}
	return r
}

// available returns how many messages may be sent now, up to most.
func (r *relayPool) available(now time.Time, most int) int {
	n := 0
	for _, way := range r.list {
		n = max(n, way.available(now, most))
	}
	return n
}

// Send implements Sender. A message that did not reach one relay is sent to the next one immediately: nothing of it was sent.
func (r *relayPool) Send(ctx context.Context, from, to string, raw []byte) mail.Outcome {
	return r.send(ctx, from, to, raw, func(way *relay) bool { return way.allow(time.Now()) })
}

// SendNow is like Send, but ignores open circuit breakers.
func (r *relayPool) SendNow(ctx context.Context, from, to string, raw []byte) mail.Outcome {
	return r.send(ctx, from, to, raw, func(*relay) bool { return true })
}

func (r *relayPool) send(ctx context.Context, from, to string, raw []byte, allow func(*relay) bool) mail.Outcome {
	out := mail.Outcome{Result: mail.NotSent, Stage: mail.Connecting, At: time.Now(), Err: errCircuitOpen}
	for _, way := range r.list {
		if !allow(way) {
			continue
		}
		out = way.Send(ctx, from, to, raw)
		if ctx.Err() != nil && out.Unreachable() {
			return out // the daemon is stopping, which says nothing about the relay
		}
		r.recordOutcome(way, out)
		if !out.Unreachable() && !out.LoginRefused() {
			return out
		}
	}
	return out
}

// recordOutcome records an outcome of a relay, and logs and raises alarms for changes.
func (r *relayPool) recordOutcome(way *relay, out mail.Outcome) {
	switch {
	case out.LoginRefused():
		r.bell.Raise(alarm.Auth, way.name, fmt.Sprintf("%d %s", out.Code, out.Reply))
	case out.Unreachable():
		r.bell.Raise(alarm.Relay, way.name, fmt.Sprint(out.Err))
	case countsAsFailure(out):
		r.bell.Raise(alarm.Relay, way.name, out.String())
	default:
		r.bell.Clear(alarm.Relay, way.name)
		r.bell.Clear(alarm.Auth, way.name)
	}
	switch way.record(out, time.Now()) {
	case opened:
		r.log.Warn("relay unreachable, messages wait or use another relay", "relay", way.configName(), "code", out.Code, "err", out.Err)
	case closed:
		r.log.Info("relay reachable again", "relay", way.configName())
	}
}

func (w *relay) configName() string {
	if w.name == "" {
		return "smtp"
	}
	return "smtp." + w.name
}
