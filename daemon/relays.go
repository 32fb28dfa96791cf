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

// errCircuitOpen is why a message was not even tried.
var errCircuitOpen = errors.New("the relay is left alone for a while, because it could not be reached")

// relayPool are the ways on which mails leave: the owner's relay, and the one that takes over while the first is out of
// reach. They are a Sender.
type relayPool struct {
	list []*relay
	bell *alarm.Manager
	log  *slog.Logger
}

// relay is one relay.
type relay struct {
	Sender
	breaker
	name string // what alarms call it; empty: the first
}

func newRelays(first, second Sender, bell *alarm.Manager, log *slog.Logger) *relayPool {
	r := &relayPool{list: []*relay{{Sender: first}}, bell: bell, log: log}
	if second != nil {
		r.list = append(r.list, &relay{Sender: second, name: "fallback"})
	}
	return r
}

// available is how many messages may be handed over now, at most most.
func (r *relayPool) available(now time.Time, most int) int {
	n := 0
	for _, way := range r.list {
		n = max(n, way.available(now, most))
	}
	return n
}

// Send implements Sender. A message that did not reach one relay goes to the next at once: nothing of it was sent.
func (r *relayPool) Send(ctx context.Context, from, to string, raw []byte) mail.Outcome {
	return r.send(ctx, from, to, raw, func(way *relay) bool { return way.allow(time.Now()) })
}

// SendNow is Send for a message that must not wait until a relay that was out of reach is tried again.
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
			return out // we are stopping: that says nothing of the relay
		}
		r.recordOutcome(way, out)
		if !out.Unreachable() && !out.LoginRefused() {
			return out
		}
	}
	return out
}

// recordOutcome notes what was heard of a relay, and tells the administrator.
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
		r.log.Warn("relay out of reach, mails wait or go by another", "relay", way.configName(), "code", out.Code, "err", out.Err)
	case closed:
		r.log.Info("relay in reach again", "relay", way.configName())
	}
}

func (w *relay) configName() string {
	if w.name == "" {
		return "smtp"
	}
	return "smtp." + w.name
}
