package daemon

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"postrider/digest"
	"postrider/forum"
)

// previewAlert previews a member's alert with all posts since the start of the world.
func (w *world) previewAlert(name string) AlertPreview {
	w.Helper()
	p, err := w.daemon.PreviewAlert(w.Context(), name, worldStart, w.clock().Add(time.Second))
	if err != nil {
		w.Fatal(err)
	}
	return p
}

func (p AlertPreview) posts() (ids []forum.PostID) {
	if p.Alert == nil {
		return nil
	}
	for _, g := range p.Alert.Groups {
		for _, t := range g.Threads {
			for _, post := range t.Posts {
				ids = append(ids, post.ID)
			}
		}
	}
	slices.Sort(ids)
	return ids
}

func TestPreviewAlert_MatchesSentAlerts(t *testing.T) {
	t.Parallel()
	for _, mode := range []digest.AlertMode{digest.FirstReply, digest.EveryReply} {
		t.Run(string(mode), func(t *testing.T) {
			t.Parallel()
			w := newAlertWorld(t)
			w.setAlertMode(mode)
			w.member(105, "eva", passenger)
			first, second, hidden := w.thread(tonight), w.thread(tonight), w.thread(guardsvan)
			w.setOverride(101, dining, digest.Instant)
			w.watchThread(105, second, 1)
			w.setTime(w.clock().Add(time.Second))
			var sent = map[string][]forum.PostID{}
			say := func(thread, author int64, words string, then time.Duration) {
				t.Helper()
				w.writeText(thread, author, words)
				w.round() // sights it
				w.advanceClock(then)
				for _, name := range []string{"anna", "carl", "dora", "eva"} {
					for _, message := range w.relay.withdraw(address(name)) {
						_, text, _ := parseMessage(t, message.raw)
						sent[name] = append(sent[name], postNumbers(text)...)
					}
				}
			}
			say(first, writer, "One.", 50*time.Second)
			say(first, writer, "It joins the previous one.", 10*time.Minute)
			say(first, writer, "Omitted with first replies only.", 10*time.Minute)
			say(second, writer, `[QUOTE="dora, post: 1, member: 104"]x[/QUOTE]And of another thread.`, 2*time.Minute)
			say(first, 101, "Anna is back.", 2*time.Minute)
			say(first, writer, "So Anna gets this.", 2*time.Minute)
			say(second, 105, "Eva replies.", 2*time.Minute)
			say(second, writer, "[USER=101]@anna[/USER] and Eva get this.", 2*time.Minute)
			say(hidden, writer, "[USER=104]@dora[/USER] may not read this.", 2*time.Minute)
			for _, name := range []string{"anna", "carl", "dora", "eva"} {
				slices.Sort(sent[name])
				p := w.previewAlert(name)
				if got := p.posts(); !slices.Equal(got, sent[name]) {
					t.Errorf("%s: the preview has %v, want %v as sent; skip reason %s, omitted %v", name, got, sent[name], p.SkipReason, p.LeftOut)
				}
				if len(p.posts()) > 0 && !slices.Equal(linkedPosts(p.Content.Text.Plain()), linkedPosts(p.Content.HTML.Plain())) {
					t.Errorf("%s: text and HTML differ", name)
				}
			}
		})
	}
}

func TestPreviewAlert_SaysWhyThereIsNone(t *testing.T) {
	t.Parallel()
	w := newAlertWorld(t)
	before := w.countByState()
	thread := w.thread(tonight)
	w.setTime(w.clock().Add(time.Second))
	a := w.writePost(thread)
	w.setTime(w.clock().Add(time.Hour))
	b := w.writePost(thread)
	left := func(why digest.Reason, posts ...forum.PostID) {
		t.Helper()
		p := w.previewAlert("anna")
		for _, post := range posts {
			if !slices.Contains(p.LeftOut, digest.Omitted{Post: post, Reason: why}) {
				t.Errorf("omitted = %v, want %d with %q", p.LeftOut, post, why)
			}
		}
	}
	left(digest.ReasonNotVisitedSince, b)
	w.execSQL(`UPDATE post SET state = 'deleted' WHERE id = ?`, a)
	left(digest.PostDeleted, a)
	w.execSQL(`UPDATE post SET state = 'visible' WHERE id = ?`, a)
	w.visitThread(101, thread)
	left(digest.AlreadyRead, a, b)
	w.execSQL(`DELETE FROM thread_read`)
	if p := w.previewAlert("dora"); p.Alert != nil || p.SkipReason != digest.ReasonNothingNew {
		t.Errorf("preview of dora, who watches nothing: %v, %q", p.posts(), p.SkipReason)
	}
	w.setPreferences(101, digest.Preferences{Quiet: &digest.QuietHours{From: 9, Until: 12}, Format: digest.Text})
	if p := w.previewAlert("anna"); p.QuietUntil.Hour() != 12 || !p.Text || !slices.Equal(p.posts(), posts(a)) {
		t.Errorf("in quiet hours the preview has %v at %v, as text: %t", p.posts(), p.QuietUntil, p.Text)
	}
	w.setPreferences(101, digest.Preferences{Alerts: digest.NoAlerts})
	if p := w.previewAlert("anna"); p.SkipReason != digest.ReasonAlertsOff {
		t.Errorf("skip reason = %q, want %q", p.SkipReason, digest.ReasonAlertsOff)
	}
	w.set.Alerts.Enabled = false
	w.restart()
	if p := w.previewAlert("anna"); p.SkipReason != digest.ReasonAlertsDisabled || p.Alert != nil {
		t.Errorf("skip reason = %q, want %q", p.SkipReason, digest.ReasonAlertsDisabled)
	}
	if _, err := w.daemon.PreviewAlert(t.Context(), "unknown", worldStart, w.clock()); !errors.Is(err, forum.ErrNoMember) || !strings.Contains(err.Error(), "unknown") {
		t.Errorf("of an unknown member: %v", err)
	}
	if counts := w.countByState(); !maps.Equal(counts, before) {
		t.Errorf("the preview changed the outbox from %v to %v", before, counts)
	}
}
