package inbound_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"postrider/bounce"
	"postrider/daemon/members"
	"postrider/daemon/settings"
	"postrider/digest"
	"postrider/forum"
	"postrider/inbound"
	"postrider/internal/link"
	"postrider/internal/sampletest"
	"postrider/mail"
	"postrider/store"
)

var now = time.Date(2026, 5, 5, 8, 0, 0, 0, time.UTC)

const (
	anna   = forum.MemberID(42)
	domain = "bounce.forum.example.org"
	key    = "digest/42/2026-05-05"
)

// fixture is a Processor with a store in which Anna's digest was accepted.
type fixture struct {
	testing.TB
	*inbound.Processor
	log *bytes.Buffer // not locked for reading
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	d := &fixture{TB: t, log: new(bytes.Buffer)}
	s, err := store.Open(t.Context(), "sqlite:"+sampletest.Write(t, "postrider.db", sampletest.Store(t)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	composer, err := mail.NewComposer("forum.example.org", bytes.Repeat([]byte{1}, 32))
	if err != nil {
		t.Fatal(err)
	}
	links, err := link.NewSigner("https://forum.example.org/postrider", bytes.Repeat([]byte{2}, 32))
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(&lockedWriter{w: d.log}, nil))
	d.Processor = &inbound.Processor{Store: s, Composer: composer, Links: links, Log: log, Now: func() time.Time { return now }}
	d.Members = members.New(nil, s, settings.Settings{Digest: settings.DefaultDigest()}) // unsubscribing needs no forum
	d.plan(key, anna)
	d.settle(key, "anna@members.example")
	return d
}

// lockedWriter lets several goroutines log into one buffer.
type lockedWriter struct {
	mu sync.Mutex
	w  *bytes.Buffer
}

func (g *lockedWriter) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.w.Write(p)
}

// plan puts a digest into the outbox and leases it.
func (d *fixture) plan(key string, member forum.MemberID) {
	d.Helper()
	err := d.Store.Subscribers.Save(d.Context(), now, []store.Subscriber{{ID: member, Due: now}})
	if err == nil {
		_, err = d.Store.Outbox.Plan(d.Context(), now, []store.Plan{{Key: key, Kind: "digest", Member: member, Until: 1, NextDue: now}})
	}
	if err == nil {
		_, err = d.Store.Outbox.Claim(d.Context(), now, "me", time.Hour, store.AllPriorities, 10)
	}
	if err != nil {
		d.Fatal(err)
	}
}

func (d *fixture) settle(key, address string) {
	d.Helper()
	s := store.Settlement{Key: key, State: "accepted", Result: "accepted", Address: address, At: now}
	if err := d.Store.Outbox.Settle(d.Context(), "me", []store.Settlement{s}); err != nil {
		d.Fatal(err)
	}
}

func (d *fixture) returnPath() string { return d.Composer.VERP(key, int64(anna), domain) }

func (d *fixture) unsubscribeAddress(scope link.Scope) string {
	return "u-" + d.Links.AddressToken(link.Claims{Scope: scope, Member: int64(anna)}) + "@" + domain
}

// readMail returns a message of the parser's test data, changed to be about Anna's digest.
func (d *fixture) readMail(name string) []byte {
	d.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "bounce", "testdata", "mail", name+".eml"))
	if err != nil {
		d.Fatal(err)
	}
	const token = "f7q2mzk5w3jx6y4tbn2cdv7h"
	text := string(raw)
	text = strings.ReplaceAll(text, "b-16-"+token+"@bounce.forum.example.org", d.returnPath())
	text = strings.ReplaceAll(text, "<"+token+"@forum.example.org>", d.Composer.MessageID(key))
	text = strings.ReplaceAll(text, "AgABAAAAAAAAACoAAAAAAAAAAHNq0nQ1bSo5v8g0lE7Q3bA", d.Links.Token(link.Claims{Scope: link.Digests, Member: int64(anna)}))
	return []byte(text)
}

