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

// errResting is why a message was not even tried.
var errResting = errors.New("the relay is left alone for a while, because it could not be reached")

// relays are the ways on which mails leave: the owner's relay, and the one that takes over while the first is out of
// reach. They are a Sender.
type relays struct {
	list []*route
	bell *alarm.Manager
	log  *slog.Logger
}

// route is one relay.
type route struct {
	Sender
	breaker
	name string // what alarms call it; empty: the first
}

func newRelays(first, second Sender, bell *alarm.Manager, log *slog.Logger) *relays {
	r := &relays{list: []*route{{Sender: first}}, bell: bell, log: log}
	if second != nil {
		r.list = append(r.list, &route{Sender: second, name: "fallback"})
	}
	return r
}

// room is how many messages may be handed over now, at most most.
func (r *relays) room(now time.Time, most int) int {
	n := 0
	for _, way := range r.list {
		n = max(n, way.allows(now, most))
	}
	return n
}

// Send implements Sender. A message that did not reach one relay goes to the next at once: nothing of it was sent.
func (r *relays) Send(ctx context.Context, from, to string, raw []byte) mail.Outcome {
	return r.send(ctx, from, to, raw, func(way *route) bool { return way.admit(time.Now()) })
}

// Urge is Send for a message that must not wait until a relay that was out of reach is tried again.
func (r *relays) Urge(ctx context.Context, from, to string, raw []byte) mail.Outcome {
	return r.send(ctx, from, to, raw, func(*route) bool { return true })
}

func (r *relays) send(ctx context.Context, from, to string, raw []byte, may func(*route) bool) mail.Outcome {
	out := mail.Outcome{Result: mail.NotSent, Stage: mail.Connecting, At: time.Now(), Err: errResting}
	for _, way := range r.list {
		if !may(way) {
			continue
		}
		out = way.Send(ctx, from, to, raw)
		if ctx.Err() != nil && out.Unreachable() {
			return out // we are stopping: that says nothing of the relay
		}
		r.heard(way, out)
		if !out.Unreachable() && !out.LoginRefused() {
			return out
		}
	}
	return out
}

// heard notes what was heard of a relay, and tells the administrator.
func (r *relays) heard(way *route, out mail.Outcome) {
	switch {
	case out.LoginRefused():
		r.bell.Raise(alarm.Auth, way.name, fmt.Sprintf("%d %s", out.Code, out.Reply))
	case out.Unreachable():
		r.bell.Raise(alarm.Relay, way.name, fmt.Sprint(out.Err))
	case silent(out):
		r.bell.Raise(alarm.Relay, way.name, out.String())
	default:
		r.bell.Clear(alarm.Relay, way.name)
		r.bell.Clear(alarm.Auth, way.name)
	}
	switch way.note(out, time.Now()) {
	case tripped:
		r.log.Warn("relay out of reach, mails wait or go by another", "relay", way.title(), "code", out.Code, "err", out.Err)
	case healed:
		r.log.Info("relay in reach again", "relay", way.title())
	}
}

func (w *route) title() string {
	if w.name == "" {
		return "smtp"
	}
	return "smtp." + w.name
}
