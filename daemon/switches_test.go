package daemon

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"postrider/daemon/explain"
	"postrider/daemon/members"
	"postrider/daemon/settings"
	"postrider/digest"
	"postrider/forum"
	"postrider/internal/link"
	"postrider/mail"
)

// kindsOfPosts writes a reply, a new thread, a quote and a mention of Anna; the last two in an unwatched section.
func kindsOfPosts(w *world) map[digest.PostKind]forum.PostID {
	w.Helper()
	known, unwatched := w.thread(tonight), w.thread(routes)
	opened := w.thread(tonight)
	w.execSQL(`UPDATE post SET posted_at = ? WHERE thread_id = ?`, w.clock().Unix(), opened)
	return map[digest.PostKind]forum.PostID{
		digest.Replies: w.writePost(known), digest.NewThreads: forum.PostID(w.queryInt(`SELECT first_post_id FROM thread WHERE id = ?`, opened)),
		digest.Quotes: w.writeText(unwatched, writer, `[QUOTE="anna, post: 1, member: 101"]x[/QUOTE]`), digest.Mentions: w.writeText(unwatched, writer, "@anna, look"),
	}
}

// postsInMessages returns the posts of all messages to Anna since the last call.
func (w *world) postsInMessages() map[forum.PostID]bool {
	w.Helper()
	got := make(map[forum.PostID]bool)
	for _, sent := range w.relay.withdraw(address("anna")) {
		_, text, _ := parseMessage(w, sent.raw)
		for _, id := range postNumbers(text) {
			got[id] = true
		}
	}
	return got
}

// Until now everybody who was quoted got an alert, also members who never asked for any email.
func TestUnwatched_QuotesComeOnlyIfSiteOrMemberWantsThem(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, unwatched string
		change          func(w *world)
		want            bool
	}{
		{"as the forum, which sends email itself", settings.UnwatchedForum, func(*world) {}, true},
		{"never", settings.UnwatchedNever, func(*world) {}, false},
		{"always", settings.UnwatchedAlways, func(*world) {}, true},
		{"never, but the member chose alerts", settings.UnwatchedNever, func(w *world) {
			w.updatePreferences(func(c *digest.Preferences) { c.Alerts = digest.EveryReply })
		}, true},
		{"never, but the member added a section", settings.UnwatchedNever, func(w *world) {
			if err := w.addSection(annaID, guardsvan, digest.WithDigest); err != nil {
				w.Fatal(err)
			}
		}, true},
		{"never, but the member watches something", settings.UnwatchedNever, func(w *world) { w.watchThread(101, w.thread(guardsvan), 0) }, true},
	} {
		w := newAlertWorld(t)
		w.execSQL(`DELETE FROM section_watch WHERE member_id = 101`)
		w.execSQL(`UPDATE member SET role_id = ? WHERE id = 101`, steward)
		w.set.Notify.Unwatched = tt.unwatched
		w.restart()
		tt.change(w)
		post := w.writeText(w.thread(tonight), writer, "@anna, look")
		w.round()
		story := fmt.Sprint(w.explainPost(annaID, post))
		w.setClock(4, "10:10")
		w.round()
		if got := w.postsInMessages()[post]; got != tt.want {
			t.Errorf("%s: alert %t, want %t", tt.name, got, tt.want)
		}
		if why := "alert_watches_nothing"; strings.Contains(story, why) == tt.want {
			t.Errorf("%s: the explanation is %s", tt.name, story)
		}
	}
}

func TestSwitch_OfMemberOrSiteAppliesToItsKindOnly(t *testing.T) {
	t.Parallel()
	for _, kind := range digest.PostKinds() {
		for _, to := range []digest.Cadence{digest.Off, digest.WithDigest} {
			for _, whose := range []string{"member", "site"} {
				t.Run(string(kind)+" "+string(to)+" by the "+whose, func(t *testing.T) {
					t.Parallel()
					w := newAlertWorld(t)
					if whose == "member" {
						w.updatePreferences(func(c *digest.Preferences) { c.Switches.Set(kind, to) })
					} else {
						s := digest.Switches{}
						s.Set(kind, to)
						w.set.Notify.Replies, w.set.Notify.NewThreads, w.set.Notify.Quotes, w.set.Notify.Mentions = s.Replies, s.NewThreads, s.Quotes, s.Mentions
						w.restart()
					}
					all := kindsOfPosts(w)
					w.round()
					w.advanceClock(time.Minute)
					atOnce := w.postsInMessages()
					w.setClock(5, "08:00")
					w.round()
					later := w.postsInMessages()
					for k, id := range all {
						if atOnce[id] != (k != kind) {
							t.Errorf("an alert about %s: %t", k, atOnce[id])
						}
						if later[id] != (k == kind && to == digest.WithDigest) {
							t.Errorf("%s in the digest: %t", k, later[id])
						}
					}
				})
			}
		}
	}
}

