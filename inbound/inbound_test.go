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
	"postrider/daemon"
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

// desk is a inbound with a store in which Anna's digest was accepted.
type desk struct {
	testing.TB
	*inbound.Processor
	log *bytes.Buffer // read it when nothing runs
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	d := &desk{TB: t, log: new(bytes.Buffer)}
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
	log := slog.New(slog.NewTextHandler(&guarded{w: d.log}, nil))
	d.Processor = &inbound.Processor{Store: s, Composer: composer, Links: links, Log: log, Now: func() time.Time { return now }}
	d.Desk = daemon.NewMemberService(nil, s, daemon.Settings{Digest: daemon.DefaultDigest()}) // to end something, the forum is not asked
	d.plan(key, anna)
	d.settle(key, "anna@members.example")
	return d
}

// guarded lets several goroutines log into a buffer.
type guarded struct {
	mu sync.Mutex
	w  *bytes.Buffer
}

func (g *guarded) Write(p []byte) (int, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.w.Write(p)
}

// plan puts a digest into the outbox and leases it.
func (d *desk) plan(key string, member forum.MemberID) {
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

func (d *desk) settle(key, address string) {
	d.Helper()
	s := store.Settlement{Key: key, State: "accepted", Result: "accepted", Address: address, At: now}
	if err := d.Store.Outbox.Settle(d.Context(), "me", []store.Settlement{s}); err != nil {
		d.Fatal(err)
	}
}

func (d *desk) path() string { return d.Composer.VERP(key, int64(anna), domain) }

func (d *desk) unsubscribe(scope link.Scope) string {
	return "u-" + d.Links.AddressToken(link.Claims{Scope: scope, Member: int64(anna)}) + "@" + domain
}

// corpus is a message of the parser's corpus, about Anna's digest instead of the one that it tells of.
func (d *desk) corpus(name string) []byte {
	d.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "bounce", "testdata", "mail", name+".eml"))
	if err != nil {
		d.Fatal(err)
	}
	const token = "f7q2mzk5w3jx6y4tbn2cdv7h"
	text := string(raw)
	text = strings.ReplaceAll(text, "b-16-"+token+"@bounce.forum.example.org", d.path())
	text = strings.ReplaceAll(text, "<"+token+"@forum.example.org>", d.Composer.MessageID(key))
	text = strings.ReplaceAll(text, "AgABAAAAAAAAACoAAAAAAAAAAHNq0nQ1bSo5v8g0lE7Q3bA", d.Links.Token(link.Claims{Scope: link.Digests, Member: int64(anna)}))
	return []byte(text)
}

// without takes a text out of a message: what is left must do.
func without(raw []byte, texts ...string) []byte {
	for _, text := range texts {
		raw = bytes.ReplaceAll(raw, []byte(text), []byte("gone"))
	}
	return raw
}

// refused lists what is noted as refused: "digest/42/2026-05-05 anna@members.example dead".
func (d *desk) refused() (list []string) {
	d.Helper()
	_, err := d.Store.Suppressions.Evaluate(context.WithoutCancel(d.Context()), now.Add(time.Hour), now.Add(time.Hour), func(docket store.EvaluationInput) store.EvaluationResult {
		for _, r := range docket.Refusals {
			list = append(list, fmt.Sprintf("%s %s %s", r.Key, r.Address, r.Class))
		}
		return store.EvaluationResult{Verdicts: make([]string, len(docket.Refusals))}
	})
	if err != nil {
		d.Fatal(err)
	}
	return list
}