// without removes texts from a message.
func without(raw []byte, texts ...string) []byte {
	for _, text := range texts {
		raw = bytes.ReplaceAll(raw, []byte(text), []byte("gone"))
	}
	return raw
}

// refusals lists the saved refusals: "digest/42/2026-05-05 anna@members.example dead".
func (d *fixture) refusals() (list []string) {
	d.Helper()
	_, err := d.Store.Suppressions.Evaluate(context.WithoutCancel(d.Context()), now.Add(time.Hour), now.Add(time.Hour), func(in store.EvaluationInput) store.EvaluationResult {
		for _, r := range in.Refusals {
			list = append(list, fmt.Sprintf("%s %s %s", r.Key, r.Address, r.Class))
		}
		return store.EvaluationResult{Verdicts: make([]string, len(in.Refusals))}
	})
	if err != nil {
		d.Fatal(err)
	}
	return list
}

// unsubscribed lists the kinds of messages that Anna unsubscribed from.
func (d *fixture) unsubscribed() string {
	d.Helper()
	all, err := d.Store.Preferences.OfMembers(d.Context(), []forum.MemberID{anna})
	if err != nil {
		d.Fatal(err)
	}
	var list []string
	c := all[anna]
	if c.Schedule != nil && c.Schedule.Cadence == digest.Off {
		list = append(list, "digests")
	}
	if c.Alerts == digest.NoAlerts {
		list = append(list, "alerts")
	}
	if c.Announcements != nil && !*c.Announcements {
		list = append(list, "announcements")
	}
	return strings.Join(list, " ")
}

func TestProcess_IdentifiesMessageBySignedData(t *testing.T) {
	const noted = key + " anna@members.example dead"
	idle := newFixture(t) // for messages without effect
	for _, tt := range []struct {
		name  string
		to    func(d *fixture) string
		raw   func(d *fixture) []byte
		noted bool
	}{
		{"by the recipient", (*fixture).returnPath, func(d *fixture) []byte {
			return without(d.readMail("postfix-unknown-user"), d.returnPath(), d.Composer.MessageID(key))
		}, true},
		{"by the recipient in upper case", func(d *fixture) string { return strings.ToUpper(d.returnPath()) }, func(d *fixture) []byte {
			return without(d.readMail("postfix-unknown-user"), d.returnPath(), d.Composer.MessageID(key))
		}, true},
		{"by the recipient in its header", nil, func(d *fixture) []byte {
			return without(d.readMail("postfix-unknown-user"), d.Composer.MessageID(key))
		}, true},
		{"by the return path of the original", nil, func(d *fixture) []byte {
			return bytes.Replace(without(d.readMail("qmail-no-mailbox"), d.Composer.MessageID(key)), []byte("To: "+d.returnPath()), []byte("To: x@y.example"), 1)
		}, true},
		{"by Message-ID and link", nil, func(d *fixture) []byte { return without(d.readMail("postfix-unknown-user"), d.returnPath()) }, true},
		{"by the return path in a notification", func(*fixture) string { return "fbl@" + domain }, func(d *fixture) []byte {
			return []byte("From: no-reply@sns.example\n\n" + `{"notificationType":"Bounce","bounce":{"bouncedRecipients":[{"emailAddress":"anna@members.example","status":"5.1.1"}]},"mail":{"source":"` + d.returnPath() + `"}}`)
		}, true},
		{"not by the Message-ID alone", nil, func(d *fixture) []byte { return without(d.readMail("postfix-unknown-user"), d.returnPath(), "/u/") }, false},
		{"not by the link alone", nil, func(d *fixture) []byte {
			return without(d.readMail("postfix-unknown-user"), d.returnPath(), d.Composer.MessageID(key))
		}, false},
		{"not by its sender or the address in the report", func(*fixture) string { return "bounces@" + domain }, func(d *fixture) []byte {
			return append([]byte("From: anna@members.example\n"), without(d.readMail("postfix-unknown-user"), d.returnPath(), d.Composer.MessageID(key))...)
		}, false},
		{"not with another member's number", func(d *fixture) string { return strings.Replace(d.returnPath(), "b-16-", "b-17-", 1) }, func(d *fixture) []byte {
			return without(d.readMail("postfix-unknown-user"), d.returnPath(), d.Composer.MessageID(key))
		}, false},
		{"not with a forged token", func(*fixture) string { return "b-16-" + strings.Repeat("a", 24) + "@" + domain }, func(d *fixture) []byte {
			return without(d.readMail("postfix-unknown-user"), d.returnPath(), d.Composer.MessageID(key))
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := idle
			if tt.noted {
				d = newFixture(t)
			}
			var to []string
			if tt.to != nil {
				to = []string{tt.to(d)}
			}
			if err := d.Process(t.Context(), to, tt.raw(d)); err != nil {
				t.Fatal(err)
			}
			want := "[]"
			if tt.noted {
				want = "[" + noted + "]"
			}
			if got := fmt.Sprint(d.refusals()); got != want {
				t.Errorf("refusals = %s, want %s; log:\n%s", got, want, d.log)
			}
			if log := d.log.String(); strings.Contains(log, "anna@") || strings.Contains(log, "b-16-") {
				t.Errorf("log contains an address:\n%s", log)
			}
		})
	}
}

