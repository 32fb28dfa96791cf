package inbound_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	netmail "net/mail"
	"strings"
	"testing"

	"postrider/bounce"
	"postrider/inbound"
	"postrider/mail"
)

// forwarded is a message that was forwarded.
type forwarded struct {
	from, to string
	raw      []byte
}

// forwardReplies makes the processor forward to admin@example.org, and returns the forwarded messages.
func (d *fixture) forwardReplies(answer *mail.Outcome) *[]forwarded {
	var sent []forwarded
	d.Replies = &inbound.Replies{
		To: "admin@example.org", From: netmail.Address{Name: "Example Forum", Address: "digest@forum.example.org"},
		Senders: []string{"digest@forum.example.org", "news@news.example.org"},
		Send: func(_ context.Context, from, to string, raw []byte) mail.Outcome {
			if answer != nil {
				return *answer
			}
			sent = append(sent, forwarded{from, to, raw})
			return mail.Outcome{Result: mail.Accepted}
		},
	}
	return &sent
}

// personal returns an answer that Anna wrote.
func personal(fields ...string) []byte {
	return []byte("From: Anna <anna@members.example>\nSubject: =?utf-8?Q?Re:_3_neue_Beitr=C3=A4ge?=\nMessage-ID: <1@members.example>\n" +
		strings.Join(fields, "\n") + "\nContent-Type: text/plain; charset=utf-8\n\nPlease send me fewer emails.\n.dot\n")
}

func TestReplies_ForwardsAnswerOnce(t *testing.T) {
	d := newFixture(t)
	sent := d.forwardReplies(nil)
	raw := personal("In-Reply-To: " + d.Composer.MessageID(key))
	for range 2 {
		if err := d.Process(t.Context(), []string{d.returnPath()}, raw); err != nil {
			t.Fatal(err)
		}
	}
	if len(*sent) != 1 {
		t.Fatalf("%d messages were forwarded, want 1; log:\n%s", len(*sent), d.log)
	}
	got := (*sent)[0]
	m, err := netmail.ReadMessage(strings.NewReader(string(got.raw)))
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(m.Body)
	if got.to != "admin@example.org" || m.Header.Get("Reply-To") != "<anna@members.example>" || !strings.Contains(string(body), "Please send me fewer emails.") {
		t.Errorf("forwarded to %s:\n%s", got.to, got.raw)
	}
	for line := range strings.Lines(string(got.raw)) {
		if strings.HasPrefix(line, ".") || !strings.HasSuffix(line, "\r\n") || len(line) > 1000 {
			t.Errorf("line %q is not valid in a message", line)
		}
	}
	if err := d.Process(t.Context(), []string{d.returnPath()}, got.raw); err != nil || len(*sent) != 1 {
		t.Errorf("the forwarded message was forwarded again: %d messages (%v)", len(*sent), err)
	}
	if log := d.log.String(); strings.Contains(log, "anna@") || strings.Contains(log, "admin@") {
		t.Errorf("log contains an address:\n%s", log)
	}
}

func TestReplies_ForwardsOnlyAnswersOfPersons(t *testing.T) {
	for name, tt := range map[string]struct {
		to   func(*fixture) string
		raw  func(*fixture) []byte
		want int
	}{
		"to the return path":       {(*fixture).returnPath, func(*fixture) []byte { return personal("X: y") }, 1},
		"by its In-Reply-To":       {nil, func(d *fixture) []byte { return personal("In-Reply-To: " + d.Composer.MessageID(key)) }, 1},
		"by its References":        {nil, func(d *fixture) []byte { return personal("References: <a@b.example>\n " + d.Composer.MessageID(key)) }, 1},
		"to the sender":            {func(*fixture) string { return "Digest@forum.example.org" }, func(*fixture) []byte { return personal("X: y") }, 1},
		"to announcements' sender": {func(*fixture) string { return "news@news.example.org" }, func(*fixture) []byte { return personal("X: y") }, 1},
		"to another address":       {func(*fixture) string { return "x@" + domain }, func(*fixture) []byte { return personal("X: y") }, 0},
		"with a forged token":      {func(*fixture) string { return "b-16-" + strings.Repeat("a", 24) + "@" + domain }, func(*fixture) []byte { return personal("X: y") }, 0},
		"automatic":                {(*fixture).returnPath, func(*fixture) []byte { return personal("Auto-Submitted: auto-replied") }, 0},
		"of a vacation program":    {(*fixture).returnPath, func(*fixture) []byte { return personal("Precedence: bulk") }, 0},
		"of a list":                {(*fixture).returnPath, func(*fixture) []byte { return personal("List-Id: <x.example>") }, 0},
		"without a sender":         {(*fixture).returnPath, func(*fixture) []byte { return append([]byte("Return-Path: <>\n"), personal("X: y")...) }, 0},
		"already forwarded":        {(*fixture).returnPath, func(*fixture) []byte { return personal(bounce.LoopField + ": yes") }, 0},
		"also to the destination":  {(*fixture).returnPath, func(*fixture) []byte { return personal("To: admin@example.org") }, 0},
		"a report":                 {(*fixture).returnPath, func(d *fixture) []byte { return d.readMail("postfix-unknown-user") }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			d := newFixture(t)
			sent := d.forwardReplies(nil)
			kinds := 0
			d.Observe = func(bounce.Kind) { kinds++ }
			var to []string
			if tt.to != nil {
				to = []string{tt.to(d)}
			}
			if err := d.Process(t.Context(), to, tt.raw(d)); err != nil {
				t.Fatal(err)
			}
			if len(*sent) != tt.want {
				t.Errorf("%d messages were forwarded, want %d; log:\n%s", len(*sent), tt.want, d.log)
			}
			if kinds != 1 {
				t.Errorf("%d messages were counted, want 1", kinds)
			}
		})
	}
}

func TestReplies_RetriesWhenRelayIsDown(t *testing.T) {
	d := newFixture(t)
	d.forwardReplies(&mail.Outcome{Result: mail.NotSent, Stage: mail.Connecting})
	if err := d.Process(t.Context(), []string{d.returnPath()}, personal("X: y")); !errors.Is(err, inbound.ErrRetryLater) {
		t.Errorf("Process = %v, want %v", err, inbound.ErrRetryLater)
	}
	sent := d.forwardReplies(nil)
	if err := d.Process(t.Context(), []string{d.returnPath()}, personal("X: y")); err != nil || len(*sent) != 1 {
		t.Errorf("later: %v and %d messages, want one", err, len(*sent))
	}
}

func TestReplies_LimitsRate(t *testing.T) {
	d := newFixture(t)
	sent := d.forwardReplies(nil)
	var later error
	for i := range 200 {
		raw := strings.Replace(string(personal("X: y")), "<1@", fmt.Sprintf("<%d@", i), 1)
		if later = d.Process(t.Context(), []string{d.returnPath()}, []byte(raw)); later != nil {
			break
		}
	}
	if !errors.Is(later, inbound.ErrRetryLater) || len(*sent) < 10 {
		t.Errorf("after %d messages Process = %v, want a limit", len(*sent), later)
	}
}