// ended tells which streams Anna gets no more.
func (d *desk) ended() string {
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

func TestAReportIsKnownByWhatOnlyWeCanHaveWritten(t *testing.T) {
	const noted = key + " anna@members.example dead"
	idle := newDesk(t) // for what must leave no trace
	for _, tt := range []struct {
		name  string
		to    func(d *desk) string
		raw   func(d *desk) []byte
		noted bool
	}{
		{"by the address to which it was sent", (*desk).path, func(d *desk) []byte {
			return without(d.corpus("postfix-unknown-user"), d.path(), d.Composer.MessageID(key))
		}, true},
		{"in capital letters", func(d *desk) string { return strings.ToUpper(d.path()) }, func(d *desk) []byte {
			return without(d.corpus("postfix-unknown-user"), d.path(), d.Composer.MessageID(key))
		}, true},
		{"by what its own header tells of that", nil, func(d *desk) []byte {
			return without(d.corpus("postfix-unknown-user"), d.Composer.MessageID(key))
		}, true},
		{"by the return path of the mail that came back", nil, func(d *desk) []byte {
			return bytes.Replace(without(d.corpus("qmail-no-mailbox"), d.Composer.MessageID(key)), []byte("To: "+d.path()), []byte("To: x@y.example"), 1)
		}, true},
		{"by Message-ID and link", nil, func(d *desk) []byte { return without(d.corpus("postfix-unknown-user"), d.path()) }, true},
		{"not by the Message-ID alone", nil, func(d *desk) []byte { return without(d.corpus("postfix-unknown-user"), d.path(), "/u/") }, false},
		{"not by the link alone", nil, func(d *desk) []byte {
			return without(d.corpus("postfix-unknown-user"), d.path(), d.Composer.MessageID(key))
		}, false},
		{"not by who it is from, nor by whom it tells of", func(*desk) string { return "bounces@" + domain }, func(d *desk) []byte {
			return append([]byte("From: anna@members.example\n"), without(d.corpus("postfix-unknown-user"), d.path(), d.Composer.MessageID(key))...)
		}, false},
		{"not with another member's number", func(d *desk) string { return strings.Replace(d.path(), "b-16-", "b-17-", 1) }, func(d *desk) []byte {
			return without(d.corpus("postfix-unknown-user"), d.path(), d.Composer.MessageID(key))
		}, false},
		{"not with a token of somebody else's making", func(*desk) string { return "b-16-" + strings.Repeat("a", 24) + "@" + domain }, func(d *desk) []byte {
			return without(d.corpus("postfix-unknown-user"), d.path(), d.Composer.MessageID(key))
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := idle
			if tt.noted {
				d = newDesk(t)
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
			if got := fmt.Sprint(d.refused()); got != want {
				t.Errorf("noted is %s, want %s; the log:\n%s", got, want, d.log)
			}
			if log := d.log.String(); strings.Contains(log, "anna@") || strings.Contains(log, "b-16-") {
				t.Errorf("the log names an address:\n%s", log)
			}
		})
	}
}

func TestWhatAMessageIsDecidesWhatFollows(t *testing.T) {
	idle := newDesk(t) // for what must leave no trace
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
				d = newDesk(t)
			}
			for range 2 { // the second time changes nothing
				if err := d.Process(t.Context(), []string{d.path()}, d.corpus(tt.message)); err != nil {
					t.Fatal(err)
				}
			}
			want := "[]"
			if tt.refused != "" {
				want = "[" + key + " anna@members.example " + tt.refused + "]"
			}
			if got := fmt.Sprint(d.refused()); got != want {
				t.Errorf("noted is %s, want %s", got, want)
			}
			if got := d.ended(); got != tt.ended {
				t.Errorf("ended are %q, want %q", got, tt.ended)
			}
			list, err := d.Store.Queue.Outcomes(t.Context(), anna, time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			if complained := len(list) == 2 && list[1].Result == "complaint"; complained != (tt.ended != "") {
				t.Errorf("outcomes are %+v", list)
			}
		})
	}
}

func TestAComplaintWhoseMessageIDWasRewrittenIsKnownByItsLink(t *testing.T) {
	d := newDesk(t)
	raw := without(d.corpus("arf-abuse"), d.path(), d.Composer.MessageID(key))
	if err := d.Process(t.Context(), []string{"fbl@" + domain}, raw); err != nil {
		t.Fatal(err)
	}
	if got := d.ended(); got != "digests" {
		t.Errorf("ended are %q, want digests", got)
	}
}