func TestProcess_HandlesEachKind(t *testing.T) {
	idle := newFixture(t) // for messages without effect
	for _, tt := range []struct{ message, refused, ended string }{
		{"postfix-unknown-user", "dead", ""},
		{"exchange-online-authentication", "policy", ""},
		{"qmail-remote", "dead", ""},
		{"postfix-delayed", "", ""},
		{"postfix-delivered", "", ""},
		{"arf-abuse", "", "digests"},
		{"arf-opt-out", "", "digests"},
		{"junk-mail-report", "", "digests"},
		{"arf-not-spam", "", ""},
		{"arf-authentication", "", ""},
		{"answer-rfc3834", "", ""},
		{"answer-receipt", "", ""},
		{"other-person", "", ""},
		{"other-nothing", "", ""},
	} {
		t.Run(tt.message, func(t *testing.T) {
			d := idle
			if tt.refused+tt.ended != "" {
				d = newFixture(t)
			}
			for range 2 { // the second time changes nothing
				if err := d.Process(t.Context(), []string{d.returnPath()}, d.readMail(tt.message)); err != nil {
					t.Fatal(err)
				}
			}
			want := "[]"
			if tt.refused != "" {
				want = "[" + key + " anna@members.example " + tt.refused + "]"
			}
			if got := fmt.Sprint(d.refusals()); got != want {
				t.Errorf("refusals = %s, want %s", got, want)
			}
			if got := d.unsubscribed(); got != tt.ended {
				t.Errorf("unsubscribed from %q, want %q", got, tt.ended)
			}
			list, err := d.Store.Queue.Outcomes(t.Context(), anna, time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			if complained := len(list) == 2 && list[1].Result == "complaint"; complained != (tt.ended != "") {
				t.Errorf("outcomes = %+v, want a complaint: %v", list, tt.ended != "")
			}
		})
	}
}

func TestProcess_IdentifiesComplaintByLink(t *testing.T) {
	d := newFixture(t)
	raw := without(d.readMail("arf-abuse"), d.returnPath(), d.Composer.MessageID(key))
	if err := d.Process(t.Context(), []string{"fbl@" + domain}, raw); err != nil {
		t.Fatal(err)
	}
	if got := d.unsubscribed(); got != "digests" {
		t.Errorf("unsubscribed from %q, want digests", got)
	}
}

func TestProcess_UnsubscribesByAddress(t *testing.T) {
	for scope, want := range map[link.Scope]string{
		link.Digests: "digests", link.Alerts: "alerts", link.Announcements: "announcements", link.Everything: "digests alerts announcements",
		link.Settings: "", link.View: "",
	} {
		d := newFixture(t)
		for _, raw := range []string{"", "From: anna@members.example\nSubject: unsubscribe\n\n", "Subject: Please do NOT\n\nunsubscribe me\n"} {
			if err := d.Process(t.Context(), []string{strings.ToUpper(d.unsubscribeAddress(scope))}, []byte(raw)); err != nil {
				t.Fatal(err)
			}
			if got := d.unsubscribed(); got != want {
				t.Errorf("scope %d, message %q: unsubscribed from %q, want %q", scope, raw, got, want)
			}
		}
	}
	d := newFixture(t)
	thread := "u-" + d.Links.AddressToken(link.Claims{Scope: link.Thread, Member: int64(anna), Object: 7}) + "@" + domain
	if err := d.Process(t.Context(), []string{thread}, nil); err != nil {
		t.Fatal(err)
	}
	if all, err := d.Store.Preferences.Overrides(t.Context(), []forum.MemberID{anna}); err != nil || all[anna].Threads[7] != digest.Off || d.unsubscribed() != "" {
		t.Errorf("thread: overrides = %+v (%v), unsubscribed from %q", all, err, d.unsubscribed())
	}
	if err := d.Process(t.Context(), nil, []byte("To: <"+d.unsubscribeAddress(link.Digests)+">\nSubject: x\n\n")); err != nil {
		t.Fatal(err)
	}
	if got := d.unsubscribed(); got != "digests" {
		t.Errorf("by the message's header: unsubscribed from %q, want digests", got)
	}
	forged := newFixture(t)
	address := []byte(forged.unsubscribeAddress(link.Digests))
	address[40] ^= 1 // within the signature
	if err := forged.Process(t.Context(), []string{string(address)}, nil); err != nil {
		t.Fatal(err)
	}
	if got := forged.unsubscribed(); got != "" {
		t.Errorf("forged address: unsubscribed from %q", got)
	}
}

func TestProcess_RetriesBounceBeforeSettlement(t *testing.T) {
	d := newFixture(t)
	const quick = "digest/43/2026-05-05"
	d.plan(quick, 43)
	to := []string{d.Composer.VERP(quick, 43, domain)}
	raw := without(d.readMail("postfix-unknown-user"), d.returnPath(), d.Composer.MessageID(key))
	if err := d.Process(t.Context(), to, raw); !errors.Is(err, inbound.ErrRetryLater) {
		t.Errorf("Process = %v, want %v", err, inbound.ErrRetryLater)
	}
	d.settle(quick, "Bert@members.example")
	if err := d.Process(t.Context(), to, raw); err != nil {
		t.Error(err)
	}
	if got, want := fmt.Sprint(d.refusals()), "["+quick+" bert@members.example dead]"; got != want {
		t.Errorf("refusals = %s, want %s", got, want)
	}
}

func TestProcess_FailsWithoutStore(t *testing.T) {
	for _, message := range []string{"postfix-unknown-user", "arf-abuse"} {
		d := newFixture(t)
		raw := d.readMail(message)
		d.Store.Close()
		if err := d.Process(t.Context(), []string{d.returnPath()}, raw); err == nil {
			t.Errorf("%s: no error without a store", message)
		}
		if err := d.Process(t.Context(), []string{d.returnPath()}, d.readMail("answer-rfc3834")); err != nil {
			t.Errorf("auto-reply without a store: %v", err)
		}
	}
}

func TestProcess_ReadsStartOfLargeMessage(t *testing.T) {
	d := newFixture(t)
	raw := append(d.readMail("postfix-unknown-user"), bytes.Repeat([]byte("x\n"), 4*bounce.MaxBytes)...)
	if err := d.Process(t.Context(), []string{d.returnPath()}, raw); err != nil {
		t.Fatal(err)
	}
	if got := d.refusals(); len(got) != 1 {
		t.Errorf("refusals = %v, want one", got)
	}
}