func TestSwitch_WithDigestOutlivesAlerts(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(w *world){
		"ended by the member": func(w *world) {
			grant := link.Claims{Scope: link.Alerts, Member: 101}
			if undo, err := members.New(w.source, w.store, w.set).Unsubscribe(w.Context(), w.clock(), grant); undo == nil || err != nil {
				w.Fatalf("unsubscribing: %v, %v", undo, err)
			}
		},
		"disabled on the site": func(w *world) {
			w.set.Alerts.Enabled = false
			w.restart()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newAlertWorld(t)
			w.updatePreferences(func(c *digest.Preferences) {
				c.Switches.Quotes, c.Switches.Mentions = digest.WithDigest, digest.WithDigest
			})
			end(w)
			w.round()
			w.relay.forget()
			all := kindsOfPosts(w)
			foreseen := w.explainPost(annaID, all[digest.Mentions])
			w.round()
			w.advanceClock(time.Minute)
			w.wantAlerts("anna")
			w.setClock(5, "08:00")
			w.round()
			got := w.postsInMessages()
			for k, id := range all {
				if !got[id] {
					t.Errorf("the digest lacks %s", k)
				}
			}
			if foreseen.Verdict != explain.Upcoming {
				t.Errorf("before, the explanation of the mention was %+v", foreseen)
			}
		})
	}
}

func TestSwitch_DigestsTurnedOnBringNoEarlierMentions(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.updatePreferences(func(c *digest.Preferences) {
		c.Switches.Mentions, c.Schedule.Cadence = digest.WithDigest, digest.Off
	})
	before := w.writeText(w.thread(routes), writer, "@anna, look") // not watched
	w.round()
	failed := w.writeText(w.thread(routes), writer, `[QUOTE="anna, post: 1, member: 101"]x[/QUOTE]`)
	w.round()
	w.relay.answer = func(string, int) mail.Outcome { return mail.Outcome{Result: mail.Refused, Stage: mail.Body, Code: 554} }
	w.advanceClock(time.Minute)
	w.relay.acceptAll()
	w.setClock(25, "08:30")
	w.updatePreferences(func(c *digest.Preferences) { c.Schedule.Cadence = digest.Daily })
	after := w.writeText(w.thread(routes), writer, "@anna, look again")
	w.round()
	w.relay.forget()
	w.setClock(26, "08:00")
	w.round()
	if got := w.postsInMessages(); got[before] || got[failed] || !got[after] {
		t.Errorf("the first digest has %v, want %d, and not %d and %d from before", got, after, before, failed)
	}
}

func TestSwitch_UnsubscribeLinkTurnsOffItsKindOnly(t *testing.T) {
	t.Parallel()
	for kind, scope := range map[digest.PostKind]link.Scope{
		digest.Replies: link.Replies, digest.NewThreads: link.NewThreads, digest.Quotes: link.Quotes, digest.Mentions: link.Mentions,
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := newAlertWorld(t)
			service := members.New(w.source, w.store, w.set)
			grant := link.Claims{Scope: scope, Member: 101}
			undo, err := service.Unsubscribe(t.Context(), w.clock(), grant)
			if err != nil || undo == nil {
				t.Fatalf("unsubscribing: %v, %v", undo, err)
			}
			if again, err := service.Unsubscribe(t.Context(), w.clock(), grant); again != nil || err != nil {
				t.Errorf("unsubscribing again: %v, %v", again, err)
			}
			if on, err := service.Subscribed(t.Context(), grant); on || err != nil {
				t.Errorf("still subscribed: %t, %v", on, err)
			}
			all := kindsOfPosts(w)
			w.round()
			w.advanceClock(time.Minute)
			w.setClock(5, "08:00")
			w.round()
			got := w.postsInMessages()
			for k, id := range all {
				if got[id] != (k != kind) {
					t.Errorf("%s in a message: %t", k, got[id])
				}
			}
			if back, err := service.Undo(t.Context(), w.clock(), *undo); !back || err != nil {
				t.Errorf("undoing: %t, %v", back, err)
			}
			if on, _ := service.Subscribed(t.Context(), grant); !on {
				t.Error("not subscribed after undoing")
			}
		})
	}
}

func TestExplain_NamesTheSwitchThatLeavesOutAPost(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	w.updatePreferences(func(c *digest.Preferences) { c.Switches.Replies = digest.Off })
	p := w.writePost(w.thread(tonight))
	w.round()
	w.setClock(5, "08:00")
	w.round()
	_, stories, err := NewExplainer(w.daemon.Deps, w.set).Posts(t.Context(), w.clock(), "anna", []forum.PostID{p})
	if err != nil {
		t.Fatal(err)
	}
	if got := w.daemon.Renderer.Reason("en", string(digest.RepliesOff)); !strings.Contains(got, "replies") {
		t.Errorf("the reason is %q", got)
	}
	if steps := stories[0].RuleResults; len(steps) == 0 || steps[len(steps)-1].Rule != digest.SwitchRule || !steps[len(steps)-1].Bars {
		t.Errorf("the rules say %+v", steps)
	}
}