func TestAMailToTheAddressEndsTheStreamWhateverItSays(t *testing.T) {
	for scope, want := range map[link.Scope]string{
		link.Digests: "digests", link.Alerts: "alerts", link.Announcements: "announcements", link.Everything: "digests alerts announcements",
		link.Settings: "", link.View: "",
	} {
		d := newDesk(t)
		for _, raw := range []string{"", "From: anna@members.example\nSubject: unsubscribe\n\n", "Subject: Please do NOT\n\nunsubscribe me\n"} {
			if err := d.Process(t.Context(), []string{strings.ToUpper(d.unsubscribe(scope))}, []byte(raw)); err != nil {
				t.Fatal(err)
			}
			if got := d.ended(); got != want {
				t.Errorf("scope %d, message %q: ended are %q, want %q", scope, raw, got, want)
			}
		}
	}
	d := newDesk(t)
	thread := "u-" + d.Links.AddressToken(link.Claims{Scope: link.Thread, Member: int64(anna), Object: 7}) + "@" + domain
	if err := d.Process(t.Context(), []string{thread}, nil); err != nil {
		t.Fatal(err)
	}
	if all, err := d.Store.Preferences.Overrides(t.Context(), []forum.MemberID{anna}); err != nil || all[anna].Threads[7] != digest.Off || d.ended() != "" {
		t.Errorf("of one thread, wishes are %+v (%v), and ended are %q", all, err, d.ended())
	}
	if err := d.Process(t.Context(), nil, []byte("To: <"+d.unsubscribe(link.Digests)+">\nSubject: x\n\n")); err != nil {
		t.Fatal(err)
	}
	if got := d.ended(); got != "digests" {
		t.Errorf("by the message's own header ended are %q, want digests", got)
	}
	forged := newDesk(t)
	address := []byte(forged.unsubscribe(link.Digests))
	address[40] ^= 1 // within the signature
	if err := forged.Process(t.Context(), []string{string(address)}, nil); err != nil {
		t.Fatal(err)
	}
	if got := forged.ended(); got != "" {
		t.Errorf("a forged address ended %q", got)
	}
}

func TestAMailThatComesBackBeforeItIsSettledIsForLater(t *testing.T) {
	d := newDesk(t)
	const quick = "digest/43/2026-05-05"
	d.plan(quick, 43)
	to := []string{d.Composer.VERP(quick, 43, domain)}
	raw := without(d.corpus("postfix-unknown-user"), d.path(), d.Composer.MessageID(key))
	if err := d.Process(t.Context(), to, raw); !errors.Is(err, inbound.ErrRetryLater) {
		t.Errorf("Take = %v, want %v", err, inbound.ErrRetryLater)
	}
	d.settle(quick, "Bert@members.example")
	if err := d.Process(t.Context(), to, raw); err != nil {
		t.Error(err)
	}
	if got, want := fmt.Sprint(d.refused()), "["+quick+" bert@members.example dead]"; got != want {
		t.Errorf("noted is %s, want %s", got, want)
	}
}

func TestAMessageIsToBeHandedInAgainWhenTheStoreIsAway(t *testing.T) {
	for _, message := range []string{"postfix-unknown-user", "arf-abuse"} {
		d := newDesk(t)
		raw := d.corpus(message)
		d.Store.Close()
		if err := d.Process(t.Context(), []string{d.path()}, raw); err == nil {
			t.Errorf("%s was taken in without a store", message)
		}
		if err := d.Process(t.Context(), []string{d.path()}, d.corpus("answer-rfc3834")); err != nil {
			t.Errorf("what is dropped needs no store: %v", err)
		}
	}
}

func TestBigMessagesAreReadAsFarAsItIsWorth(t *testing.T) {
	d := newDesk(t)
	raw := append(d.corpus("postfix-unknown-user"), bytes.Repeat([]byte("x\n"), 4*bounce.MaxBytes)...)
	if err := d.Process(t.Context(), []string{d.path()}, raw); err != nil {
		t.Fatal(err)
	}
	if got := d.refused(); len(got) != 1 {
		t.Errorf("noted is %v, want one", got)
	}
}
